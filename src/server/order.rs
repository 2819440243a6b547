//! The order of a list (RFC 7644 §3.4.2.3).

use crate::scim::error::ScimError;
use crate::scim::filter::Unknown;
use crate::scim::instant;
use crate::scim::path::AttributePath;
use crate::scim::resource::primaries;
use crate::scim::schema::{Kind as DataKind, ResourceType};
use crate::scim::text;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::cmp::Ordering;

type Fields = Map<String, Value>;

/// What to order by (RFC 7644 §3.4.2.3).
pub(super) struct Order {
    extension: Option<String>,
    pub(super) attribute: String,
    sub: Option<String>,
    kind: DataKind,
    exact: bool,
}

/// A value in the order; a missing one comes last.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Key {
    Text(String),
    Number(f64),
    Instant(Timestamp),
    Missing,
}

impl Key {
    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Instant(one), Self::Instant(other)) => one.cmp(other),
            (Self::Missing, Self::Missing) => Ordering::Equal,
            (Self::Missing, _) => Ordering::Greater,
            (_, Self::Missing) => Ordering::Less,
            // Two types of resource may hold the attribute with different data types.
            (one, other) => one.rank().cmp(&other.rank()),
        }
    }

    /// A form in which [`read`](Self::read) finds the same key again.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => json!({ "text": text }),
            // As bits: a number in digits could come back as its neighbour.
            Self::Number(number) => json!({ "number": number.to_bits() }),
            Self::Instant(time) => json!({ "instant": time.to_string() }),
            Self::Missing => Value::Null,
        }
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    pub(super) fn read(value: &Value) -> Option<Self> {
        if value.is_null() {
            return Some(Self::Missing);
        }
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let number = value.get("number").and_then(Value::as_u64).map(|bits| Self::Number(f64::from_bits(bits)));
        let instant = || Some(Self::Instant(instant::parse(text("instant")?)?));
        number.or_else(|| text("text").map(|text| Self::Text(text.into()))).or_else(instant)
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Number(_) => 0,
            Self::Instant(_) => 1,
            Self::Text(_) => 2,
            Self::Missing => 3,
        }
    }
}

impl Order {
    pub(super) fn bind(path: &AttributePath, of: &ResourceType, unknown: Unknown) -> Result<Self, ScimError> {
        let refuse = |problem: &str| Err(ScimError::value(format!("sortBy: {path} {problem}")));
        let Some(mut located) = of.locate(path) else {
            if unknown == Unknown::NoValue {
                let (attribute, sub) = (path.attribute.clone(), path.sub.clone());
                return Ok(Self { extension: path.uri.clone(), attribute, sub, kind: DataKind::String, exact: false });
            }
            return refuse(&format!("is no attribute of {}", of.name));
        };
        if located.leaf().kind == DataKind::Complex {
            match located.attribute.sub("value") {
                Some(value) => located.sub = Some(value),
                None => return refuse("is complex: name one of its sub-attributes"),
            }
        }
        Ok(Self {
            extension: located.extension.map(str::to_owned),
            attribute: located.attribute.name.clone(),
            sub: located.sub.map(|sub| sub.name.clone()),
            kind: located.leaf().kind,
            exact: located.leaf().case_exact,
        })
    }

    pub(super) fn key(&self, resource: &Fields) -> Key {
        let holder = match &self.extension {
            Some(urn) => resource.get(urn).and_then(Value::as_object),
            None => Some(resource),
        };
        let value = holder.and_then(|holder| holder.get(&self.attribute));
        // Of several values the primary counts, else the first.
        let value = match value {
            Some(Value::Array(items)) => primaries(items).next().map(|index| &items[index]).or_else(|| items.first()),
            other => other,
        };
        let value = match &self.sub {
            Some(sub) => value.and_then(|value| value.get(sub)),
            None => value,
        };
        match (value, self.kind) {
            (Some(Value::String(text)), DataKind::DateTime) => instant::parse(text).map_or(Key::Missing, Key::Instant),
            (Some(Value::String(text)), _) => Key::Text(if self.exact { text.clone() } else { text::fold(text) }),
            (Some(Value::Number(number)), _) => Key::Number(number.as_f64().unwrap_or(0.0)),
            (Some(Value::Bool(truth)), _) => Key::Number(f64::from(u8::from(*truth))),
            _ => Key::Missing,
        }
    }
}
