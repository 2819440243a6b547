//! Can the target be tested at all? Okta's own connection test and nothing else, told in plain words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::exchange::json::{self, Unreadable};
use crate::exchange::{Body, Exchange, FailureKind, Response};
use crate::okta::{AuthForm, Client, Outgoing};

/// What Okta's *Test API Credentials* sends (Okta SCIM 2.0 reference; seen on the wire in 2026).
pub const CONNECTION_TEST: &str = "/Users?startIndex=1&count=2";

/// How the connection test went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Preflight {
    /// True when the target can be tested.
    pub passed: bool,
    /// Milliseconds of the first answer, if one came.
    pub ms: Option<f64>,
    /// Remarks on base URL and credential (each one sentence).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why the target cannot be tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// Why the target cannot be tested, in plain words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// A stable word: `resolve`, `connect`, `tls`, `timeout`, `transport`, `unauthorized`, `redirect`, `not_json`,
    /// `not_found`, `base_url`, `proxy`.
    pub kind: String,
    /// `the token was rejected (401)`: fits after "Cannot start: ".
    pub summary: String,
    /// What was sent and what came, then the probable cause and what to do; one sentence each.
    pub details: Vec<String>,
}

/// Sends the connection test. On a 401 with a header credential that has no scheme, one more probe with `Bearer ` before it
/// tells what to type in Okta. Gives what was sent beside the outcome.
pub async fn preflight(client: &Client, source: &str) -> (Preflight, Vec<Exchange>) {
    let mut notes = client.base().notes().to_vec();
    notes.extend(client.credential().traps());
    if client.redactor().is_short() {
        notes.push("The credential is shorter than 8 characters, so it is hidden in header fields only.".into());
    }
    let exchange = client.send(Outgoing::new("GET", CONNECTION_TEST)).await;
    let mut problem = problem(client, &exchange, source);
    let mut sent = Vec::new();
    if let (Some(problem), Some(401), Some(credential)) =
        (&mut problem, exchange.status(), client.credential().with_bearer())
    {
        let probe = client.with_credential(credential).send(Outgoing::new("GET", CONNECTION_TEST)).await;
        if probe.status() == Some(200) {
            problem.details.push(
                "With \"Bearer \" before the token it is accepted: type `Bearer <token>` in Okta, and here give SCIM_TOKEN \
                 the same way or use --auth bearer."
                    .into(),
            );
        }
        sent.push(probe);
    }
    let ms = exchange.response.as_ref().map(|r| r.ms);
    sent.insert(0, exchange);
    (Preflight { passed: problem.is_none(), ms, notes, problem }, sent)
}

/// The run's deadline passed before the connection test was answered.
pub fn too_late(client: &Client) -> Problem {
    Problem {
        kind: "timeout".into(),
        summary: format!("{} did not answer in time", client.base().host()),
        details: vec![
            "The run's deadline (--deadline) passed before the connection test was answered.".into(),
            "Check that the base URL is that of the SCIM service, or give the run more time.".into(),
        ],
    }
}

