//! Reading JSON in bounded memory: a body of a few megabytes may hold values that take a hundred times as much.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Values of one body that are kept; a page of Okta's imports holds a tenth of it. Of a longer list the first part is read.
pub const VALUES: usize = 50_000;

/// Levels of arrays and objects within each other. A report holds bodies ten levels deep and must be readable again, and
/// the parser's own limit is 128.
pub const DEPTH: usize = 100;

/// Lists down to this depth, a `ListResponse` and its Resources, are cut. What is in them is read whole or not at all.
const LISTS: usize = 2;

/// Why a text is no JSON that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is not JSON.
    Syntax,
    /// Too many levels.
    Deep,
    /// A number beyond what a float of 64 bits holds.
    Number,
    /// Too many values outside of lists.
    Values,
}

/// The marks by which errors are told apart; the first two are the parser's words, the first one is ours too.
const TOO_DEEP: &str = "recursion limit exceeded";
const OUT_OF_RANGE: &str = "number out of range";
const TOO_MANY: &str = "too many values";

/// Reads a text. True beside the value when a list was cut at [`VALUES`] values.
pub fn read(text: &str) -> Result<(Value, bool), Unreadable> {
    let reading = Reading { left: Cell::new(VALUES), hard: Cell::new(2 * VALUES), cut: Cell::new(false) };
    let mut parser = serde_json::Deserializer::from_str(text);
    let value = Level { reading: &reading, depth: 1 }.deserialize(&mut parser);
    match value.and_then(|value| parser.end().map(|()| value)) {
        Ok(value) => Ok((value, reading.cut.get())),
        Err(error) => {
            let words = error.to_string();
            let marks =
                [(TOO_DEEP, Unreadable::Deep), (OUT_OF_RANGE, Unreadable::Number), (TOO_MANY, Unreadable::Values)];
            let found = marks.into_iter().find(|(mark, _)| words.starts_with(mark));
            Err(found.map_or(Unreadable::Syntax, |(_, why)| why))
        }
    }
}

/// How much may still be kept.
struct Reading {
    /// Until lists are cut.
    left: Cell<usize>,
    /// Until nothing more is read.
    hard: Cell<usize>,
    cut: Cell<bool>,
}

#[derive(Clone, Copy)]
struct Level<'r> {
    reading: &'r Reading,
    depth: usize,
}

impl Level<'_> {
    const fn below(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }

    fn enter<E: Error>(self) -> Result<(), E> {
        if self.depth > DEPTH { Err(E::custom(TOO_DEEP)) } else { Ok(()) }
    }

    fn ends_list(self) -> bool {
        let ends = self.depth <= LISTS && self.reading.left.get() == 0;
        self.reading.cut.set(self.reading.cut.get() || ends);
        ends
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let Reading { left, hard, .. } = self.reading;
        left.set(left.get().saturating_sub(1));
        hard.set(hard.get().checked_sub(1).ok_or_else(|| D::Error::custom(TOO_MANY))?);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut kept = Vec::new();
        loop {
            if self.ends_list() {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                break;
            }
            match items.next_element_seed(self.below())? {
                Some(item) => kept.push(item),
                None => break,
            }
        }
        Ok(Value::Array(kept))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut kept = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let value = members.next_value_seed(self.below())?;
            kept.insert(key, value);
        }
        Ok(Value::Object(kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ordinary_json_is_read_as_the_parser_reads_it() {
        let text = r#" {"b":[1,-2,3.5,true,null,"é"],"a":{"a":{}},"b2":18446744073709551615,"a":1} "#;
        assert_eq!(read(text), Ok((serde_json::from_str(text).expect("JSON"), false)));
        assert_eq!(read("[1] 2"), Err(Unreadable::Syntax));
        assert_eq!(read(""), Err(Unreadable::Syntax));
    }

    #[test]
    fn of_a_list_that_is_too_long_the_first_part_and_all_beside_it_is_read() {
        let text = format!(r#"{{"Resources":[{}{{"id":1}}],"totalResults":7}}"#, r#"{"id":[1]},"#.repeat(VALUES));
        let (value, cut) = read(&text).expect("JSON");
        let listed = value["Resources"].as_array().expect("list");
        assert!(cut && listed.len() < VALUES / 2 && !listed.is_empty());
        assert_eq!((listed.last(), &value["totalResults"]), (Some(&json!({ "id": [1] })), &json!(7)));
        assert!(read(&format!("[{}0]", "0,".repeat(VALUES))).is_ok_and(|(_, cut)| cut));
        assert_eq!(read(&format!("[{}", "0,".repeat(2 * VALUES))), Err(Unreadable::Syntax));
    }

    #[test]
    fn depth_numbers_and_values_are_bounded() {
        assert_eq!(read(&"[".repeat(200_000)), Err(Unreadable::Deep));
        let nested = |levels| read(&format!("{}{}", "[".repeat(levels), "]".repeat(levels)));
        assert!(nested(DEPTH).is_ok() && nested(DEPTH + 1) == Err(Unreadable::Deep));
        assert_eq!(read("1e400"), Err(Unreadable::Number));
        assert_eq!(read(&"9".repeat(1000)), Err(Unreadable::Number));
        let members: Vec<String> = (0..2 * VALUES).map(|n| format!("\"{n}\":0")).collect();
        assert_eq!(read(&format!("{{{}}}", members.join(","))), Err(Unreadable::Values));
    }
}
