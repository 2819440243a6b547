//! One trial: the reference server with these faults, a plan played against it, and what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::exit::Exit;
use crate::gate::{self, GateOptions, KnownFailures};
use crate::okta::client::{Limits, Network};
use crate::okta::{AuthForm, BaseUrl, Client, Credential, Identities};
use crate::play::event::{Event, Observer};
use crate::play::journal::Journal;
use crate::play::{self, Cast, CheckStatus, Cleanup, Existing, Outcome, Problem, Settings, StepResult};
use crate::report::{CapabilityResult, CapabilityStatus};
use crate::scenario::{App, Capability, Catalogue, Scenario};
use crate::score;
use crate::server::{self, Config, fault::Fault};

/// The credential of every trial.
const TOKEN: &str = "trial-credential-4711";
/// The seed of every trial.
const SEED: u64 = 4711;
/// The word in every name a trial creates.
const RUN_TOKEN: &str = "trial";

/// What came of one trial.
#[derive(Debug)]
pub struct Trial {
    /// Checks that failed; true when the request they judge still got its right status.
    pub failed: BTreeMap<String, bool>,
    /// Checks that could not be judged.
    pub blocked: BTreeSet<String>,
    /// Checks that held.
    pub passed: BTreeSet<String>,
    /// Features that do not work.
    pub broken: Vec<Capability>,
    /// Of 100; none when nothing was tested.
    pub score: Option<u8>,
    /// How a run like this ends.
    pub exit: Exit,
    /// What was removed and what was not.
    pub cleanup: Cleanup,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// How many requests were sent.
    pub requests: usize,
    /// How many of those that steps show had this HTTP method.
    pub sent: BTreeMap<String, usize>,
}

/// What to play, and by what rules.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The dialect.
    pub app: App,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How long a request may wait for a target that throttles.
    pub max_wait: Duration,
    /// How long a read after our own write may show old data.
    pub settle: Duration,
    /// Leave what was created: the server ends with the trial.
    pub keep: bool,
    /// How many scenarios are played at once.
    pub jobs: usize,
}

impl Rules {
    /// The rules of an app, one scenario after the other and with next to nothing to wait for: a healthy server answers in
    /// a few milliseconds.
    pub const fn new(app: App) -> Self {
        let (timeout, max_wait) = (Duration::from_secs(2), Duration::from_millis(50));
        Self { app, timeout, max_wait, settle: Duration::ZERO, keep: false, jobs: 1 }
    }
}

/// A server as `run --reference` starts it: a few people, roles and entitlements.
pub fn config(faults: Vec<&'static Fault>) -> Config {
    Config { token: TOKEN.into(), faults, people: 3, entitlements: true, ..Config::default() }
}

/// Starts the server, plays the plan against it and stops it again. The error says what of our own went wrong.
pub async fn trial(config: Config, rules: Rules, catalogue: &Catalogue, plan: &[&Scenario]) -> Result<Trial, String> {
    let started = Instant::now();
    let whole = catalogue.scenarios.iter().filter(|s| s.apps.contains(&rules.app)).count();
    let trial = match played(config, rules, catalogue, plan).await? {
        Ok(outcome) => Trial::of(outcome, plan.len() < whole),
        Err(problem) => Trial::not_started(&problem.kind),
    };
    Ok(Trial { seconds: started.elapsed().as_secs_f64(), ..trial })
}

