//! In what two requests of the same operation differ: header fields, the spelling of path and query, and the body's members,
//! types and fixed words. Names, ids and other values of a person differ always and are not compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Sent;
use crate::report::escape::escape;

/// Fields that belong to a hop or to one message, or hold the credential, and the conversation of a browser or tunnel.
const NOT_OURS: [&str; 24] = [
    "host",
    "content-length",
    "connection",
    "keep-alive",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "authorization",
    "cookie",
    "via",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-port",
    "x-real-ip",
    "x-request-id",
    "x-amzn-trace-id",
    "traceparent",
    "tracestate",
    "cf-ray",
    "cf-connecting-ip",
    "cdn-loop",
];

/// Members whose words are fixed by the protocol or by Okta; of all others only the type is compared.
const FIXED: [&str; 3] = ["schemas", "op", "active"];

/// The members, as pointers, that the last answer about the same resource showed before this request: an update sends them
/// back, so they tell of the server and not of the client.
pub(super) fn read_before(before: &[Sent], sent: &Sent) -> BTreeSet<String> {
    if sent.method != "PUT" {
        return BTreeSet::new();
    }
    let read = before.iter().rev().find(|one| one.path() == sent.path() && one.answer.is_some());
    let mut form = BTreeMap::new();
    if let Some(answer) = read.and_then(|one| one.answer.as_ref()) {
        forms(answer, "", &mut form);
    }
    form.into_keys().collect()
}

/// What differs, each in one sentence. With each request go the members that were read before.
pub(super) fn differences(theirs: (&Sent, &BTreeSet<String>), ours: (&Sent, &BTreeSet<String>)) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    headers(theirs.0, ours.0, &mut found);
    let (path, own_path) = (path(theirs.0), path(ours.0));
    if path != own_path {
        found.insert(format!("path: Okta sends {}, we send {}", escape(&path), escape(&own_path)));
    }
    let (query, own_query) = (theirs.0.query().map(spelling), ours.0.query().map(spelling));
    if query != own_query {
        let told = |query: Option<String>| query.map_or_else(|| "none".to_owned(), |query| escape(&query).into_owned());
        found.insert(format!("query: Okta sends {}, we send {}", told(query), told(own_query)));
    }
    body(theirs, ours, &mut found);
    found
}

fn headers(theirs: &Sent, ours: &Sent, found: &mut BTreeSet<String>) {
    let fields = |sent: &Sent| -> BTreeMap<String, String> {
        let fields = sent.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        fields.filter(|(name, _)| !NOT_OURS.contains(&name.as_str()) && !name.starts_with(':')).collect()
    };
    let (theirs, ours) = (fields(theirs), fields(ours));
    for name in theirs.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
        match (theirs.get(name), ours.get(name)) {
            (Some(value), Some(own)) if value != own => {
                found.insert(format!("header {name}: Okta sends {}, we send {}", escape(value), escape(own)));
            }
            (Some(value), None) => {
                found.insert(format!("header {}: Okta sends {}, we do not send it", escape(name), escape(value)));
            }
            (None, Some(own)) => {
                found.insert(format!("header {name}: we send {}, Okta does not", escape(own)));
            }
            _ => {}
        }
    }
}

/// The path with `{id}` in place of an id.
fn path(sent: &Sent) -> String {
    let mut parts: Vec<&str> = sent.path().split('/').collect();
    if parts.len() > 2 && !parts[2].is_empty() {
        parts[2] = "{id}";
    }
    parts.join("/")
}

/// A query as it is spelled, with `…` in place of the value that a filter compares with, and the number of a page's start.
fn spelling(query: &str) -> String {
    let one = |parameter: &str| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if name == "startIndex" && value.parse::<u64>().is_ok_and(|start| start > 1) {
            return "startIndex=…".to_owned();
        }
        for quote in ["%22", "\""] {
            if let (Some(start), Some(end)) = (value.find(quote), value.rfind(quote))
                && start < end
            {
                // How an address is encoded tells how every other sign is.
                let sign = ["%40", "@"].into_iter().find(|sign| value.contains(sign)).unwrap_or_default();
                return format!("{name}={}…{sign}…{}", &value[..start + quote.len()], &value[end..]);
            }
        }
        parameter.to_owned()
    };
    query.split('&').map(one).collect::<Vec<_>>().join("&")
}

fn body(theirs: (&Sent, &BTreeSet<String>), ours: (&Sent, &BTreeSet<String>), found: &mut BTreeSet<String>) {
    let formed = |sent: &Sent| {
        let mut form = BTreeMap::new();
        if let Some(body) = &sent.body {
            forms(body, "", &mut form);
        }
        form
    };
    let (form, own_form) = (formed(theirs.0), formed(ours.0));
    for pointer in form.keys().chain(own_form.keys()).collect::<BTreeSet<_>>() {
        let at = if pointer.is_empty() { "body".to_owned() } else { format!("body {}", escape(pointer)) };
        match (form.get(pointer), own_form.get(pointer)) {
            (Some(value), Some(own)) if value != own => {
                found.insert(format!("{at}: Okta sends {}, we send {}", escape(value), escape(own)));
            }
            // What was read is sent back: whether it is there depends on the server.
            (Some(value), None) if !theirs.1.contains(pointer) => {
                found.insert(format!("{at}: Okta sends {}, we do not send it", escape(value)));
            }
            (None, Some(own)) if !ours.1.contains(pointer) => {
                found.insert(format!("{at}: we send {}, Okta does not", escape(own)));
            }
            _ => {}
        }
    }
    if let (Some(Value::Object(body)), Some(Value::Object(own))) = (&theirs.0.body, &ours.0.body) {
        let order = |members: &serde_json::Map<String, Value>, other: &serde_json::Map<String, Value>| -> Vec<String> {
            members.keys().filter(|name| other.contains_key(*name)).cloned().collect()
        };
        let (order, own_order) = (order(body, own), order(own, body));
        if order != own_order && theirs.1.is_empty() && ours.1.is_empty() {
            found.insert(format!("body: Okta orders {}, we {}", escape(&order.join(" ")), own_order.join(" ")));
        }
    }
}