fn problem(client: &Client, exchange: &Exchange, source: &str) -> Option<Problem> {
    let sent = format!("GET {}{}", client.base().as_str(), exchange.request.path);
    if let Some(failure) = &exchange.failure {
        let host = client.base().host();
        let (kind, summary, advice) = match failure.kind {
            FailureKind::Resolve => (
                "resolve",
                format!("the host name {host} could not be resolved"),
                "Check the spelling of the base URL, and that the name is known from this machine.",
            ),
            FailureKind::Connect => (
                "connect",
                format!("no connection to {host}"),
                if client.proxy().is_some() {
                    "Check the address of the proxy, and that it lets you through to this host and port. One that the \
                     environment names (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY) is left out for the hosts in NO_PROXY."
                } else {
                    "Check that the server runs, that the port is right and that no firewall is in between. Where the way \
                     out is a proxy, name it with --proxy URL."
                },
            ),
            FailureKind::Tls => (
                "tls",
                format!("no secure connection to {host}"),
                "Okta would not connect either: it wants a valid certificate of a public issuer. For a test server, --ca FILE \
                 trusts its issuer.",
            ),
            FailureKind::Timeout => (
                "timeout",
                format!("{host} did not answer in time"),
                "Okta gives up after 60 s. Check that the base URL is that of the SCIM service.",
            ),
            FailureKind::Transport | FailureKind::Refused => (
                "transport",
                format!("{host} did not answer in proper HTTP"),
                "Check the port, and whether it is https that is spoken there.",
            ),
        };
        let details = vec![format!("{sent} → {}", failure.message), advice.to_owned()];
        return Some(Problem { kind: kind.into(), summary, details });
    }
    let response = exchange.response.as_ref()?;
    let status = response.status;
    let came = format!("{sent} → {status}{}", content_type(response));
    match status {
        401 | 403 => {
            let form = client.credential().form();
            let header = match form {
                AuthForm::Header => "as typed",
                AuthForm::Bearer => "after \"Bearer \"",
                AuthForm::Basic => "as Basic authentication",
            };
            Some(Problem {
                kind: "unauthorized".into(),
                summary: format!("the token was rejected ({status})"),
                details: vec![
                    came,
                    format!(
                        "The token came from {source} ({} characters) and was sent {header}.",
                        client.credential().chars()
                    ),
                    "Check that it is the SCIM token of this tenant, that it has not expired, and that --auth is the form \
                     the server wants."
                        .into(),
                ],
            })
        }
        100..=199 => Some(Problem {
            kind: "transport".into(),
            summary: format!("the server answers with {status}, which is no answer"),
            details: vec![came, "It seems to want another protocol than HTTP. Check the port and the base URL.".into()],
        }),
        300..=399 => {
            let to = response.header("location").unwrap_or("an unnamed place");
            Some(Problem {
                kind: "redirect".into(),
                summary: format!("the server redirects ({status})"),
                details: vec![
                    format!("{came} → {to}"),
                    "Okta does not follow redirects. If this is a login page, the base URL is that of the web application; \
                     otherwise use the address it redirects to."
                        .into(),
                ],
            })
        }
        407 => Some(Problem {
            kind: "proxy".into(),
            summary: "the proxy wants a user name and a password (407)".into(),
            details: vec![came, "Give them with --proxy http://user:password@host:port.".into()],
        }),
        400 if !client.base().is_https() && wants_tls(response) => Some(Problem {
            kind: "tls".into(),
            summary: "this port speaks https".into(),
            details: vec![
                came,
                "The server says that plain HTTP was spoken to its TLS port: write the base URL with https://.".into(),
            ],
        }),
        404 => Some(Problem {
            kind: "not_found".into(),
            summary: "there is no /Users here (404)".into(),
            details: vec![came, "The base URL is probably wrong: is the path /scim/v2? Okta adds /Users to it.".into()],
        }),
        _ => not_json(&came, status, response),
    }
}

/// 5xx, 406 and 415 are findings of the connection scenario, not reasons to stop.
fn not_json(came: &str, status: u16, response: &Response) -> Option<Problem> {
    let what = match &response.body {
        Body::Json(_) => return None,
        _ if !(200..300).contains(&status) => return None,
        Body::Empty => "an empty answer",
        Body::Text(_) if response.truncated => "a body of more than 8 MB, which is cut here,",
        Body::Text(text) if looks_like_html(text) => "a web page",
        Body::Text(text) if json::read(text) == Err(Unreadable::Deep) => "JSON that is nested too deep to be read",
        Body::Text(text) if json::read(text) == Err(Unreadable::Number) => {
            "JSON with a number that is too large to be read"
        }
        Body::Text(text) if json::read(text) == Err(Unreadable::Values) => "JSON with too many values to be read",
        Body::Text(_) => "text that is not JSON",
        Body::Binary(_) => "bytes that are not UTF-8",
    };
    let advice = if what.starts_with("JSON") || response.truncated {
        "Okta would not read it either. Answer the connection test with a ListResponse of at most the two users asked for."
    } else {
        "The base URL is probably that of the web application and not of its SCIM service: is the path /scim/v2?"
    };
    Some(Problem {
        kind: "not_json".into(),
        summary: format!("the server answers with {what} instead of SCIM"),
        details: vec![came.to_owned(), advice.into()],
    })
}

/// What servers say when plain HTTP comes in on a TLS port (nginx, Apache, Go).
fn wants_tls(response: &Response) -> bool {
    let Body::Text(text) = &response.body else { return false };
    let text = text.to_ascii_lowercase();
    ["to https port", "to an https server", "ssl-enabled server port"].iter().any(|words| text.contains(words))
}

fn looks_like_html(text: &str) -> bool {
    let head = text.trim_start().get(..64).unwrap_or(text.trim_start()).to_ascii_lowercase();
    head.starts_with("<!doctype html") || head.starts_with("<html") || head.starts_with('<')
}

fn content_type(response: &Response) -> String {
    response.header("content-type").map_or_else(String::new, |t| format!(" ({t})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_told_from_other_text() {
        assert!(looks_like_html("\n<!DOCTYPE html><html>"));
        assert!(looks_like_html("<html lang=en>"));
        assert!(!looks_like_html("hello"));
        assert!(!looks_like_html("ünïcödé text that is long enough to be cut in the middle of a character ünïcödé"));
    }
}