/// The same with everything that was sent and answered, or the problem that the connection test met.
pub async fn played(
    config: Config,
    rules: Rules,
    catalogue: &Catalogue,
    plan: &[&Scenario],
) -> Result<Result<Outcome, Problem>, String> {
    let create_user =
        catalogue.fixture("okta/create-user.json").ok_or("the fixture okta/create-user.json is missing")?;
    let config = Config { patience: rules.timeout, ..config };
    let standing = config.resources.iter().find_map(|resource| resource["displayName"].as_str());
    let group = server::hidden_group(&config.faults).or(standing);
    let existing = Existing::new(Some(&server::example_user()), group);
    let running =
        server::start(config).await.map_err(|error| format!("the reference server did not start: {error}"))?;
    let base = BaseUrl::parse(&running.base_url).map_err(|error| error.to_string())?;
    let limits = Limits { timeout: rules.timeout, ..Limits::default() };
    let credential = Credential::new(AuthForm::Bearer, TOKEN)?;
    let client = Client::new(base, credential, limits, &Network::default())?;
    let (preflight, seen) = play::preflight(&client, "the trial").await;
    if let Some(problem) = preflight.problem {
        running.stop().await;
        return Ok(Err(problem));
    }
    let (_keep, interrupt) = watch::channel(false);
    let identities = Identities::new(SEED, RUN_TOKEN, "scimulate-", "example.com");
    let settings = Settings {
        app: rules.app,
        settle: rules.settle,
        deadline: Duration::from_secs(120),
        max_wait: rules.max_wait,
        max_requests: 20_000,
        jobs: rules.jobs,
        keep: rules.keep,
        existing,
        ..Settings::default()
    };
    let outcome = play::play(
        Cast {
            client: &client,
            identities: &identities,
            create_user,
            settings: &settings,
            journal: &Journal::default(),
            observer: &Unheard,
            interrupt,
            seen: &seen,
            enough: None,
        },
        plan,
    )
    .await;
    running.stop().await;
    Ok(Ok(outcome))
}

/// A trial is one of hundreds: only the whole is told.
struct Unheard;

impl Observer for Unheard {
    fn hear(&self, _: Event<'_>) {}
}

impl Trial {
    fn not_started(kind: &str) -> Self {
        Self {
            failed: BTreeMap::from([(format!("preflight/{kind}"), true)]),
            blocked: BTreeSet::new(),
            passed: BTreeSet::new(),
            broken: Capability::ALL.to_vec(),
            score: None,
            exit: Exit::CannotTest,
            cleanup: Cleanup::default(),
            seconds: 0.0,
            requests: 1,
            sent: BTreeMap::new(),
        }
    }

    fn of(outcome: Outcome, narrowed: bool) -> Self {
        let scored = score::score(&outcome.scenarios, &Capability::CORE, &outcome.not_offered, narrowed);
        let (options, known) = (GateOptions::default(), KnownFailures::default());
        let complete = outcome.halt.is_none();
        let gate = gate::gate(&scored, &outcome.scenarios, &options, &known, jiff::civil::Date::ZERO, complete);
        let broken = |c: &&CapabilityResult| c.status == CapabilityStatus::Broken;
        let mut trial = Self {
            failed: BTreeMap::new(),
            blocked: BTreeSet::new(),
            passed: BTreeSet::new(),
            broken: scored.capabilities.iter().filter(broken).map(|c| c.id).collect(),
            score: scored.score.value,
            exit: if gate.passed { Exit::Passed } else { Exit::Failed },
            cleanup: outcome.cleanup,
            seconds: 0.0,
            requests: outcome.requests,
            sent: BTreeMap::new(),
        };
        for step in outcome.scenarios.iter().flat_map(|scenario| &scenario.steps) {
            trial.add(step);
        }
        trial
    }

    /// Could this check not be judged? An id without a case stands for all its cases; a rule could not be judged on what
    /// was not sent.
    pub fn is_blocked(&self, id: &str) -> bool {
        if let Some((scenario, _)) = id.split_once("/always.") {
            return self.blocked.iter().any(|other| other.split('/').next() == Some(scenario));
        }
        let of_a_case = |other: &String| other.strip_prefix(id).is_some_and(|rest| rest.starts_with('@'));
        self.blocked.contains(id) || self.blocked.iter().any(of_a_case)
    }

    fn add(&mut self, step: &StepResult) {
        for exchange in &step.exchanges {
            *self.sent.entry(exchange.request.method.clone()).or_default() += 1;
        }
        let of_the_status = |at: &Option<String>| at.as_deref() == Some("status");
        let right_status = !step.checks.iter().any(|c| c.status == CheckStatus::Failed && of_the_status(&c.at));
        for check in &step.checks {
            match check.status {
                CheckStatus::Failed => {
                    let fair = right_status || of_the_status(&check.at);
                    *self.failed.entry(check.id.clone()).or_default() |= fair;
                }
                CheckStatus::Blocked => _ = self.blocked.insert(check.id.clone()),
                CheckStatus::Passed => _ = self.passed.insert(check.id.clone()),
                CheckStatus::Skipped => {}
            }
        }
    }
}
