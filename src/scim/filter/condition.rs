//! A filter bound to a resource type: names resolved, operands prepared, ready to be asked of many resources.

use super::{Filter, Operator};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::instant;
use crate::scim::path::AttributePath;
use crate::scim::schema::{Attribute, Kind, Located, ResourceType, Returned};
use crate::scim::text;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// What an attribute that the type does not have means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// A mistake of the client: refuse.
    Refuse,
    /// No value, as in a query over several types (RFC 7644 §3.4.2.1).
    NoValue,
}

/// A filter ready to be asked of resources of one type.
#[derive(Clone, Debug)]
pub struct Condition {
    node: Node,
}

/// An equality that an index can answer; every match of the condition satisfies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup<'c> {
    /// The attribute in canonical case, as `userName` or `members.value`.
    pub attribute: &'c str,
    /// The value, in lower case where case does not matter.
    pub value: &'c str,
}

#[derive(Clone, Debug)]
enum Node {
    Any(Vec<Node>),
    All(Vec<Node>),
    Not(Box<Node>),
    Constant(bool),
    Present(Reach),
    Compare { reach: Reach, operator: Operator, operand: Operand },
    Within(Reach, Box<Node>),
}

/// The keys that lead to a value.
#[derive(Clone, Debug)]
struct Reach {
    extension: Option<String>,
    attribute: String,
    sub: Option<String>,
    /// For an index: attribute and sub-attribute in one; empty inside brackets and extensions.
    name: String,
}

#[derive(Clone, Debug)]
enum Operand {
    Null,
    Boolean(bool),
    Number(f64),
    Instant(Timestamp),
    /// In lower case unless `exact`.
    Text {
        text: String,
        exact: bool,
    },
}

impl Condition {
    /// Binds the filter to the type. Refuses (400 invalidFilter) unknown attributes (as `unknown` says), operators that
    /// the attribute's type does not allow, and operands of another type.
    pub fn bind(filter: &Filter, resource_type: &ResourceType, unknown: Unknown) -> Result<Self, ScimError> {
        Ok(Self { node: bind(filter, resource_type, unknown)? })
    }

    /// Binds what stands in the brackets of a value path; names are those of the attribute's sub-attributes.
    pub fn bind_within(filter: &Filter, attribute: &Attribute) -> Result<Self, ScimError> {
        Ok(Self { node: bind_value(filter, attribute)? })
    }

    /// Whether the resource satisfies it. The resource's names must be in canonical case.
    pub fn matches(&self, resource: &Map<String, Value>) -> bool {
        self.node.matches(resource)
    }

    /// Whether one value of a multi-valued attribute satisfies it (see [`Self::bind_within`]).
    pub fn matches_value(&self, value: &Value) -> bool {
        match value {
            Value::Object(fields) => self.node.matches(fields),
            simple => self.node.matches(&Map::from_iter([("value".to_owned(), simple.clone())])),
        }
    }

    /// Whether it depends on one of these attributes, by their canonical names.
    pub fn mentions(&self, attributes: &[&str]) -> bool {
        self.node.mentions(attributes)
    }

    /// The equalities that every match must satisfy.
    pub fn lookups(&self) -> Vec<Lookup<'_>> {
        let mut found = Vec::new();
        self.node.lookups(&mut found);
        found
    }
}

fn refuse<T>(detail: String) -> Result<T, ScimError> {
    Err(ScimError::bad(ScimType::InvalidFilter, detail))
}

fn bind(filter: &Filter, of: &ResourceType, unknown: Unknown) -> Result<Node, ScimError> {
    let all = |parts: &[Filter]| parts.iter().map(|part| bind(part, of, unknown)).collect::<Result<Vec<_>, _>>();
    Ok(match filter {
        Filter::Or(parts) => Node::Any(all(parts)?),
        Filter::And(parts) => Node::All(all(parts)?),
        Filter::Not(inner) => Node::Not(Box::new(bind(inner, of, unknown)?)),
        Filter::Present(path) => match locate(path, of, unknown)? {
            Some(located) => Node::Present(reach(&located)),
            None => Node::Constant(false),
        },
        Filter::Compare(path, operator, value) => match locate(path, of, unknown)? {
            Some(located) => compare(path, &located, *operator, value)?,
            None => Node::Constant((*operator == Operator::Ne) != value.is_null()),
        },
        Filter::Within(path, inner) => match locate(path, of, unknown)? {
            Some(located) if located.sub.is_some() || !located.attribute.multi_valued => {
                return refuse(format!("{path} is not multi-valued, so it cannot have brackets"));
            }
            Some(located) => Node::Within(reach(&located), Box::new(bind_value(inner, located.attribute)?)),
            None => Node::Constant(false),
        },
    })
}

