//! Faults about what the server tells of itself.

use crate::scim::schema::USER_URN;
use crate::server::fault::{Fault, fault};
use crate::server::message::{Answer, Request};
use serde_json::{Map, Value, json};

/// Changes what a read of this discovery endpoint is answered with.
fn told(endpoint: &str, request: &Request, answer: &mut Answer, change: impl FnOnce(&mut Value)) {
    let whole = request.path.rsplit('/').next() == Some(endpoint);
    if request.method == "GET" && answer.status == 200 && whole {
        answer.edit(change);
    }
}

/// What a list tells of each.
fn each(list: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    list["Resources"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut)
}

/// Leaves one of these out of a list.
fn without(list: &mut Value, id: &str) {
    if let Some(all) = list["Resources"].as_array_mut() {
        all.retain(|one| one["id"] != id);
    }
}

pub(in crate::server::fault) const FAULTS: &[Fault] = &[
    fault! {
        id: "discovery_bare_array",
        title: "/ResourceTypes is a bare array",
        story: "A client that looks for Resources finds no type of resource and cannot go on.",
        source: "pond/scimitar#146",
        case: "B047",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            told("ResourceTypes", request, answer, |list| *list = list["Resources"].take());
        }
    },
    fault! {
        id: "schemas_bare_array",
        title: "/Schemas is a bare array",
        story: "An import of the user schema finds no attributes.",
        source: "derived from pond/scimitar#146",
        case: "B047a",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            told("Schemas", request, answer, |list| *list = list["Resources"].take());
        }
    },
    fault! {
        id: "schemas_own_key",
        title: "/Schemas lists the schemas under a key of its own",
        story: "The list is there, but no client looks for it under that name.",
        source: "PowerDMS/Owin.Scim#44",
        case: "B047b",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            told("Schemas", request, answer, |list| *list = json!({ "items": list["Resources"].take() }));
        }
    },
    fault! {
        id: "auth_schemes_empty",
        title: "/ServiceProviderConfig names no way to authenticate",
        story: "The attribute is required; a client that sets itself up from it does not know how to sign in.",
        source: "osiam/osiam#309",
        case: "B047c",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            told("ServiceProviderConfig", request, answer, |config| config["authenticationSchemes"] = json!([]));
        }
    },
    fault! {
        id: "auth_schemes_missing",
        title: "/ServiceProviderConfig has no authenticationSchemes",
        story: "The attribute is required; a client that sets itself up from it does not know how to sign in.",
        source: "derived from osiam/osiam#309",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            told("ServiceProviderConfig", request, answer, |config| {
                config.as_object_mut().map(|config| config.shift_remove("authenticationSchemes"));
            });
        }
    },
    fault! {
        id: "config_in_list",
        title: "/ServiceProviderConfig is a list of one",
        story: "There is one configuration; a client that reads it finds none of the flags.",
        source: "derived from RFC 7644 §4",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            told("ServiceProviderConfig", request, answer, |config| {
                *config = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 1,
                    "startIndex": 1, "itemsPerPage": 1, "Resources": [config.take()] });
            });
        }
    },
    fault! {
        id: "config_flags_text",
        title: "The flags of /ServiceProviderConfig are texts",
        story: "\"false\" is a value like any other: a client may take bulk for supported.",
        source: "derived from RFC 7643 §5",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            told("ServiceProviderConfig", request, answer, |config| {
                for feature in ["patch", "bulk", "filter"] {
                    config[feature]["supported"] = json!(config[feature]["supported"].to_string());
                }
            });
        }
    },
    fault! {
        id: "config_flags_bare",
        title: "The flags of /ServiceProviderConfig stand without supported",
        story: "A client that asks sort.supported finds nothing.",
        source: "derived from RFC 7643 §5",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            told("ServiceProviderConfig", request, answer, |config| {
                for feature in ["changePassword", "sort", "etag"] {
                    config[feature] = config[feature]["supported"].take();
                }
            });
        }
    },
    fault! {
        id: "resource_types_without_user",
        title: "/ResourceTypes does not name users",
        story: "A client that learns the endpoints from it believes that there are no users.",
        source: "derived from RFC 7643 §6",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            told("ResourceTypes", request, answer, |list| without(list, "User"));
        }
    },
    fault! {
        id: "resource_types_nameless",
        title: "The types in /ResourceTypes have no name",
        story: "A client cannot tell which meta.resourceType belongs to which endpoint.",
        source: "derived from RFC 7643 §6",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            told("ResourceTypes", request, answer, |list| each(list).for_each(|one| drop(one.shift_remove("name"))));
        }
    },
    fault! {
        id: "resource_type_other",
        title: "A read of one resource type answers with another",
        story: "Whatever type is asked for, the first one comes.",
        source: "derived from RFC 7644 §4",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if answer.status == 200 && request.one_of("ResourceTypes").is_some() {
                answer.edit(|one| {
                    one["id"] = json!("Group");
                    one["name"] = json!("Group");
                    one["endpoint"] = json!("/Groups");
                });
            }
        }
    },
    fault! {
        id: "schemas_without_attributes",
        title: "The schemas in /Schemas have no attributes",
        story: "Names and nothing else: an import of the user schema stays empty.",
        source: "derived from RFC 7643 §7",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            told("Schemas", request, answer, |list| each(list).for_each(|one| drop(one.shift_remove("attributes"))));
        }
    },
    fault! {
        id: "schemas_without_user",
        title: "/Schemas does not hold the schema of users",
        story: "Only extensions are listed; the attributes every user has are in none of them.",
        source: "derived from RFC 7643 §7",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            told("Schemas", request, answer, |list| without(list, USER_URN));
        }
    },
    fault! {
        id: "schema_user_name_optional",
        title: "The schema of users says that userName is optional",
        story: "A form built from the schema lets people leave out what every create must have.",
        source: "derived from RFC 7643 §8.7.1",
        case: "own",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if answer.status == 200 && request.one_of("Schemas").is_some() {
                answer.edit(|schema| {
                    for attribute in schema["attributes"].as_array_mut().into_iter().flatten() {
                        attribute["required"] = json!(false);
                    }
                });
            }
        }
    },
];
