//! Faults about userNames that change.

use super::{Action, Change, Claim, Fault, ListAnswer, Occasion, fault};
use crate::scim::error::ScimError;
use crate::server::message::{Answer, Request};
use crate::server::types::Kind;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

/// What Okta encodes of a value in a query.
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The name under which a userName is remembered.
pub(super) fn folded(name: &Value) -> String {
    name.as_str().unwrap_or_default().to_lowercase()
}

/// True when nobody else holds the name in exactly this spelling.
pub(super) fn spelt_otherwise(claim: &Claim) -> bool {
    claim.held.iter().all(|held| held != claim.wanted)
}

/// The old userName and the id of a user whose userName changes.
fn renamed(change: &Change) -> Option<(String, String)> {
    let (old, new) = (change.before?.get("userName")?, change.after.get("userName")?);
    (old != new).then(|| (old.as_str().unwrap_or_default().to_owned(), id(change)))
}

fn id(change: &Change) -> String {
    change.after.get("id").and_then(Value::as_str).unwrap_or_default().to_owned()
}

pub(super) const FAULTS: &[Fault] = &[
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
    fault! {
        id: "rename_old_name_found",
        title: "Look-ups go on finding a renamed user by the first name",
        story: "Somebody else is given the name that became free, and Okta links the newcomer to the account of the first.",
        source: "derived from RoboFinSystems/robosystems#1165",
        case: "own",
        memory: Mutex<(HashMap<String, String>, HashMap<String, String>)>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if let (Some(name), Ok(mut known)) = (change.after.get("userName").and_then(Value::as_str), self.0.lock()) {
                let (first_holders, names) = &mut *known;
                first_holders.entry(name.to_owned()).or_insert_with(|| id(change));
                names.insert(id(change), name.to_owned());
            }
            Ok(())
        }
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let known = self.0.lock().ok()?;
            let encoded = |name: &str| format!("%22{}%22", utf8_percent_encode(name, &ENCODED));
            let asked = known.0.iter().find(|(name, _)| request.query.contains(&encoded(name)));
            if let Some((name, now)) = asked.and_then(|(name, id)| Some((name, known.1.get(id)?))) {
                request.query = request.query.replace(&encoded(name), &encoded(now));
            }
            None
        }
    },
    fault! {
        id: "rename_new_name_lost",
        title: "A renamed user is in no list",
        story: "The index still has the old name. The look-up before the next assignment finds nobody, and the create conflicts.",
        source: "derived from RoboFinSystems/robosystems#1165",
        case: "own",
        memory: Mutex<HashSet<String>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if let (Some((_, id)), Ok(mut lost)) = (renamed(change), self.0.lock()) {
                lost.insert(id);
            }
            Ok(())
        }
        fn list(&self, _: &Occasion, list: &mut ListAnswer) {
            let before = list.resources.len();
            if let Ok(lost) = self.0.lock() {
                list.resources.retain(|user| !user.get("id").and_then(Value::as_str).is_some_and(|id| lost.contains(id)));
            }
            list.total -= before - list.resources.len();
        }
    },
    fault! {
        id: "rename_once",
        title: "A user who was renamed keeps that name for ever",
        story: "The second rename is answered 200 and ignored: a mistake that was put right in Okta stays in the app.",
        source: "derived from RoboFinSystems/robosystems#1165",
        case: "own",
        memory: Mutex<HashSet<String>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if let (Some((old, id)), Ok(mut settled)) = (renamed(change), self.0.lock())
                && !settled.insert(id)
            {
                change.after.insert("userName".into(), old.into());
            }
            Ok(())
        }
    },
    fault! {
        id: "reused_name_shows_old",
        title: "Who takes over a userName is shown under the old one",
        story: "Reads come from a copy that the rename did not reach: Okta reads another name than it wrote.",
        source: "derived from RoboFinSystems/robosystems#1165",
        case: "own",
        memory: Mutex<(HashSet<String>, HashMap<String, String>)>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if let (Some((old, id)), Ok(mut known)) = (renamed(change), self.0.lock()) {
                let (former, shown) = &mut *known;
                if change.after.get("userName").is_some_and(|new| former.contains(&folded(new))) {
                    shown.insert(id, old.clone());
                }
                former.insert(old.to_lowercase());
            }
            Ok(())
        }
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            let shown = self.0.lock().ok().and_then(|known| known.1.get(resource.get("id")?.as_str()?).cloned());
            resource.extend(shown.map(|name| ("userName".to_owned(), name.into())));
        }
    },
    fault! {
        id: "rename_resets_display_name",
        title: "A rename writes the userName over the display name",
        story: "Somebody marries, and colleagues see an address where a name was.",
        source: "derived from RoboFinSystems/robosystems#1165",
        case: "own",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if renamed(change).is_some() && let Some(name) = change.after.get("userName").cloned() {
                change.after.insert("displayName".into(), name);
            }
            Ok(())
        }
    },
    fault! {
        id: "capitals_not_found",
        title: "Users whose userName has capitals are in no list",
        story: "The look-up folds what is asked for and not what is stored: Okta finds nobody, and its create conflicts.",
        source: "derived from PostHog/posthog#42253",
        case: "B029c",
        fn list(&self, _: &Occasion, list: &mut ListAnswer) {
            let before = list.resources.len();
            list.resources.retain(|user| user.get("userName").is_none_or(|name| folded(name) == *name));
            list.total -= before - list.resources.len();
        }
    },
];
