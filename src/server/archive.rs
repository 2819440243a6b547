//! What clients sent and were answered, as an HTTP archive (HAR 1.2) that is whole after each request. Credentials and
//! passwords are not in it; names and addresses of people are.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use serde_json::{Value, json};

use super::message::{Answer, Request};

/// Members whose values are secrets, in small letters.
const SECRET: [&str; 6] = ["password", "client_secret", "access_token", "refresh_token", "assertion", "token"];

/// Longer bodies are left out.
const LONGEST: usize = 256 << 10;

/// What closes the document; the next entry is written over it.
const END: &str = "\n]}}\n";

/// The file.
#[derive(Debug)]
pub(super) struct Archive {
    file: File,
    entries: usize,
    broken: bool,
}

impl Archive {
    /// Starts an archive in a new file, for its owner only. A file that is there already is an error: nothing is written over.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        let creator = json!({ "name": "scimulate", "version": env!("CARGO_PKG_VERSION") });
        write!(file, "{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"entries\":[{END}")?;
        Ok(Self { file, entries: 0, broken: false })
    }

    /// Adds an exchange. `clean` takes credentials out of a text; `started` is a dateTime, `ms` how long the answer took.
    pub(super) fn note(
        &mut self,
        (request, answer): (&Request, &Answer),
        (started, ms): (&str, u128),
        clean: impl Fn(&str) -> String,
    ) {
        if self.broken {
            return;
        }
        let entry = json!({
            "startedDateTime": started,
            "time": u64::try_from(ms).unwrap_or(u64::MAX),
            "request": requested(request, &clean),
            "response": answered(answer, &clean),
            "cache": {},
            "timings": { "send": 0, "wait": u64::try_from(ms).unwrap_or(u64::MAX), "receive": 0 },
        });
        if let Err(error) = self.write(&entry) {
            self.broken = true;
            anstream::eprintln!("scimulate: the archive could not be written and ends here: {error}");
        }
    }

    fn write(&mut self, entry: &Value) -> io::Result<()> {
        let comma = if self.entries == 0 { "\n" } else { ",\n" };
        // One write, so that a kill in between leaves the document whole or without its end.
        let text = format!("{comma}{entry}{END}");
        self.file.seek(SeekFrom::End(-i64::try_from(END.len()).unwrap_or_default()))?;
        self.file.write_all(text.as_bytes())?;
        self.entries += 1;
        Ok(())
    }
}

fn requested(request: &Request, clean: &impl Fn(&str) -> String) -> Value {
    let host = request.header("host").unwrap_or("localhost");
    let mut url = format!("http://{host}{}", request.path);
    if !request.query.is_empty() {
        url = format!("{url}?{}", request.query);
    }
    let query: Vec<Value> = url::form_urlencoded::parse(request.query.as_bytes())
        .map(|(name, value)| json!({ "name": clean(&name), "value": clean(&value) }))
        .collect();
    let mut archived = json!({
        "method": request.method,
        "url": clean(&url),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": fields(&request.headers, clean),
        "queryString": query,
        "headersSize": -1,
        "bodySize": request.body.len(),
    });
    if let Some(text) = told(&request.body, clean) {
        archived["postData"] = json!({ "mimeType": request.header("content-type").unwrap_or_default(), "text": text });
    }
    archived
}

fn answered(answer: &Answer, clean: &impl Fn(&str) -> String) -> Value {
    let header = |name: &str| answer.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let value = |name: &str| header(name).map_or("", |(_, value)| value.as_str());
    let mut content = json!({ "size": answer.body.len(), "mimeType": value("content-type") });
    if let Some(text) = told(&answer.body, clean) {
        content["text"] = json!(text);
    }
    json!({
        "status": answer.status,
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": fields(&answer.headers, clean),
        "content": content,
        "redirectURL": clean(value("location")),
        "headersSize": -1,
        "bodySize": answer.body.len(),
    })
}

