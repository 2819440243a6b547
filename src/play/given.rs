//! Who and what exists before a story starts, made as Okta makes it.

use std::ops::Range;
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::Halt;
use super::diagnosis::OWNER;
use super::ledger::{Collection, id_of, usable};
use super::player::Player;
use super::scene::Scene;
use crate::exchange::{Body, Exchange};
use crate::okta::client::Outgoing;
use crate::okta::wire::{patch_op, percent_encode};
use crate::okta::{Identities, Identity};
use crate::scenario::template::{Scope, fill_json, fill_text};
use crate::scenario::{AT_ONCE, App, Count, Given, Person};

/// The schema of a group.
const GROUP_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// What templates may name of one of a given.
pub(super) type Variables = Map<String, Value>;

/// What became of a create.
pub(super) struct Created {
    /// The tries that were throttled and waited for.
    pub(super) throttled: Vec<Exchange>,
    /// The last answer.
    pub(super) exchange: Exchange,
    /// The new resource's id, or why there is none.
    pub(super) id: Result<String, String>,
}

/// One resource to make.
pub(super) struct Wanted {
    pub(super) collection: Collection,
    pub(super) body: Value,
    title: String,
    pub(super) variables: Variables,
}

impl Wanted {
    /// The extensions it was created without.
    fn left_out(&self, created: &Exchange) -> Vec<String> {
        let Body::Json(sent) = &created.request.body else { return Vec::new() };
        let urns = self.body.as_object().into_iter().flat_map(Map::keys).filter(|name| name.starts_with("urn:"));
        urns.filter(|urn| sent.get(urn.as_str()).is_none()).cloned().collect()
    }

    /// The members of a new group, where its answer does not show them all. Okta adds them again after each create, so a
    /// server that loses them in a create is told so by `groups.create-filled` alone.
    fn lost_members(&self, created: &Exchange) -> Option<Value> {
        let wanted = self.body.get("members")?.as_array()?;
        let shown = created.json().and_then(|body| body.get("members")).and_then(Value::as_array);
        let is_there =
            |member: &Value| shown.is_some_and(|shown| shown.iter().any(|one| one["value"] == member["value"]));
        (!wanted.iter().all(is_there)).then(|| Value::Array(wanted.clone()))
    }
}

impl Player<'_> {
    /// Makes everything a scene's scenario names under `given`, and the people it only knows of. When something cannot be
    /// made the scene is blocked, with the scenario to blame.
    pub(super) async fn set_the_scene(&self, scene: &mut Scene<'_>) -> Result<(), Halt> {
        for (name, identity) in people(scene, self.identities) {
            self.client.redactor().add_password(&identity.password);
            scene.scope.set(name, Value::Object(identity.variables()));
        }
        for (name, given) in &scene.scenario.given {
            let count = given.count().of(scene.case);
            let made = if count > AT_ONCE {
                self.make_many(scene, name, given, count).await?
            } else {
                self.make_each(scene, name, given, 0..count).await?
            };
            let Some(made) = made else { return Ok(()) };
            bind(scene, name, given, made);
        }
        Ok(())
    }

    /// Makes these of a given, one after the other.
    pub(super) async fn make_each(
        &self,
        scene: &mut Scene<'_>,
        name: &str,
        given: &Given,
        numbers: Range<usize>,
    ) -> Result<Option<Vec<Variables>>, Halt> {
        let mut made = Vec::new();
        for number in numbers {
            let Some(one) = self.make(scene, name, given, number).await? else { return Ok(None) };
            made.push(one);
        }
        Ok(Some(made))
    }

    /// Makes one of a given; otherwise blocks the scene.
    async fn make(
        &self,
        scene: &mut Scene<'_>,
        name: &str,
        given: &Given,
        number: usize,
    ) -> Result<Option<Variables>, Halt> {
        let Some(wanted) = self.wanted(scene, name, given, number) else { return Ok(None) };
        let Created { throttled, exchange, id } = self.create(&wanted).await?;
        let lost = wanted.lost_members(&exchange);
        scene.refused.extend(wanted.left_out(&exchange));
        let step = if number == 0 { format!("given.{name}") } else { format!("given.{name}.{number}") };
        scene.record_after(&step, wanted.title, throttled, exchange.clone());
        scene.last_write = Some(step);
        let id = match id {
            Ok(id) => id,
            Err(why) => {
                scene.blocked = Some(why);
                return Ok(None);
            }
        };
        let mut variables = wanted.variables;
        variables.insert("id".to_owned(), Value::String(id.clone()));
        if let Some(lost) = lost {
            let path = format!("/Groups/{}", percent_encode(&id));
            let exchange = self.add_members(&path, self.app(), &lost).await?;
            scene.record(&format!("given.{name}.members"), "Given: Okta adds the members again".into(), exchange);
        }
        let inactive = matches!(given, Given::User { active: false, .. });
        if inactive && !self.deactivate_given(scene, name, &id, &exchange).await? {
            return Ok(None);
        }
        Ok(Some(variables))
    }

    /// What is sent for one of a given; the scene is blocked when the file names something unknown.
    pub(super) fn wanted(&self, scene: &mut Scene<'_>, name: &str, given: &Given, number: usize) -> Option<Wanted> {
        match wanted(scene, self.identities, self.create_user, (name, given), number) {
            Ok(mut wanted) => {
                if let Some(password) = wanted.variables.get("password").and_then(Value::as_str) {
                    self.client.redactor().add_password(password);
                    self.reduce_create(&mut wanted.body);
                }
                Some(wanted)
            }
            Err(why) => {
                scene.blocked = Some(why);
                None
            }
        }
    }

    /// Sends the create.
    pub(super) async fn create(&self, wanted: &Wanted) -> Result<Created, Halt> {
        let Wanted { collection, body, .. } = wanted;
        let path = collection.path();
        let (throttled, mut exchange) = self.send_patiently(Outgoing::new("POST", path).json(body)).await?;
        // A target need not know an extension; the rest of the story goes on without.
        if exchange.status() == Some(400)
            && let Some(core) = without_extensions(body)
        {
            exchange = self.send(Outgoing::new("POST", path).json(&core)).await?;
        }
        if *collection == Collection::Users
            && let Some(reduced) = self.reduced_after(body, &exchange).await?
        {
            exchange = self.send(Outgoing::new("POST", path).json(&reduced)).await?;
        }
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
        let (what, owner) = match collection {
            Collection::Users => ("user", OWNER),
            Collection::Groups => ("group", "groups.create"),
        };
        let id = id
            .filter(|id| ok && usable(id))
            .ok_or_else(|| format!("the given {what} could not be created: {answered} (see {owner})"));
        Ok(Created { throttled, exchange, id })
    }

    /// Deactivates a given user as Okta does; otherwise blocks the scene.
    async fn deactivate_given(
        &self,
        scene: &mut Scene<'_>,
        name: &str,
        id: &str,
        created: &Exchange,
    ) -> Result<bool, Halt> {
        let path = format!("/Users/{}", percent_encode(id));
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

/// A body without the attributes of extensions; None when it has none.
fn without_extensions(body: &Value) -> Option<Value> {
    let mut core = body.clone();
    let members = core.as_object_mut()?;
    let urns: Vec<String> = members.keys().filter(|name| name.starts_with("urn:")).cloned().collect();
    members.retain(|name, _| !urns.contains(name));
    if let Some(Value::Array(schemas)) = members.get_mut("schemas") {
        schemas.retain(|schema| !urns.iter().any(|urn| schema == urn));
    }
    (!urns.is_empty()).then_some(core)
}

/// The people a scene's scenario only knows of.
pub(super) fn people<'s>(scene: &Scene<'s>, identities: &Identities) -> Vec<(&'s str, Identity)> {
    let known = |(name, person): &'s (String, Person)| {
        let identity = identities.user(&scene.key(name, 0), &fixed(person, &scene.scope));
        (name.as_str(), identity)
    };
    scene.scenario.people.iter().map(known).collect()
}

