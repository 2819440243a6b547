//! Faults about meta: addresses and times.

use crate::scim::error::ScimError;
use crate::server::fault::{Action, Change, Fault, Occasion, fault};
use crate::server::message::{Answer, Request};
use crate::server::types::Kind;
use serde_json::{Map, Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// The meta of a resource, where it is shown.
fn meta(resource: &mut Map<String, Value>) -> Option<&mut Map<String, Value>> {
    resource.get_mut("meta").and_then(Value::as_object_mut)
}

/// Changes the texts of these members of meta.
fn reword(resource: &mut Map<String, Value>, names: &[&str], change: impl Fn(&str) -> Value) {
    let Some(meta) = meta(resource) else { return };
    for name in names {
        if let Some(value) = meta.get_mut(*name)
            && let Some(text) = value.as_str()
        {
            *value = change(text);
        }
    }
}

/// Shows lastModified as it was when the resource was created.
fn freeze(resource: &mut Map<String, Value>) {
    if let Some(meta) = meta(resource)
        && let Some(created) = meta.get("created").cloned()
    {
        meta.insert("lastModified".into(), created);
    }
}

/// The same address with another host in it.
fn elsewhere(address: &str) -> String {
    let path = address.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    format!("http://internal.example:8080/{path}")
}

/// Changes the Location of an answer.
fn relocate(answer: &mut Answer, change: impl Fn(&str) -> String) {
    for (_, value) in answer.headers.iter_mut().filter(|(name, _)| name == "location") {
        *value = change(value);
    }
}

/// The names of the two times.
const TIMES: &[&str] = &["created", "lastModified"];

pub(in crate::server::fault) const FAULTS: &[Fault] = &[
    fault! {
        id: "location_wrong_host",
        title: "Addresses name an internal host",
        story: "Behind the proxy the server knows itself under another name, and every address it gives leads nowhere.",
        source: "simpleidserver/SimpleIdServer#37",
        case: "B041",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            reword(resource, &["location"], |address| json!(elsewhere(address)));
        }
        fn answer(&self, _: &Request, answer: &mut Answer) {
            relocate(answer, elsewhere);
        }
    },
    fault! {
        id: "location_without_base",
        title: "Addresses in meta.location lack the path of the base URL",
        story: "The header is right; the address in the body is built from the host alone and leads to a page that is not SCIM.",
        source: "derived from jelhub/scimgateway#110",
        case: "B041a",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            reword(resource, &["location"], |address| json!(address.replacen("/scim/v2", "", 1)));
        }
    },
    fault! {
        id: "group_location_of_user",
        title: "The address of a group leads to the users",
        story: "A client that follows the address of a group finds nobody there.",
        source: "derived from simpleidserver/SimpleIdServer#37",
        case: "B041b",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.kind == Kind::Group {
                reword(resource, &["location"], |address| json!(address.replacen("/Groups/", "/Users/", 1)));
            }
        }
    },
    fault! {
        id: "location_header_mismatch",
        title: "The Location header lacks a segment of the path",
        story: "The body names the right address and the header another; clients that follow the header find nothing.",
        source: "wso2/product-is#7317",
        case: "B042",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            relocate(answer, |address| address.replacen("/scim/", "/", 1));
        }
    },
    fault! {
        id: "location_of_collection",
        title: "Location and meta.location name the collection",
        story: "The new resource's address is that of the whole list.",
        source: "derived from wso2/product-is#7317",
        case: "B042a",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            reword(resource, &["location"], |address| json!(address.rsplit_once('/').map_or("", |(list, _)| list)));
        }
        fn answer(&self, _: &Request, answer: &mut Answer) {
            relocate(answer, |address| address.rsplit_once('/').map_or("", |(list, _)| list).to_owned());
        }
    },
    fault! {
        id: "meta_location_of_collection",
        title: "meta.location names the collection",
        story: "The header is right, but the address that stays with the resource is that of the whole list.",
        source: "derived from wso2/product-is#7317",
        case: "B042b",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            reword(resource, &["location"], |address| json!(address.rsplit_once('/').map_or("", |(list, _)| list)));
        }
    },
    fault! {
        id: "lastmodified_frozen",
        title: "meta.lastModified never changes",
        story: "Clients that fetch only what changed since their last visit never see a change.",
        source: "wso2/product-is#22244",
        case: "B043",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            freeze(resource);
        }
    },
    fault! {
        id: "lastmodified_not_by_members",
        title: "meta.lastModified of a group does not change with its members",
        story: "A rename shows, but who came and went does not.",
        source: "wso2/product-is#5390",
        case: "B043a",
        memory: Mutex<Vec<(Value, Value)>>,
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if change.occasion.kind == Kind::Group
                && change.before.is_some_and(|before| before.get("members") != change.after.get("members"))
                && let (Some(id), Some(meta), Ok(mut kept)) =
                    (change.after.get("id"), change.after.get("meta"), self.0.lock())
            {
                kept.push((id.clone(), meta["lastModified"].clone()));
            }
            Ok(())
        }
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            let Some(id) = resource.get("id").filter(|_| occasion.kind == Kind::Group) else { return };
            let kept = self.0.lock().ok().and_then(|kept| kept.iter().find(|(of, _)| of == id).cloned());
            if let (Some((_, time)), Some(meta)) = (kept, meta(resource)) {
                meta.insert("lastModified".into(), time);
            }
        }
    },
    fault! {
        id: "lastmodified_not_by_put",
        title: "A PUT does not change meta.lastModified",
        story: "What Okta pushes shows in no list of changes.",
        source: "derived from wso2/product-is#22244",
        case: "B043b",
        memory: Mutex<Vec<String>>,
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            let (Some(id), Ok(mut put)) = (resource["id"].as_str().map(str::to_owned), self.0.lock()) else { return };
            if occasion.action == Action::Replace {
                put.push(id.clone());
            }
            if put.contains(&id) {
                freeze(resource);
            }
        }
    },
    fault! {
        id: "lastmodified_on_read",
        title: "Each read changes meta.lastModified",
        story: "Everything always looks as if it had just changed, so a client that fetches what changed fetches everything.",
        source: "derived from wso2/product-is#22244",
        case: "B043c",
        memory: AtomicU64,
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::Read && let Some(meta) = meta(resource) {
                let read = self.0.fetch_add(1, Ordering::Relaxed);
                meta.insert("lastModified".into(), json!(format!("2099-01-01T{:02}:{:02}:{:02}Z",
                    read / 3600 % 24, read / 60 % 60, read % 60)));
            }
        }
    },
    fault! {
        id: "datetime_no_zone",
        title: "Times have no zone",
        story: "A time in UTC without the Z is read as local time: off by hours.",
        source: "wso2/product-is#4455",
        case: "B044",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            reword(resource, TIMES, |time| json!(time.trim_end_matches('Z')));
        }
    },
    fault! {
        id: "group_datetime_no_zone",
        title: "The times of groups have no zone",
        story: "Groups come from another table, where times are kept as the clock on the wall shows them.",
        source: "derived from PennState/SCIMple-Identity#69",
        case: "B044a",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.kind == Kind::Group {
                reword(resource, TIMES, |time| json!(time.trim_end_matches('Z')));
            }
        }
    },
    fault! {
        id: "datetime_epoch",
        title: "Times are numbers of seconds",
        story: "No client that reads a dateTime can read them.",
        source: "derived from wso2/product-is#4455",
        case: "B044b",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            reword(resource, TIMES, |_| json!(1_700_000_000));
        }
    },
    fault! {
        id: "lastmodified_with_space",
        title: "meta.lastModified has a space between date and time",
        story: "The form of the database shows through; only one of the two times can be read.",
        source: "derived from wso2/product-is#4455",
        case: "B044c",
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            reword(resource, &["lastModified"], |time| json!(time.replacen('T', " ", 1)));
        }
    },
    fault! {
        id: "meta_only_on_create",
        title: "Only the answer to a create shows all of meta",
        story: "A client that compares what it created with what it reads finds times and address gone.",
        source: "sourcegraph/sourcegraph-public-snapshot#48617",
        case: "B045",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action != Action::Create && let Some(meta) = meta(resource) {
                meta.retain(|name, _| name == "resourceType");
            }
        }
    },
    fault! {
        id: "meta_missing_in_lists",
        title: "Listed resources have no meta",
        story: "The list of changes a client builds from it stays empty.",
        source: "derived from sourcegraph/sourcegraph-public-snapshot#48617",
        case: "B045a",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::List {
                resource.shift_remove("meta");
            }
        }
    },
    fault! {
        id: "put_answers_new_created",
        title: "The answer to a PUT gives the time of the PUT as meta.created",
        story: "The same account was created at two times, depending on who asks.",
        source: "derived from sourcegraph/sourcegraph-public-snapshot#48617",
        case: "B045b",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::Replace && let Some(meta) = meta(resource) {
                meta.insert("created".into(), json!("2099-01-01T00:00:00Z"));
            }
        }
    },
    fault! {
        id: "patch_answers_new_created",
        title: "The answer to a PATCH gives the time of the PATCH as meta.created",
        story: "A client that keeps what it was answered believes that a leaver was created on the last day.",
        source: "derived from sourcegraph/sourcegraph-public-snapshot#48617",
        case: "own",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::Patch && let Some(meta) = meta(resource) {
                meta.insert("created".into(), json!("2099-01-01T00:00:00Z"));
            }
        }
    },
    fault! {
        id: "created_differs_in_lists",
        title: "Lists show another meta.created than reads",
        story: "A client that sorts by age gets another order than the one it sees when it looks at each.",
        source: "derived from sourcegraph/sourcegraph-public-snapshot#48617",
        case: "B045c",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::List && let Some(meta) = meta(resource) {
                meta.insert("created".into(), json!("2001-01-01T00:00:00Z"));
            }
        }
    },
    fault! {
        id: "group_resource_type_user",
        title: "meta.resourceType of a group is User",
        story: "A client that sorts resources by their type puts groups among the users.",
        source: "derived from sourcegraph/sourcegraph-public-snapshot#48617",
        case: "own",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.kind == Kind::Group && let Some(meta) = meta(resource) {
                meta.insert("resourceType".into(), json!("User"));
            }
        }
    },
    fault! {
        id: "put_stores_created",
        title: "A PUT stores meta.created as it is sent",
        story: "Every client can make an account older than it is.",
        source: "derived from RFC 7643 §2.2",
        case: "own",
        memory: Mutex<Option<Value>>,
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.action == Action::Replace && let Ok(mut sent) = self.0.lock() {
                *sent = body.pointer("/meta/created").cloned();
            }
            Ok(())
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            if change.occasion.action == Action::Replace
                && let Some(sent) = self.0.lock().ok().and_then(|mut sent| sent.take())
                && let Some(meta) = meta(change.after)
            {
                meta.insert("created".into(), sent);
            }
            Ok(())
        }
    },
    fault! {
        id: "put_shows_sent_groups",
        title: "The groups of a user are what the last PUT said",
        story: "Whoever may write users puts people into any group, past the rules of the group.",
        source: "derived from RFC 7643 §4.1.2",
        case: "own",
        memory: Mutex<Vec<(String, Value)>>,
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if let (Action::Replace, Some(id), Ok(mut sent)) = (occasion.action, occasion.id, self.0.lock()) {
                sent.retain(|(known, _)| known != id);
                sent.extend(body.get("groups").map(|groups| (id.to_owned(), groups.clone())));
            }
            Ok(())
        }
        fn resource(&self, _: &Occasion, resource: &mut Map<String, Value>) {
            let Ok(sent) = self.0.lock() else { return };
            if let Some((_, groups)) = sent.iter().find(|(id, _)| resource["id"] == json!(id)) {
                resource.insert("groups".into(), groups.clone());
            }
        }
    },
];
