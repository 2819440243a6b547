//! One step: templates filled, the request sent (again while our own write may not show yet), the answer judged, captures
//! taken.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::diagnosis::{is_suite, is_verbatim};
use super::event::Event;
use super::outcome::{CheckResult, StepResult};
use super::pages::{Stride, Walked};
use super::player::Player;
use super::scene::{Scene, specs};
use super::{Halt, merge};
use crate::check::{Context, Finding, Judgement, judge};
use crate::exchange::{Body, Exchange};
use crate::okta::client::{Outgoing, Payload};
use crate::scenario::template::{Scope, fill_expect, fill_json, fill_path, fill_text};
use crate::scenario::{BodySource, Check, Expect, Level, Step};

/// First pause before a read is repeated; each next one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// A step's request with all templates filled.
pub(super) struct Prepared {
    pub(super) path: String,
    pub(super) body: Content,
    headers: Vec<(String, String)>,
}

pub(super) enum Content {
    None,
    Json(Value),
    Raw(String),
}

impl Prepared {
    fn outgoing<'a>(&'a self, step: &'a Step) -> Outgoing<'a> {
        let body = match &self.body {
            Content::None => Payload::None,
            Content::Json(value) => Payload::Json(value),
            Content::Raw(text) => Payload::Raw(text),
        };
        Outgoing { method: &step.method, path: &self.path, body, credential: step.credential, headers: &self.headers }
    }
}

/// What was sent for a step: the exchanges, and the one the checks are judged on.
struct Played {
    exchanges: Vec<Exchange>,
    judged: Exchange,
    note: Option<String>,
    /// Sent afterwards to find out why it was refused.
    tried: Vec<Exchange>,
    /// What that came to, for the finding.
    diagnosis: Option<String>,
}

