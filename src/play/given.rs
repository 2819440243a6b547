//! Who and what exists before a story starts, made as Okta makes it.

use std::time::Instant;

use serde_json::{Map, Value, json};

use super::Halt;
use super::ledger::id_of;
use super::player::Player;
use super::scene::Scene;
use crate::exchange::Exchange;
use crate::okta::Identity;
use crate::okta::client::Outgoing;
use crate::okta::wire::patch_op;
use crate::scenario::template::{Scope, fill_json, fill_text};
use crate::scenario::{App, Given, Person};

/// The schema of a group.
const GROUP_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

impl Player<'_> {
    /// Makes everything a scene's scenario names under `given`, and the people it only knows of. When something cannot be
    /// made the scene is blocked, with the scenario to blame.
    pub(super) async fn set_the_scene(&self, scene: &mut Scene<'_>) -> Result<(), Halt> {
        for (name, person) in &scene.scenario.people {
            let person = fixed(person, &scene.scope);
            let identity = self.identity(scene, name, 0, &person);
            scene.scope.set(name, Value::Object(identity.variables()));
        }
        for (name, given) in &scene.scenario.given {
            let count = match given {
                Given::User { count, .. } | Given::Group { count, .. } => *count,
            };
            let mut made = Vec::new();
            for number in 0..count {
                let variables = match given {
                    Given::User { active, with, .. } => {
                        self.given_user(scene, name, number, *active, with.as_ref()).await?
                    }
                    Given::Group { members, .. } => self.given_group(scene, name, number, members).await?,
                };
                let Some(variables) = variables else { return Ok(()) };
                made.push(variables);
            }
            let ids = made.iter().filter_map(|v| Some(v.get("id")?.as_str()?.to_owned())).collect();
            scene.given.insert(name.clone(), ids);
            let variables = match (count, made.pop()) {
                (1, Some(one)) => Value::Object(one),
                (_, last) => made.into_iter().chain(last).map(Value::Object).collect(),
            };
            scene.scope.set(name, variables);
        }
        Ok(())
    }

    fn identity(&self, scene: &Scene<'_>, name: &str, number: usize, person: &Person) -> Identity {
        let identity = self.identities.user(&scene.key(name, number), person);
        self.client.redactor().add_password(&identity.password);
        identity
    }

    async fn given_user(
        &self,
        scene: &mut Scene<'_>,
        name: &str,
        number: usize,
        active: bool,
        with: Option<&Value>,
    ) -> Result<Option<Map<String, Value>>, Halt> {
        let mut variables = self.identity(scene, name, number, &Person::default()).variables();
        let mut scope = scene.scope.clone();
        scope.set("user", Value::Object(variables.clone()));
        let mut template = self.create_user.clone();
        if let Some(with) = with {
            super::merge(&mut template, with);
        }
        let Ok(body) = fill_json(&template, &scope) else {
            scene.blocked = Some(format!("the given user `{name}` names an unknown variable"));
            return Ok(None);
        };
        let title = format!("Given: {} exists", variables["displayName"].as_str().unwrap_or(name));
        let made = self.make(scene, name, number, "/Users", &body, title, "users.create").await?;
        let Some((id, answer)) = made else { return Ok(None) };
        variables.insert("id".to_owned(), Value::String(id.clone()));
        if !active && !self.deactivate_given(scene, name, &id, &answer).await? {
            return Ok(None);
        }
        Ok(Some(variables))
    }

    async fn given_group(
        &self,
        scene: &mut Scene<'_>,
        name: &str,
        number: usize,
        members: &[String],
    ) -> Result<Option<Map<String, Value>>, Halt> {
        let display_name = self.identities.group(&scene.key(name, number));
        let mut listed = Vec::new();
        for member in members {
            let people = scene.scope.get(member).map_or_else(Vec::new, |value| match value {
                Value::Array(crowd) => crowd.clone(),
                one => vec![one.clone()],
            });
            listed.extend(people.iter().map(|p| json!({ "value": p["id"], "display": p["userName"] })));
        }
        let body = json!({ "schemas": [GROUP_SCHEMA], "displayName": display_name, "members": listed });
        let title = format!("Given: the group {display_name} exists");
        let made = self.make(scene, name, number, "/Groups", &body, title, "groups.create").await?;
        let Some((id, _)) = made else { return Ok(None) };
        let variables = json!({ "displayName": display_name, "id": id });
        Ok(variables.as_object().cloned())
    }

    /// Sends the create and gives the new resource's id and the answer; otherwise blocks the scene.
    #[expect(clippy::too_many_arguments, reason = "what is made, where it is told, and who answers for creation")]
    async fn make(
        &self,
        scene: &mut Scene<'_>,
        name: &str,
        number: usize,
        path: &str,
        body: &Value,
        title: String,
        owner: &str,
    ) -> Result<Option<(String, Exchange)>, Halt> {
        let step = if number == 0 { format!("given.{name}") } else { format!("given.{name}.{number}") };
        let exchange = self.send(Outgoing::new("POST", path).json(body)).await?;
        let ok = matches!(exchange.status(), Some(200..=299));
        let mut id = exchange.json().and_then(id_of);
        if ok && id.is_none() {
            id = self.owned_id(path, body);
        }
        let answered = match (&exchange.failure, exchange.status()) {
            (Some(failure), _) => failure.message.clone(),
            (None, Some(status)) if ok => format!("the answer {status} has no usable id"),
            (None, status) => format!("POST {path} was answered {}", status.unwrap_or_default()),
        };
        scene.record(&step, title, exchange.clone());
        scene.last_write = Some(step);
        if let Some(id) = id.filter(|id| ok && !matches!(id.as_str(), "" | "." | "..")) {
            return Ok(Some((id, exchange)));
        }
        let what = if path == "/Users" { "user" } else { "group" };
        scene.blocked = Some(format!("the given {what} could not be created: {answered} (see {owner})"));
        Ok(None)
    }

    /// Deactivates a given user as Okta does; otherwise blocks the scene.
    async fn deactivate_given(
        &self,
        scene: &mut Scene<'_>,
        name: &str,
        id: &str,
        created: &Exchange,
    ) -> Result<bool, Halt> {
        let path = format!("/Users/{}", crate::okta::wire::percent_encode(id));
        let exchange = match self.settings.app {
            App::Oin => {
                let body = patch_op(&json!({ "op": "replace", "value": { "active": false } }));
                self.send(Outgoing::new("PATCH", &path).json(&body)).await?
            }
            App::Aiw => {
                let get = async || self.send(Outgoing::new("GET", &path)).await;
                let (started, mut read) = (Instant::now(), get().await?);
                let found = |read: &Exchange| read.status() == Some(200);
                if !found(&read)
                    && let Some(settled) = self.wait_for(started, get, found).await?
                {
                    read = settled;
                }
                let document = read.json().filter(|_| found(&read));
                let mut body = document.or_else(|| created.json()).cloned().unwrap_or_default();
                super::merge(&mut body, &json!({ "active": false }));
                scene.record(&format!("given.{name}.read"), "Given: Okta reads the user".into(), read);
                self.send(Outgoing::new("PUT", &path).json(&body)).await?
            }
        };
        let done = matches!(exchange.status(), Some(200..=299));
        let status = exchange.status().map_or_else(|| "not at all".to_owned(), |s| s.to_string());
        let step = format!("given.{name}.inactive");
        scene.record(&step, "Given: Okta has deactivated the user".into(), exchange);
        scene.last_write = Some(step);
        if !done {
            scene.blocked =
                Some(format!("the given user could not be deactivated: answered {status} (see users.deactivate)"));
        }
        Ok(done)
    }
}

/// The parts of a person the file fixes, case values filled in.
fn fixed(person: &Person, scope: &Scope) -> Person {
    let fill = |part: &Option<String>| part.as_deref().and_then(|text| fill_text(text, scope).ok());
    Person {
        given_name: fill(&person.given_name),
        family_name: fill(&person.family_name),
        display_name: fill(&person.display_name),
        local_part: fill(&person.local_part),
    }
}