/// Notes the form of each member by its pointer: a type, or the word itself where the word is fixed. The elements of an
/// array share one pointer, with `*` for their place.
fn forms(value: &Value, pointer: &str, found: &mut BTreeMap<String, String>) {
    let name = pointer.trim_end_matches("/*").rsplit('/').next().unwrap_or_default();
    let form = match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(items) if items.is_empty() => "an empty list".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Null => "null".to_owned(),
        fixed if FIXED.contains(&name) => fixed.to_string(),
        Value::String(path) if name == "path" => format!("{:?}", masked(path)),
        Value::String(_) => "a string".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::Bool(_) => "true or false".to_owned(),
    };
    let told = found.entry(pointer.to_owned()).or_default();
    if told.is_empty() {
        *told = form;
    } else if !told.split(" or ").any(|one| one == form) {
        told.push_str(" or ");
        told.push_str(&form);
    }
    match value {
        Value::Object(members) => {
            members
                .iter()
                .for_each(|(name, member)| forms(member, &format!("{pointer}/{}", name.replace('/', "~1")), found));
        }
        Value::Array(items) => items.iter().for_each(|item| forms(item, &format!("{pointer}/*"), found)),
        _ => {}
    }
}

/// A PATCH path with `…` in place of the value that it picks by.
fn masked(path: &str) -> String {
    match (path.find('"'), path.rfind('"')) {
        (Some(start), Some(end)) if start < end => format!("{}…{}", &path[..=start], &path[end..]),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sent(method: &str, target: &str, body: Option<Value>) -> Sent {
        Sent {
            source: String::new(),
            method: method.into(),
            target: target.into(),
            headers: vec![],
            body,
            answer: None,
        }
    }

    fn told(theirs: &Sent, ours: &Sent) -> Vec<String> {
        let nothing = BTreeSet::new();
        differences((theirs, &nothing), (ours, &nothing)).into_iter().collect()
    }

    #[test]
    fn values_of_people_are_not_compared_and_spelling_is() {
        let ours = sent("GET", "/Users?filter=userName%20eq%20%22ann%40a.example%22&startIndex=1&count=100", None);
        let same = sent("GET", "/Users?filter=userName%20eq%20%22bo%40b.example%22&startIndex=1&count=100", None);
        assert_eq!(told(&same, &ours), Vec::<String>::new());
        let plus = sent("GET", "/Users?filter=userName+eq+%22bo@b.example%22&startIndex=1&count=100", None);
        let told = told(&plus, &ours);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("userName+eq+%22…@…%22&"), "{told:?}");
    }

    #[test]
    fn header_fields_are_compared_but_for_those_of_a_hop() {
        let with = |fields: &[(&str, &str)]| {
            let headers = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Sent { headers, ..sent("GET", "/Users/1", None) }
        };
        let ours = with(&[("User-Agent", "Okta"), ("Accept", "application/scim+json"), ("Host", "a")]);
        let theirs =
            with(&[("user-agent", "Okta"), ("accept", "*/*"), ("x-forwarded-for", "b"), ("x-new", "\u{1b}[2J")]);
        assert_eq!(
            told(&theirs, &ours),
            [
                "header accept: Okta sends */*, we send application/scim+json",
                "header x-new: Okta sends \\u{1b}[2J, we do not send it"
            ]
        );
    }

    #[test]
    fn fixed_words_types_and_order_of_a_body_are_compared() {
        let ours = sent(
            "PATCH",
            "/Users/1",
            Some(json!({ "schemas": ["urn:p"], "Operations": [{ "op": "replace", "value": { "active": false } }] })),
        );
        let theirs = sent(
            "PATCH",
            "/Users/2",
            Some(
                json!({ "Operations": [{ "op": "Replace", "path": "active", "value": "false" }], "schemas": ["urn:p"] }),
            ),
        );
        assert_eq!(
            told(&theirs, &ours),
            [
                "body /Operations/*/op: Okta sends \"Replace\", we send \"replace\"",
                "body /Operations/*/path: Okta sends \"active\", we do not send it",
                "body /Operations/*/value/active: we send false, Okta does not",
                "body /Operations/*/value: Okta sends a string, we send an object",
                "body: Okta orders Operations schemas, we schemas Operations",
            ]
        );
    }

    #[test]
    fn what_an_update_sends_back_is_the_servers() {
        let read = Sent { answer: Some(json!({ "id": "1", "meta": { "x": 1 } })), ..sent("GET", "/Users/1", None) };
        let put = sent("PUT", "/Users/1", Some(json!({ "id": "1", "meta": { "x": 1 }, "title": "t" })));
        let own = sent("PUT", "/Users/1", Some(json!({ "id": "1", "title": "t" })));
        let known = read_before(std::slice::from_ref(&read), &put);
        assert_eq!(differences((&put, &known), (&own, &BTreeSet::from(["/id".to_owned()]))), BTreeSet::new());
        assert_eq!(told(&put, &own).len(), 2);
    }
}
