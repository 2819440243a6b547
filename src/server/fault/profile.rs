//! Faults about what is kept of a profile.

use super::update::ignores;
use super::{Action, Change, Fault, ListAnswer, Occasion, fault};
use crate::scim::error::ScimError;
use crate::scim::schema::ENTERPRISE_URN;
use crate::server::message::{Answer, Request};
use crate::server::types::Kind;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

type Fields = Map<String, Value>;

/// The names of users as they were created, by id.
type FirstNames = Mutex<HashMap<String, Value>>;

/// Loses these attributes of whatever is stored.
fn drops(names: &[&str], change: &mut Change) {
    for name in names {
        change.after.shift_remove(*name);
    }
}

/// What a user was and what a PUT makes of it.
fn replaced<'c>(change: &'c mut Change) -> Option<(&'c Fields, &'c mut Fields)> {
    let hit = change.occasion.is(Action::Replace, Kind::User);
    change.before.filter(|_| hit).map(|before| (before, &mut *change.after))
}

/// The items of a multi-valued attribute.
fn items<'r>(resource: &'r Fields, name: &str) -> impl Iterator<Item = &'r Value> + use<'r> {
    resource.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// The same, to change.
fn items_mut<'r>(resource: &'r mut Fields, name: &str) -> Option<&'r mut Vec<Value>> {
    resource.get_mut(name).and_then(Value::as_array_mut)
}

