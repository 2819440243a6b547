//! Faults about a PATCH that must fail.

use crate::scim::error::{ScimError, ScimType};
use crate::scim::patch::Operation;
use crate::server::fault::{Action, Fault, Occasion, fault};
use crate::server::message::{Answer, Request};
use serde_json::{Value, json};

/// True for a request of this method on one user or group.
fn on_one(method: &str, request: &Request) -> bool {
    request.method == method && (request.one_of("Users").is_some() || request.one_of("Groups").is_some())
}

/// Says yes to a PATCH that was refused with this keyword.
fn accept(keyword: ScimType, request: &Request, answer: &mut Answer) {
    if !on_one("PATCH", request) || answer.status != 400 {
        return;
    }
    let refused = serde_json::from_slice::<Value>(&answer.body).is_ok_and(|body| body["scimType"] == keyword.keyword());
    if refused {
        *answer = Answer::empty(204);
    }
}

/// Fails where a PATCH is refused with this keyword.
fn fail(keyword: ScimType, request: &Request, error: &mut ScimError) {
    if request.method == "PATCH" && error.scim_type == Some(keyword) {
        *error = ScimError::plain(500, "undefined is not iterable");
    }
}

pub(in crate::server::fault) const FAULTS: &[Fault] = &[
    fault! {
        id: "patch_not_atomic",
        title: "What comes before a failing operation stays",
        story: "The request is refused, and half of it is stored: a state that nobody asked for.",
        source: "Captain-P-Goldfish/SCIM-SDK#200",
        case: "B072",
        fn keeps_half(&self, _: &Occasion) -> bool {
            true
        }
    },
    fault! {
        id: "patch_skips_failing",
        title: "A failing operation is left out and the rest is stored",
        story: "The server says yes to all and does a part.",
        source: "derived from PennState/SCIMple-Identity#51",
        case: "B072a",
        fn keeps_half(&self, _: &Occasion) -> bool {
            true
        }
        fn answer(&self, request: &Request, answer: &mut Answer) {
            accept(ScimType::NoTarget, request, answer);
        }
    },
    fault! {
        id: "patch_goes_on_after_failure",
        title: "What comes after an unknown operation is done all the same",
        story: "The request is refused with 400, and yet the operations behind the bad one are stored.",
        source: "derived from python-scim/scim2-models#155",
        case: "B072b",
        memory: std::sync::atomic::AtomicBool,
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            let operations = body.get_mut("Operations").and_then(Value::as_array_mut);
            if let Some(operations) = operations.filter(|all| occasion.action == Action::Patch && all.len() > 1) {
                let unknown = |one: &Value| one["path"].as_str().is_some_and(|path| path.starts_with("noSuch"));
                let all = operations.len();
                operations.retain(|one| !unknown(one));
                self.0.store(operations.len() < all, std::sync::atomic::Ordering::Relaxed);
            }
            Ok(())
        }
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if self.0.swap(false, std::sync::atomic::Ordering::Relaxed) && on_one("PATCH", request) {
                *answer = Answer::refusal(&ScimError::bad(ScimType::InvalidPath, "There is no such attribute"));
            }
        }
    },
    fault! {
        id: "patch_bad_path_200",
        title: "A path that names nothing is answered as a success",
        story: "A client with a misspelt attribute is told that all is well, and nobody finds the mistake.",
        source: "NorthlandPositronics/Cogtrix#457",
        case: "B074",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            accept(ScimType::InvalidPath, request, answer);
        }
    },
    fault! {
        id: "patch_no_target_200",
        title: "A filter in a path that picks nothing is answered as a success",
        story: "What was to be replaced is not there; the client is told that it was replaced.",
        source: "derived from pydantic/logfire#2356",
        case: "B074a",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            accept(ScimType::NoTarget, request, answer);
        }
    },
    fault! {
        id: "patch_unknown_op_200",
        title: "An operation that does not exist is answered as a success",
        story: "The server does nothing and says it did.",
        source: "derived from pydantic/logfire#2356",
        case: "B074b",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            accept(ScimType::InvalidSyntax, request, answer);
        }
    },
    fault! {
        id: "patch_unknown_500",
        title: "A PATCH of an unknown id is answered 500",
        story: "Okta takes the account that is gone for a broken server and tries for ever.",
        source: "wso2/product-is#11248",
        case: "B077",
        fn error(&self, request: &Request, error: &mut ScimError) {
            if error.status == 404 && on_one("PATCH", request) {
                *error = ScimError::plain(500, "null pointer");
            }
        }
    },
    fault! {
        id: "put_unknown_500",
        title: "A PUT to an unknown id is answered 500",
        story: "A user deleted in the app shows in Okta as a server failure with every push.",
        source: "derived from wso2/product-is#11248",
        case: "B077a",
        fn error(&self, request: &Request, error: &mut ScimError) {
            if error.status == 404 && on_one("PUT", request) {
                *error = ScimError::plain(500, "null pointer");
            }
        }
    },
    fault! {
        id: "group_patch_unknown_400",
        title: "A PATCH of an unknown group is answered 400",
        story: "The body is checked before the address, so that a group that is gone looks like a wrong request.",
        source: "derived from SAP-archive/scimono#235",
        case: "B077b",
        fn error(&self, request: &Request, error: &mut ScimError) {
            if error.status == 404 && request.method == "PATCH" && request.one_of("Groups").is_some() {
                *error = ScimError::bad(ScimType::InvalidValue, "The group is not valid");
            }
        }
    },
    fault! {
        id: "group_put_unknown_500",
        title: "A PUT to an unknown group is answered 500",
        story: "A group deleted in the app shows in Okta as a server failure with every push.",
        source: "derived from wso2/product-is#11248",
        case: "B077c",
        fn error(&self, request: &Request, error: &mut ScimError) {
            if error.status == 404 && request.method == "PUT" && request.one_of("Groups").is_some() {
                *error = ScimError::plain(500, "null pointer");
            }
        }
    },
    fault! {
        id: "patch_malformed_500",
        title: "A malformed PATCH is answered 500",
        story: "A mistake of the client looks like one of the server, and is tried again and again.",
        source: "wso2/product-is#19409",
        case: "B079",
        fn error(&self, request: &Request, error: &mut ScimError) {
            fail(ScimType::InvalidSyntax, request, error);
        }
    },
    fault! {
        id: "patch_empty_500",
        title: "A PATCH without operations is answered 500",
        story: "The first operation is read without looking whether there is one.",
        source: "derived from wso2/product-is#19409",
        case: "B079a",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.action == Action::Patch && body.get("Operations") == Some(&json!([])) {
                return Err(ScimError::plain(500, "index out of range"));
            }
            Ok(())
        }
    },
    fault! {
        id: "patch_lower_case_operations_500",
        title: "A PATCH whose operations are spelled in lower case is answered 500",
        story: "Names of attributes have no case, but the server looks for one spelling and falls over without it.",
        source: "derived from wso2/product-is#19409",
        case: "B079b",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.action == Action::Patch && body.get("operations").is_some() {
                return Err(ScimError::plain(500, "cannot read properties of undefined"));
            }
            Ok(())
        }
    },
    fault! {
        id: "patch_without_value_500",
        title: "A replace without a value is answered 500",
        story: "A mistake of the client looks like one of the server.",
        source: "derived from wso2/product-is#19409",
        case: "B079c",
        fn operations(&self, _: &Occasion, operations: &mut Vec<Operation>) -> Result<(), ScimError> {
            let lacking = |operation: &Operation| operation.value.is_none();
            if operations.iter().any(|operation| lacking(operation) && operation.verb != crate::scim::patch::Verb::Remove) {
                return Err(ScimError::plain(500, "value is undefined"));
            }
            Ok(())
        }
    },
];
