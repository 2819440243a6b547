//! `scimulate run`: select, look whether the target can be tested, play, judge, report, decide.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use super::catalogue::{self, Folders};
use super::consent::consent;
use super::display::Screen;
use super::files::{self, Destination};
use super::target::{NoTarget, Target, TargetArgs, target};
use super::{Display, duration, give_up, signal};
use crate::exit::Exit;
use crate::gate::{self, GateOptions, KnownFailures};
use crate::okta::{Identities, identity};
use crate::play::journal::Journal;
use crate::play::{self, Cast, Halt, Outcome, Preflight, Settings};
use crate::report::format::Format;
use crate::report::{Gate, Report, Run, SCHEMA_VERSION, Target as ReportTarget, Tool};
use crate::scenario::{App, Capability, Catalogue, Scenario, select};
use crate::score;

/// The seed when none is given.
const SEED: u64 = 4711;

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Scenario id, check id, id prefix ("users"), tag or capability; all that apply when none is given
    #[arg(value_name = "SELECT")]
    select: Vec<String>,
    #[command(flatten)]
    target: TargetArgs,
    /// Okta's dialect: oin = catalog and test apps (PATCH), aiw = wizard apps (GET + PUT)
    #[arg(long, value_enum, default_value_t)]
    app: App,
    /// The boxes one will tick in Okta, comma-separated capability ids; default the five core ones
    #[arg(long, value_delimiter = ',', value_parser = capability, value_name = "LIST")]
    features: Vec<Capability>,
    /// Decides people and values; a number or `random`
    #[arg(long, default_value_t = SEED.to_string(), value_name = "N|random")]
    seed: String,
    /// Names the run and its report folder, and fixes the word in every created name
    #[arg(long, value_name = "TEXT")]
    run_id: Option<String>,
    /// What every created name starts with
    #[arg(long, default_value = "scimulate-", value_name = "TEXT")]
    prefix: String,
    /// The domain of every userName
    #[arg(long, default_value = "example.com", value_name = "DOMAIN")]
    user_domain: String,
    /// How long a read after our own write may show old data (2s; 0s with --reference)
    #[arg(long, value_parser = duration, value_name = "DUR")]
    settle: Option<Duration>,
    /// How long the whole run may take
    #[arg(long, default_value = "10m", value_parser = duration, value_name = "DUR")]
    deadline: Duration,
    /// How long a request may wait when the target answers 429
    #[arg(long, default_value = "30s", value_parser = duration, value_name = "DUR")]
    max_wait: Duration,
    /// How many requests the run may send
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    max_requests: usize,
    /// How many scenarios are played at once; the findings are the same
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=16))]
    jobs: u8,
    /// Import this many users and groups too, on another machine the largest volume that is made there: 0, 1, 100 and 101
    /// are played on this machine; elsewhere what is more than 20 at once only up to N, and once a DELETE has worked
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=5000))]
    import_size: Option<u16>,
    /// Do not ask before writing to a host other than this machine
    #[arg(long)]
    yes: bool,
    /// Leave what was created
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    folders: Folders,
    /// Leave these out (as SELECT; repeatable)
    #[arg(long, value_name = "SELECT")]
    skip: Vec<String>,
    /// Known failures (TOML): excused at the gate, told all the same
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Fail below this score
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_score: Option<u8>,
    /// Fail on `should` findings too
    #[arg(long, value_name = "LEVEL", value_parser = ["should"])]
    deny: Option<String>,
    /// Where the report goes; default reports/<run id>
    #[arg(long, value_name = "DIR")]
    report_dir: Option<PathBuf>,
    /// What to write there: json, html, junit, md, har; default json,html
    #[arg(long, value_enum, value_delimiter = ',', value_name = "LIST", hide_possible_values = true)]
    format: Vec<Format>,
    /// Write no report files
    #[arg(long, conflicts_with_all = ["report_dir", "format"])]
    no_report: bool,
    /// Show values of resources the run did not create
    #[arg(long)]
    keep_values: bool,
}

fn capability(id: &str) -> Result<Capability, String> {
    Capability::from_id(id).filter(|c| c.is_feature()).ok_or_else(|| {
        let all: Vec<_> = Capability::ALL.iter().filter(|c| c.is_feature()).map(|c| c.id()).collect();
        format!("one of {}", all.join(", "))
    })
}

