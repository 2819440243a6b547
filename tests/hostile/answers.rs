//! Hostility in what is said: statuses, bodies and ids that a careless client would believe, obey or show.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::target::{Answer, Asked};

/// What a terminal, a browser, a shell or a log would obey.
pub(crate) const EVIL: &str = "\u{1b}]0;owned\u{7}\u{1b}[31mred\u{1b}[2J\u{9b}31m\u{202e}gnp.exe\u{2066}\u{200b}\
                               <script>alert(1)</script>$(touch owned)`touch owned`'\"\r\n::error::owned\n##[error]owned\0%2e%2e";

pub(crate) fn html(_: &Asked, answer: &mut Answer) {
    answer.headers = vec![b"Content-Type: text/html".to_vec()];
    answer.say(200, "<!doctype html><html><body><script>alert(1)</script>Sign in</body></html>");
}

pub(crate) fn empty(_: &Asked, answer: &mut Answer) {
    answer.say(200, "");
}

pub(crate) fn status_500(_: &Asked, answer: &mut Answer) {
    answer.say(500, "Internal Server Error");
}

pub(crate) fn status_401(_: &Asked, answer: &mut Answer) {
    answer.say(401, "");
}

pub(crate) fn status_403(_: &Asked, answer: &mut Answer) {
    answer.say(403, "{}");
}

pub(crate) fn status_999(_: &Asked, answer: &mut Answer) {
    answer.say(999, "{}");
}

pub(crate) fn status_204(_: &Asked, answer: &mut Answer) {
    answer.say(204, "");
}

pub(crate) fn throttled(_: &Asked, answer: &mut Answer) {
    answer.headers.push(b"Retry-After: 99999999999999999999999999".to_vec());
    answer.say(429, "");
}

pub(crate) fn throttled_for_years(_: &Asked, answer: &mut Answer) {
    answer.headers.push(b"Retry-After: 18446744073709551615".to_vec());
    answer.say(429, "");
}

pub(crate) fn throttled_at_once(_: &Asked, answer: &mut Answer) {
    answer.headers.push(b"Retry-After: 0".to_vec());
    answer.say(429, "");
}

pub(crate) fn redirected_to_itself(asked: &Asked, answer: &mut Answer) {
    answer.headers.push(format!("Location: /scim/v2{}", asked.path).into_bytes());
    answer.say(307, "");
}

pub(crate) fn deep(_: &Asked, answer: &mut Answer) {
    answer.say(200, "[".repeat(200_000));
}

