//! `scimulate run`: select, look whether the target can be tested, play, judge, report, decide.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use tokio::sync::watch;

use super::catalogue::{self, Folders};
use super::consent::consent;
use super::display::Screen;
use super::files::{self, Destination};
use super::known::{self, Known};
use super::last_failed::{Goal, LastFailed};
use super::target::{Described, NoTarget, Target, TargetArgs, described, target};
use super::{Display, display, dry_run, duration, give_up, signal};
use crate::exchange::curl;
use crate::exit::Exit;
use crate::gate::{self, GateOptions, KnownFailures};
use crate::okta::{Identities, identity};
use crate::play::journal::{self, Journal};
use crate::play::outline::Draft;
use crate::play::{
    self, Cast, CheckStatus, Enough, Existing, Halt, Outcome, Preflight, ScenarioResult, Settings, preflight,
};
use crate::report::format::Format;
use crate::report::{Gate, Report, Run, SCHEMA_VERSION, Selection, Target as ReportTarget, Tool};
use crate::scenario::{App, Capability, Catalogue, Level, Scenario, select};
use crate::score;

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
    #[arg(long, default_value_t = identity::SEED.to_string(), value_name = "N|random")]
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
    /// How long a request may wait when the target answers 429, and the run when it does not answer at all
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
    /// An account of yours that was there before: it is looked up, its create is tried and must be refused, and it is never
    /// changed
    #[arg(long, value_name = "USERNAME", value_parser = NonEmptyStringValueParser::new())]
    existing_user: Option<String>,
    /// The same for a group of yours
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    existing_group: Option<String>,
    /// Print every request that would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Send only requests that change nothing; what needs others is skipped
    #[arg(long)]
    read_only: bool,
    /// Do not ask before writing to a host other than this machine
    #[arg(long)]
    yes: bool,
    /// Leave what was created
    #[arg(long, conflicts_with = "read_only")]
    keep: bool,
    #[command(flatten)]
    folders: Folders,
    /// Leave these out (as SELECT; repeatable)
    #[arg(long, value_name = "SELECT")]
    skip: Vec<String>,
    /// Known failures (TOML): excused at the gate, told all the same
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Write FILE after the run: what --known and FILE hold already, and an entry for each check that failed besides
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dry_run", "fail_fast"])]
    write_known: Option<PathBuf>,
    /// Play only the scenarios in which something failed or was blocked in this report; default that of --report-dir, else
    /// reports/latest/report.json
    #[arg(long, value_name = "REPORT", conflicts_with = "select")]
    #[expect(clippy::option_option, reason = "not given, given alone, given with a file")]
    last_failed: Option<Option<PathBuf>>,
    /// End after the first scenario in which a `must` failed that is not known
    #[arg(long)]
    fail_fast: bool,
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
    known: Known,
    last_failed: Option<LastFailed>,
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
    let known = known::known(args.known.as_deref(), args.write_known.as_deref())?;
    let last_failed =
        args.last_failed.as_ref().map(|file| LastFailed::read(file.as_deref(), args.report_dir.as_deref()));
    Ok(Prepared { catalogue, known, last_failed: last_failed.transpose()?, seed, id, token, started })
}