/// Header fields; of a credential the scheme stays.
fn fields(headers: &[(String, String)], clean: &impl Fn(&str) -> String) -> Vec<Value> {
    let shown = |(name, value): &(String, String)| {
        let value = match name.to_ascii_lowercase().as_str() {
            "authorization" | "proxy-authorization" => match value.split_once(' ') {
                Some((scheme, _)) => format!("{} [redacted]", clean(scheme)),
                None => "[redacted]".to_owned(),
            },
            "cookie" | "set-cookie" => "[redacted]".to_owned(),
            _ => clean(value),
        };
        json!({ "name": name, "value": value })
    };
    headers.iter().map(shown).collect()
}

/// A body as far as it is told: JSON without its secrets, other text as it is, forms and what is too long not at all.
fn told(body: &[u8], clean: &impl Fn(&str) -> String) -> Option<String> {
    if body.is_empty() || body.len() > LONGEST {
        return None;
    }
    let text = std::str::from_utf8(body).ok()?;
    match serde_json::from_str::<Value>(text) {
        Ok(mut value) => {
            hide(&mut value);
            Some(clean(&value.to_string()))
        }
        // The form of a token request holds a secret by a name that is not known to be one.
        Err(_) if text.contains('=') => None,
        Err(_) => Some(clean(text)),
    }
}

/// Puts the length in place of a secret, wherever it stands: type and presence are what a comparison needs.
fn hide(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(members) => {
            // A PATCH names what it sets in its path.
            let named = members.get("path").and_then(Value::as_str).is_some_and(is_secret);
            for (name, member) in members.iter_mut() {
                match member {
                    Value::String(text) if is_secret(name) || named && name == "value" => {
                        *text = format!("[{} characters]", text.chars().count());
                    }
                    member => hide(member),
                }
            }
        }
        _ => {}
    }
}

fn is_secret(name: &str) -> bool {
    let last = name.rsplit([':', '.']).next().unwrap_or(name);
    SECRET.contains(&last.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: &str) -> Request {
        Request {
            method: "POST".into(),
            path: "/scim/v2/Users".into(),
            query: "a=b%20c&t=s3cret".into(),
            headers: vec![
                ("host".into(), "127.0.0.1:1".into()),
                ("authorization".into(), "Bearer s3cret".into()),
                ("x-odd".into(), "s3cret \u{1b}".into()),
            ],
            body: body.as_bytes().to_vec(),
        }
    }

    fn clean(text: &str) -> String {
        text.replace("s3cret", "[redacted]")
    }

    #[test]
    fn the_document_is_whole_after_each_request_and_holds_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("okta.har");
        let mut archive = Archive::create(&path).unwrap();
        let bodies = [
            r#"{"userName":"ann","password":"hunter2","n":[{"Password":"hunter2"}]}"#,
            r#"{"Operations":[{"op":"replace","path":"urn:x:User:password","value":"hunter2"}]}"#,
            "client_id=a&x=hunter2",
            "plain s3cret",
        ];
        for (number, body) in bodies.into_iter().enumerate() {
            archive.note((&request(body), &Answer::empty(204)), ("2026-01-01T00:00:00Z", 3), clean);
            let text = std::fs::read_to_string(&path).unwrap();
            let document: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(document["log"]["entries"].as_array().unwrap().len(), number + 1);
            assert!(!text.contains("hunter2") && !text.contains("s3cret"), "{text}");
        }
        let document: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let first = &document["log"]["entries"][0]["request"];
        assert_eq!(first["url"], "http://127.0.0.1:1/scim/v2/Users?a=b%20c&t=[redacted]");
        assert_eq!(first["headers"][1]["value"], "Bearer [redacted]");
        let text = first["postData"]["text"].as_str().unwrap();
        assert_eq!(text, r#"{"userName":"ann","password":"[7 characters]","n":[{"Password":"[7 characters]"}]}"#);
        assert!(Archive::create(&path).is_err(), "nothing is written over");
    }
}
