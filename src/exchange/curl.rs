//! The shell command that repeats a request. Base URL and credential are variables; everything else is single-quoted.

use super::redact::CREDENTIAL;
use super::{Body, Exchange, Header};

/// How the credential variable is put into the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurlCredential<'a> {
    /// `-H "Authorization: $SCIM_TOKEN"`.
    Header,
    /// `-H "Authorization: Bearer $SCIM_TOKEN"`.
    Bearer,
    /// `-H "Authorization: bearer $SCIM_TOKEN"`.
    LowerBearer,
    /// `-u "$SCIM_TOKEN"`.
    Basic,
    /// A made-up value, shown as it is.
    Literal(&'a str),
    /// No Authorization header.
    None,
}

/// Header fields curl sets itself or that only matter to the connection.
const LEFT_OUT: [&str; 5] = ["authorization", "connection", "accept-encoding", "host", "content-length"];

/// Builds the command for a recorded request.
pub fn command(method: &str, path: &str, headers: &[Header], body: &Body, credential: CurlCredential<'_>) -> String {
    let mut command = String::from("curl -sS -i -X ");
    if method.bytes().all(|b| b.is_ascii_uppercase()) {
        command.push_str(method);
    } else {
        push_quoted(&mut command, &[method]);
    }
    command.push_str(" \"$SCIM_BASE_URL\"");
    push_quoted(&mut command, &[path]);
    let field = |command: &mut String, parts: &[&str]| {
        command.push_str(NEXT);
        command.push_str("-H ");
        push_quoted(command, parts);
    };
    match credential {
        CurlCredential::Header => command.extend([NEXT, "-H \"Authorization: $SCIM_TOKEN\""]),
        CurlCredential::Bearer => command.extend([NEXT, "-H \"Authorization: Bearer $SCIM_TOKEN\""]),
        CurlCredential::LowerBearer => command.extend([NEXT, "-H \"Authorization: bearer $SCIM_TOKEN\""]),
        CurlCredential::Basic => command.extend([NEXT, "-u \"$SCIM_TOKEN\""]),
        CurlCredential::Literal(value) => field(&mut command, &["Authorization: ", value]),
        CurlCredential::None => {}
    }
    for header in headers.iter().filter(|h| !LEFT_OUT.iter().any(|n| h.name.eq_ignore_ascii_case(n))) {
        field(&mut command, &[&header.name, ": ", &header.value]);
    }
    let data = match body {
        Body::Json(value) => value.to_string(),
        Body::Text(text) => text.clone(),
        Body::Empty | Body::Binary(_) => return command,
    };
    command.extend([NEXT, "--data-raw "]);
    push_quoted(&mut command, &[&data]);
    command
}

/// To the next line of a command.
const NEXT: &str = " \\\n  ";

/// The command of a recorded exchange, for a script that will be run: the recorded one only where it is one that
/// [`command`] builds for this request, since a saved report can come from anybody.
pub fn trusted(exchange: &Exchange) -> String {
    let request = &exchange.request;
    let build = |credential| command(&request.method, &request.path, &request.headers, &request.body, credential);
    let recorded = request.headers.iter().find(|h| h.name.eq_ignore_ascii_case("authorization"));
    let recorded = recorded.map_or("", |h| h.value.as_str());
    let forms = [
        CurlCredential::Header,
        CurlCredential::Bearer,
        CurlCredential::LowerBearer,
        CurlCredential::Basic,
        CurlCredential::Literal(recorded),
        CurlCredential::None,
    ];
    forms.map(build).into_iter().find(|built| *built == exchange.curl).unwrap_or_else(|| {
        build(match recorded {
            "" => CurlCredential::None,
            redacted if redacted.contains(CREDENTIAL) => CurlCredential::Header,
            made_up => CurlCredential::Literal(made_up),
        })
    })
}

/// A word that any POSIX shell reads back as this text.
pub fn quote(text: &str) -> String {
    let mut word = String::with_capacity(text.len() + 2);
    push_quoted(&mut word, &[text]);
    word
}

/// Adds a word that any POSIX shell reads back as these parts, one after the other.
fn push_quoted(command: &mut String, parts: &[&str]) {
    command.push('\'');
    for (index, plain) in parts.iter().flat_map(|part| part.split('\'').enumerate()) {
        if index > 0 {
            command.push_str(r"'\''");
        }
        command.push_str(plain);
    }
    command.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn everything_but_the_variables_is_single_quoted() {
        let headers = vec![
            Header { name: "Authorization".into(), value: "[redacted]".into() },
            Header { name: "Accept".into(), value: "application/scim+json".into() },
        ];
        let body = Body::Json(json!({ "name": { "familyName": "O'Brien $(id) `id`" } }));
        let command = command("PUT", "/Users/a%27b", &headers, &body, CurlCredential::Bearer);
        assert_eq!(
            command,
            "curl -sS -i -X PUT \"$SCIM_BASE_URL\"'/Users/a%27b' \\\n  \
             -H \"Authorization: Bearer $SCIM_TOKEN\" \\\n  \
             -H 'Accept: application/scim+json' \\\n  \
             --data-raw '{\"name\":{\"familyName\":\"O'\\''Brien $(id) `id`\"}}'"
        );
    }

    #[test]
    fn no_credential_means_no_authorization() {
        let command = command("GET", "/Users", &[], &Body::Empty, CurlCredential::None);
        assert!(!command.contains("Authorization"));
    }
}
