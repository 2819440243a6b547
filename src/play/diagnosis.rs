//! Why a target refuses Okta's create body: reduced bodies are tried, once per run, until one is accepted. Given people and
//! other creates then go on with the largest accepted body, so that the rest is still tested.

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::Halt;
use super::kept::KEPT_BODY;
use super::player::Player;
use super::reduction::{PARTS, Reduction};
use super::scene::Scene;
use crate::exchange::Exchange;
use crate::okta::client::Outgoing;
use crate::scenario::template::{Scope, fill_json};
use crate::scenario::{BodySource, Capability, Expect, Person, Scenario, Step};

/// The scenario that owns creation: it sends Okta's body as it is and tells what is refused.
pub(super) const OWNER: &str = "users.create";

/// The scenario that owns updating: a refused update is looked into there and told there.
const UPDATER: &str = "users.update";
/// How many reduced update bodies are tried.
const UPDATES: usize = 20;

/// What the run knows of the target's taste.
#[derive(Debug, Default)]
pub(super) struct Diagnosis {
    create: OnceCell<Found>,
    update: OnceCell<Found>,
}

/// What came of trying.
#[derive(Debug)]
pub(super) struct Found {
    /// How the body must be reduced; None when the whole one is accepted after all, or not even the least one is.
    reduction: Option<Reduction>,
    /// What to tell, to follow "it was refused".
    sentence: String,
    /// What was sent.
    tried: Vec<Exchange>,
}

impl Diagnosis {
    /// How create bodies are reduced; None when they are not, as far as is known.
    pub(super) fn reduction(&self) -> Option<&Reduction> {
        self.create.get().and_then(|found| found.reduction.as_ref())
    }

    /// An expectation without what the target refuses; the error says why nothing of it is judged.
    pub(super) fn spare(&self, scenario: &Scenario, expect: Expect) -> Result<Expect, String> {
        match self.reduction_for(scenario) {
            None => Ok(expect),
            Some(reduction) => reduction.spare(&expect).ok_or_else(|| left_out(reduction)),
        }
    }

    /// Why a request cannot be sent: what it picks by was left out.
    pub(super) fn forbids(&self, scenario: &Scenario, body: &Value) -> Option<String> {
        self.reduction_for(scenario).filter(|reduction| reduction.picks_by_left_out(body)).map(left_out)
    }

    fn reduction_for(&self, scenario: &Scenario) -> Option<&Reduction> {
        self.reduction().filter(|_| !is_verbatim(scenario))
    }
}

fn left_out(reduction: &Reduction) -> String {
    format!("left out of creates, because the target {} ({OWNER}/accepted)", reduction.sentence())
}

/// Scenarios whose bodies are sent as they are written.
pub(super) fn is_verbatim(scenario: &Scenario) -> bool {
    scenario.id == OWNER || is_suite(scenario)
}

/// Okta's published suites.
pub(super) fn is_suite(scenario: &Scenario) -> bool {
    scenario.capability == Capability::OktaSuites
}

/// A refusal that may lie in the body.
fn is_of_the_body(exchange: &Exchange) -> bool {
    matches!(exchange.status(), Some(400 | 402 | 406..=408 | 410..=428 | 430..=500))
}

impl Found {
    /// Whether a smaller create body is accepted.
    pub(super) const fn reduces(&self) -> bool {
        self.reduction.is_some()
    }

    /// What to tell, to follow "it was refused".
    pub(super) fn sentence(&self) -> &str {
        &self.sentence
    }

    /// What was sent to find out.
    pub(super) fn tried(&self) -> &[Exchange] {
        &self.tried
    }
}

