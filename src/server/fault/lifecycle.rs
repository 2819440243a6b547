//! Faults about deactivating and reactivating.

use super::{Action, Change, Claim, Fault, ListAnswer, Occasion, fault};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::Filter;
use crate::server::message::{Answer, Request};
use crate::server::query::Query;
use crate::server::types::Kind;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

type Fields = Map<String, Value>;

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "deactivate_noop",
        title: "active=false is accepted and ignored",
        story: "Okta shows the leaver as deactivated, because the server said so. The account stays active, and the leaver \
            keeps access.",
        source: "NorthlandPositronics/Cogtrix#122",
        case: "B080",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if change.before.is_some() && is_inactive(change.after) {
                keep_active(change);
            }
            Ok(())
        }
    },
    fault! {
        id: "deactivate_put_noop",
        title: "active=false is ignored in a PUT, whose other values are stored",
        story: "An app made with the wizard deactivates by PUT. The handler saves the profile and leaves the state to a PATCH \
            that never comes.",
        source: "derived from NorthlandPositronics/Cogtrix#122",
        case: "B080a",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if change.occasion.action == Action::Replace && is_inactive(change.after) {
                keep_active(change);
            }
            Ok(())
        }
    },
    fault! {
        id: "deactivate_once",
        title: "who was reactivated cannot be deactivated again",
        story: "The first leave works. When the rehired person leaves for the second time, the request is taken for a \
            repetition, and access stays.",
        source: "derived from NorthlandPositronics/Cogtrix#122",
        case: "B080b",
        memory: Mutex<HashSet<String>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if turns(change, false) && !locked(&self.0).insert(id_of(change)) {
                keep_active(change);
            }
            Ok(())
        }
    },
    fault! {
        id: "deactivate_everybody",
        title: "deactivating one user deactivates all",
        story: "An UPDATE without its WHERE: one person leaves, and a minute later nobody in the company can work.",
        source: "derived from NorthlandPositronics/Cogtrix#122",
        case: "B080c",
        memory: Mutex<HashMap<String, Value>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            spread(&mut locked(&self.0), change, false);
            Ok(())
        }
        fn resource(&self, occasion: &Occasion, resource: &mut Fields) {
            show_spread(&locked(&self.0), occasion, resource);
        }
    },
    fault! {
        id: "patch_users_501",
        title: "PATCH of users is not implemented",
        story: "Okta does not fall back to PUT: the leaver is never deactivated.",
        source: "unitycatalog/unitycatalog#423",
        case: "B081",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let hit = request.method == "PATCH" && request.is_at("Users");
            hit.then(|| Answer::refusal(&ScimError::plain(501, "PATCH is not implemented")))
        }
    },
    fault! {
        id: "deactivate_deletes",
        title: "active=false deletes the user",
        story: "Okta expects to find the account again when the person comes back. It is gone, with everything in it.",
        source: "growthbook/growthbook#1680",
        case: "B082",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            change.vanish |= change.before.is_some() && is_inactive(change.after);
            Ok(())
        }
    },
    fault! {
        id: "inactive_unreadable",
        title: "an inactive user is listed, but cannot be read by its id",
        story: "The look-up finds the returning person, the read that follows says 404, and Okta gives up on the account.",
        source: "derived from growthbook/growthbook#1680",
        case: "B082a",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            let inactive = |body: Value| body.get("active") == Some(&false.into());
            if request.method == "GET" && request.is_at("Users") && serde_json::from_slice(&answer.body).is_ok_and(inactive)
            {
                *answer = Answer::refusal(&ScimError::plain(404, "There is no such user"));
            }
        }
    },
    fault! {
        id: "deactivate_renames",
        title: "deactivating mangles the userName to free it",
        story: "The product prefixes the login of whoever leaves. Okta looks the rehired person up by the login it knows, \
            finds nobody and creates a second account.",
        source: "derived from growthbook/growthbook#1680",
        case: "B082b",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if turns(change, false)
                && let Some(Value::String(name)) = change.after.get_mut("userName")
            {
                name.insert_str(0, "left-");
            }
            Ok(())
        }
    },
    fault! {
        id: "deactivate_clears_profile",
        title: "deactivating clears optional attributes",
        story: "Personal data goes at once when somebody leaves. When they are back, title and locale are empty, and no push \
            brings them back, since for Okta nothing has changed.",
        source: "derived from growthbook/growthbook#1680",
        case: "B082c",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if turns(change, false) {
                clear_profile(change.after);
            }
            Ok(())
        }
    },
    fault! {
        id: "reactivate_conflict",
        title: "inactive users are hidden from lists but block a create",
        story: "Okta does not find the returning person, creates it anew and gets 409, with each retry again.",
        source: "better-auth/better-auth#11111",
        case: "B083",
        fn query(&self, occasion: &Occasion, query: &mut Query) {
            if occasion.kind == Kind::User {
                hide_inactive(query);
            }
        }
    },
    fault! {
        id: "inactive_name_reused",
        title: "the userName of an inactive user can be taken",
        story: "Uniqueness looks at active accounts only. A create during a leave makes a second account of the same login, \
            and the return brings back the wrong one.",
        source: "derived from better-auth/better-auth#11111",
        case: "B083a",
        memory: Mutex<HashMap<String, bool>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let name = change.after.get("userName").and_then(Value::as_str).unwrap_or_default();
            locked(&self.0).insert(name.to_lowercase(), is_inactive(change.after));
            Ok(())
        }
        fn taken(&self, _: &Occasion, claim: &Claim, taken: &mut bool) {
            *taken &= locked(&self.0).get(&claim.wanted.to_lowercase()) != Some(&true);
        }
    },
    fault! {
        id: "reactivate_noop",
        title: "active=true is accepted and ignored",
        story: "Okta shows the returning colleague as active; the account stays locked.",
        source: "grokability/snipe-it#14481",
        case: "B084",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if change.before.is_some_and(is_inactive) {
                change.after.insert("active".into(), false.into());
            }
            Ok(())
        }
    },
    fault! {
        id: "reactivate_restores_profile",
        title: "reactivating brings back the profile of the last day",
        story: "The account was edited while it was inactive. The return restores the copy made when the person left: the \
            old name, and for Okta nothing is left to push.",
        source: "derived from grokability/snipe-it#14481",
        case: "B084a",
        memory: Mutex<HashMap<String, Fields>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if turns(change, false) {
                locked(&self.0).insert(id_of(change), change.after.clone());
            } else if turns(change, true)
                && let Some(copy) = locked(&self.0).remove(&id_of(change))
            {
                *change.after = copy;
                change.after.insert("active".into(), true.into());
            }
            Ok(())
        }
    },
    fault! {
        id: "reactivate_everybody",
        title: "reactivating one user reactivates all",
        story: "One colleague comes back, and everybody who ever left has access again.",
        source: "derived from grokability/snipe-it#14481",
        case: "B084b",
        memory: Mutex<HashMap<String, Value>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            spread(&mut locked(&self.0), change, true);
            Ok(())
        }
        fn resource(&self, occasion: &Occasion, resource: &mut Fields) {
            show_spread(&locked(&self.0), occasion, resource);
        }
    },
    fault! {
        id: "reactivate_400",
        title: "a PATCH of an inactive user is refused with 400",
        story: "The return of a colleague begins with a PATCH that sets active to true. Refused, it is the end of the task.",
        source: "FusionAuth/fusionauth-issues#3311",
        case: "B085",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            match change.occasion.action {
                Action::Patch if change.before.is_some_and(is_inactive) => refused(),
                _ => Ok(()),
            }
        }
    },
    fault! {
        id: "inactive_put_400",
        title: "a PUT of an inactive user is refused with 400",
        story: "Profiles change while people are away. Okta's update fails, and in an app made with the wizard nobody can come \
            back, since there the return is a PUT too.",
        source: "derived from FusionAuth/fusionauth-issues#3311",
        case: "B085a",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            match change.occasion.action {
                Action::Replace if change.before.is_some_and(is_inactive) => refused(),
                _ => Ok(()),
            }
        }
    },
    fault! {
        id: "deactivate_again_400",
        title: "deactivating who is inactive already is refused with 400",
        story: "Okta repeats a deactivation whose answer was lost. The refusal leaves a failed task for an administrator.",
        source: "derived from FusionAuth/fusionauth-issues#3311",
        case: "B085b",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if change.before.is_some_and(is_inactive) && is_inactive(change.after) { refused() } else { Ok(()) }
        }
    },
    fault! {
        id: "reassign_put_400",
        title: "the PUT right after a reactivation is refused with 400",
        story: "The account is active again, but the profile push that follows fails, and Okta reports the assignment as \
            failed.",
        source: "fleetdm/fleet#53446",
        case: "B086",
        memory: Mutex<HashSet<String>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let fresh = locked(&self.0).remove(&id_of(change));
            if turns(change, true) {
                locked(&self.0).insert(id_of(change));
            }
            if fresh && change.occasion.action == Action::Replace { refused() } else { Ok(()) }
        }
    },
    fault! {
        id: "deactivate_stale_read",
        title: "lists show an inactive user as active",
        story: "A read by id tells the truth, the list does not: the import brings leavers back into Okta as active people.",
        source: "ssoready/ssoready#155",
        case: "B087",
        fn resource(&self, occasion: &Occasion, resource: &mut Fields) {
            if occasion.kind == Kind::User && occasion.action == Action::List {
                resource.insert("active".into(), true.into());
            }
        }
    },
    fault! {
        id: "state_answer_stale",
        title: "the answer to a change of active shows the old state",
        story: "The change is stored, but its answer was made before. Whoever trusts the answer repeats the request or raises \
            an alarm.",
        source: "derived from ssoready/ssoready#155",
        case: "B087a",
        memory: Mutex<HashMap<String, bool>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let turned = [true, false].into_iter().find(|active| turns(change, *active));
            match turned {
                Some(active) => locked(&self.0).insert(id_of(change), !active),
                None => locked(&self.0).remove(&id_of(change)),
            };
            Ok(())
        }
        fn resource(&self, occasion: &Occasion, resource: &mut Fields) {
            if let (Action::Patch | Action::Replace, Some(id)) = (occasion.action, occasion.id)
                && let Some(old) = locked(&self.0).get(id)
            {
                resource.insert("active".into(), (*old).into());
            }
        }
    },
    fault! {
        id: "edit_reactivates",
        title: "a profile push reactivates whoever is inactive",
        story: "Saving a profile passes through the code that creates accounts, which are active. A mapping changes, and a \
            leaver can sign in again.",
        source: "derived from ssoready/ssoready#155",
        case: "B087b",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if change.occasion.action == Action::Replace && change.before.is_some_and(is_inactive) {
                change.after.insert("active".into(), true.into());
            }
            Ok(())
        }
    },
    fault! {
        id: "inactive_listed_otherwise",
        title: "an inactive user is listed under an id of its own",
        story: "Leavers are kept in another table and numbered there. Okta links to an id that no read knows.",
        source: "derived from Okta SCIM 2.0: list users with a filter",
        case: "own",
        fn resource(&self, occasion: &Occasion, user: &mut Fields) {
            if occasion.action == Action::List && is_inactive(user) {
                let id = user.get("id").and_then(Value::as_str).map(|id| format!("left-{id}"));
                user.extend(id.map(|id| ("id".to_owned(), id.into())));
            }
        }
    },
    fault! {
        id: "reactivate_clears_profile",
        title: "reactivating clears optional attributes",
        story: "Coming back is treated as a first day: what was known of the person is empty, and Okta pushes only what has \
            changed.",
        source: "derived from RFC 7644 §3.5.2",
        case: "own",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if turns(change, true) {
                clear_profile(change.after);
            }
            Ok(())
        }
    },
    fault! {
        id: "return_lists_twice",
        title: "who has come back is listed twice",
        story: "The history of the account is listed as a second person. Okta finds two for one login and links to neither.",
        source: "derived from RFC 7643 §4.1.1",
        case: "own",
        memory: Mutex<HashSet<Value>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if turns(change, true) {
                locked(&self.0).insert(id_of(change).into());
            }
            Ok(())
        }
        fn list(&self, _: &Occasion, list: &mut ListAnswer) {
            let back = locked(&self.0);
            let again = list.resources.iter().filter(|user| user.get("id").is_some_and(|id| back.contains(id)));
            let again: Vec<Fields> = again.cloned().collect();
            list.total += again.len();
            list.resources.extend(again);
        }
    },
    fault! {
        id: "return_listed_stale",
        title: "lists show who has come back under the name of the last day",
        story: "The list is served from an index that a return does not refresh: an import takes the old name into Okta.",
        source: "derived from ssoready/ssoready#155",
        case: "own",
        memory: Mutex<HashMap<String, Value>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if turns(change, false) {
                let name = change.after.get("name").cloned().unwrap_or_default();
                locked(&self.0).insert(id_of(change), name);
            }
            Ok(())
        }
        fn resource(&self, occasion: &Occasion, user: &mut Fields) {
            let id = user.get("id").and_then(Value::as_str).unwrap_or_default();
            if occasion.action == Action::List
                && let Some(name) = locked(&self.0).get(id)
            {
                user.insert("name".into(), name.clone());
            }
        }
    },
    fault! {
        id: "revoke_clears_profile",
        title: "taking the last role away clears optional attributes",
        story: "The handler of roles saves the user with what it was given. Title and display name are gone with the role.",
        source: "derived from RFC 7644 §3.5.1",
        case: "own",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let has_roles = |user: &Fields| user.get("roles").is_some_and(|roles| roles != &Value::Array(Vec::new()));
            if change.before.is_some_and(has_roles) && !has_roles(change.after) {
                clear_profile(change.after);
            }
            Ok(())
        }
    },
    fault! {
        id: "roles_dropped",
        title: "roles in a PUT are not stored",
        story: "An entitlement is granted in Okta and approved; the person never gets it.",
        source: "Okta: SCIM 2.0 with entitlements",
        case: "own",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            change.after.shift_remove("roles");
            Ok(())
        }
    },
    fault! {
        id: "roles_only_added",
        title: "roles that a PUT leaves empty stay",
        story: "An entitlement is taken back in Okta; the product merges lists and keeps it, and nobody knows.",
        source: "Okta: SCIM 2.0 with entitlements",
        case: "own",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if let Some(roles) = change.before.and_then(|before| before.get("roles")) {
                change.after.entry("roles").or_insert_with(|| roles.clone());
            }
            Ok(())
        }
    },
];

