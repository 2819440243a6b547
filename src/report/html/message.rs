//! One exchange as it is shown: request, answer, command. What passed is cut short; in what failed, the judged place of the
//! body is marked.

use serde::Serialize;
use serde_json::Value;

use super::compare::Piece;
use crate::exchange::{Body, Exchange, Header};
use crate::report::told::{answer, cut};

/// How much of an exchange is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent<'a> {
    /// Bodies up to 64 KiB, with these places of the answer marked (JSON Pointers).
    Whole(&'a [&'a str]),
    /// Bodies up to 8 KiB.
    Part,
    /// The beginning of bodies and commands.
    Short,
}

/// An exchange, ready to print.
#[derive(Debug, Serialize)]
pub(super) struct Message {
    method: String,
    path: String,
    answer: String,
    /// `2`, `4`, `5`, ...: the first digit of the status; 0 without an answer.
    class: u16,
    request_fields: String,
    request_body: Text,
    response_fields: String,
    response_body: Text,
    curl: String,
}

/// A body, and what is to be said of what is not shown.
#[derive(Debug, Default, Serialize)]
pub(super) struct Text {
    pieces: Vec<Piece>,
    rest: Option<String>,
}

impl Message {
    pub(super) fn of(exchange: &Exchange, extent: Extent<'_>) -> Self {
        let request = &exchange.request;
        let response = exchange.response.as_ref();
        let places = if let Extent::Whole(places) = extent { places } else { &[] };
        let mut response_body = response.map(|r| body(&r.body, extent, places)).unwrap_or_default();
        if response.is_some_and(|r| r.truncated) {
            let told = "The answer was longer than what is read; the rest was not kept.";
            response_body.rest.get_or_insert_with(|| told.to_owned());
        }
        let curl = match cut(&exchange.curl, limit(extent)) {
            (_, 0) => exchange.curl.clone(),
            (_, _) => "# too long to be shown here; it is in report.json".to_owned(),
        };
        Self {
            method: request.method.clone(),
            path: request.path.clone(),
            answer: answer(exchange),
            class: exchange.status().map_or(0, |status| status / 100),
            request_fields: fields(&request.headers),
            request_body: body(&request.body, extent, &[]),
            response_fields: response.map(|r| fields(&r.headers)).unwrap_or_default(),
            response_body,
            curl,
        }
    }
}

/// Characters of one body or command.
const fn limit(extent: Extent<'_>) -> usize {
    match extent {
        Extent::Whole(_) => 64 * 1024,
        Extent::Part => 8 * 1024,
        Extent::Short => 800,
    }
}

fn fields(headers: &[Header]) -> String {
    headers.iter().map(|header| format!("{}: {}", header.name, header.value)).collect::<Vec<_>>().join("\n")
}

fn body(body: &Body, extent: Extent<'_>, places: &[&str]) -> Text {
    let mut writer = Writer { pieces: Vec::new(), left: limit(extent), over: 0, places };
    match body {
        Body::Empty => {}
        Body::Json(value) => writer.value(value, 0, &mut String::new(), false),
        Body::Text(text) => writer.put(text, false),
        Body::Binary(bytes) => {
            return Text { pieces: Vec::new(), rest: Some(format!("{bytes} bytes that are not text")) };
        }
    }
    let rest = (writer.over > 0).then(|| format!("{} more characters in report.json", writer.over));
    Text { pieces: writer.pieces, rest }
}

/// Writes text up to a limit, and JSON with indents and marked places.
struct Writer<'a> {
    pieces: Vec<Piece>,
    left: usize,
    over: usize,
    places: &'a [&'a str],
}

impl Writer<'_> {
    fn put(&mut self, text: &str, mark: bool) {
        let (kept, over) = cut(text, self.left);
        self.left -= kept.chars().count();
        self.over += over;
        match self.pieces.last_mut() {
            _ if kept.is_empty() => {}
            Some(last) if last.mark == mark => last.text.push_str(kept),
            _ => self.pieces.push(Piece { text: kept.to_owned(), mark }),
        }
    }

    fn value(&mut self, value: &Value, depth: usize, pointer: &mut String, mark: bool) {
        let mark = mark || (depth > 0 && self.places.contains(&pointer.as_str()));
        match value {
            Value::Object(members) if !members.is_empty() => {
                self.put("{", mark);
                for (index, (name, member)) in members.iter().enumerate() {
                    self.line(index, depth + 1, mark);
                    let end = pointer.len();
                    pointer.push('/');
                    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                    let mark = mark || self.places.contains(&pointer.as_str());
                    self.put(&format!("{}: ", Value::from(name.as_str())), mark);
                    self.value(member, depth + 1, pointer, mark);
                    pointer.truncate(end);
                }
                self.end(depth, "}", mark);
            }
            Value::Array(items) if !items.is_empty() => {
                self.put("[", mark);
                for (index, item) in items.iter().enumerate() {
                    self.line(index, depth + 1, mark);
                    let end = pointer.len();
                    pointer.push('/');
                    pointer.push_str(&index.to_string());
                    self.value(item, depth + 1, pointer, mark);
                    pointer.truncate(end);
                }
                self.end(depth, "]", mark);
            }
            plain => self.put(&plain.to_string(), mark),
        }
    }

    fn line(&mut self, index: usize, depth: usize, mark: bool) {
        let comma = if index > 0 { "," } else { "" };
        self.put(&format!("{comma}\n{}", "  ".repeat(depth)), mark);
    }

    fn end(&mut self, depth: usize, bracket: &str, mark: bool) {
        self.put(&format!("\n{}{bracket}", "  ".repeat(depth)), mark);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(text: &Text) -> String {
        text.pieces.iter().map(|p| if p.mark { format!("<{}>", p.text) } else { p.text.clone() }).collect()
    }

    #[test]
    fn json_is_indented_and_the_judged_place_marked() {
        let value = json!({ "active": true, "a/b": [1, { "c": [] }], "d": {} });
        let plain = body(&Body::Json(value.clone()), Extent::Whole(&[]), &[]);
        assert_eq!(text(&plain), format!("{value:#}"));
        let marked = body(&Body::Json(value), Extent::Whole(&[]), &["/active", "/a~1b/1"]);
        let expected =
            "{\n  <\"active\": true>,\n  \"a/b\": [\n    1,\n    <{\n      \"c\": []\n    }>\n  ],\n  \"d\": {}\n}";
        assert_eq!(text(&marked), expected);
    }

    #[test]
    fn long_bodies_are_cut_with_a_count() {
        let cut = body(&Body::Text("é".repeat(1000)), Extent::Short, &[]);
        assert_eq!(
            (text(&cut).chars().count(), cut.rest.as_deref()),
            (800, Some("200 more characters in report.json"))
        );
        assert_eq!(body(&Body::Binary(7), Extent::Short, &[]).rest.as_deref(), Some("7 bytes that are not text"));
    }
}
