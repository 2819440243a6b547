//! A plan as it would be sent, without sending anything: what only an answer can tell stands in braces.

use serde_json::{Value, json};

use super::Settings;
use super::given::{bind, people, wanted};
use super::ledger::Collection;
use super::offers::{READ_ONLY, is_tried, lack, writes};
use super::scene::Scene;
use super::step::{Content, prepare};
use super::volume::refusal;
use crate::exchange::Redactor;
use crate::okta::Identities;
use crate::okta::wire::patch_op;
use crate::scenario::{App, BodySource, Case, Given, Need, Scenario, Step, StepCredential};

/// A scenario as it would be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// Its id.
    pub id: String,
    /// What Okta does.
    pub title: String,
    /// Why all or some of it would not be played.
    pub skipped: Vec<String>,
    /// What would be sent, in order.
    pub requests: Vec<Planned>,
}

/// A request as far as it is known before anything was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The step that sends it.
    pub step: String,
    /// HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The body, in one line.
    pub body: Option<String>,
    /// What to know of it besides.
    pub note: Option<String>,
}

/// Whose plan it is and by what rules.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// The people Okta knows.
    pub identities: &'a Identities,
    /// Okta's create body, with `{{user.*}}`.
    pub create_user: &'a Value,
    /// How it would be played.
    pub settings: &'a Settings,
    /// The target is this machine, where any volume is made.
    pub loopback: bool,
}

impl Draft<'_> {
    /// What would be sent for these scenarios when every answer is as it should be.
    pub fn outline(self, plan: &[&Scenario]) -> Vec<Outline> {
        plan.iter().map(|scenario| self.scenario(scenario)).collect()
    }

    fn scenario(self, scenario: &Scenario) -> Outline {
        let (id, title) = (scenario.id.clone(), scenario.title.clone());
        let mut outline = Outline { id, title, skipped: Vec::new(), requests: Vec::new() };
        if let Some(why) = self.lacking(scenario) {
            outline.skipped.push(why.to_owned());
            return outline;
        }
        for case in &scenario.cases {
            // Whether a DELETE works is known only when one was sent.
            let asked = self.settings.import_size.unwrap_or_default();
            match case.volume.filter(|_| !self.loopback).and_then(|size| refusal(size, asked, true)) {
                Some(why) => outline.skipped.push(why),
                None => self.case(scenario, case, &mut outline),
            }
        }
        outline
    }

    /// Why a scenario is skipped, as far as that is known before anything was asked.
    fn lacking(self, scenario: &Scenario) -> Option<&'static str> {
        let tried = scenario.needs.iter().any(|need| is_tried(*need));
        if self.settings.read_only && (tried || writes(scenario, self.settings.app)) {
            return Some(READ_ONLY);
        }
        let named = |need: &&Need| matches!(need, Need::ExistingUser | Need::ExistingGroup);
        let missing = scenario.needs.iter().filter(named).find(|need| !self.settings.existing.is_given(**need));
        missing.map(|need| lack(*need))
    }

    fn case(self, scenario: &Scenario, case: &Case, outline: &mut Outline) {
        let secrets = Redactor::default();
        let mut scene = Scene::new(scenario, case, 0, self.identities.variables(0));
        scene.scope.set("existing", self.settings.existing.variables());
        for (name, identity) in people(&scene, self.identities) {
            secrets.add_password(&identity.password);
            scene.scope.set(name, Value::Object(identity.variables()));
        }
        for (name, given) in &scenario.given {
            if let Err(why) = self.given(&mut scene, name, given, &secrets, outline) {
                outline.skipped.push(why);
                return;
            }
        }
        for step in scenario.steps.iter().filter(|step| step.apps.contains(&self.settings.app)) {
            match planned_step(&scene, step, &secrets) {
                Ok(planned) => outline.requests.push(planned),
                Err(why) => outline.skipped.push(format!("{}: {why}", step.id)),
            }
            for (name, _) in &step.captures {
                scene.scope.set(name, unknown(name));
            }
        }
    }

    fn given(
        self,
        scene: &mut Scene<'_>,
        name: &str,
        given: &Given,
        secrets: &Redactor,
        outline: &mut Outline,
    ) -> Result<(), String> {
        let count = given.count().of(scene.case);
        let mut made = Vec::new();
        for number in 0..count {
            let mut one = wanted(scene, self.identities, self.create_user, (name, given), number)?;
            if let Some(password) = one.variables.get("password").and_then(Value::as_str) {
                secrets.add_password(password);
            }
            let word = if count == 1 { format!("{name}.id") } else { format!("{name}.{number}.id") };
            one.variables.insert("id".to_owned(), unknown(&word));
            let step = scene.named(&format!("given.{name}"));
            let planned = |method: &str, path: String, body: Option<&Value>| Planned {
                step: step.clone(),
                method: method.to_owned(),
                path,
                body: body.map(|body| secrets.text(&body.to_string())),
                note: None,
            };
            outline.requests.push(planned("POST", one.collection.path().to_owned(), Some(&one.body)));
            if matches!(given, Given::User { active: false, .. }) {
                let path = format!("{}/{{{{{word}}}}}", Collection::Users.path());
                let inactive = json!({ "active": false });
                match self.settings.app {
                    App::Oin => {
                        let body = patch_op(&json!({ "op": "replace", "value": inactive }));
                        outline.requests.push(planned("PATCH", path, Some(&body)));
                    }
                    App::Aiw => {
                        outline.requests.push(planned("GET", path.clone(), None));
                        let note = Some("written over what was read".to_owned());
                        outline.requests.push(Planned { note, ..planned("PUT", path, Some(&inactive)) });
                    }
                }
            }
            made.push(one.variables);
        }
        bind(scene, name, given, made);
        Ok(())
    }
}

/// A step as it would be sent; the error says what cannot be known.
fn planned_step(scene: &Scene<'_>, step: &Step, secrets: &Redactor) -> Result<Planned, String> {
    let mut notes = Vec::new();
    let mut plain = step.clone();
    if let BodySource::Merge { from, over } = &step.body {
        notes.push(format!("written over what `{from}` read"));
        plain.body = BodySource::Json(over.clone());
    }
    let prepared = prepare(scene, &plain)?;
    let mut path = readable(&prepared.path);
    if let Some(count) = step.paginate {
        let joint = if path.contains('?') { '&' } else { '?' };
        path = format!("{path}{joint}startIndex=1&count={count}");
        notes.push("and the pages after it".to_owned());
    }
    match step.credential {
        StepCredential::Given => {}
        StepCredential::LowerScheme => notes.push("the scheme of its credential in small letters".to_owned()),
        StepCredential::Wrong => notes.push("with a made-up credential".to_owned()),
        StepCredential::None => notes.push("without a credential".to_owned()),
    }
    let body = match prepared.body {
        Content::None => None,
        Content::Json(body) => Some(body.to_string()),
        Content::Raw(text) => Some(text),
    };
    Ok(Planned {
        step: scene.named(&step.id),
        method: step.method.clone(),
        path,
        body: body.map(|body| secrets.text(&body)),
        note: (!notes.is_empty()).then(|| notes.join("; ")),
    })
}

/// What stands for a value that only an answer can tell.
fn unknown(word: &str) -> Value {
    Value::String(format!("{{{{{word}}}}}"))
}

/// A path with what is unknown in it as it is written in a scenario.
fn readable(path: &str) -> String {
    path.replace("%7B%7B", "{{").replace("%7D%7D", "}}")
}
