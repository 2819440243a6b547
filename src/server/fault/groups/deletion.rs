//! Faults about the end of groups.

use super::{member_ids, name_of};
use crate::scim::error::ScimError;
use crate::server::fault::{Action, Change, Fault, ListAnswer, Occasion, fault};
use crate::server::message::{Answer, Request};
use crate::server::types::Kind;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Mutex;

/// The id of the group that a request is on.
fn group_of(request: &Request) -> Option<&str> {
    let (before, id) = request.path.rsplit_once('/')?;
    before.ends_with("/Groups").then_some(id)
}

/// The groups there are, and those there were, by id.
#[derive(Default)]
struct Past {
    alive: HashMap<String, Map<String, Value>>,
    deleted: HashMap<String, Map<String, Value>>,
}

impl Past {
    /// Remembers a group as it is stored.
    fn note(&mut self, change: &Change) {
        if let Some(id) = change.after["id"].as_str().filter(|_| change.occasion.kind == Kind::Group) {
            self.alive.insert(id.to_owned(), change.after.clone());
        }
    }

    /// Remembers that a group is about to be deleted.
    fn bury(&mut self, request: &Request) {
        let id = group_of(request).filter(|_| request.method == "DELETE");
        self.deleted.extend(id.and_then(|id| self.alive.remove_entry(id)));
    }

    /// The deleted group whose name a new one is about to get.
    fn before(&self, change: &Change) -> Option<&Map<String, Value>> {
        let new = change.occasion.kind == Kind::Group && change.occasion.action == Action::Create;
        self.deleted.values().find(|group| new && name_of(group) == name_of(change.after))
    }
}

pub(in crate::server::fault) const FAULTS: &[Fault] = &[
    fault! {
        id: "group_delete_500",
        title: "DELETE of a group is answered 500",
        story: "Okta sends a Content-Type and no body, and the server fails to read one. The group cannot be deleted.",
        source: "derived from Okta's SCIM reference",
        case: "B142",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let hit = request.method == "DELETE" && group_of(request).is_some() && request.header("content-type").is_some();
            hit.then(|| Answer::refusal(&ScimError::plain(500, "The body is no JSON")))
        }
    },
    fault! {
        id: "group_delete_keeps_name",
        title: "The name of a deleted group stays taken",
        story: "The administrator deletes the group and pushes it anew. The create is refused because of a group that no \
            look-up finds.",
        source: "a cousin of getsentry/sentry#88623",
        case: "B142a",
        memory: Mutex<Past>,
        fn request(&self, request: &mut Request) -> Option<Answer> {
            self.0.lock().ok()?.bury(request);
            None
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let Ok(mut past) = self.0.lock() else { return Ok(()) };
            if past.before(change).is_some() {
                return Err(ScimError::taken("A group of this name exists"));
            }
            past.note(change);
            Ok(())
        }
    },
    fault! {
        id: "group_delete_locks_members",
        title: "Deleting a group deactivates its members",
        story: "A group is no longer pushed, and everybody who was in it is locked out.",
        source: "a cousin of a fault derived from Okta's SCIM reference",
        case: "B142b",
        memory: Mutex<Past>,
        fn request(&self, request: &mut Request) -> Option<Answer> {
            self.0.lock().ok()?.bury(request);
            None
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            self.0.lock().into_iter().for_each(|mut past| past.note(change));
            Ok(())
        }
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            let id = resource.get("id").and_then(Value::as_str).unwrap_or_default();
            let locked = |past: &Past| past.deleted.values().flat_map(member_ids).any(|member| member == id);
            if self.0.lock().is_ok_and(|past| locked(&past)) {
                resource.insert("active".into(), false.into());
            }
        }
    },
    fault! {
        id: "group_delete_keeps_members",
        title: "A new group has the members of a deleted one of its name",
        story: "The group is deleted and pushed anew, with other people in it. Those of old have access again.",
        source: "a cousin of a fault derived from Okta's SCIM reference",
        case: "B142c",
        memory: Mutex<Past>,
        fn request(&self, request: &mut Request) -> Option<Answer> {
            self.0.lock().ok()?.bury(request);
            None
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let Ok(mut past) = self.0.lock() else { return Ok(()) };
            let members = past.before(change).and_then(|group| group.get("members")).cloned();
            change.after.extend(members.map(|members| ("members".to_owned(), members)));
            past.note(change);
            Ok(())
        }
    },
    fault! {
        id: "group_delete_still_found",
        title: "Deleted groups turn up in every list",
        story: "Okta deletes the group, pushes it anew, and links to the one that is gone.",
        source: "a cousin of a fault derived from Okta's SCIM reference",
        case: "B142d",
        memory: Mutex<Past>,
        fn request(&self, request: &mut Request) -> Option<Answer> {
            self.0.lock().ok()?.bury(request);
            None
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            self.0.lock().into_iter().for_each(|mut past| past.note(change));
            Ok(())
        }
        fn list(&self, occasion: &Occasion, list: &mut ListAnswer) {
            let Ok(past) = self.0.lock() else { return };
            if occasion.kind == Kind::Group {
                list.resources.extend(past.deleted.values().cloned());
                list.total += past.deleted.len();
            }
        }
    },
];
