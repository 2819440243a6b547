//! Plays a plan: one scenario after the other, each request through the ledger, the deadline and the request budget.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use serde_json::Value;
use tokio::sync::watch;

use super::diagnosis::Diagnosis;
use super::event::{Event, Observer};
use super::journal::{Entry, Journal};
use super::ledger::{Ledger, Unsettled};
use super::offers::Offers;
use super::outcome::{CheckResult, CheckStatus, ScenarioResult, ScenarioStatus, StepResult};
use super::presence::Presence;
use super::scene::Scene;
use super::{Halt, Outcome, Settings, strangers};
use crate::check::always::Rules;
use crate::exchange::{Exchange, Failure, FailureKind, redact};
use crate::okta::client::{Outgoing, Payload};
use crate::okta::{Client, Identities, wire};
use crate::scenario::{App, Level, Scenario, Step};

/// How long a create that is under way may still be answered when the run ends: what it made is then known.
const GRACE: Duration = Duration::from_secs(2);

/// The budget of a whole run for waits that end in vain.
const VAIN_WAITS: Duration = Duration::from_secs(6);

/// Everything the playing of one run shares.
pub(super) struct Player<'a> {
    pub(super) client: &'a Client,
    pub(super) identities: &'a Identities,
    pub(super) settings: &'a Settings,
    /// Okta's create body, with `{{user.*}}`.
    pub(super) create_user: &'a Value,
    pub(super) observer: &'a dyn Observer,
    pub(super) journal: &'a Journal,
    interrupt: watch::Receiver<bool>,
    ledger: Mutex<Ledger>,
    pub(super) requests: AtomicUsize,
    pub(super) presence: Presence,
    pub(super) throttled: Mutex<Duration>,
    /// Bytes of bodies that are kept for the report.
    pub(super) kept: AtomicUsize,
    /// What was removed before the end.
    pub(super) tidied: AtomicUsize,
    /// Whether a DELETE of this run has worked.
    pub(super) deletes: AtomicBool,
    vain: Mutex<Duration>,
    pub(super) ends: Instant,
    /// Tells whether a scenario came out so that no other is begun.
    pub(super) enough: Option<&'a Enough<'a>>,
    pub(super) offers: Offers,
    pub(super) diagnosis: Diagnosis,
    /// What holds for every answer.
    pub(super) rules: Rules,
}

/// Tells whether a scenario came out so that the run ends.
pub type Enough<'a> = dyn Fn(&ScenarioResult) -> bool + Sync + 'a;

/// Who plays and by what rules: what a run is made of besides its plan.
pub struct Cast<'a> {
    /// The simulated client.
    pub client: &'a Client,
    /// The people Okta knows.
    pub identities: &'a Identities,
    /// Okta's create body, with `{{user.*}}` (a fixture).
    pub create_user: &'a Value,
    /// How to play.
    pub settings: &'a Settings,
    /// Where creates are noted before they are sent.
    pub journal: &'a Journal,
    /// Who hears of it.
    pub observer: &'a dyn Observer,
    /// Turns true when the user wants to stop.
    pub interrupt: watch::Receiver<bool>,
    /// What was sent before: whom its answers show is not ours.
    pub seen: &'a [Exchange],
    /// Tells whether a scenario came out so that no other is begun; without it all are played.
    pub enough: Option<&'a Enough<'a>>,
}

impl<'a> Player<'a> {
    pub(super) fn new(cast: Cast<'a>) -> Self {
        let Cast { client, identities, create_user, settings, journal, observer, interrupt, seen, enough } = cast;
        let mut ledger = Ledger::new(identities.token()).with(settings.read_only, settings.existing.clone());
        for exchange in seen {
            ledger.record(exchange);
        }
        // Generated passwords are masked when an exchange is recorded, so the mask is what a leak looks like.
        let rules = Rules::new(client.timeout(), &[redact::PASSWORD.to_owned()], client.base().as_str());
        Player {
            client,
            identities,
            settings,
            create_user,
            observer,
            journal,
            interrupt,
            ledger: Mutex::new(ledger),
            requests: AtomicUsize::new(0),
            presence: Presence::default(),
            throttled: Mutex::default(),
            kept: AtomicUsize::new(0),
            tidied: AtomicUsize::new(0),
            deletes: AtomicBool::new(false),
            vain: Mutex::default(),
            ends: Instant::now() + settings.deadline,
            enough,
            offers: Offers::default(),
            diagnosis: Diagnosis::default(),
            rules,
        }
    }
}