/// What is sent for one of a given; the error says what the file names that is unknown.
pub(super) fn wanted(
    scene: &Scene<'_>,
    identities: &Identities,
    create_user: &Value,
    (name, given): (&str, &Given),
    number: usize,
) -> Result<Wanted, String> {
    match given {
        Given::User { with, .. } => {
            let variables = identities.user(&scene.key(name, number), &Person::default()).variables();
            let mut scope = scene.scope.clone();
            scope.set("user", Value::Object(variables.clone()));
            let mut template = create_user.clone();
            if let Some(with) = with {
                super::merge(&mut template, with);
            }
            let body = fill_json(&template, &scope)
                .map_err(|_| format!("the given user `{name}` names an unknown variable"))?;
            let title = format!("Given: {} exists", variables["displayName"].as_str().unwrap_or(name));
            Ok(Wanted { collection: Collection::Users, body, title, variables })
        }
        Given::Group { members, .. } => {
            let display_name = identities.group(&scene.key(name, number));
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
            let variables = Map::from_iter([("displayName".to_owned(), Value::String(display_name))]);
            Ok(Wanted { collection: Collection::Groups, body, title, variables })
        }
    }
}

/// Lets templates and checks name what was made.
pub(super) fn bind(scene: &mut Scene<'_>, name: &str, given: &Given, mut made: Vec<Variables>) {
    let ids = made.iter().filter_map(|v| Some(v.get("id")?.as_str()?.to_owned())).collect();
    scene.given.insert(name.to_owned(), ids);
    let variables = match (given.count(), made.pop()) {
        (Count::Fixed(1), Some(one)) => Value::Object(one),
        (_, last) => made.into_iter().chain(last).map(Value::Object).collect(),
    };
    scene.scope.set(name, variables);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Request, Response};

    #[test]
    fn an_extension_that_is_refused_is_left_out_with_its_schema() {
        let (core, urn) = ("urn:ietf:params:scim:schemas:core:2.0:User", "urn:example:Sample");
        let body = json!({ "schemas": [core, urn], "userName": "ann", urn: { "colour": "green" } });
        assert_eq!(without_extensions(&body), Some(json!({ "schemas": [core], "userName": "ann" })));
        assert_eq!(without_extensions(&json!({ "schemas": [core], "userName": "ann" })), None);
    }

    #[test]
    fn members_that_a_create_does_not_show_are_lost() {
        let body = json!({ "members": [{ "value": "1", "display": "ann" }, { "value": "2", "display": "bob" }] });
        let wanted = Wanted { collection: Collection::Groups, body, title: String::new(), variables: Map::new() };
        let answered = |answer: &Value| {
            let body = Body::Json(answer.clone());
            let response = Response { status: 201, headers: Vec::new(), body, truncated: false, ms: 1.0 };
            let request =
                Request { method: "POST".into(), path: "/Groups".into(), headers: Vec::new(), body: Body::Empty };
            let created = Exchange { request, response: Some(response), failure: None, curl: String::new() };
            wanted.lost_members(&created).is_some()
        };
        assert!(!answered(&json!({ "members": [{ "value": "2" }, { "value": "1", "type": "User" }] })));
        assert!(answered(&json!({ "members": [{ "value": "1" }] })));
        assert!(answered(&json!({ "id": "7" })));
    }
}
