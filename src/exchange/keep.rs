//! What is kept of an exchange once it has been judged: a hostile target must not fill memory or the report.

use serde_json::{Number, Value};

use super::{Body, Exchange, Header};

/// Characters of one header value.
const HEADER: usize = 2048;

/// Of a resource that is too large: characters of a text, items of a list, members of an object.
const LONG: usize = 1024;
const SHOWN: usize = 20;
const MEMBERS: usize = 100;

impl Exchange {
    /// Shortens both bodies to about `limit` bytes each, lists to their first resources; gives the bytes that are left.
    pub fn shorten(&mut self, limit: usize) -> usize {
        let mut kept = 0;
        if let Some(response) = &mut self.response {
            let (cut, bytes) = shorten(&mut response.body, limit);
            response.truncated |= cut;
            response.headers.iter_mut().for_each(clip_header);
            kept += bytes;
        }
        let (cut, bytes) = shorten(&mut self.request.body, limit);
        if cut {
            self.curl = "(not shown: the body of this request is too large)".into();
        }
        kept + bytes
    }
}

fn clip_header(header: &mut Header) {
    if let Some((end, _)) = header.value.char_indices().nth(HEADER) {
        header.value.truncate(end);
        header.value.push('…');
    }
}

/// Shortens a body. Gives whether it did and how many bytes are left.
fn shorten(body: &mut Body, limit: usize) -> (bool, usize) {
    match body {
        Body::Empty | Body::Binary(_) => (false, 0),
        Body::Text(text) if text.len() <= limit => (false, text.len()),
        Body::Text(text) => {
            let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
            // A part of a large allocation would keep all of it.
            *text = text[..end].to_owned();
            (true, end)
        }
        Body::Json(value) => {
            let whole = size(value, limit);
            if whole <= limit {
                return (false, whole);
            }
            let list = match value {
                Value::Array(list) => Some(list),
                Value::Object(members) => members.get_mut("Resources").and_then(Value::as_array_mut),
                _ => None,
            };
            if let Some(list) = list {
                let mut room = limit / 2;
                let fitting = list.iter().take_while(|item| {
                    let wanted = size(item, room).saturating_add(1);
                    let fits = wanted <= room;
                    room = room.saturating_sub(wanted);
                    fits
                });
                let fitting = fitting.count();
                list.truncate(fitting);
                list.shrink_to_fit();
            }
            if size(value, limit) > limit {
                thin(value);
            }
            let left = size(value, limit);
            if left > limit {
                *body = Body::Text(format!("(JSON of more than {limit} bytes, not kept)"));
            }
            (true, left.min(limit))
        }
    }
}

/// Long texts, lists and objects to their beginnings, at every level: what a resource has can still be told.
fn thin(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(LONG) {
                *text = format!("{}…", &text[..end]);
            }
        }
        Value::Array(items) => {
            items.truncate(SHOWN);
            items.shrink_to_fit();
            items.iter_mut().for_each(thin);
        }
        Value::Object(members) => {
            *members = std::mem::take(members).into_iter().take(MEMBERS).collect();
            members.values_mut().for_each(thin);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// About the length of a value's JSON text, and no less; anything beyond `limit` when it is longer.
fn size(value: &Value, limit: usize) -> usize {
    match value {
        Value::Null | Value::Bool(true) => 4,
        Value::Bool(false) => 5,
        Value::Number(number) => number_size(number),
        Value::String(text) => text_size(text),
        Value::Array(items) => sum(items.iter().map(|item| size(item, limit)), limit),
        Value::Object(members) => {
            sum(members.iter().map(|(name, member)| text_size(name) + 1 + size(member, limit)), limit)
        }
    }
}

/// The digits of an integer; of a float as many as it may have with its exponent.
fn number_size(number: &Number) -> usize {
    let digits = |size: u64| size.checked_ilog10().map_or(1, |zeros| zeros as usize + 1);
    match (number.as_u64(), number.as_i64()) {
        (Some(positive), _) => digits(positive),
        (None, Some(negative)) => digits(negative.unsigned_abs()) + 1,
        (None, None) => 24,
    }
}

/// A text in quotes, with its escapes.
fn text_size(text: &str) -> usize {
    let escapes = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        0..0x20 => 5,
        _ => 0,
    });
    text.len() + 2 + escapes.sum::<usize>()
}

/// Brackets, commas and what is between them, counted until the limit is passed.
fn sum(mut parts: impl Iterator<Item = usize>, limit: usize) -> usize {
    // After each part there is a comma, and after the last one a bracket.
    let whole = parts.try_fold(1, |sum: usize, part| {
        let sum = sum.saturating_add(part).saturating_add(1);
        if sum > limit { Err(sum) } else { Ok(sum) }
    });
    whole.unwrap_or_else(|beyond| beyond).max(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_size_is_never_less_than_the_length_of_the_text() {
        for value in [
            json!(null),
            json!(false),
            json!({ "a": [1, -2.5e-300, u64::MAX, i64::MIN, 1.797_693_134_862_315_7e308, "\u{1}\"\\é\u{7f}"], "b\n": {} }),
            json!(2.5),
        ] {
            let text = value.to_string();
            assert!((text.len()..text.len() + 40).contains(&size(&value, 10_000)), "{text}");
        }
        let exact =
            json!([[], {}, [true, false, null], 0, 10, -1, u64::MAX, i64::MIN, { "a\n": "\"\r\t\u{8}\u{c}\u{1}" }]);
        assert_eq!(size(&exact, 10_000), exact.to_string().len());
        assert!(size(&json!(vec![1; 1000]), 100) <= 200, "the rest is not counted");
    }

    #[test]
    fn small_bodies_stay_as_they_are() {
        for body in [Body::Empty, Body::Json(json!({ "a": [1, 2, 3] })), Body::Text("é".repeat(50))] {
            let mut same = body.clone();
            assert!(!shorten(&mut same, 100).0);
            assert_eq!(same, body);
        }
    }

    #[test]
    fn lists_keep_their_first_resources_and_what_stands_beside_them() {
        let mut body = Body::Json(json!({ "Resources": vec![json!({ "id": "1" }); 100], "totalResults": 100 }));
        let (cut, size) = shorten(&mut body, 200);
        let Body::Json(value) = &body else { panic!("{body:?}") };
        assert!(cut && size <= 200, "{size}");
        assert_eq!((value["Resources"].as_array().map(Vec::len), &value["totalResults"]), (Some(9), &json!(100)));
    }

    #[test]
    fn a_resource_that_is_too_large_keeps_the_beginning_of_each_part() {
        let mut body =
            Body::Json(json!({ "id": "1", "members": vec![json!({ "value": "2" }); 1000], "x": "y".repeat(2000) }));
        assert!(shorten(&mut body, 4000).0);
        let Body::Json(value) = &body else { panic!("{body:?}") };
        assert_eq!((value["members"].as_array().map(Vec::len), &value["id"]), (Some(SHOWN), &json!("1")));
        assert_eq!(value["x"].as_str().map(|x| x.chars().count()), Some(LONG + 1));
        let mut body = Body::Json(json!((0..99).map(|n| (n.to_string(), json!(n))).collect::<serde_json::Map<_, _>>()));
        assert!(shorten(&mut body, 200).0);
        assert_eq!(body, Body::Text("(JSON of more than 200 bytes, not kept)".into()));
        let mut text = Body::Text("é".repeat(1000));
        assert_eq!(shorten(&mut text, 201), (true, 200));
    }
}