impl Prepared {
    async fn run(self, args: &RunArgs, display: &Display) -> Exit {
        let plan = match self.plan(args) {
            Ok(plan) => plan,
            Err(exit) => return exit,
        };
        let Some(create_user) = self.catalogue.fixture("okta/create-user.json") else {
            return give_up(Exit::InvalidInput, "the fixture okta/create-user.json is missing");
        };
        if args.dry_run {
            return self.rehearse(args, &plan, create_user);
        }
        let mut destination = files::destination(args.no_report, args.report_dir.as_deref(), &self.id, &args.format);
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
                let import_size = args.import_size.map(usize::from);
                if !args.read_only
                    && let Err(exit) = consent(&reached.client, &plan, import_size, args.yes)
                {
                    return exit;
                }
                if let Err(why) = destination.prepare() {
                    return give_up(Exit::ReportNotWritten, why);
                }
                screen.open(&story.base_url);
                if let Some(last) = &self.last_failed {
                    let target =
                        if args.target.reference { Goal::Reference } else { Goal::Url(story.base_url.as_str()) };
                    last.differences(&plan, args.app, self.seed, &target).iter().for_each(|note| screen.note(note));
                }
                let identities = self.identities(args);
                // The reference server dies with the run, and what only reads leaves nothing.
                let journal = if args.target.reference || args.read_only {
                    Ok(Journal::default())
                } else {
                    destination.begin_journal(&story.base_url, &self.token)
                };
                let journal = match journal {
                    Ok(journal) => journal,
                    Err(why) => return give_up(Exit::ReportNotWritten, why),
                };
                let interrupt = signal::listen(farewell(&destination.journal(), &story.base_url));
                let failed = |scenario: &ScenarioResult| must_failed(scenario, &self.known.failures);
                let enough: Option<&Enough<'_>> = if args.fail_fast { Some(&failed) } else { None };
                story.play(args, reached, &plan, &identities, create_user, &journal, interrupt, enough, &screen).await;
            }
        }
        let seconds = clock.elapsed().as_secs_f64();
        let planned = plan.len();
        self.finish(args, story, planned, seconds, &destination, &screen)
    }

    /// What is played: what the words select, or what did not come out well before.
    fn plan(&self, args: &RunArgs) -> Result<Vec<&Scenario>, Exit> {
        let selected = select::select(&self.catalogue, args.app, &args.select, &args.skip);
        let selected = selected.map_err(|unknown| give_up(Exit::NothingSelected, unknown))?;
        match &self.last_failed {
            Some(last) => last.of(selected),
            None if selected.is_empty() => {
                Err(give_up(Exit::NothingSelected, "the selection leaves no scenario to play"))
            }
            None => Ok(selected),
        }
    }

    /// Tells what would be sent.
    fn rehearse(&self, args: &RunArgs, plan: &[&Scenario], create_user: &serde_json::Value) -> Exit {
        let Described { name, loopback, existing } = match described(&args.target) {
            Ok(described) => described,
            Err(exit) => return exit,
        };
        let identities = self.identities(args);
        let settings = settings(args, existing);
        let draft = Draft { identities: &identities, create_user, settings: &settings, loopback };
        display::print(&dry_run::text(draft, plan, &name));
        Exit::Passed
    }

    fn identities(&self, args: &RunArgs) -> Identities {
        Identities::new(self.seed, &self.token, &args.prefix, &args.user_domain)
    }

    /// What decided what was played.
    fn selection(&self, args: &RunArgs, played: &[ScenarioResult]) -> Selection {
        let select = match self.last_failed {
            Some(_) => played.iter().map(|scenario| scenario.id.clone()).collect(),
            None => args.select.clone(),
        };
        Selection { select, skip: args.skip.clone(), read_only: args.read_only, import_size: args.import_size }
    }

    /// Scores, decides, writes and tells.
    fn finish(
        &self,
        args: &RunArgs,
        story: Story,
        planned: usize,
        seconds: f64,
        destination: &Destination,
        screen: &Screen,
    ) -> Exit {
        let Story { base_url, preflight, mut outcome, requests } = story;
        let known = &self.known.failures;
        known.apply(&mut outcome.scenarios);
        let narrowed = !args.select.is_empty() || !args.skip.is_empty() || args.read_only || self.last_failed.is_some();
        let features = if args.features.is_empty() { Capability::CORE.to_vec() } else { args.features.clone() };
        let scored = score::score(&outcome.scenarios, &features, &outcome.not_offered, narrowed);
        let complete = outcome.halt.is_none();
        let options = GateOptions { min_score: args.min_score, deny_should: args.deny.is_some() };
        let today = jiff::tz::Offset::UTC.to_datetime(self.started).date();
        let gate = if let Some(problem) = &preflight.problem {
            let reasons = vec![format!("cannot start: {}", problem.summary)];
            Gate { passed: false, reasons, deny_should: options.deny_should }
        } else {
            gate::gate(&scored, &outcome.scenarios, &options, known, today, complete)
        };
        let mut exit = match (&preflight.problem, outcome.halt) {
            (_, Some(Halt::Interrupted)) => Exit::Interrupted,
            (Some(_), _) => Exit::CannotTest,
            _ if gate.passed => Exit::Passed,
            _ => Exit::Failed,
        };
        let completed = complete && preflight.problem.is_none();
        match self.known.write((&outcome.scenarios, &scored), options.deny_should, today, completed) {
            Ok(told) => told.iter().for_each(|told| screen.note(told)),
            Err(why) => exit = exit.worst(give_up(Exit::ReportNotWritten, why)),
        }
        let left = planned.saturating_sub(outcome.scenarios.len());
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
                notes: notes(outcome.halt, left, args.read_only).into_iter().chain(outcome.notes).collect(),
                narrowed,
                selection: self.selection(args, &outcome.scenarios),
                requests: outcome.requests + requests,
                features,
            },
            target: ReportTarget { base_url, reference: args.target.built_in() },
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