/// Plays a run and tells it.
pub(super) async fn run(args: RunArgs, display: Display) -> Exit {
    match prepare(&args) {
        Ok(prepared) => prepared.run(&args, &display).await,
        Err(exit) => exit,
    }
}

/// What is settled before anything is sent.
struct Prepared {
    catalogue: Catalogue,
    known: KnownFailures,
    seed: u64,
    id: String,
    token: String,
    started: jiff::Timestamp,
}

fn prepare(args: &RunArgs) -> Result<Prepared, Exit> {
    let seed = match args.seed.as_str() {
        "random" => uuid::Uuid::new_v4().as_u64_pair().0 >> 32,
        number => {
            number.parse().map_err(|_| give_up(Exit::Usage, format!("--seed `{number}`: give a number or `random`")))?
        }
    };
    let started = jiff::Timestamp::now();
    let id = args.run_id.clone().unwrap_or_else(|| started.strftime("%Y-%m-%dT%H%M%SZ").to_string());
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if id.is_empty() || id.starts_with('.') || !id.chars().all(named) {
        return Err(give_up(Exit::Usage, "--run-id takes letters, digits, `-`, `_` and `.` (not first)"));
    }
    let token = match &args.run_id {
        None => identity::run_token(),
        Some(id) => id.chars().filter(char::is_ascii_alphanumeric).take(12).collect::<String>().to_ascii_lowercase(),
    };
    if token.len() < 3 {
        return Err(give_up(
            Exit::Usage,
            "--run-id needs at least three letters or digits: they mark what the run creates",
        ));
    }
    let mut catalogue = catalogue::load(&args.folders)?;
    if let Some(size) = args.import_size {
        catalogue.add_volume(size.into());
    }
    let known = match &args.known {
        None => KnownFailures::default(),
        Some(file) => {
            let name = file.display().to_string();
            let text =
                std::fs::read_to_string(file).map_err(|e| give_up(Exit::InvalidInput, format!("{name}: {e}")))?;
            KnownFailures::parse(&name, &text).map_err(|e| give_up(Exit::InvalidInput, e))?
        }
    };
    Ok(Prepared { catalogue, known, seed, id, token, started })
}

impl Prepared {
    async fn run(mut self, args: &RunArgs, display: &Display) -> Exit {
        let plan = match select::select(&self.catalogue, args.app, &args.select, &args.skip) {
            Ok(plan) if !plan.is_empty() => plan,
            Ok(_) => return give_up(Exit::NothingSelected, "the selection leaves no scenario to play"),
            Err(unknown) => return give_up(Exit::NothingSelected, unknown),
        };
        let Some(create_user) = self.catalogue.fixture("okta/create-user.json") else {
            return give_up(Exit::InvalidInput, "the fixture okta/create-user.json is missing");
        };
        let destination = files::destination(args.no_report, args.report_dir.as_deref(), &self.id, &args.format);
        let clock = Instant::now();
        let screen = Screen::new(display, args.app, self.seed);
        for note in &self.catalogue.overridden {
            screen.note(note);
        }
        let mut story = Story::default();
        match target(&args.target).await {
            Err(NoTarget::Exit(exit)) => return exit,
            Err(NoTarget::Problem { base_url, problem }) => {
                story.base_url = base_url;
                story.preflight.problem = Some(problem);
            }
            Ok(reached) => {
                reached.client.base().as_str().clone_into(&mut story.base_url);
                if let Err(exit) = consent(&reached.client, &plan, args.import_size.map(usize::from), args.yes) {
                    return exit;
                }
                screen.open(&story.base_url);
                let identities = Identities::new(self.seed, &self.token, &args.prefix, &args.user_domain);
                let journal = match destination.begin_journal(&story.base_url, &self.token, args.target.reference) {
                    Ok(journal) => journal,
                    Err(why) => return give_up(Exit::ReportNotWritten, why),
                };
                story.play(args, reached, &plan, &identities, create_user, &journal, &screen).await;
            }
        }
        let seconds = clock.elapsed().as_secs_f64();
        let narrowed = !args.select.is_empty() || !args.skip.is_empty();
        self.finish(args, story, narrowed, seconds, &destination, &screen)
    }