fn bind_value(filter: &Filter, attribute: &Attribute) -> Result<Node, ScimError> {
    let all = |parts: &[Filter]| parts.iter().map(|part| bind_value(part, attribute)).collect::<Result<Vec<_>, _>>();
    let find = |path: &AttributePath| {
        let sub = match (&path.uri, &path.sub) {
            (None, None) if attribute.kind != Kind::Complex && path.attribute.eq_ignore_ascii_case("value") => {
                Some(attribute)
            }
            (None, None) => attribute.sub(&path.attribute),
            _ => None,
        };
        sub.map_or_else(|| refuse(format!("{} has no sub-attribute {path}", attribute.name)), Ok)
    };
    let reach = |sub: &Attribute| Reach {
        extension: None,
        attribute: if attribute.kind == Kind::Complex { sub.name.clone() } else { "value".into() },
        sub: None,
        name: String::new(),
    };
    Ok(match filter {
        Filter::Or(parts) => Node::Any(all(parts)?),
        Filter::And(parts) => Node::All(all(parts)?),
        Filter::Not(inner) => Node::Not(Box::new(bind_value(inner, attribute)?)),
        Filter::Present(path) => Node::Present(reach(find(path)?)),
        Filter::Compare(path, operator, value) => {
            let sub = find(path)?;
            let operand = operand(path, sub, *operator, value)?;
            Node::Compare { reach: reach(sub), operator: *operator, operand }
        }
        Filter::Within(..) => return refuse("brackets cannot stand inside brackets".into()),
    })
}

fn locate<'t>(path: &AttributePath, of: &'t ResourceType, unknown: Unknown) -> Result<Option<Located<'t>>, ScimError> {
    match of.locate(path) {
        Some(located) if located.leaf().returned == Returned::Never => {
            refuse(format!("{path} is never answered, so it cannot be filtered by"))
        }
        None if unknown == Unknown::Refuse => refuse(format!("{} has no attribute {path}", of.name)),
        located => Ok(located),
    }
}

fn reach(located: &Located) -> Reach {
    let sub = located.sub.map(|sub| sub.name.clone());
    let name = match (&sub, located.extension) {
        (_, Some(_)) => String::new(),
        (Some(sub), None) => format!("{}.{sub}", located.attribute.name),
        (None, None) => located.attribute.name.clone(),
    };
    Reach { extension: located.extension.map(str::to_owned), attribute: located.attribute.name.clone(), sub, name }
}

fn compare(path: &AttributePath, located: &Located, operator: Operator, value: &Value) -> Result<Node, ScimError> {
    let mut located = *located;
    if located.leaf().kind == Kind::Complex && !value.is_null() {
        // A bare complex attribute is read as its value (RFC 7644 figure 2, `emails co "..."`).
        match located.attribute.sub("value") {
            Some(sub) => located.sub = Some(sub),
            None => return refuse(format!("{path} is complex: name one of its sub-attributes")),
        }
    }
    let operand = operand(path, located.leaf(), operator, value)?;
    Ok(Node::Compare { reach: reach(&located), operator, operand })
}

fn operand(path: &AttributePath, leaf: &Attribute, operator: Operator, value: &Value) -> Result<Operand, ScimError> {
    let (kind, word) = (leaf.kind.keyword(), operator.word());
    let substring = matches!(operator, Operator::Co | Operator::Sw | Operator::Ew);
    let allowed = match leaf.kind {
        Kind::Boolean => !operator.is_ordering() && !substring,
        Kind::Binary => !operator.is_ordering(),
        Kind::Integer | Kind::Decimal | Kind::DateTime => !substring,
        Kind::String | Kind::Reference | Kind::Complex => true,
    };
    if !allowed {
        return refuse(format!("{path} is of type {kind}, which {word} cannot compare"));
    }
    match (leaf.kind, value) {
        (_, Value::Null) if matches!(operator, Operator::Eq | Operator::Ne) => Ok(Operand::Null),
        (Kind::Boolean, Value::Bool(truth)) => Ok(Operand::Boolean(*truth)),
        (Kind::Integer | Kind::Decimal, Value::Number(number)) => {
            Ok(Operand::Number(number.as_f64().unwrap_or(f64::NAN)))
        }
        (Kind::DateTime, Value::String(text)) => instant::parse(text).map_or_else(
            || refuse(format!("{path} is a dateTime, and {value} is none; write \"2024-03-01T12:00:00Z\"")),
            |instant| Ok(Operand::Instant(instant)),
        ),
        (Kind::String | Kind::Reference | Kind::Binary, Value::String(text)) => {
            let exact = leaf.case_exact;
            Ok(Operand::Text { text: if exact { text.clone() } else { text::fold(text) }, exact })
        }
        _ => refuse(format!("{path} is of type {kind}, which cannot be compared with {value}")),
    }
}