pub(crate) fn deep_and_closed(_: &Asked, answer: &mut Answer) {
    answer.say(200, format!("{}1{}", r#"{"a":"#.repeat(20_000), "}".repeat(20_000)));
}

pub(crate) fn huge_number(_: &Asked, answer: &mut Answer) {
    answer.say(200, r#"{"totalResults":1e400,"Resources":[]}"#);
}

pub(crate) fn long_number(_: &Asked, answer: &mut Answer) {
    answer.say(200, format!(r#"{{"totalResults":{},"Resources":[]}}"#, "9".repeat(100_000)));
}

pub(crate) fn duplicate_keys(_: &Asked, answer: &mut Answer) {
    let body = String::from_utf8_lossy(&answer.body).replacen('{', r#"{"id":"one","id":"two","userName":"x","#, 1);
    answer.body = body.into_bytes();
}

pub(crate) fn million(_: &Asked, answer: &mut Answer) {
    let one = r#"{"id":1},"#;
    answer.say(200, format!(r#"{{"totalResults":1000000,"Resources":[{}0]}}"#, one.repeat(1_000_000)));
}

pub(crate) fn many_small_values(_: &Asked, answer: &mut Answer) {
    answer.say(200, format!("[{}0]", "0,".repeat(3_000_000)));
}

pub(crate) fn counters_absurd(_: &Asked, answer: &mut Answer) {
    let mut body = answer.json();
    if body.get("totalResults").is_some() {
        body["totalResults"] = json!(u64::MAX);
        body["startIndex"] = json!(-1);
        body["itemsPerPage"] = json!(1e300);
        answer.body = body.to_string().into_bytes();
    }
}

pub(crate) fn not_utf8(_: &Asked, answer: &mut Answer) {
    answer.body.extend_from_slice(b"\xff\xfe\xc0\x80");
}

pub(crate) fn nul(_: &Asked, answer: &mut Answer) {
    answer.body.insert(1, 0);
}

/// Every scalar another type, lists objects and objects lists.
pub(crate) fn wrong_types(_: &Asked, answer: &mut Answer) {
    fn turned(value: &Value) -> Value {
        match value {
            Value::Null => json!({}),
            Value::Bool(b) => json!(b.to_string()),
            Value::Number(n) => json!([n]),
            Value::String(s) => json!(s.len()),
            Value::Array(items) => items.iter().enumerate().map(|(i, v)| (i.to_string(), turned(v))).collect(),
            Value::Object(members) => members.iter().map(|(k, v)| (k.clone(), turned(v))).collect(),
        }
    }
    answer.body = turned(&answer.json()).to_string().into_bytes();
}

/// Every text, key and header holds what must not be obeyed.
pub(crate) fn evil_texts(_: &Asked, answer: &mut Answer) {
    fn turned(value: &mut Value) {
        match value {
            Value::String(text) => text.push_str(EVIL),
            Value::Array(items) => items.iter_mut().for_each(turned),
            Value::Object(members) => {
                members.values_mut().for_each(turned);
                members.insert(EVIL.to_owned(), json!(EVIL));
            }
            _ => {}
        }
    }
    let mut body = answer.json();
    turned(&mut body);
    answer.headers.push("X-Odd: \u{202e}\u{9b}31m".into());
    answer.body = body.to_string().into_bytes();
}

/// An error whose every word must not be obeyed.
pub(crate) fn evil_error(asked: &Asked, answer: &mut Answer) {
    if asked.method != "GET" {
        let error = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": EVIL, "scimType": EVIL, "detail": EVIL });
        answer.headers = vec!["Content-Type: text/\u{202e}html".into()];
        answer.say(400, error.to_string());
    }
}

pub(crate) fn evil_text_and_no_json(_: &Asked, answer: &mut Answer) {
    answer.headers = vec!["Content-Type: text/\u{202e}plain".into(), "Location: //\u{202e}evil".into()];
    answer.say(200, EVIL);
}

pub(crate) fn evil_redirect(_: &Asked, answer: &mut Answer) {
    answer.headers = vec!["Location: http://127.0.0.1:1/\u{202e}$(touch owned)".into()];
    answer.say(302, EVIL);
}

/// Ids that would lead elsewhere, break a path, a line or a shell.
const IDS: [&str; 14] = [
    "",
    ".",
    "..",
    "../Groups",
    "a/b",
    "%2e%2e",
    "%2e",
    "a\r\nX-Owned: 1",
    "'\"",
    "$(touch owned)",
    "`touch owned`",
    "a?b#c",
    "\u{1b}[31m\u{202e}",
    "a\\b",
];

/// Answers each create with the next odd id.
pub(crate) fn odd_ids(asked: &Asked, answer: &mut Answer) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    if asked.method == "POST" && answer.status == 201 {
        let mut body = answer.json();
        body["id"] = json!(IDS[NEXT.fetch_add(1, Ordering::Relaxed) % IDS.len()]);
        answer.body = body.to_string().into_bytes();
    }
}

pub(crate) fn long_id(asked: &Asked, answer: &mut Answer) {
    if asked.method == "POST" && answer.status == 201 {
        let mut body = answer.json();
        body["id"] = json!("x".repeat(100_000));
        answer.body = body.to_string().into_bytes();
    }
}

/// Answers each create and each read with another user.
pub(crate) fn another_user(_: &Asked, answer: &mut Answer) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": format!("boss-{number}"),
        "userName": format!("boss{number}@corp.example"), "displayName": "Boss", "active": true,
    });
    answer.say(if answer.status == 201 { 201 } else { 200 }, user.to_string());
}

/// Says of every create that it made the same, old account.
pub(crate) fn the_boss_again(asked: &Asked, answer: &mut Answer) {
    if asked.method == "POST" && answer.status == 201 {
        let mut body = asked.body.clone();
        body["id"] = json!("boss");
        answer.body = body.to_string().into_bytes();
    } else if asked.method == "GET" {
        let boss = json!({ "id": "boss", "userName": "boss@corp.example", "displayName": "Boss" });
        let mut body = answer.json();
        if let Some(listed) = body.get_mut("Resources").and_then(Value::as_array_mut) {
            listed.push(boss);
        }
        answer.body = body.to_string().into_bytes();
    }
}