/// The name this user was created with; learnt from the create.
fn first_name(names: &FirstNames, change: &Change) -> Option<Value> {
    let id = change.after.get("id")?.as_str()?.to_owned();
    let mut names = names.lock().ok()?;
    if change.occasion.is(Action::Create, Kind::User) {
        names.insert(id.clone(), change.after.get("name")?.clone());
    }
    names.get(&id).cloned()
}

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "create_without_id",
        title: "The answer to a create has no id",
        story: "Okta has nothing to address the new account by, and every later step fails.",
        source: "derived from the Okta SCIM 2.0 reference",
        case: "own",
        fn resource(&self, occasion: &Occasion, resource: &mut Fields) {
            if occasion.is(Action::Create, Kind::User) {
                resource.shift_remove("id");
            }
        }
    },
    fault! {
        id: "display_dropped",
        title: "displayName and locale are not stored",
        story: "The app shows an address where a name belongs, and mails in the wrong language.",
        source: "derived from RFC 7643 §4.1.1",
        case: "own",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if change.occasion.kind == Kind::User {
                drops(&["displayName", "locale"], change);
            }
            Ok(())
        }
    },
    fault! {
        id: "long_values_cut",
        title: "Long display names are cut",
        story: "What is stored differs from what Okta has, and no push can make them equal.",
        source: "derived from RFC 7644 §3.3",
        case: "own",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let name = change.after.get("displayName").and_then(Value::as_str);
            if let Some(cut) = name.map(|name| name.chars().take(64).collect::<String>()) {
                change.after.insert("displayName".into(), cut.into());
            }
            Ok(())
        }
    },
    fault! {
        id: "lists_first_only",
        title: "Of several e-mail addresses or phone numbers the first is kept",
        story: "The mobile number a code is sent to is gone after the first create.",
        source: "derived from RFC 7643 §4.1.2",
        case: "own",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            for name in ["emails", "phoneNumbers"] {
                if let Some(list) = items_mut(change.after, name) {
                    list.truncate(1);
                }
            }
            Ok(())
        }
    },
    fault! {
        id: "parts_dropped",
        title: "Of an address the street is kept, of a name the first and the last",
        story: "Letters go out without a town, and doctors lose their title.",
        source: "derived from RFC 7643 §4.1.1",
        case: "own",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let addresses = items_mut(change.after, "addresses").into_iter().flatten().filter_map(Value::as_object_mut);
            addresses.for_each(|address| address.retain(|name, _| name == "type" || name == "streetAddress"));
            if let Some(name) = change.after.get_mut("name").and_then(Value::as_object_mut) {
                name.retain(|name, _| name == "givenName" || name == "familyName");
            }
            Ok(())
        }
    },
    fault! {
        id: "person_dropped",
        title: "nickName, userType, language and time zone are not stored",
        story: "The app treats contractors as employees, and meetings are at the wrong hour.",
        source: "derived from RFC 7643 §4.1.1",
        case: "own",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            drops(&["nickName", "userType", "preferredLanguage", "timezone"], change);
            Ok(())
        }
    },
    fault! {
        id: "extension_dropped",
        title: "The enterprise extension is not stored",
        story: "Rights that depend on the department are given to nobody.",
        source: "derived from RFC 7643 §4.3",
        case: "own",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            drops(&[ENTERPRISE_URN], change);
            Ok(())
        }
    },
    fault! {
        id: "manager_dropped",
        title: "The manager is not stored",
        story: "Requests for approval reach nobody.",
        source: "derived from RFC 7643 §4.3",
        case: "own",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if let Some(data) = change.after.get_mut(ENTERPRISE_URN).and_then(Value::as_object_mut) {
                data.shift_remove("manager");
            }
            Ok(())
        }
    },
    fault! {
        id: "extension_shadows_core",
        title: "A create with an extension loses the e-mail addresses",
        story: "Whoever has a department has no address, and gets no mail.",
        source: "derived from RFC 7644 §3.3",
        case: "own",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if let (true, Some(body)) = (occasion.action == Action::Create, body.as_object_mut())
                && body.keys().any(|name| name.starts_with("urn:"))
            {
                body.shift_remove("emails");
            }
            Ok(())
        }
    },
    fault! {
        id: "null_clears_display_name",
        title: "null for one attribute clears the display name too",
        story: "Somebody's job title is taken away in Okta, and the name in the app with it.",
        source: "derived from simpleidserver/SimpleIdServer#823",
        case: "own",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if let (Action::Replace, Some(body)) = (occasion.action, body.as_object_mut())
                && body.values().any(Value::is_null)
            {
                body.shift_remove("displayName");
            }
            Ok(())
        }
    },
    fault! {
        id: "put_204",
        title: "A PUT is answered 204",
        story: "Okta expects the updated user in the answer and has nothing to compare.",
        source: "derived from the Okta SCIM 2.0 reference",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.method == "PUT" && answer.status == 200 {
                *answer = Answer::empty(204);
            }
        }
    },
    fault! {
        id: "put_answers_old",
        title: "A PUT is answered with the user as it was",
        story: "Okta reads the old name and takes its change for lost.",
        source: "derived from RoboFinSystems/robosystems#1165",
        case: "own",
        memory: FirstNames,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let old = change.before.and_then(|before| before.get("name")).cloned();
            if let (Some(id), Some(old), Ok(mut names)) = (change.occasion.id, old, self.0.lock()) {
                names.insert(id.to_owned(), old);
            }
            Ok(())
        }
        fn resource(&self, occasion: &Occasion, resource: &mut Fields) {
            if let (true, Some(id), Ok(names)) = (occasion.is(Action::Replace, Kind::User), occasion.id, self.0.lock()) {
                resource.extend(names.get(id).map(|name| ("name".to_owned(), name.clone())));
            }
        }
    },
    fault! {
        id: "patch_answer_sparse",
        title: "The answer to a PATCH of a user holds nothing but schemas, id and meta",
        story: "Okta asks for the state after the change and learns nothing.",
        source: "derived from RFC 7644 §3.5.2",
        case: "own",
        fn resource(&self, occasion: &Occasion, resource: &mut Fields) {
            if occasion.is(Action::Patch, Kind::User) {
                resource.retain(|name, _| ["schemas", "id", "meta"].contains(&name.as_str()));
            }
        }
    },
    fault! {
        id: "put_ignores_names",
        title: "PUT answers 200 and keeps the old name",
        story: "Somebody marries, and the app goes on with the old name.",
        source: "derived from RoboFinSystems/robosystems#1165",
        case: "B056d",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            ignores(Kind::User, &["name"], change);
            Ok(())
        }
    },
    fault! {
        id: "put_ignores_job",
        title: "PUT answers 200 and keeps nickName, title and userType",
        story: "Somebody is promoted, and nobody can see it in the app.",
        source: "derived from RoboFinSystems/robosystems#1165",
        case: "B056e",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            ignores(Kind::User, &["nickName", "title", "userType"], change);
            Ok(())
        }
    },
    fault! {
        id: "put_ignores_region",
        title: "PUT answers 200 and keeps language, locale and time zone",
        story: "Somebody moves abroad, and the app goes on in the old language.",
        source: "derived from RoboFinSystems/robosystems#1165",
        case: "B056f",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            ignores(Kind::User, &["preferredLanguage", "locale", "timezone"], change);
            Ok(())
        }
    },
    fault! {
        id: "put_merges_lists",
        title: "PUT adds to lists instead of replacing them",
        story: "The old address stays beside the new one, and mail goes to both.",
        source: "derived from RFC 7644 §3.5.1",
        case: "B056g",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let Some((before, after)) = replaced(change) else { return Ok(()) };
            for name in ["emails", "phoneNumbers", "addresses"] {
                let old = items(before, name).cloned().collect::<Vec<_>>();
                if let Some(list) = items_mut(after, name) {
                    let gone: Vec<_> = old.into_iter().filter(|item| !list.contains(item)).collect();
                    list.extend(gone);
                }
            }
            Ok(())
        }
    },
    fault! {
        id: "put_keeps_primary",
        title: "PUT leaves the primary mark where it was",
        story: "Two addresses are primary, and which one an import takes is chance.",
        source: "derived from RFC 7643 §2.4",
        case: "own",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let Some((before, after)) = replaced(change) else { return Ok(()) };
            for item in items_mut(after, "emails").into_iter().flatten() {
                if items(before, "emails").any(|old| old["value"] == item["value"] && old["primary"] == true) {
                    item["primary"] = true.into();
                }
            }
            Ok(())
        }
    },
    fault! {
        id: "put_drops_repeated",
        title: "PUT loses the e-mail addresses, phones and addresses it repeats unchanged",
        story: "Only what differs is written, and the rest is cleared: after a new name nobody can be reached.",
        source: "derived from RFC 7644 §3.5.1",
        case: "own",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let Some((before, after)) = replaced(change) else { return Ok(()) };
            for name in ["emails", "phoneNumbers", "addresses"] {
                if before.get(name) == after.get(name) {
                    after.shift_remove(name);
                }
            }
            Ok(())
        }
    },
    fault! {
        id: "put_extension_difference_only",
        title: "PUT keeps of the enterprise extension only what changed",
        story: "Somebody moves to another department and loses the cost centre.",
        source: "derived from RFC 7644 §3.5.1",
        case: "own",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let Some((before, after)) = replaced(change) else { return Ok(()) };
            if let (Some(old), Some(new)) =
                (before.get(ENTERPRISE_URN), after.get_mut(ENTERPRISE_URN).and_then(Value::as_object_mut))
            {
                new.retain(|name, value| old.get(name) != Some(value));
            }
            Ok(())
        }
    },
    fault! {
        id: "put_username_from_email",
        title: "PUT takes the userName from the e-mail address",
        story: "Somebody gets a second address, and the next look-up by userName finds nobody.",
        source: "derived from RoboFinSystems/robosystems#1165",
        case: "own",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let Some((_, after)) = replaced(change) else { return Ok(()) };
            let email = items(after, "emails").next().and_then(|email| email.get("value")).cloned();
            after.extend(email.map(|email| ("userName".to_owned(), email)));
            Ok(())
        }
    },
    fault! {
        id: "put_reverts_name",
        title: "A PUT that repeats the name brings back that of the create",
        story: "The first push changes the name, the next one of any other attribute undoes it.",
        source: "derived from RoboFinSystems/robosystems#1165",
        case: "own",
        memory: FirstNames,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let first = first_name(&self.0, change);
            if let (Some((before, after)), Some(first)) = (replaced(change), first)
                && before.get("name") == after.get("name")
            {
                after.insert("name".into(), first);
            }
            Ok(())
        }
    },
    fault! {
        id: "put_keeps_local_name",
        title: "A name that was changed once is not changed again",
        story: "The app takes a name that differs from the first for its own, and Okta's pushes no longer reach it.",
        source: "derived from RoboFinSystems/robosystems#1165",
        case: "own",
        memory: FirstNames,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let first = first_name(&self.0, change);
            if first.is_some() && change.before.and_then(|before| before.get("name")) != first.as_ref() {
                ignores(Kind::User, &["name"], change);
            }
            Ok(())
        }
    },
    fault! {
        id: "put_makes_copy",
        title: "A PUT leaves a copy of the user in lists",
        story: "Linking an account makes a second one that nobody deactivates.",
        source: "derived from RFC 7644 §3.5.1",
        case: "own",
        memory: Mutex<HashSet<String>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if let (Action::Replace, Some(id), Ok(mut put)) = (change.occasion.action, change.occasion.id, self.0.lock()) {
                put.insert(id.to_owned());
            }
            Ok(())
        }
        fn list(&self, _: &Occasion, list: &mut ListAnswer) {
            let Ok(put) = self.0.lock() else { return };
            let is_put = |user: &&Fields| user.get("id").and_then(Value::as_str).is_some_and(|id| put.contains(id));
            let copies: Vec<_> = list.resources.iter().filter(is_put).cloned().collect();
            list.total += copies.len();
            list.resources.extend(copies.into_iter().map(|mut copy| {
                copy.insert("id".into(), "copy".into());
                copy
            }));
        }
    },
];
