//! Faults about what must be unique among new users.

use super::rename::{folded, spelt_otherwise};
use super::{Action, Claim, Fault, ListAnswer, Occasion, fault};
use crate::scim::error::ScimError;
use crate::server::message::{Answer, Request};
use crate::server::types::Kind;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

/// The bodies of creates by userName, until somebody reads the user: as if each were still at work.
type AtWork = Mutex<HashMap<String, Value>>;

/// Is the same create at work already? From now on it is.
fn is_at_work(work: &AtWork, occasion: &Occasion, body: &Value) -> bool {
    let Ok(mut work) = work.lock() else { return false };
    occasion.is(Action::Create, Kind::User)
        && work.insert(folded(&body["userName"]), body.clone()).is_some_and(|earlier| earlier == *body)
}

/// A user who is read is no longer being created.
fn is_done(work: &AtWork, occasion: &Occasion, resource: &Map<String, Value>) {
    if let (Some(name), Ok(mut work)) = (resource.get("userName"), work.lock())
        && occasion.action != Action::Create
    {
        work.remove(&folded(name));
    }
}

/// What was last sent under each userName, and how often one was sent.
type Sent = Mutex<HashMap<String, (usize, Map<String, Value>)>>;

/// Notes a create.
fn note(sent: &Sent, occasion: &Occasion, body: &Value) {
    if let (true, Some(body), Ok(mut sent)) = (occasion.is(Action::Create, Kind::User), body.as_object(), sent.lock()) {
        let (count, last) = sent.entry(body.get("userName").map(folded).unwrap_or_default()).or_default();
        *count += 1;
        last.clone_from(body);
    }
}

/// What the last of several creates of this user sent.
fn sent_again(sent: &Sent, resource: &Map<String, Value>) -> Option<Map<String, Value>> {
    match sent.lock().ok()?.get(&folded(resource.get("userName")?))? {
        (2.., last) => Some(last.clone()),
        _ => None,
    }
}

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "dup_201",
        title: "A second user with the same userName is created",
        story: "Okta takes the 201 for a new account and links to it. Two accounts then answer to one name, and the next \
            look-up finds both.",
        source: "grokability/snipe-it#13854",
        case: "B048",
        fn taken(&self, occasion: &Occasion, _: &Claim, taken: &mut bool) {
            if occasion.action == Action::Create {
                *taken = false;
            }
        }
    },
    fault! {
        id: "dup_409_overwrites",
        title: "A duplicate create is refused, and its profile written over the old one",
        story: "Okta sees a conflict and changes nothing, while the app has already given the account another name.",
        source: "derived from grokability/snipe-it#13854",
        case: "B048a",
        memory: Sent,
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            note(&self.0, occasion, body);
            Ok(())
        }
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            if let Some(last) = sent_again(&self.0, resource) {
                let names = last.into_iter().filter(|(name, _)| name == "name" || name == "displayName");
                resource.extend(names);
            }
        }
    },
    fault! {
        id: "dup_400",
        title: "A duplicate create is answered 400",
        story: "Okta does not see that the name is taken and reports a bad request instead of a conflict.",
        source: "FusionAuth/fusionauth-issues#1776",
        case: "B049",
        fn error(&self, request: &Request, error: &mut ScimError) {
            if request.method == "POST" && error.status == 409 {
                error.status = 400;
            }
        }
    },
    fault! {
        id: "dup_no_scimtype",
        title: "A 409 has neither scimType nor status in its body",
        story: "Who reads the body cannot tell a taken name from any other conflict.",
        source: "getsentry/sentry#117860",
        case: "B050",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            if answer.status == 409 && let Ok(Value::Object(mut body)) = serde_json::from_slice(&answer.body) {
                body.retain(|name, _| name != "status" && name != "scimType");
                answer.body = Value::Object(body).to_string().into_bytes();
            }
        }
    },
    fault! {
        id: "dup_case_variant_ok",
        title: "The same userName in other letters is a second user",
        story: "One person has two accounts, and which one Okta finds depends on how the name was typed.",
        source: "langfuse/langfuse#13528",
        case: "B051",
        fn taken(&self, _: &Occasion, claim: &Claim, taken: &mut bool) {
            *taken &= !spelt_otherwise(claim);
        }
    },
    fault! {
        id: "dup_race_500",
        title: "A create that comes while the same one is at work fails with 500",
        story: "The store refuses the second row and nobody catches it. Okta sees a failing server instead of a conflict.",
        source: "gravitee-io/gravitee-access-management#8290",
        case: "B052",
        memory: AtWork,
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if is_at_work(&self.0, occasion, body) {
                return Err(ScimError::plain(500, "Duplicate entry for key 'user_name'"));
            }
            Ok(())
        }
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            is_done(&self.0, occasion, resource);
        }
    },
    fault! {
        id: "dup_race_201",
        title: "Two equal creates at once make two users",
        story: "Each looks whether the name is free before the other has stored it. Nobody ever deactivates the second account.",
        source: "derived from gravitee-io/gravitee-access-management#8290",
        case: "B052a",
        memory: (AtWork, Mutex<HashSet<String>>),
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if is_at_work(&self.0.0, occasion, body) && let Ok(mut racing) = self.0.1.lock() {
                racing.insert(folded(&body["userName"]));
            }
            Ok(())
        }
        fn taken(&self, _: &Occasion, claim: &Claim, taken: &mut bool) {
            *taken &= !self.0.1.lock().is_ok_and(|racing| racing.contains(&claim.wanted.to_lowercase()));
        }
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            is_done(&self.0.0, occasion, resource);
        }
    },
    fault! {
        id: "dup_409_stored",
        title: "A duplicate create is refused and stored all the same",
        story: "Okta sees a conflict; the app has a second account of that name, which nobody ever deactivates.",
        source: "derived from grokability/snipe-it#13854",
        case: "own",
        memory: Sent,
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            note(&self.0, occasion, body);
            Ok(())
        }
        fn list(&self, occasion: &Occasion, list: &mut ListAnswer) {
            let again: Vec<_> =
                list.resources.iter().filter(|user| sent_again(&self.0, user).is_some()).cloned().collect();
            if occasion.kind == Kind::User {
                list.total += again.len();
                list.resources.extend(again.into_iter().map(|mut user| {
                    user.insert("id".into(), "second".into());
                    user
                }));
            }
        }
    },
    fault! {
        id: "dup_409_new_id",
        title: "A duplicate create is refused, and lists show the user under another id",
        story: "The account was made anew. Okta's link leads to nobody, and a leaver is not deactivated.",
        source: "derived from grokability/snipe-it#13854",
        case: "own",
        memory: Sent,
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            note(&self.0, occasion, body);
            Ok(())
        }
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::List && sent_again(&self.0, resource).is_some() {
                resource.insert("id".into(), "anew".into());
            }
        }
    },
    fault! {
        id: "dup_409_deactivates",
        title: "A duplicate create is refused, and the user is inactive from then on",
        story: "A task of Okta is run twice, and somebody is locked out whom nobody deactivated.",
        source: "derived from grokability/snipe-it#13854",
        case: "own",
        memory: Sent,
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            note(&self.0, occasion, body);
            Ok(())
        }
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            if sent_again(&self.0, resource).is_some() {
                resource.insert("active".into(), false.into());
            }
        }
    },
];
