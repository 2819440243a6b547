//! Faults about what must be unique.

use super::{Action, Change, Claim, Fault, Occasion, fault};
use crate::scim::error::ScimError;
use crate::server::message::{Answer, Request};
use crate::server::types::Kind;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

/// Creates by their body, with the id they were given, until somebody reads the user: as if each were still at work.
type AtWork = Mutex<HashMap<Vec<u8>, String>>;

/// What was sent under each userName, and how often.
type Sent = Mutex<HashMap<String, (usize, Map<String, Value>)>>;

/// The name under which a userName is remembered.
fn folded(name: &Value) -> String {
    name.as_str().unwrap_or_default().to_lowercase()
}

/// True when nobody else holds the name in exactly this spelling.
fn spelt_otherwise(claim: &Claim) -> bool {
    claim.held.iter().all(|held| held != claim.wanted)
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
            if occasion.is(Action::Create, Kind::User) && let (Some(sent), Ok(mut all)) = (body.as_object(), self.0.lock()) {
                let (count, last) = all.entry(folded(&body["userName"])).or_default();
                *count += 1;
                last.extend(sent.iter().filter(|(name, _)| ["name", "displayName"].contains(&name.as_str())).map(
                    |(name, value)| (name.clone(), value.clone()),
                ));
            }
            Ok(())
        }
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            if let Ok(all) = self.0.lock()
                && let Some((2.., last)) = resource.get("userName").and_then(|name| all.get(&folded(name)))
            {
                resource.extend(last.clone());
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
        fn answer(&self, request: &Request, answer: &mut Answer) {
            let Ok(mut at_work) = self.0.lock() else { return };
            if request.method == "POST" && answer.status == 201 {
                let created: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                at_work.insert(request.body.clone(), created["id"].as_str().unwrap_or_default().to_owned());
            } else if request.method == "POST" && answer.status == 409 && at_work.contains_key(&request.body) {
                *answer = Answer::refusal(&ScimError::plain(500, "Duplicate entry for key 'user_name'"));
            } else {
                at_work.retain(|_, id| !request.path.ends_with(id.as_str()));
            }
        }
    },
    fault! {
        id: "rename_dup_ok",
        title: "A user can be given the userName of another",
        story: "Two people answer to one name, and the next look-up links Okta to either of them.",
        source: "simpleidserver/SimpleIdServer#928",
        case: "B053",
        fn taken(&self, occasion: &Occasion, _: &Claim, taken: &mut bool) {
            *taken &= occasion.action == Action::Create;
        }
    },
    fault! {
        id: "rename_dup_case_ok",
        title: "A user can be given the userName of another in other letters",
        story: "The name is compared letter by letter before it is stored: two people answer to one look-up.",
        source: "derived from simpleidserver/SimpleIdServer#928",
        case: "B053a",
        fn taken(&self, occasion: &Occasion, claim: &Claim, taken: &mut bool) {
            *taken &= occasion.action == Action::Create || !spelt_otherwise(claim);
        }
    },
    fault! {
        id: "rename_dup_patch_ok",
        title: "A PATCH can give a user the userName of another",
        story: "PUT looks whether the name is free, PATCH does not: two people answer to one name.",
        source: "derived from simpleidserver/SimpleIdServer#928",
        case: "B053b",
        fn taken(&self, occasion: &Occasion, _: &Claim, taken: &mut bool) {
            *taken &= occasion.action != Action::Patch;
        }
    },
    fault! {
        id: "rename_frees_nothing",
        title: "The old userName of a renamed user stays taken",
        story: "The name somebody gave up can be given to nobody: the next person of that name cannot be assigned.",
        source: "derived from simpleidserver/SimpleIdServer#928",
        case: "B053c",
        memory: Mutex<HashSet<String>>,
        fn taken(&self, _: &Occasion, claim: &Claim, taken: &mut bool) {
            *taken |= self.0.lock().is_ok_and(|former| former.contains(&claim.wanted.to_lowercase()));
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if let (Some(before), Ok(mut former)) = (change.before, self.0.lock())
                && before.get("userName") != change.after.get("userName")
            {
                former.insert(folded(&before["userName"]));
            }
            Ok(())
        }
    },
    fault! {
        id: "rename_case_conflict",
        title: "A PUT that changes only the case of the user's own userName is answered 409",
        story: "Somebody's name is put into capitals, and the user is in its own way: the change fails for ever.",
        source: "derived from simpleidserver/SimpleIdServer#928",
        case: "B053d",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let name = change.after.get("userName");
            match change.before.and_then(|before| before.get("userName")) {
                Some(old) if Some(old) != name && name.is_some_and(|name| folded(name) == folded(old)) => {
                    Err(ScimError::taken("The userName is already in use"))
                }
                _ => Ok(()),
            }
        }
    },
    fault! {
        id: "rename_dup_500",
        title: "Giving a user the userName of another fails with 500",
        story: "The store refuses the name and nobody catches it. Okta sees a failing server, and the administrator no reason.",
        source: "NorthlandPositronics/Cogtrix#121",
        case: "B054",
        fn error(&self, request: &Request, error: &mut ScimError) {
            if request.method != "POST" && error.status == 409 {
                *error = ScimError::plain(500, "UNIQUE constraint failed: users.user_name");
            }
        }
    },
    fault! {
        id: "put_self_conflict",
        title: "A PUT that repeats the user's own userName is answered 409",
        story: "The look for a taken name finds the user itself, so no profile change ever arrives.",
        source: "derived from NorthlandPositronics/Cogtrix#121",
        case: "B054a",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let same = change.before.is_some_and(|before| before.get("userName") == change.after.get("userName"));
            if same && change.occasion.is(Action::Replace, Kind::User) {
                return Err(ScimError::taken("The userName is already in use"));
            }
            Ok(())
        }
    },
];
