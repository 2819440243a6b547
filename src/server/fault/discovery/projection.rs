//! Faults about the parameters attributes and excludedAttributes, and about deleting.

use crate::scim::error::ScimError;
use crate::server::fault::{Fault, fault};
use crate::server::message::{Answer, Request};
use std::sync::Mutex;

/// Changes each parameter of a query; nothing takes it out.
fn parameters(request: &mut Request, change: impl Fn(&str, &str) -> Option<String>) {
    let kept = request.query.split('&').filter_map(|one| {
        let (name, value) = one.split_once('=').unwrap_or((one, ""));
        change(name, value)
    });
    request.query = kept.collect::<Vec<_>>().join("&");
}

/// Takes a parameter out, or gives it another value.
fn set(request: &mut Request, name: &str, value: Option<&str>) {
    parameters(request, |known, old| {
        if known == name { value.map(|value| format!("{name}={value}")) } else { Some(format!("{known}={old}")) }
    });
}

/// True for a read of one user or group.
fn reads_one(request: &Request) -> bool {
    request.method == "GET" && (request.one_of("Users").is_some() || request.one_of("Groups").is_some())
}

pub(in crate::server::fault) const FAULTS: &[Fault] = &[
    fault! {
        id: "attributes_ignored",
        title: "attributes is ignored in a read",
        story: "A client that asks for one attribute gets all of them.",
        source: "derived from RFC 7644 §3.4.2.5",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if reads_one(request) {
                set(request, "attributes", None);
            }
            None
        }
    },
    fault! {
        id: "attributes_ignored_in_lists",
        title: "attributes is ignored in lists",
        story: "A list of names comes with every member of every group and takes minutes.",
        source: "derived from RFC 7644 §3.4.2.5",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if !reads_one(request) {
                set(request, "attributes", None);
            }
            None
        }
    },
    fault! {
        id: "attributes_give_nothing",
        title: "attributes leaves nothing but what is always shown",
        story: "The one attribute that was asked for is not in the answer.",
        source: "derived from RFC 7644 §3.4.2.5",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if reads_one(request) {
                set(request, "attributes", Some("schemas"));
            }
            None
        }
    },
    fault! {
        id: "attributes_give_nothing_in_lists",
        title: "attributes leaves nothing in lists but what is always shown",
        story: "A list of names comes without names.",
        source: "derived from RFC 7644 §3.4.2.5",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if !reads_one(request) {
                set(request, "attributes", Some("schemas"));
            }
            None
        }
    },
    fault! {
        id: "attributes_sub_whole",
        title: "A sub-attribute in attributes gives the whole attribute",
        story: "Who asks for the first name gets all of the name.",
        source: "derived from RFC 7644 §3.10",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            parameters(request, |name, value| {
                let value = if name == "attributes" { value.replace("name.givenName", "name") } else { value.into() };
                Some(format!("{name}={value}"))
            });
            None
        }
    },
    fault! {
        id: "attributes_sub_unknown",
        title: "A sub-attribute in attributes is not known",
        story: "Who asks for the first name gets none.",
        source: "derived from RFC 7644 §3.10",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            parameters(request, |name, value| {
                let value = if name == "attributes" { value.replace(",name.givenName", "") } else { value.into() };
                Some(format!("{name}={value}"))
            });
            None
        }
    },
    fault! {
        id: "excluded_ignored",
        title: "excludedAttributes is ignored",
        story: "A client that wants the name of a group waits for its thousands of members.",
        source: "derived from RFC 7644 §3.4.2.5",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            set(request, "excludedAttributes", None);
            None
        }
    },
    fault! {
        id: "excluded_inverted",
        title: "excludedAttributes gives just what it names",
        story: "The two parameters are taken for one another; what was wanted is missing.",
        source: "derived from RFC 7644 §3.4.2.5",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            request.query = request.query.replace("excludedAttributes=", "attributes=");
            None
        }
    },
    fault! {
        id: "excluded_id_hidden",
        title: "excludedAttributes can hide the id",
        story: "A resource comes back that nothing can be done with.",
        source: "derived from RFC 7643 §3.1",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.query.contains("excludedAttributes=id") {
                answer.edit(|user| drop(user.as_object_mut().and_then(|user| user.shift_remove("id"))));
            }
        }
    },
    fault! {
        id: "deleted_still_listed",
        title: "A deleted user is still listed",
        story: "The record is only marked, and lists do not look at the mark: Okta links new people to what is gone.",
        source: "derived from RFC 7644 §3.6",
        case: "own",
        memory: Mutex<Vec<String>>,
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let id = request.one_of("Users")?.to_owned();
            let mut deleted = self.0.lock().ok()?;
            if deleted.contains(&id) {
                return Some(Answer::refusal(&ScimError::plain(404, "There is no such user")));
            }
            (request.method == "DELETE").then(|| {
                deleted.push(id);
                Answer::empty(204)
            })
        }
    },
];