/// Plays the plan and cleans up.
pub async fn play(cast: Cast<'_>, plan: &[&Scenario]) -> Outcome {
    let player = Player::new(cast);
    let (settings, observer) = (player.settings, player.observer);
    let mut outcome = Outcome::default();
    observer.hear(Event::Started { scenarios: plan.len() });
    // Even a bug of ours must not leave anything behind.
    let ended = AssertUnwindSafe(player.plan(plan, &mut outcome)).catch_unwind().await;
    outcome.not_offered = player.offers.not_offered();
    outcome.cleanup = player.clean_up().await;
    if let Err(bug) = ended {
        observer.hear(Event::Finished);
        resume_unwind(bug);
    }
    if *player.interrupt.borrow() {
        outcome.halt = Some(Halt::Interrupted);
    }
    outcome.cleanup.deleted += player.tidied.load(Ordering::Relaxed);
    if !settings.keep_values {
        let ledger = player.ledger();
        strangers::mask(&mut outcome.scenarios, &ledger, player.identities.token());
        strangers::hide(&mut outcome, settings.existing.private());
    }
    outcome.requests = player.requests.load(Ordering::Relaxed);
    outcome.notes = player.presence.notes();
    observer.hear(Event::Finished);
    outcome
}

impl Player<'_> {
    /// Plays one scenario, all its cases. `attempt` 0 is the first; another one uses other people.
    pub(super) async fn scenario(&self, scenario: &Scenario, attempt: usize) -> (ScenarioResult, Option<Halt>) {
        let started = Instant::now();
        let mut result = ScenarioResult {
            id: scenario.id.clone(),
            title: scenario.title.clone(),
            why: scenario.why.trim().to_owned(),
            capability: scenario.capability,
            source: scenario.source.clone(),
            status: ScenarioStatus::Skipped,
            reason: None,
            seconds: 0.0,
            steps: Vec::new(),
        };
        let mut halt = None;
        match self.lacking(scenario).await {
            Ok(Some(reason)) => result.reason = Some(reason),
            Ok(None) => {
                for case in &scenario.cases {
                    let mut scene = Scene::new(scenario, case, attempt, self.identities.variables(attempt));
                    scene.scope.set("existing", self.settings.existing.variables());
                    let told = match self.too_much(case) {
                        Some(why) => {
                            self.leave_out(&mut scene, &why);
                            Ok(())
                        }
                        None => self.tell(&mut scene).await,
                    };
                    if case.volume.is_some() {
                        self.tidy().await;
                    }
                    result.reason = result.reason.or(scene.blocked.take());
                    result.steps.append(&mut scene.steps);
                    if let Err(why) = told {
                        halt = Some(why);
                        break;
                    }
                }
                self.judge_always(scenario, &mut result.steps);
                result.status = status(&result.steps);
                if matches!(result.status, ScenarioStatus::Passed | ScenarioStatus::Warned) {
                    result.reason = None;
                }
            }
            Err(why) => halt = Some(why),
        }
        if let Some(why) = halt {
            result.reason = Some(why.to_string());
        }
        result.seconds = started.elapsed().as_secs_f64();
        (result, halt)
    }

    /// Files a case that is not played here.
    fn leave_out(&self, scene: &mut Scene<'_>, why: &str) {
        let app = self.settings.app;
        let steps = scene.scenario.steps.iter().filter(|s| s.apps.contains(&app));
        let left_out: Vec<_> = steps.map(|s| scene.left_out_step(s, app, why)).collect();
        scene.steps.extend(left_out);
    }

    /// Sets the scene and plays the steps; steps with the same `together` word are sent at once.
    async fn tell(&self, scene: &mut Scene<'_>) -> Result<(), Halt> {
        let app = self.settings.app;
        let steps: Vec<&Step> = scene.scenario.steps.iter().filter(|s| s.apps.contains(&app)).collect();
        let set = self.set_the_scene(scene).await;
        let mut halted = set.err();
        self.shorten(scene, 0);
        let mut rest = steps.as_slice();
        while let Some((first, _)) = rest.split_first() {
            let together = rest.iter().take_while(|s| first.together.is_some() && s.together == first.together).count();
            let (now, later) = rest.split_at(together.max(1));
            let number = steps.len() - rest.len() + 1;
            if let Some(why) = halted {
                scene.blocked.get_or_insert_with(|| why.to_string());
            }
            if halted.is_some() || scene.blocked.is_some() {
                let reason = scene.blocked.clone().unwrap_or_default();
                let results: Vec<_> = now.iter().map(|s| scene.blocked_step(s, app, &reason)).collect();
                scene.steps.extend(results);
            } else {
                let before = scene.steps.len();
                if let Err(why) = self.steps(scene, now, number, steps.len()).await {
                    halted = Some(why);
                    continue;
                }
                self.shorten(scene, before);
            }
            rest = later;
        }
        halted.map_or(Ok(()), Err)
    }

    /// Sends a request, again while it is throttled.
    pub(super) async fn send(&self, outgoing: Outgoing<'_>) -> Result<Exchange, Halt> {
        Ok(self.send_patiently(outgoing).await?.1)
    }

    /// Sends one request: through the ledger, within deadline and budget, abandoned at an interrupt.
    pub(super) async fn send_once(&self, outgoing: Outgoing<'_>) -> Result<Exchange, Halt> {
        if let Err(refusal) = self.ledger().permit(&outgoing) {
            return Ok(refused(&outgoing, refusal));
        }
        self.spend()?;
        let announced = match outgoing.body {
            Payload::Json(body) if outgoing.method == "POST" => self.ledger().announce(outgoing.path, body),
            _ => None,
        };
        if let Some(Unsettled { collection, name }) = announced.clone() {
            self.journal.write(&Entry::Create { collection: collection.path().to_owned(), name });
        }
        let grace = if outgoing.method == "POST" { GRACE } else { Duration::ZERO };
        let exchange = self.abandonable_after(grace, self.client.send(outgoing)).await?;
        let open = self.ledger().record(&exchange);
        self.mark_presence(&exchange).await?;
        if let Some(open) = open {
            self.read_back(&open).await?;
        }
        self.note_created();
        let refused = matches!(exchange.status(), Some(400..=499));
        if let Some(announced) = announced.filter(|a| refused && !self.ledger().unsettled().contains(a)) {
            let Unsettled { collection, name } = announced;
            self.journal.write(&Entry::Refused { collection: collection.path().to_owned(), name });
        }
        Ok(exchange)
    }

    /// Notes what has come into the ledger.
    pub(super) fn note_created(&self) {
        let fresh = self.ledger().take_fresh();
        for made in fresh {
            self.journal.write(&Entry::Created {
                collection: made.collection.path().to_owned(),
                id: made.id,
                name: made.name,
            });
        }
    }

    /// Takes one request out of the budget; the error says why none may be sent any more.
    fn spend(&self) -> Result<(), Halt> {
        if *self.interrupt.borrow() {
            return Err(Halt::Interrupted);
        }
        let left = |spent| (spent < self.settings.max_requests).then_some(spent + 1);
        let spent = self.requests.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        spent.map(drop).map_err(|_| Halt::Requests)
    }

    /// Waits for something unless the run ends first.
    pub(super) async fn abandonable<T>(&self, work: impl Future<Output = T>) -> Result<T, Halt> {
        self.abandonable_after(Duration::ZERO, work).await
    }

    /// The same, and so much longer when the run ends.
    async fn abandonable_after<T>(&self, grace: Duration, work: impl Future<Output = T>) -> Result<T, Halt> {
        let mut interrupt = self.interrupt.clone();
        let mut work = pin!(work);
        let halt = tokio::select! {
            biased;
            _ = interrupt.wait_for(|stop| *stop) => Halt::Interrupted,
            () = tokio::time::sleep_until(self.ends.into()) => Halt::Deadline,
            done = &mut work => return Ok(done),
        };
        if grace.is_zero() {
            return Err(halt);
        }
        tokio::time::timeout(grace, work).await.map_err(|_| halt)
    }

    /// A create was answered with a success that does not say what was made: look it up.
    async fn read_back(&self, open: &Unsettled) -> Result<(), Halt> {
        self.spend()?;
        let path = lookup_path(open);
        let exchange = self.abandonable(self.client.send(Outgoing::new("GET", &path))).await?;
        if let Some(listing) = exchange.json() {
            self.ledger().settle(open, listing);
        }
        Ok(())
    }

    /// The id of what a create made, when the answer did not say it but a look-up did.
    pub(super) fn owned_id(&self, path: &str, body: &Value) -> Option<String> {
        let ledger = self.ledger();
        let made = ledger.owned().iter().rev();
        made.filter(|o| o.collection.path() == path)
            .find(|o| body.get(o.collection.name_attribute()).and_then(Value::as_str) == Some(&o.name))
            .map(|o| o.id.clone())
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a read may still wait for our own write; nothing once the run's budget for vain waits is gone.
    pub(super) fn patience(&self) -> Duration {
        let vain = *self.vain.lock().unwrap_or_else(PoisonError::into_inner);
        self.settings.settle.min(VAIN_WAITS.saturating_sub(vain))
    }

    pub(super) fn waited_in_vain(&self, how_long: Duration) {
        *self.vain.lock().unwrap_or_else(PoisonError::into_inner) += how_long;
    }
}