impl Player<'_> {
    /// Reduces a step's create body to what the target accepts, where the scenario allows it.
    pub(super) fn reduce(&self, scenario: &Scenario, step: &Step, body: &mut Value) {
        if step.method == "POST" && step.path == "/Users" && !is_verbatim(scenario) {
            self.reduce_create(body);
        }
    }

    /// Reduces a create body of the engine's own.
    pub(super) fn reduce_create(&self, body: &mut Value) {
        if let Some(reduction) = self.diagnosis.reduction() {
            reduction.apply(body);
        }
    }

    /// Finds out why a step's create was refused though it should not be, or its update.
    pub(super) async fn diagnose_step(
        &self,
        scene: &Scene<'_>,
        step: &Step,
        answer: &Exchange,
    ) -> Result<Option<&Found>, Halt> {
        if !is_of_the_body(answer) {
            return Ok(None);
        }
        if scene.scenario.id == UPDATER && matches!(step.body, BodySource::Merge { .. }) {
            let try_bodies = || self.try_updates(answer);
            return Ok(Some(self.diagnosis.update.get_or_try_init(try_bodies).await?));
        }
        let BodySource::Json(template) = &step.body else { return Ok(None) };
        if step.method != "POST" || step.path != "/Users" || is_suite(scene.scenario) {
            return Ok(None);
        }
        let okta_s_own = template == self.create_user;
        if !okta_s_own && !self.fails(scene, step, answer) {
            return Ok(None);
        }
        // Of another body it can only be said that what is refused in Okta's own is refused there too.
        Ok(self.diagnose(answer).await?.filter(|found| okta_s_own || found.reduction.is_some()))
    }

    /// Finds out why Okta's create body was refused; the first refusal of a run pays, later ones only ask.
    pub(super) async fn diagnose(&self, answer: &Exchange) -> Result<Option<&Found>, Halt> {
        if !is_of_the_body(answer) {
            return Ok(None);
        }
        Ok(Some(self.diagnosis.create.get_or_try_init(|| self.try_bodies()).await?))
    }

    /// The create body that a refused one is sent again as; None when reducing it does not help or was done already.
    pub(super) async fn reduced_after(&self, body: &Value, answer: &Exchange) -> Result<Option<Value>, Halt> {
        let Some(reduction) = self.diagnose(answer).await?.and_then(|found| found.reduction.as_ref()) else {
            return Ok(None);
        };
        let mut reduced = body.clone();
        reduction.apply(&mut reduced);
        Ok((reduced != *body).then_some(reduced))
    }

    /// The whole body again, then without one part each, then with the full name, then the least ones; the first of these
    /// that is accepted grows back part by part. At most 28 creates.
    async fn try_bodies(&self) -> Result<Found, Halt> {
        let mut tried = Vec::new();
        if self.is_accepted(&Reduction::default(), &mut tried).await? {
            let sentence = "with another person the same body was accepted".to_owned();
            return Ok(Found { reduction: None, sentence, tried });
        }
        let single = PARTS.map(|part| Reduction { left_out: vec![part], formatted: false });
        for reduction in single.into_iter().chain([Reduction { left_out: vec![], formatted: true }]) {
            if self.is_accepted(&reduction, &mut tried).await? {
                return Ok(Found::reduced(reduction, tried));
            }
        }
        let demanded: [&[&str]; 3] = [&[], &["name"], &["name", "emails", "active"]];
        let leasts = demanded.iter().flat_map(|kept| [false, true].map(|formatted| Reduction::least(kept, formatted)));
        for least in leasts {
            if self.is_accepted(&least, &mut tried).await? {
                let mut largest = least;
                // Whole attributes first: what is inside one can only come back when it is there.
                for part in PARTS.iter().rev() {
                    if largest.left_out.contains(part) {
                        let larger = largest.with(part);
                        if self.is_accepted(&larger, &mut tried).await? {
                            largest = larger;
                        }
                    }
                }
                return Ok(Found::reduced(largest, tried));
            }
        }
        let sentence = "bodies with hardly more than a userName are refused too".to_owned();
        Ok(Found { reduction: None, sentence, tried })
    }

    /// The refused update again, without one attribute each.
    async fn try_updates(&self, refused: &Exchange) -> Result<Found, Halt> {
        let mut tried = Vec::new();
        let crate::exchange::Body::Json(Value::Object(sent)) = &refused.request.body else {
            return Ok(Found { reduction: None, sentence: "it holds no attributes".into(), tried });
        };
        let kept = ["schemas", "id", "userName"];
        for name in sent.keys().filter(|name| !kept.contains(&name.as_str())).take(UPDATES) {
            let mut body = sent.clone();
            body.shift_remove(name);
            let body = Value::Object(body);
            let outgoing = Outgoing::new(&refused.request.method, &refused.request.path).json(&body);
            let mut exchange = self.send(outgoing).await?;
            let accepted = matches!(exchange.status(), Some(200..=299));
            exchange.shorten(KEPT_BODY);
            tried.push(exchange);
            if accepted {
                let sentence = format!("without `{name}` the same body is accepted");
                return Ok(Found { reduction: None, sentence, tried });
            }
        }
        let sentence = "no single attribute is to blame: without each of them it is refused too".into();
        Ok(Found { reduction: None, sentence, tried })
    }

    async fn is_accepted(&self, reduction: &Reduction, tried: &mut Vec<Exchange>) -> Result<bool, Halt> {
        let key = format!("diagnosis/{}", tried.len());
        let person = self.identities.user(&key, &Person::default());
        self.client.redactor().add_password(&person.password);
        let mut scope = Scope::default();
        scope.set("user", Value::Object(person.variables()));
        let mut body = fill_json(self.create_user, &scope).unwrap_or(json!({}));
        reduction.apply(&mut body);
        let mut exchange = self.send(Outgoing::new("POST", "/Users").json(&body)).await?;
        let accepted = matches!(exchange.status(), Some(200..=299));
        exchange.shorten(KEPT_BODY);
        tried.push(exchange);
        Ok(accepted)
    }
}

impl Found {
    fn reduced(reduction: Reduction, tried: Vec<Exchange>) -> Self {
        let sentence = format!("the target {}: without that a create is accepted", reduction.sentence());
        Self { reduction: Some(reduction), sentence, tried }
    }
}