/// The options as rules of playing. `existing` is what is known to have been there before; the user may name others.
fn settings(args: &RunArgs, existing: Existing) -> Settings {
    let default_settle = if args.target.reference { Duration::ZERO } else { Duration::from_secs(2) };
    Settings {
        app: args.app,
        settle: args.settle.unwrap_or(default_settle),
        deadline: args.deadline,
        max_wait: args.max_wait,
        max_requests: args.max_requests,
        jobs: usize::from(args.jobs),
        import_size: args.import_size.map(usize::from),
        read_only: args.read_only,
        existing: existing.named(args.existing_user.as_deref(), args.existing_group.as_deref()),
        keep: args.keep,
        keep_values: args.keep_values,
    }
}

/// Whether a `must` failed in a scenario that no entry excuses.
fn must_failed(scenario: &ScenarioResult, known: &KnownFailures) -> bool {
    let mut checks = scenario.steps.iter().flat_map(|step| &step.checks);
    checks.any(|c| c.status == CheckStatus::Failed && c.level == Level::Must && !known.excuses(&c.id))
}

/// What the report says of the run as a whole; `left` is how many scenarios of the plan were not begun.
fn notes(halt: Option<Halt>, left: usize, read_only: bool) -> Vec<String> {
    let left = match left {
        0 => String::new(),
        1 => " 1 scenario was not played.".to_owned(),
        many => format!(" {many} scenarios were not played."),
    };
    let halt = halt.map(|halt| format!("The run is not complete: {halt}.{left}"));
    let read_only = read_only.then(|| "Only requests that change nothing were sent (--read-only).".to_owned());
    halt.into_iter().chain(read_only).collect()
}

/// What to say when the user will not wait for the clean-up: what the journal holds, and how to finish.
fn farewell(journal: &Path, base_url: &str) -> impl FnOnce() + Send + 'static {
    let (journal, base_url) = (journal.to_path_buf(), base_url.to_owned());
    move || {
        let held = std::fs::read_to_string(&journal).ok().and_then(|text| journal::read(&text).ok());
        let Some(held) = held.filter(|held| !held.is_empty()) else {
            eprintln!("Left at once. The journal names nothing that could still be there.");
            return;
        };
        let folder = journal.parent().unwrap_or(&journal).display().to_string();
        eprintln!(
            "Left at once. {held}; they are noted in {}. To remove them:\n  scimulate cleanup --url {base_url} --report-dir {}   \
             (and the same credential)",
            journal.display(),
            curl::quote(&folder)
        );
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
        mut interrupt: watch::Receiver<bool>,
        enough: Option<&Enough<'_>>,
        screen: &Screen,
    ) {
        let Target { client, source, reference, existing } = target;
        // The target is given up when the user wants it, or when there is no time left to play anything.
        let mut seen = Vec::new();
        tokio::select! {
            biased;
            _ = interrupt.wait_for(|stop| *stop) => self.outcome.halt = Some(Halt::Interrupted),
            told = play::preflight(&client, source) => (self.preflight, seen) = told,
            () = tokio::time::sleep(args.deadline) => self.preflight.problem = Some(preflight::too_late(&client)),
        }
        self.requests = seen.len();
        screen.preflight(&self.preflight);
        if self.preflight.passed {
            let settings = settings(args, existing);
            let observer = screen.observer();
            let cast = Cast {
                client: &client,
                identities,
                create_user,
                settings: &settings,
                journal,
                observer: observer.as_ref(),
                interrupt,
                seen: &seen,
                enough,
            };
            self.outcome = play::play(cast, plan).await;
        }
        if let Some(server) = reference {
            server.stop().await;
        }
    }
}