/// The look-up Okta sends for a name.
pub(super) fn lookup_path(wanted: &Unsettled) -> String {
    let attribute = wanted.collection.name_attribute();
    let name = wanted.name.replace('\\', "\\\\").replace('"', "\\\"");
    let name = wire::percent_encode(&name);
    format!("{}?filter={attribute}%20eq%20%22{name}%22&startIndex=1&count=100", wanted.collection.path())
}

/// A request the ledger did not let out.
fn refused(outgoing: &Outgoing<'_>, message: String) -> Exchange {
    let body = match outgoing.body {
        Payload::Json(body) => crate::exchange::Body::Json(body.clone()),
        Payload::Raw(text) => crate::exchange::Body::Text(text.to_owned()),
        Payload::None => crate::exchange::Body::Empty,
    };
    Exchange {
        request: crate::exchange::Request {
            method: outgoing.method.to_owned(),
            path: outgoing.path.to_owned(),
            headers: Vec::new(),
            body,
        },
        response: None,
        failure: Some(Failure { kind: FailureKind::Refused, message }),
        curl: String::new(),
    }
}

/// The worst of a scenario's checks.
pub(super) fn status(steps: &[StepResult]) -> ScenarioStatus {
    let checks = || steps.iter().flat_map(|s| &s.checks);
    let any = |test: &dyn Fn(&CheckResult) -> bool| checks().any(test);
    if any(&|c| c.status == CheckStatus::Failed && c.level == Level::Must) {
        ScenarioStatus::Failed
    } else if any(&|c| c.status == CheckStatus::Blocked && c.level == Level::Must) {
        ScenarioStatus::Blocked
    } else if any(&|c| matches!(c.status, CheckStatus::Failed | CheckStatus::Blocked)) {
        ScenarioStatus::Warned
    } else {
        ScenarioStatus::Passed
    }
}

impl Player<'_> {
    /// The dialect, for readability at the call sites.
    pub(super) const fn app(&self) -> App {
        self.settings.app
    }
}