impl Player<'_> {
    /// Plays one step, or several at once.
    pub(super) async fn steps(
        &self,
        scene: &mut Scene<'_>,
        steps: &[&Step],
        number: usize,
        of: usize,
    ) -> Result<(), Halt> {
        let mut prepared = Vec::new();
        for step in steps {
            match prepare(scene, step) {
                Ok(mut request) => {
                    if let Content::Json(body) = &mut request.body {
                        self.reduce(scene.scenario, step, body);
                    }
                    prepared.push(request);
                }
                Err(why) => {
                    let reason = scene.blocked.get_or_insert(why).clone();
                    for step in steps {
                        let blocked = scene.blocked_step(step, self.app(), &reason);
                        scene.steps.push(blocked);
                    }
                    return Ok(());
                }
            }
        }
        if let Some(why) = self.moot(scene, steps, &prepared) {
            let left_out: Vec<_> = steps.iter().map(|step| scene.left_out_step(step, self.app(), &why)).collect();
            scene.steps.extend(left_out);
            return Ok(());
        }
        for (offset, step) in steps.iter().enumerate() {
            self.observer.hear(Event::StepStarted {
                scenario: &scene.scenario.id,
                title: &scene.scenario.title,
                step: number + offset,
                steps: of,
                method: &step.method,
                path: &step.path,
            });
        }
        let shared: &Scene<'_> = scene;
        let played =
            try_join_all(steps.iter().zip(&prepared).map(|(step, request)| self.send_step(shared, step, request)))
                .await?;
        for (step, played) in steps.iter().zip(played) {
            self.finish(scene, step, played);
        }
        Ok(())
    }

    /// Why steps are not sent: they pick what they change by what was left out of creates, or read what such a step would
    /// have changed.
    fn moot(&self, scene: &mut Scene<'_>, steps: &[&Step], prepared: &[Prepared]) -> Option<String> {
        if steps.iter().any(|step| step.method != "GET") {
            let mut bodies = prepared.iter().filter_map(|request| match &request.body {
                Content::Json(body) => Some(body),
                Content::None | Content::Raw(_) => None,
            });
            scene.moot = bodies.find_map(|body| self.diagnosis.forbids(scene.scenario, body));
        }
        scene.moot.clone()
    }

    /// Sends a step's request; a read that fails a check is repeated while our own write may not show yet.
    async fn send_step(&self, scene: &Scene<'_>, step: &Step, request: &Prepared) -> Result<Played, Halt> {
        let started = Instant::now();
        let mut played = self.once(scene, step, request).await?;
        let may_lag = step.method == "GET" && scene.last_write.is_some();
        if may_lag && self.fails(scene, step, &played.judged) {
            let again = async || self.once(scene, step, request).await;
            let fine = |again: &Played| !self.fails(scene, step, &again.judged);
            if let Some(settled) = self.wait_for(started, again, fine).await? {
                let note = format!("the write showed only after {} ms", started.elapsed().as_millis());
                played = Played { note: Some(note), ..settled };
            }
        }
        self.look_into(scene, step, request, &mut played).await?;
        Ok(played)
    }

    /// Finds out why a body was refused; where the scenario allows it, the answer to a reduced one is judged instead.
    async fn look_into(
        &self,
        scene: &Scene<'_>,
        step: &Step,
        request: &Prepared,
        played: &mut Played,
    ) -> Result<(), Halt> {
        let Some(found) = self.diagnose_step(scene, step, &played.judged).await? else { return Ok(()) };
        let verbatim = is_verbatim(scene.scenario);
        let reduced = match &request.body {
            Content::Json(body) if step.method == "POST" && !verbatim => {
                self.reduced_after(body, &played.judged).await?
            }
            _ => None,
        };
        // What was reduced already is refused for another reason.
        if found.reduces() && reduced.is_none() && !verbatim {
            return Ok(());
        }
        played.note = Some(format!("{} other bodies were tried: {}", found.tried().len(), found.sentence()));
        played.diagnosis = Some(found.sentence().to_owned());
        found.tried().clone_into(&mut played.tried);
        if let Some(reduced) = reduced {
            let outgoing = Outgoing { body: Payload::Json(&reduced), ..request.outgoing(step) };
            played.judged = self.send(outgoing).await?;
            played.exchanges.push(played.judged.clone());
        }
        Ok(())
    }

    /// Sends a step's request, or walks its list, one time.
    async fn once(&self, scene: &Scene<'_>, step: &Step, request: &Prepared) -> Result<Played, Halt> {
        let Some(count) = step.paginate else {
            let (mut exchanges, judged) = self.send_patiently(request.outgoing(step)).await?;
            let throttled = exchanges.len();
            let note = (throttled > 0).then(|| format!("throttled {throttled} times before it was answered"));
            exchanges.push(judged.clone());
            return Ok(Played { exchanges, judged, note, tried: Vec::new(), diagnosis: None });
        };
        let Walked { mut exchanges, whole, short } = self.walk(&request.path, count, step, Stride::ByWhatCame).await?;
        let Some(came) = short else {
            return Ok(Played { exchanges, judged: whole, note: None, tried: Vec::new(), diagnosis: None });
        };
        let mut note = format!(
            "a page held {came} of the {count} asked for though more were there: a server may do so, but Okta's \
             documentation names steps of {count}, and whether it minds is not known"
        );
        // A page may also be short because somebody on it is not shown: then the next one starts the count further.
        let failures = self.failures(scene, step, &whole);
        if failures > (0, 0) {
            let other = self.walk(&request.path, count, step, Stride::ByCount).await?;
            if self.failures(scene, step, &other.whole) < failures {
                exchanges.extend(other.exchanges);
                let _ = write!(note, "; it is read in steps of {count} here, which fits better");
                return Ok(Played {
                    exchanges,
                    judged: other.whole,
                    note: Some(note),
                    tried: Vec::new(),
                    diagnosis: None,
                });
            }
        }
        Ok(Played { exchanges, judged: whole, note: Some(note), tried: Vec::new(), diagnosis: None })
    }

    /// Repeats what was first read at `started`, while our own write may not show yet. None when the wait was in vain.
    pub(super) async fn wait_for<T>(
        &self,
        started: Instant,
        read: impl AsyncFn() -> Result<T, Halt>,
        fine: impl Fn(&T) -> bool,
    ) -> Result<Option<T>, Halt> {
        let patience = self.patience();
        let mut pause = FIRST_PAUSE;
        while started.elapsed() < patience {
            self.abandonable(tokio::time::sleep(pause.min(patience.saturating_sub(started.elapsed())))).await?;
            pause *= 2;
            let again = read().await?;
            if fine(&again) {
                return Ok(Some(again));
            }
        }
        if !patience.is_zero() {
            self.waited_in_vain(started.elapsed());
        }
        Ok(None)
    }

    pub(super) fn fails(&self, scene: &Scene<'_>, step: &Step, exchange: &Exchange) -> bool {
        self.failures(scene, step, exchange) > (0, 0)
    }

    /// How many musts fail, and how many others.
    fn failures(&self, scene: &Scene<'_>, step: &Step, exchange: &Exchange) -> (usize, usize) {
        let failed = |check: &&Check| matches!(self.judged(scene, check, exchange), Judgement::Failed(_));
        let (musts, others): (Vec<_>, Vec<_>) = scene
            .scenario
            .judged(step, scene.case, self.app())
            .filter(failed)
            .partition(|check| check.level == Level::Must);
        (musts.len(), others.len())
    }

    /// Judges one check on an answer, its templates filled.
    fn judged(&self, scene: &Scene<'_>, check: &Check, exchange: &Exchange) -> Judgement {
        if let Some(lack) = self.lacks(&check.needs) {
            return Judgement::Skipped(lack.to_owned());
        }
        if let Some(refusal) = scene.refuses(&check.expect) {
            return Judgement::Skipped(refusal);
        }
        match fill_expect(&check.expect, &scene.scope) {
            Err(missing) => Judgement::Skipped(missing.to_string()),
            Ok(expect) => {
                let expect = match self.diagnosis.spare(scene.scenario, expect) {
                    Ok(expect) => expect,
                    Err(why) => return Judgement::Skipped(why),
                };
                let earlier = |step: &str| scene.answers.get(step);
                let listed = |name: &str| scene.given.get(name).cloned().unwrap_or_default();
                judge(&expect, exchange, &Context { earlier: &earlier, listed: &listed })
            }
        }
    }

    /// Judges the answer, takes the captures, and files the step.
    fn finish(&self, scene: &mut Scene<'_>, step: &Step, played: Played) {
        let writes = step.method != "GET";
        let caused_by = if writes { None } else { scene.last_write.clone() };
        if played.judged.status() == Some(429) && !step.checks.iter().any(allows_429) {
            let wait = self.settings.max_wait;
            let reason =
                format!("the target throttles (429) for longer than {wait:?} (--max-wait), so nothing can be judged");
            scene.blocked.get_or_insert(reason);
        }
        let mut checks: Vec<CheckResult> = Vec::new();
        let mut unforeseen: Option<String> = None;
        for check in scene.scenario.judged(step, scene.case, self.app()) {
            if let Some(reason) = &scene.blocked {
                checks.push(scene.blocked_result(check, reason));
                continue;
            }
            let mut judgement = match &unforeseen {
                Some(told) if !is_about(&check.expect, played.judged.status()) => Judgement::Skipped(told.clone()),
                _ => self.judged(scene, check, &played.judged),
            };
            if let (Judgement::Failed(finding), Expect::Status(_), Some(cause)) =
                (&mut judgement, &check.expect, &played.diagnosis)
            {
                finding.message = format!("{}; {cause}", finding.message);
            }
            let failed = matches!(judgement, Judgement::Failed(_));
            // Okta's suites assert every line by itself.
            if failed && matches!(check.expect, Expect::Status(_)) && !is_suite(scene.scenario) {
                unforeseen =
                    Some(format!("it is about another answer than came, as {} tells", scene.check_id(&check.id)));
            }
            checks.push(scene.result(check, judgement, caused_by.as_deref()));
            if failed && check.stop {
                scene.blocked = Some(format!("{} failed", scene.check_id(&check.id)));
            }
        }
        if scene.blocked.is_none() {
            checks.extend(capture(scene, step, &played.judged));
        }
        let judged = played.exchanges.len().checked_sub(1);
        scene.steps.push(StepResult {
            id: scene.named(&step.id),
            title: step.title.clone(),
            exchanges: played.exchanges.into_iter().chain(played.tried).collect(),
            judged,
            note: played.note,
            checks,
        });
        if writes {
            scene.last_write = Some(step.id.clone());
        }
        scene.remember(&step.id, played.judged);
    }
}

