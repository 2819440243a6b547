//! Faults about credentials.

use super::{Fault, fault};
use crate::scim::error::ScimError;
use crate::server::message::{Answer, Request};

/// The word before the token in the Authorization header; nothing for a token as it is.
fn scheme(request: &Request) -> Option<&str> {
    request.header("authorization")?.trim().split_once(' ').map(|(scheme, _)| scheme)
}

/// True when the Authorization header is exactly this.
fn presents(request: &Request, value: &str) -> bool {
    request.header("authorization").is_some_and(|header| header.trim() == value)
}

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "auth_missing_500",
        title: "A request without a token is answered 500",
        story: "A missing token is the commonest set-up mistake. Okta shows a server failure instead of saying that the \
            credential is missing.",
        source: "keycloak/keycloak#49973",
        case: "B001",
        fn credential(&self, request: &Request, verdict: &mut Result<(), ScimError>) {
            if request.header("authorization").is_none() {
                *verdict = Err(ScimError::plain(500, "The credential could not be read"));
            }
        }
    },
    fault! {
        id: "auth_login_redirect",
        title: "A request without a token is sent to the login page",
        story: "The SCIM routes stand behind the same guard as the web pages. Okta follows no redirect and cannot tell the \
            administrator that the token is missing.",
        source: "derived from keycloak/keycloak#49973",
        case: "B001a",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if answer.status == 401 && request.header("authorization").is_none() {
                *answer = Answer::empty(302).with("location", "/login?next=/scim/v2/Users");
            }
        }
    },
    fault! {
        id: "auth_by_id_open",
        title: "One user is read without any token",
        story: "Only the list is guarded. Whoever has an id out of a log or a link reads that person's record.",
        source: "derived from keycloak/keycloak#49973",
        case: "B001b",
        fn credential(&self, request: &Request, verdict: &mut Result<(), ScimError>) {
            if request.is_on_one("GET", "Users") {
                *verdict = Ok(());
            }
        }
    },
    fault! {
        id: "auth_401_plain_json",
        title: "A refused token is answered with the web framework's own JSON",
        story: "Okta looks for the detail of a SCIM Error to show; there is none, and its spec test stops at the 401.",
        source: "onyx-dot-app/onyx#8925",
        case: "B002",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            if answer.status == 401 {
                answer.say("application/json", r#"{"detail":"Authentication credentials were not provided."}"#);
            }
        }
    },
    fault! {
        id: "auth_401_html",
        title: "A refused token is answered with a web page",
        story: "A proxy in front of the application refuses the token. Okta shows a parser's complaint about a `<` in place \
            of the reason.",
        source: "derived from onyx-dot-app/onyx#8925",
        case: "B002a",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            if answer.status == 401 {
                answer.say("text/html", "<html><body><h1>401 Authorization Required</h1></body></html>");
            }
        }
    },
    fault! {
        id: "auth_scheme_case",
        title: "Only the exact spelling Bearer is accepted",
        story: "A client that writes `bearer`, as it may, is refused with a token that is right.",
        source: "coder/coder#15538",
        case: "B003",
        fn credential(&self, request: &Request, verdict: &mut Result<(), ScimError>) {
            if scheme(request).is_some_and(|scheme| scheme != "Bearer" && scheme.eq_ignore_ascii_case("bearer")) {
                *verdict = Err(ScimError::plain(401, "The credential is not accepted"));
            }
        }
    },
    fault! {
        id: "auth_requires_raw",
        title: "The token is accepted only without a scheme",
        story: "The application wants the header in the other of Okta's two forms. The right token is refused, and nothing \
            says that only the word before it is wrong.",
        source: "grokability/snipe-it#13901",
        case: "B004",
        fn credential(&self, request: &Request, verdict: &mut Result<(), ScimError>) {
            if scheme(request).is_some() {
                *verdict = Err(ScimError::plain(401, "Unauthorized"));
            }
        }
    },
    fault! {
        id: "auth_empty_ok",
        title: "An empty bearer token is accepted",
        story: "No token was configured, and an empty one equals it: the directory is open to everybody who sends `Bearer`.",
        source: "ToolJet/ToolJet#16217",
        case: "B005",
        fn credential(&self, request: &Request, verdict: &mut Result<(), ScimError>) {
            if presents(request, "Bearer") {
                *verdict = Ok(());
            }
        }
    },
    fault! {
        id: "auth_any_accepted",
        title: "Any token is accepted",
        story: "Everybody who finds the address reads and changes the directory. Okta's connection test is green.",
        source: "derived from ToolJet/ToolJet#16217",
        case: "B005a",
        fn credential(&self, _: &Request, verdict: &mut Result<(), ScimError>) {
            *verdict = Ok(());
        }
    },
    fault! {
        id: "auth_undefined_ok",
        title: "The token `undefined` is accepted",
        story: "The setting was never made, and its absence was turned into a word. Who guesses the word is in.",
        source: "derived from ToolJet/ToolJet#16217",
        case: "B005b",
        fn credential(&self, request: &Request, verdict: &mut Result<(), ScimError>) {
            if presents(request, "Bearer undefined") {
                *verdict = Ok(());
            }
        }
    },
    fault! {
        id: "auth_basic_empty_ok",
        title: "Basic credentials without user and password are accepted",
        story: "User and password were never configured, and two empty ones equal them.",
        source: "derived from ToolJet/ToolJet#16217",
        case: "B005c",
        fn credential(&self, request: &Request, verdict: &mut Result<(), ScimError>) {
            if presents(request, "Basic Og==") {
                *verdict = Ok(());
            }
        }
    },
    fault! {
        id: "auth_writes_open",
        title: "Only reads ask for a token",
        story: "The connection test proves that reading is guarded. Everybody can create, change and deactivate people.",
        source: "derived from ToolJet/ToolJet#16217",
        case: "B005d",
        fn credential(&self, request: &Request, verdict: &mut Result<(), ScimError>) {
            if request.method != "GET" {
                *verdict = Ok(());
            }
        }
    },
    fault! {
        id: "auth_groups_open",
        title: "The groups ask for no token",
        story: "The group routes were added later and nobody put them behind the guard: anybody reads and changes who has \
            which access.",
        source: "derived from ToolJet/ToolJet#16217",
        case: "B005e",
        fn credential(&self, request: &Request, verdict: &mut Result<(), ScimError>) {
            if request.target().is_some_and(|(endpoint, _)| endpoint == "Groups") {
                *verdict = Ok(());
            }
        }
    },
    fault! {
        id: "auth_no_challenge",
        title: "A 401 does not say how to authenticate",
        story: "Okta does not mind; a client that waits for the challenge before it sends its token never gets in.",
        source: "thunder-id/thunderid#5110",
        case: "B006",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            if answer.status == 401 {
                answer.drop_header("www-authenticate");
            }
        }
    },
    fault! {
        id: "auth_403",
        title: "A missing or wrong token is answered 403",
        story: "The administrator reads that something is forbidden and looks for a missing right; it is the token that is \
            wrong.",
        source: "derived from thunder-id/thunderid#5110",
        case: "B006a",
        fn credential(&self, _: &Request, verdict: &mut Result<(), ScimError>) {
            if let Err(error) = verdict {
                error.status = 403;
            }
        }
    },
];
