//! Faults about media types.

use super::{Fault, fault};
use crate::scim::error::ScimError;
use crate::server::message::{Answer, Request};

/// True when a header's media type is this, whatever its parameters.
fn is(request: &Request, header: &str, media_type: &str) -> bool {
    request.header(header).and_then(|value| value.split(';').next()).is_some_and(|media| media.trim() == media_type)
}

fn refusal(status: u16, detail: &str) -> Option<Answer> {
    Some(Answer::refusal(&ScimError::plain(status, detail)))
}

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "ct_reject_scim_json",
        title: "Bodies in application/scim+json are refused",
        story: "Okta writes in application/scim+json. Every create and every change fails, although the connection test, \
            which only reads, is green.",
        source: "better-auth/better-auth#6365",
        case: "B007",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if request.body.is_empty() || !is(request, "content-type", "application/scim+json") {
                return None;
            }
            refusal(415, "Unsupported media type")
        }
    },
    fault! {
        id: "ct_reject_charset",
        title: "Bodies whose media type names a charset are refused",
        story: "Okta adds charset=utf-8 to the media type. The application compares the whole text and takes nothing of \
            what Okta writes.",
        source: "derived from medplum/medplum#4143",
        case: "B007a",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if request.body.is_empty() || !request.header("content-type")?.contains("charset") {
                return None;
            }
            refusal(415, "Unsupported media type")
        }
    },
    fault! {
        id: "ct_patch_unparsed",
        title: "The body of a PATCH in application/scim+json is not read",
        story: "The parser was registered for POST and PUT only. Okta's change arrives as nothing and is refused, so nobody \
            can be deactivated.",
        source: "derived from better-auth/better-auth#6365",
        case: "B007b",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if request.method == "PATCH" && is(request, "content-type", "application/scim+json") {
                request.body = b"{}".to_vec();
            }
            None
        }
    },
    fault! {
        id: "ct_reject_json",
        title: "Bodies in application/json are refused",
        story: "Okta's own test creates its user in application/json and stops at the 415.",
        source: "scimmyjs/scimmy-routers#22",
        case: "B008",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if request.body.is_empty() || !is(request, "content-type", "application/json") {
                return None;
            }
            refusal(415, "Unsupported media type")
        }
    },
    fault! {
        id: "ct_reject_json_changes",
        title: "Changes in application/json are refused",
        story: "A create in application/json passes, a PUT or PATCH in it does not: the list of accepted types was copied \
            for one route only.",
        source: "derived from indigo-iam/iam#1285",
        case: "B008a",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if !["PUT", "PATCH"].contains(&request.method.as_str()) || !is(request, "content-type", "application/json") {
                return None;
            }
            refusal(415, "Unsupported media type")
        }
    },
    fault! {
        id: "accept_406",
        title: "Who accepts application/scim+json is answered 406",
        story: "Okta accepts nothing else, so not even the connection test succeeds, and the reason it shows is empty.",
        source: "wso2/product-is#3374",
        case: "B009",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if is(request, "accept", "application/scim+json") { refusal(406, "Not acceptable") } else { None }
        }
    },
    fault! {
        id: "accept_charset_406",
        title: "Who accepts the charset utf-8 is answered 406",
        story: "Okta's Accept-Charset is compared with a list that spells it in another way; no request of Okta's is \
            answered.",
        source: "derived from wso2/product-is#3374",
        case: "B009a",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if request.header("accept-charset").is_some() { refusal(406, "Not acceptable") } else { None }
        }
    },
    fault! {
        id: "accept_json_406",
        title: "Who accepts application/json is answered 406",
        story: "Okta is served; other clients, and administrators who try an address by hand, are sent away.",
        source: "derived from wso2/product-is#3374",
        case: "B009b",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if is(request, "accept", "application/json") { refusal(406, "Not acceptable") } else { None }
        }
    },
    fault! {
        id: "ct_resp_swapped",
        title: "Answers are labelled application/json+scim",
        story: "Okta reads the body all the same; a client that goes by the label refuses valid JSON.",
        source: "FusionAuth/fusionauth-issues#1769",
        case: "B010",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            for (_, value) in answer.headers.iter_mut().filter(|(name, _)| name == "content-type") {
                *value = "application/json+scim".into();
            }
        }
    },
    fault! {
        id: "ct_resp_unlabelled_errors",
        title: "Errors carry no media type",
        story: "Answers that succeed are labelled by the framework, errors are written by hand. A client that goes by the \
            label shows no reason.",
        source: "derived from FusionAuth/fusionauth-issues#1769",
        case: "B010a",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            if answer.status >= 400 {
                answer.drop_header("content-type");
            }
        }
    },
    fault! {
        id: "ct_resp_latin1",
        title: "Answers are labelled with the charset ISO-8859-1",
        story: "The bytes are UTF-8. A client that believes the label shows every accent as two wrong characters.",
        source: "derived from FusionAuth/fusionauth-issues#1769",
        case: "B010b",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            for (_, value) in answer.headers.iter_mut().filter(|(name, _)| name == "content-type") {
                *value = "application/scim+json; charset=ISO-8859-1".into();
            }
        }
    },
    fault! {
        id: "delete_needs_body",
        title: "A DELETE without a body is answered 415",
        story: "Okta announces a media type with a DELETE and sends no body. A group that is unlinked and should go stays, \
            with all its access.",
        source: "bitwarden/server#2294",
        case: "B011",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            // A DELETE that announces nothing passes, as in many frameworks: whoever tidies up by hand gets through.
            if request.method != "DELETE" || !request.body.is_empty() || request.header("content-type").is_none() {
                return None;
            }
            refusal(415, "A body is required")
        }
    },
];