impl Node {
    fn matches(&self, resource: &Map<String, Value>) -> bool {
        match self {
            Self::Any(parts) => parts.iter().any(|part| part.matches(resource)),
            Self::All(parts) => parts.iter().all(|part| part.matches(resource)),
            Self::Not(inner) => !inner.matches(resource),
            Self::Constant(truth) => *truth,
            Self::Present(reach) => reach.any(resource, is_present),
            Self::Compare { reach, operator: Operator::Eq, operand: Operand::Null } => !reach.any(resource, is_value),
            Self::Compare { reach, operator: _, operand: Operand::Null } => reach.any(resource, is_value),
            Self::Compare { reach, operator: Operator::Ne, operand } => {
                !reach.any(resource, is_value)
                    || reach.any(resource, |value| is_value(value) && !operand.holds(value, Operator::Eq))
            }
            Self::Compare { reach, operator, operand } => reach.any(resource, |value| operand.holds(value, *operator)),
            Self::Within(reach, inner) => reach.any(resource, |value| match value {
                Value::Object(fields) => inner.matches(fields),
                simple => inner.matches(&Map::from_iter([("value".to_owned(), simple.clone())])),
            }),
        }
    }

    fn mentions(&self, attributes: &[&str]) -> bool {
        match self {
            Self::Any(parts) | Self::All(parts) => parts.iter().any(|part| part.mentions(attributes)),
            Self::Not(inner) => inner.mentions(attributes),
            Self::Constant(_) => false,
            Self::Present(reach) | Self::Within(reach, _) | Self::Compare { reach, .. } => {
                attributes.contains(&reach.attribute.as_str())
            }
        }
    }

    fn lookups<'c>(&'c self, found: &mut Vec<Lookup<'c>>) {
        match self {
            Self::All(parts) => parts.iter().for_each(|part| part.lookups(found)),
            Self::Compare { reach, operator: Operator::Eq, operand: Operand::Text { text, .. } }
                if !reach.name.is_empty() =>
            {
                found.push(Lookup { attribute: &reach.name, value: text });
            }
            _ => {}
        }
    }
}

impl Reach {
    /// Whether one of the values it leads to passes the test; arrays count by their items.
    fn any(&self, resource: &Map<String, Value>, test: impl Fn(&Value) -> bool) -> bool {
        let holder = match &self.extension {
            Some(urn) => resource.get(urn).and_then(Value::as_object),
            None => Some(resource),
        };
        let Some(value) = holder.and_then(|holder| holder.get(&self.attribute)) else {
            return false;
        };
        let items = match value {
            Value::Array(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        items.iter().any(|item| match &self.sub {
            None => test(item),
            Some(sub) => match item.get(sub) {
                Some(Value::Array(values)) => values.iter().any(&test),
                Some(value) => test(value),
                None => false,
            },
        })
    }
}

impl Operand {
    fn holds(&self, value: &Value, operator: Operator) -> bool {
        match (self, value) {
            (Self::Boolean(wanted), Value::Bool(found)) => operator == Operator::Eq && wanted == found,
            (Self::Number(wanted), Value::Number(found)) => {
                found.as_f64().and_then(|found| found.partial_cmp(wanted)).is_some_and(|order| fits(order, operator))
            }
            (Self::Instant(wanted), Value::String(found)) => {
                instant::parse(found).is_some_and(|found| fits(found.cmp(wanted), operator))
            }
            (Self::Text { text, exact }, Value::String(found)) => {
                if *exact {
                    text_holds(found, text, operator)
                } else {
                    text_holds(&text::fold(found), text, operator)
                }
            }
            _ => false,
        }
    }
}

fn text_holds(found: &str, wanted: &str, operator: Operator) -> bool {
    match operator {
        Operator::Co => found.contains(wanted),
        Operator::Sw => found.starts_with(wanted),
        Operator::Ew => found.ends_with(wanted),
        other => fits(found.cmp(wanted), other),
    }
}

fn fits(order: Ordering, operator: Operator) -> bool {
    match operator {
        Operator::Eq => order.is_eq(),
        Operator::Ne => order.is_ne(),
        Operator::Gt => order.is_gt(),
        Operator::Ge => order.is_ge(),
        Operator::Lt => order.is_lt(),
        Operator::Le => order.is_le(),
        Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}

/// Whether there is a value at all: null, [] and {} are none (RFC 7643 §2.5).
fn is_value(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => items.iter().any(is_value),
        Value::Object(fields) => fields.values().any(is_value),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// Whether `pr` holds: there is a value, and it is not empty text.
fn is_present(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => items.iter().any(is_present),
        Value::Object(fields) => fields.values().any(is_present),
        other => is_value(other),
    }
}