/// The memory of a fault; a writer that panicked left it whole.
pub(super) fn locked<T>(memory: &Mutex<T>) -> MutexGuard<'_, T> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_inactive(resource: &Fields) -> bool {
    resource.get("active") == Some(&false.into())
}

/// Does the change turn an inactive user active, or the other way round?
fn turns(change: &Change, active: bool) -> bool {
    let is = |resource: &Fields, active: bool| resource.get("active") == Some(&active.into());
    change.before.is_some_and(|before| is(before, !active)) && is(change.after, active)
}

/// Leaves active as it was.
fn keep_active(change: &mut Change) {
    match change.before.and_then(|before| before.get("active")) {
        Some(active) => change.after.insert("active".into(), active.clone()),
        None => change.after.shift_remove("active"),
    };
}

/// Remembers active of each user; a user that turns takes all the others along.
fn spread(known: &mut HashMap<String, Value>, change: &Change, active: bool) {
    if turns(change, active) {
        for state in known.values_mut() {
            *state = active.into();
        }
    }
    if change.occasion.kind == Kind::User {
        known.insert(id_of(change), change.after.get("active").cloned().unwrap_or_default());
    }
}

fn show_spread(known: &HashMap<String, Value>, occasion: &Occasion, user: &mut Fields) {
    let id = user.get("id").and_then(Value::as_str).unwrap_or_default();
    if occasion.kind == Kind::User
        && let Some(active) = known.get(id).filter(|active| active.is_boolean())
    {
        user.insert("active".into(), active.clone());
    }
}

fn id_of(change: &Change) -> String {
    change.after.get("id").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn clear_profile(user: &mut Fields) {
    for name in ["title", "locale", "displayName", "externalId"] {
        user.shift_remove(name);
    }
}

fn refused() -> Result<(), ScimError> {
    Err(ScimError::bad(ScimType::InvalidValue, "Invalid parameter provided in request: value"))
}

fn hide_inactive(query: &mut Query) {
    const ACTIVE: &str = "not (active eq false)";
    let wanted = query.filter.as_ref().map_or_else(|| ACTIVE.to_owned(), |filter| format!("({filter}) and {ACTIVE}"));
    if let Ok(filter) = Filter::parse(&wanted) {
        query.filter = Some(filter);
    }
}