/// True for a status check that a 429 would satisfy.
fn allows_429(check: &Check) -> bool {
    matches!(&check.expect, Expect::Status(codes) if codes.contains(&429))
}

/// Whether an expectation is about an answer of this status: of errors only `scim_error` looks into the body.
fn is_about(expect: &Expect, status: Option<u16>) -> bool {
    match expect {
        Expect::Status(_) | Expect::Header { .. } | Expect::FasterThan(_) => true,
        Expect::ScimError { .. } => matches!(status, Some(400..)),
        _ => matches!(status, Some(..400)),
    }
}

/// Fills a step's templates. The error says why it cannot be sent.
pub(super) fn prepare(scene: &Scene<'_>, step: &Step) -> Result<Prepared, String> {
    let with_actor = step.actor.as_ref().and_then(|name| {
        let mut scope: Scope = scene.scope.clone();
        scope.set("user", scene.scope.get(name)?.clone());
        Some(scope)
    });
    let scope = with_actor.as_ref().unwrap_or(&scene.scope);
    let path = fill_path(&step.path, scope).map_err(|e| e.to_string())?;
    let body = match &step.body {
        BodySource::None => Content::None,
        BodySource::Json(template) => Content::Json(fill_json(template, scope).map_err(|e| e.to_string())?),
        BodySource::Raw(template) => Content::Raw(fill_text(template, scope).map_err(|e| e.to_string())?),
        BodySource::Merge { from, over } => {
            let answer = scene.answers.get(from);
            if answer.is_some_and(Exchange::is_truncated) {
                return Err(format!("what the step `{from}` read is too large to be sent back"));
            }
            let mut read = match answer.and_then(Exchange::json) {
                Some(body @ Value::Object(_)) => body.clone(),
                _ => return Err(format!("the step `{from}` read no JSON object to send back")),
            };
            merge(&mut read, &fill_json(over, scope).map_err(|e| e.to_string())?);
            Content::Json(read)
        }
    };
    let filled =
        |(name, value): &(String, String)| Ok((name.clone(), fill_text(value, scope).map_err(|e| e.to_string())?));
    let headers = step.headers.iter().map(filled).collect::<Result<_, String>>()?;
    Ok(Prepared { path, body, headers })
}