    /// Scores, decides, writes and tells.
    fn finish(
        &mut self,
        args: &RunArgs,
        story: Story,
        narrowed: bool,
        seconds: f64,
        destination: &Destination,
        screen: &Screen,
    ) -> Exit {
        let Story { base_url, preflight, mut outcome, requests } = story;
        self.known.apply(&mut outcome.scenarios);
        let features = if args.features.is_empty() { Capability::CORE.to_vec() } else { args.features.clone() };
        let scored = score::score(&outcome.scenarios, &features, &outcome.not_offered, narrowed);
        let complete = outcome.halt.is_none();
        let options = GateOptions { min_score: args.min_score, deny_should: args.deny.is_some() };
        let gate = if let Some(problem) = &preflight.problem {
            let reasons = vec![format!("cannot start: {}", problem.summary)];
            Gate { passed: false, reasons, deny_should: options.deny_should }
        } else {
            let today = jiff::tz::Offset::UTC.to_datetime(self.started).date();
            gate::gate(&scored, &outcome.scenarios, &options, &self.known, today, complete)
        };
        let mut exit = match (&preflight.problem, outcome.halt) {
            (_, Some(Halt::Interrupted)) => Exit::Interrupted,
            (Some(_), _) => Exit::CannotTest,
            _ if gate.passed => Exit::Passed,
            _ => Exit::Failed,
        };
        let report = Report {
            schema_version: SCHEMA_VERSION,
            tool: Tool { name: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into() },
            run: Run {
                id: self.id.clone(),
                token: self.token.clone(),
                started: self.started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                seconds,
                seed: self.seed,
                app: args.app,
                complete,
                notes: outcome.halt.iter().map(|h| format!("The run is not complete: {h}.")).collect(),
                narrowed,
                requests: outcome.requests + requests,
                features,
            },
            target: ReportTarget { base_url },
            preflight,
            verdict: scored.verdict,
            gate,
            score: scored.score,
            capabilities: scored.capabilities,
            counts: scored.counts,
            scenarios: outcome.scenarios,
            cleanup: outcome.cleanup,
        };
        let written = match destination.write(&report) {
            Ok(written) => written,
            Err(why) => {
                exit = exit.worst(give_up(Exit::ReportNotWritten, why));
                Vec::new()
            }
        };
        destination.end_journal(&report.cleanup);
        screen.close(&report, &written);
        exit
    }
}

/// What happened on the wire.
#[derive(Default)]
struct Story {
    base_url: String,
    preflight: Preflight,
    outcome: Outcome,
    /// Requests of the preflight.
    requests: usize,
}

impl Story {
    #[expect(clippy::too_many_arguments, reason = "the cast of one run, put together here")]
    async fn play(
        &mut self,
        args: &RunArgs,
        target: Target,
        plan: &[&Scenario],
        identities: &Identities,
        create_user: &serde_json::Value,
        journal: &Journal,
        screen: &Screen,
    ) {
        let Target { client, source, reference } = target;
        let interrupt = signal::listen(|| {
            eprintln!("Left at once: what this run created may still be there. `scimulate cleanup` removes it.");
        });
        (self.preflight, self.requests) = play::preflight(&client, source).await;
        screen.preflight(&self.preflight);
        if self.preflight.passed {
            let default_settle = if args.target.reference { Duration::ZERO } else { Duration::from_secs(2) };
            let settings = Settings {
                app: args.app,
                settle: args.settle.unwrap_or(default_settle),
                deadline: args.deadline,
                max_wait: args.max_wait,
                max_requests: args.max_requests,
                jobs: usize::from(args.jobs),
                import_size: args.import_size.map(usize::from),
                keep: args.keep,
                keep_values: args.keep_values,
            };
            let observer = screen.observer();
            let cast = Cast {
                client: &client,
                identities,
                create_user,
                settings: &settings,
                journal,
                observer: observer.as_ref(),
                interrupt,
            };
            self.outcome = play::play(cast, plan).await;
        }
        if let Some(server) = reference {
            server.stop().await;
        }
    }
}
