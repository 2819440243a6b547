//! Faults about refusals.

use super::{Change, Fault, Occasion, fault};
use crate::scim::error::{ScimError, ScimType};
use crate::server::fault::Action;
use crate::server::message::{Answer, Request};
use crate::server::types::Kind;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Changes the body of every error.
fn in_error(answer: &mut Answer, change: impl FnOnce(&mut Value)) {
    if answer.status >= 400 {
        answer.edit(change);
    }
}

/// True for an address below the base URL that names neither users nor groups nor what the server tells of itself.
fn is_unknown(request: &Request) -> bool {
    let known = ["Users", "Groups", "Roles", "Entitlements", "ServiceProviderConfig", "ResourceTypes", "Schemas"];
    !known.iter().any(|name| request.path.split('/').any(|segment| segment == *name))
}

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "error_wrapped",
        title: "The SCIM Error is wrapped in another object",
        story: "Okta looks for detail at the top of the body and shows the administrator nothing; its test of the 404 fails.",
        source: "simpleidserver/SimpleIdServer#227",
        case: "B147",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            in_error(answer, |body| *body = json!({ "response": body.take() }));
        }
    },
    fault! {
        id: "error_list",
        title: "The SCIM Error is the only element of an array",
        story: "A framework that collects errors answers a list of them. Okta looks for detail in an object.",
        source: "derived from RoboFinSystems/robosystems#1165",
        case: "B147a",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            in_error(answer, |body| *body = json!([body.take()]));
        }
    },
    fault! {
        id: "error_plain_text",
        title: "Errors are plain text",
        story: "Okta shows a JSON parse error instead of the reason, and the administrator cannot help himself.",
        source: "Metatavu/keycloak-scim-server#100",
        case: "B148",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            if answer.status >= 400 {
                answer.say("text/plain", "something went wrong");
            }
        }
    },
    fault! {
        id: "error_conflict_html",
        title: "A conflict is answered with a web page",
        story: "Only the 409 comes out of the database layer and past the error handler. Okta reports a parse error where \
            it should say that the name is taken.",
        source: "derived from tuist/tuist#11688",
        case: "B148a",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            if answer.status == 409 {
                answer.say("text/html", "<html><body>duplicate key value violates unique constraint</body></html>");
            }
        }
    },
    fault! {
        id: "unknown_user_500",
        title: "A read of an unknown user is answered 500",
        story: "Okta takes the user who is gone for a broken server and keeps the task open.",
        source: "elimity-com/scim#167",
        case: "B149",
        fn error(&self, request: &Request, error: &mut ScimError) {
            if error.status == 404 && request.is_on_one("GET", "Users") {
                *error = ScimError::plain(500, "index out of range");
            }
        }
    },
    fault! {
        id: "unknown_group_500",
        title: "A read of an unknown group is answered 500",
        story: "A group was deleted inside the application. Okta takes that for a broken server and keeps the push open.",
        source: "derived from elimity-com/scim#167",
        case: "B149a",
        fn error(&self, request: &Request, error: &mut ScimError) {
            if error.status == 404 && request.is_on_one("GET", "Groups") {
                *error = ScimError::plain(500, "index out of range");
            }
        }
    },
    fault! {
        id: "unknown_user_write_500",
        title: "A change of a user who is gone is answered 500",
        story: "Reading says 404, writing does not look first. Okta retries for ever what can never succeed.",
        source: "derived from wso2/product-is#7455",
        case: "B149b",
        fn error(&self, request: &Request, error: &mut ScimError) {
            let write = ["PUT", "PATCH"].iter().any(|method| request.is_on_one(method, "Users"));
            if error.status == 404 && write {
                *error = ScimError::plain(500, "null reference");
            }
        }
    },
    fault! {
        id: "unknown_group_write_500",
        title: "A change of a group that is gone is answered 500",
        story: "A pushed group was deleted inside the application. Okta cannot tell that from a broken server and does not \
            offer to create it anew.",
        source: "derived from wso2/product-is#7455",
        case: "B149c",
        fn error(&self, request: &Request, error: &mut ScimError) {
            let write = ["PUT", "PATCH"].iter().any(|method| request.is_on_one(method, "Groups"));
            if error.status == 404 && write {
                *error = ScimError::plain(500, "null reference");
            }
        }
    },
    fault! {
        id: "unknown_user_400",
        title: "An id that is no UUID is answered 400",
        story: "Okta's test reads a numeric id and expects 404. With 400 it cannot tell a user who is gone from a request \
            that is wrong.",
        source: "derived from elimity-com/scim#167",
        case: "B149d",
        fn error(&self, request: &Request, error: &mut ScimError) {
            let uuid = request.target().and_then(|(_, id)| id).is_some_and(|id| uuid::Uuid::parse_str(id).is_ok());
            if error.status == 404 && request.is_on_one("GET", "Users") && !uuid {
                *error = ScimError::value("badly formed hexadecimal UUID string");
            }
        }
    },
    fault! {
        id: "validation_422",
        title: "A value that does not fit is answered 422 with a list of field errors",
        story: "The framework checks the body before the application sees it. Okta finds no detail in its list.",
        source: "vouch-sh/vouch#1412",
        case: "B150",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if answer.status == 400 && request.method == "POST" {
                answer.status = 422;
                let errors = json!([{ "loc": ["body"], "msg": "value is not valid", "type": "value_error" }]);
                answer.say("application/json", &json!({ "detail": errors }).to_string());
            }
        }
    },
    fault! {
        id: "wrong_types_swallowed",
        title: "A value of the wrong type is left out without a word",
        story: "A mapping that sends text where a list belongs is answered with success. The addresses never arrive and \
            nobody is told.",
        source: "derived from RoboFinSystems/robosystems#1165",
        case: "B150a",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.kind == Kind::User && let Some(fields) = body.as_object_mut() {
                fields.retain(|name, value| match name.as_str() {
                    "name" => !value.is_string(),
                    "emails" => !value.is_object(),
                    "active" => value.is_boolean(),
                    _ => true,
                });
            }
            Ok(())
        }
    },
    fault! {
        id: "unknown_route_empty",
        title: "An unknown address is answered with an empty 404",
        story: "A base URL with a slip in it shows as an error without any text.",
        source: "simpleidserver/SimpleIdServer#417",
        case: "B151",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if answer.status == 404 && is_unknown(request) {
                *answer = Answer::empty(404);
            }
        }
    },
    fault! {
        id: "unknown_route_page",
        title: "An unknown address is answered 200 with the web application",
        story: "Whatever the server does not know it hands to the browser's application. A base URL with a slip in it \
            seems to work, until the page is read as JSON.",
        source: "derived from lightdash/lightdash#15753",
        case: "B151a",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if answer.status == 404 && is_unknown(request) {
                answer.status = 200;
                answer.say("text/html", "<!doctype html><html><div id=app></div></html>");
            }
        }
    },
    fault! {
        id: "type_blind_read",
        title: "A user is answered at the address of groups",
        story: "All resources are in one table and the address does not say which. A client that reads a group gets a \
            person.",
        source: "none: an id answered at the wrong endpoint",
        case: "own",
        memory: Mutex<HashSet<String>>,
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let (_, id) = request.target().filter(|(endpoint, _)| *endpoint == "Groups")?;
            if self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(id?) {
                request.path = request.path.replacen("/Groups/", "/Users/", 1);
            }
            None
        }
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            let id = change.after.get("id").and_then(Value::as_str).filter(|_| change.occasion.kind == Kind::User);
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(id.map(str::to_owned));
            Ok(())
        }
    },
    fault! {
        id: "error_scimtype_unknown",
        title: "A 400 names a scimType of the server's own",
        story: "Okta reads only the detail; a client that branches on scimType knows no schemaViolated.",
        source: "simpleidserver/SimpleIdServer#275",
        case: "B152",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            if answer.status == 400 {
                in_error(answer, |body| body["scimType"] = "schemaViolated".into());
            }
        }
    },
    fault! {
        id: "error_scimtype_conflict",
        title: "A 409 names a scimType of the server's own",
        story: "Okta goes by the status; a client that waits for uniqueness does not see that the name is taken.",
        source: "derived from simpleidserver/SimpleIdServer#275",
        case: "B152a",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            if answer.status == 409 {
                in_error(answer, |body| body["scimType"] = "duplicate".into());
            }
        }
    },
    fault! {
        id: "missing_username_500",
        title: "A create without a userName is answered 500",
        story: "An attribute mapping without userName looks like a broken server, and Okta says nothing that would help.",
        source: "SAP-archive/scimono#75",
        case: "B153",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            let nameless = occasion.kind == Kind::User && occasion.action == Action::Create;
            if nameless && body.get("userName").is_none() {
                return Err(ScimError::plain(500, "null value in column \"user_name\""));
            }
            Ok(())
        }
    },
    fault! {
        id: "bad_json_500",
        title: "A body that breaks off is answered 500",
        story: "A request cut on its way is taken for a failure of the server, and is sent again and again.",
        source: "derived from SAP-archive/scimono#75",
        case: "B153a",
        fn error(&self, _: &Request, error: &mut ScimError) {
            if error.scim_type == Some(ScimType::InvalidSyntax) {
                *error = ScimError::plain(500, "unexpected end of input");
            }
        }
    },
    fault! {
        id: "wrong_type_500",
        title: "A value of the wrong type is answered 500",
        story: "A mapping that sends text where an object belongs looks like a broken server.",
        source: "derived from SAP-archive/scimono#75",
        case: "B153b",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            if occasion.kind == Kind::User && body.get("name").is_some_and(Value::is_string) {
                return Err(ScimError::plain(500, "'str' object has no attribute 'get'"));
            }
            Ok(())
        }
    },
    fault! {
        id: "error_schemas_string",
        title: "The schemas of an error are text and no list",
        story: "Okta's test of the 404 looks for the Error schema in a list; a typed client cannot read the error at all.",
        source: "wso2/product-is#3572",
        case: "B154",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            in_error(answer, |body| body["schemas"] = body["schemas"][0].take());
        }
    },
    fault! {
        id: "error_detail_missing",
        title: "Errors carry no detail",
        story: "Okta has nothing to show but the number; the administrator cannot tell one refusal from another.",
        source: "derived from wso2/product-is#3572",
        case: "B154a",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            in_error(answer, |body| body["detail"] = "".into());
        }
    },
    fault! {
        id: "error_status_number",
        title: "The status in an error is a number",
        story: "Okta takes it; the RFC asks for text, and a typed client cannot read the error.",
        source: "derived from wso2/product-is#3572",
        case: "B154b",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            let status = answer.status;
            in_error(answer, |body| body["status"] = status.into());
        }
    },
];