/// Takes a step's captures into the scope. A failed capture is a finding and blocks the rest.
fn capture(scene: &mut Scene<'_>, step: &Step, exchange: &Exchange) -> Vec<CheckResult> {
    let mut failed = Vec::new();
    for (name, pointer) in &step.captures {
        let found = exchange.json().and_then(|body| body.pointer(pointer)).filter(|v| !v.is_null());
        if let Some(value) = found {
            scene.scope.set(name, value.clone());
            continue;
        }
        let id = scene.check_id(&format!("capture.{name}"));
        scene.blocked.get_or_insert_with(|| format!("{id} failed"));
        let actual = exchange.response.as_ref().map(|r| match &r.body {
            Body::Json(_) => json!("no such value"),
            Body::Empty => json!("an empty body"),
            Body::Text(_) | Body::Binary(_) => json!("a body that is not JSON"),
        });
        let fix = format!("Answer with a body that has a value at {pointer}.");
        let spec = specs(["RFC 7644 §3.4"].into_iter());
        let finding = Finding {
            message: format!("{pointer} is not in the answer, and the rest of the story needs it"),
            at: Some(pointer.clone()),
            expected: Some(json!("a value")),
            actual,
            differences: Vec::new(),
        };
        let capability = scene.scenario.capability;
        let check = CheckResult::passed(id, capability, Level::Must, spec, &fix);
        failed.push(check.judged(Judgement::Failed(finding)));
    }
    failed
}
