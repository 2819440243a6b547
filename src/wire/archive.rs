//! Reads an HTTP archive (HAR 1.2), which anybody may have written.

use serde::Deserialize;
use serde_json::Value;

use super::Sent;

/// What is wrong with an archive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// It is no archive: line, column and cause.
    #[error("{0}")]
    NotAnArchive(String),
    /// No request in it goes to a SCIM endpoint.
    #[error("no request in it goes to /Users, /Groups or another SCIM endpoint")]
    NoScim,
}

#[derive(Deserialize)]
struct Archive {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    request: Request,
    response: Option<Response>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Field>,
    post_data: Option<Text>,
}

#[derive(Deserialize)]
struct Response {
    content: Option<Text>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct Text {
    #[serde(default)]
    text: String,
}

/// The collections and endpoints by which a base URL is told from what follows it (RFC 7644 §3.2, Okta's entitlements).
const ENDPOINTS: [&str; 9] =
    ["Users", "Groups", "Me", "Bulk", "ServiceProviderConfig", "Schemas", "ResourceTypes", "Roles", "Entitlements"];

/// The requests of an archive that go to a SCIM endpoint, in order.
pub fn read(text: &str) -> Result<Vec<Sent>, ArchiveError> {
    let archive: Archive = serde_json::from_str(text).map_err(|e| {
        ArchiveError::NotAnArchive(format!("{}:{}: not an HTTP archive (HAR 1.2): {e}", e.line(), e.column()))
    })?;
    let entries = archive.log.entries.into_iter().enumerate();
    let sent: Vec<Sent> = entries.filter_map(|(number, entry)| request(number + 1, entry)).collect();
    if sent.is_empty() { Err(ArchiveError::NoScim) } else { Ok(sent) }
}

fn request(number: usize, entry: Entry) -> Option<Sent> {
    let Request { method, url, headers, post_data } = entry.request;
    let target = behind_base(&url)?.to_owned();
    let json = |text: &str| serde_json::from_str::<Value>(text).ok();
    let body = post_data.map(|data| data.text).filter(|text| !text.trim().is_empty());
    Some(Sent {
        source: format!("request {number} of the archive"),
        method: method.to_ascii_uppercase(),
        target,
        headers: headers.into_iter().map(|field| (field.name, field.value)).collect(),
        body: body.map(|text| json(&text).unwrap_or(Value::String(text))),
        answer: entry.response.and_then(|r| r.content).and_then(|content| json(&content.text)),
    })
}

/// What stands behind the base URL: the last part that is the name of an endpoint, and all after it.
fn behind_base(url: &str) -> Option<&str> {
    let path = url.find('?').unwrap_or(url.len());
    let starts = url[..path].match_indices('/').map(|(at, _)| at);
    let begins = |at: &usize| {
        let name = url[at + 1..path].split('/').next().unwrap_or_default();
        ENDPOINTS.contains(&name)
    };
    starts.rev().find(begins).map(|at| &url[at..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(method: &str, url: &str) -> Value {
        json!({ "request": { "method": method, "url": url, "headers": [{ "name": "Accept", "value": "*/*" }] } })
    }

    #[test]
    fn scim_requests_are_read_and_others_left_out() {
        let mut create = entry("post", "https://a.example/scim/v2/Users");
        create["request"]["postData"] = json!({ "mimeType": "application/scim+json", "text": "{\"userName\":\"x\"}" });
        create["response"] = json!({ "status": 201, "content": { "size": 9, "text": "{\"id\":1}" } });
        let mut broken = entry("PUT", "https://a.example/Users/Users/7");
        broken["request"]["postData"] = json!({ "text": "{" });
        let page = entry("GET", "https://a.example/index.html?x=/Users");
        let archive = json!({ "log": { "version": "1.2", "entries": [page, create, broken] } });
        let sent = read(&archive.to_string()).expect("archive");
        assert_eq!(sent.len(), 2);
        assert_eq!((sent[0].method.as_str(), sent[0].target.as_str()), ("POST", "/Users"));
        assert_eq!((&sent[0].body, &sent[0].answer), (&Some(json!({ "userName": "x" })), &Some(json!({ "id": 1 }))));
        assert_eq!((sent[1].target.as_str(), &sent[1].body), ("/Users/7", &Some(json!("{"))));
    }

    #[test]
    fn what_is_no_archive_is_told() {
        for (text, word) in [("", "1:0"), ("{}", "log"), ("[1]", "1:"), (r#"{"log":{"entries":[]}}"#, "no request")] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
