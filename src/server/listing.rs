//! Lists: filter, order, page (RFC 7644 §3.4.2).

use super::directory::Directory;
use super::fault::ListAnswer;
use super::query::Query;
use super::store::{Index, Store};
use super::types::Kind;
use super::view;
use crate::scim::error::ScimError;
use crate::scim::filter::{Condition, Lookup, Unknown};
use crate::scim::instant;
use crate::scim::path::AttributePath;
use crate::scim::projection::Projection;
use crate::scim::resource::primaries;
use crate::scim::schema::{Kind as DataKind, ResourceType};
use crate::scim::text;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::cmp::Ordering;

type Fields = Map<String, Value>;

/// What a client sees of a resource beyond its head.
const DERIVED: [&str; 4] = ["members", "groups", "meta", "manager"];

/// The resources of these kinds that the query asks for, as a client sees them before projection.
pub(super) fn list(directory: &Directory, kinds: &[Kind], query: &Query) -> Result<ListAnswer, ScimError> {
    let store = directory.reading();
    let (skip, take) = (query.start_index - 1, query.page_size());
    let whole = |kind, head| directory.whole(&**store, kind, head, &query.projection);
    let answer = |total, resources| ListAnswer { total, start_index: query.start_index, count: query.count, resources };
    if let ([kind], None, None) = (kinds, &query.filter, &query.sort_by) {
        let mut page = Vec::new();
        store.page(*kind, skip, take, &mut |bytes| page.push(view::parse(bytes)))?;
        let resources = page.into_iter().map(|head| whole(*kind, head?)).collect::<Result<_, _>>()?;
        return Ok(answer(store.count(*kind)?, resources));
    }
    let unknown = if kinds.len() == 1 { Unknown::Refuse } else { Unknown::NoValue };
    let mut found = Found { total: 0, skip, take, page: Vec::new(), sorted: query.sort_by.is_some() };
    for &kind in kinds {
        let of = directory.types.of(kind);
        let condition = query.filter.as_ref().map(|filter| Condition::bind(filter, of, unknown)).transpose()?;
        let order = query.sort_by.as_ref().map(|path| Order::bind(path, of, unknown)).transpose()?;
        let looks_beyond = condition.as_ref().is_some_and(|condition| condition.mentions(&DERIVED))
            || order.as_ref().is_some_and(|order| DERIVED.contains(&order.attribute.as_str()));
        let mut visit = |bytes: &[u8]| -> Result<(), ScimError> {
            let head = view::parse(bytes)?;
            let beyond = if looks_beyond {
                Some(directory.whole(&**store, kind, head.clone(), &Projection::Default)?)
            } else {
                None
            };
            let seen = beyond.as_ref().unwrap_or(&head);
            if condition.as_ref().is_none_or(|condition| condition.matches(seen)) {
                let key = order.as_ref().map(|order| order.key(seen));
                found.take_in(Match { key: key.unwrap_or(Key::Missing), kind, head });
            }
            Ok(())
        };
        if let Some(ids) = candidates(&**store, kind, condition.as_ref())? {
            for id in ids {
                if let Some(bytes) = store.get(kind, &id)? {
                    visit(&bytes)?;
                }
            }
        } else {
            let mut outcome = Ok(());
            store.page(kind, 0, usize::MAX, &mut |bytes| {
                if outcome.is_ok() {
                    outcome = visit(bytes);
                }
            })?;
            outcome?;
        }
    }
    let total = found.total;
    let page = found.finish(query.descending);
    Ok(answer(total, page.into_iter().map(|found| whole(found.kind, found.head)).collect::<Result<_, _>>()?))
}

/// One resource that matches.
struct Match {
    key: Key,
    kind: Kind,
    head: Fields,
}

/// What matched so far: the page, or all of it with its keys while an order is asked for.
struct Found {
    total: usize,
    skip: usize,
    take: usize,
    page: Vec<Match>,
    sorted: bool,
}

impl Found {
    fn take_in(&mut self, found: Match) {
        let on_page = self.total >= self.skip && self.page.len() < self.take;
        if self.sorted || on_page {
            self.page.push(found);
        }
        self.total += 1;
    }

    fn finish(mut self, descending: bool) -> Vec<Match> {
        if !self.sorted {
            return self.page;
        }
        if descending {
            self.page.sort_by(|one, other| other.key.order(&one.key));
        } else {
            self.page.sort_by(|one, other| one.key.order(&other.key));
        }
        self.page.into_iter().skip(self.skip).take(self.take).collect()
    }
}

/// The only resources that can match, where an index tells; `None` when all must be looked at.
fn candidates(store: &dyn Store, kind: Kind, condition: Option<&Condition>) -> Result<Option<Vec<String>>, ScimError> {
    for Lookup { attribute, value } in condition.map(Condition::lookups).unwrap_or_default() {
        let index = match attribute {
            "id" => return Ok(Some(vec![value.to_owned()])),
            "userName" => Index::UserName,
            "displayName" => Index::DisplayName,
            "externalId" => Index::ExternalId,
            "members.value" => Index::Member,
            _ => continue,
        };
        // The name indexes are folded, whatever the case rule of the attribute; the condition decides.
        let value = match index {
            Index::UserName | Index::DisplayName => text::fold(value),
            Index::ExternalId | Index::Member => value.to_owned(),
        };
        return Ok(Some(store.find(kind, index, &value)?));
    }
    Ok(None)
}

/// What to order by (RFC 7644 §3.4.2.3).
struct Order {
    extension: Option<String>,
    attribute: String,
    sub: Option<String>,
    kind: DataKind,
    exact: bool,
}

/// A value in the order; a missing one comes last.
#[derive(Debug)]
enum Key {
    Text(String),
    Number(f64),
    Instant(Timestamp),
    Missing,
}

impl Key {
    fn order(&self, other: &Self) -> Ordering {
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
    fn bind(path: &AttributePath, of: &ResourceType, unknown: Unknown) -> Result<Self, ScimError> {
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

    fn key(&self, resource: &Fields) -> Key {
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
