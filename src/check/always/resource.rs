//! Rules on the users, groups and lists in an answer.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::super::{Finding, Judgement, datetime, list, pointer, show};
use super::Rules;
use super::target::{self, Kind, Place, Seen, Target};

/// Judges every resource of a successful answer: `rule` gives the finding, or nothing. Skipped when there is none, or
/// when `applies` holds for none.
pub(super) fn each(
    seen: &Seen<'_>,
    applies: impl Fn(&Target, &Value) -> bool,
    rule: impl Fn(&Target, Place, &Value) -> Option<Finding>,
) -> Judgement {
    let Some((target, _)) = seen.success() else { return nothing_to_judge() };
    let mut resources = seen.resources.iter().filter(|(_, resource)| applies(target, resource)).peekable();
    if resources.peek().is_none() {
        return nothing_to_judge();
    }
    total(resources.filter_map(|(at, resource)| rule(target, *at, resource)))
}

fn nothing_to_judge() -> Judgement {
    Judgement::Skipped("no such resource in this answer".to_owned())
}

/// The first finding, saying how many others there are.
fn total(mut findings: impl Iterator<Item = Finding>) -> Judgement {
    let Some(mut first) = findings.next() else { return Judgement::Passed };
    let others = findings.count();
    if others > 0 {
        let places = if others == 1 { "place" } else { "places" };
        first.message = format!("{} (and in {others} more {places})", first.message);
    }
    Judgement::Failed(first)
}

/// A finding at a member of a resource when its value does not hold.
fn member(at: Place, name: &str, resource: &Value, wanted: &str, holds: impl Fn(&Value) -> bool) -> Option<Finding> {
    member_at(|| at.below(name), name, resource, wanted, holds)
}

/// The same at a member that stands deeper; where is told only when it is asked for.
fn member_at(
    place: impl FnOnce() -> String,
    name: &str,
    value: &Value,
    wanted: &str,
    holds: impl Fn(&Value) -> bool,
) -> Option<Finding> {
    let value = pointer::get(value, name);
    if value.is_some_and(holds) {
        return None;
    }
    let place = place();
    let found = value.map_or_else(|| "missing".to_owned(), show::described);
    let message = format!("{place} is {found}, expected {wanted}");
    Some(Finding::new(&place, &message, Some(Value::from(wanted)), value))
}

pub(super) fn schemas(seen: &Seen<'_>, _: &Rules) -> Judgement {
    let Some((target, body)) = seen.success() else { return nothing_to_judge() };
    let names = |at: Place, document: &Value, urn: &str| {
        let wanted = format!("an array of strings with \"{urn}\"");
        member(at, "schemas", document, &wanted, |value| {
            value.as_array().is_some_and(|urns| urns.iter().all(Value::is_string) && urns.iter().any(|one| one == urn))
        })
    };
    let envelope = if target.list { names(Place::Body, body, target::LIST) } else { None };
    let findings = seen.resources.iter().filter_map(|(at, resource)| names(*at, resource, target.kind.schema()));
    total(envelope.into_iter().chain(findings))
}

pub(super) fn id(seen: &Seen<'_>, _: &Rules) -> Judgement {
    each(
        seen,
        |_, _| true,
        |target, at, resource| {
            let text = |value: &Value| value.as_str().is_some_and(|id| !id.is_empty());
            if let Some(finding) = member(at, "id", resource, "a string that is not empty", text) {
                return Some(finding);
            }
            let wanted = target.id.as_deref()?;
            let found = pointer::get(resource, "id").filter(|found| *found != wanted)?;
            let message = format!("/id is {}, but {} was asked for", show::inline(found), show::quoted(wanted, 120));
            Some(Finding::new("/id", &message, Some(Value::from(wanted)), Some(found)))
        },
    )
}

/// The letters of an id that cannot stand in a segment of a path (RFC 3986 §3.3). Other than ASCII is left to the client,
/// which encodes it in one way only.
fn out_of_place(letter: char) -> bool {
    letter.is_ascii() && !letter.is_ascii_alphanumeric() && !"-._~!$&'()*+,;=:@".contains(letter)
}

pub(super) fn id_in_path(seen: &Seen<'_>, _: &Rules) -> Judgement {
    let text = |_: &Target, resource: &Value| pointer::get(resource, "id").is_some_and(Value::is_string);
    each(seen, text, |_, at, resource| {
        let id = pointer::get(resource, "id")?;
        let letter = id.as_str()?.chars().find(|letter| out_of_place(*letter))?;
        let place = at.below("id");
        let letter = show::quoted(&letter.to_string(), 8);
        let message = format!("{place} is {}, and {letter} cannot stand in a path as it is", show::inline(id));
        Some(Finding::new(&place, &message, Some(Value::from("letters, digits, - . _ ~")), Some(id)))
    })
}

/// The values of a multi-valued attribute that are objects, by position.
fn values<'v>(resource: &'v Value, attribute: &str) -> impl Iterator<Item = (usize, &'v Value)> {
    let values = pointer::get(resource, attribute).and_then(Value::as_array);
    values.into_iter().flatten().enumerate().filter(|(_, value)| value.is_object())
}

pub(super) fn primary(seen: &Seen<'_>, _: &Rules) -> Judgement {
    let is_primary = |value: &Value| pointer::get(value, "primary") == Some(&Value::Bool(true));
    each(
        seen,
        |_, _| true,
        |_, at, resource| {
            let twice = |name: &&String| values(resource, name).filter(|(_, value)| is_primary(value)).count() > 1;
            let name = resource.as_object()?.keys().find(twice)?;
            let place = at.below(name);
            let message = format!("{place} has more than one primary value, expected one at most");
            Some(Finding::new(&place, &message, Some(Value::from("one primary value")), pointer::get(resource, name)))
        },
    )
}

pub(super) fn references(seen: &Seen<'_>, _: &Rules) -> Judgement {
    let attribute = |target: &Target| if target.kind == Kind::User { "groups" } else { "members" };
    let some = |target: &Target, resource: &Value| values(resource, attribute(target)).next().is_some();
    each(seen, some, |target, at, resource| {
        let list = attribute(target);
        let text = |value: &Value| value.as_str().is_some_and(|id| !id.is_empty());
        values(resource, list).find_map(|(index, value)| {
            let place = || format!("{}/{index}/value", at.below(list));
            member_at(place, "value", value, "an id, a string that is not empty", text)
        })
    })
}

pub(super) fn time_zone(seen: &Seen<'_>, _: &Rules) -> Judgement {
    fn times(resource: &Value) -> impl Iterator<Item = (&'static str, &Value)> {
        let meta = pointer::get(resource, "meta");
        ["created", "lastModified"].into_iter().filter_map(move |name| Some((name, pointer::get(meta?, name)?)))
    }
    let some = |_: &Target, resource: &Value| times(resource).any(|(_, time)| time.is_string());
    each(seen, some, |_, at, resource| {
        let (name, time) = times(resource).find(|(_, time)| time.as_str().is_some_and(datetime::without_zone))?;
        let place = pointer::below(&at.below("meta"), name);
        let message = format!("{place} is {}, expected a zone: Z or an offset", show::inline(time));
        Some(Finding::new(&place, &message, Some(Value::from("a dateTime with a zone")), Some(time)))
    })
}

pub(super) fn counters(seen: &Seen<'_>, _: &Rules) -> Judgement {
    let good = seen.exchange.status().is_some_and(|status| (200..300).contains(&status));
    let asked = seen.target.as_ref().is_some_and(|target| target.list);
    match seen.exchange.json().filter(|body| good && body.is_object() && (asked || target::is_list(body))) {
        None => Judgement::Skipped("not a list".to_owned()),
        Some(body) => list::counters(body).map_or(Judgement::Passed, Judgement::Failed),
    }
}

pub(super) fn active(seen: &Seen<'_>, _: &Rules) -> Judgement {
    let there = |target: &Target, user: &Value| {
        target.kind == Kind::User && pointer::get(user, "active").is_some_and(|active| !active.is_null())
    };
    each(seen, there, |_, at, user| member(at, "active", user, "a boolean", Value::is_boolean))
}

pub(super) fn meta(seen: &Seen<'_>, _: &Rules) -> Judgement {
    // `attributes` and `excludedAttributes` say what is shown (RFC 7644 §3.9).
    if seen.exchange.request.path.to_ascii_lowercase().contains("attributes=") {
        return Judgement::Skipped("the request asks for some attributes only".to_owned());
    }
    each(
        seen,
        |_, _| true,
        |target, at, resource| {
            if let Some(finding) = member(at, "meta", resource, "an object", Value::is_object) {
                return Some(finding);
            }
            let meta = pointer::get(resource, "meta")?;
            let in_meta = |name: &str, wanted: &str, holds: &dyn Fn(&Value) -> bool| {
                member_at(|| pointer::below(&at.below("meta"), name), name, meta, wanted, holds)
            };
            let kind = target.kind.name();
            let dated = |name| {
                let date_time = |value: &Value| value.as_str().is_some_and(|text| datetime::parse(text).is_some());
                in_meta(name, "a dateTime such as 2024-01-31T08:00:00Z", &date_time)
            };
            let text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
            in_meta("resourceType", &format!("\"{kind}\""), &|value| value == kind)
                .or_else(|| in_meta("location", "the URI of the resource", &text))
                .or_else(|| dated("created"))
                .or_else(|| dated("lastModified"))
        },
    )
}

/// On a 201: an absolute http(s) URI whose last segment is the id in the body, where that has one.
pub(super) fn location(seen: &Seen<'_>, _: &Rules) -> Judgement {
    let created = seen.exchange.response.as_ref().filter(|response| response.status == 201);
    let (Some(response), Some(target)) = (created, &seen.target) else {
        return Judgement::Skipped("nothing was created".to_owned());
    };
    let fail = |message: String, actual: Option<&str>| {
        let actual = actual.map(Value::from);
        let expected = Some(Value::from(format!("the absolute URI of the new {}", target.kind.name().to_lowercase())));
        Judgement::Failed(Finding::new("header Location", &message, expected, actual.as_ref()))
    };
    let Some(location) = response.header("Location") else {
        return fail("header Location is missing, expected the URI of the new resource".to_owned(), None);
    };
    let quoted = show::quoted(location, 200);
    let Some(uri) = url::Url::parse(location).ok().filter(|uri| matches!(uri.scheme(), "http" | "https")) else {
        return fail(format!("header Location is {quoted}, expected an absolute URI"), Some(location));
    };
    let last = uri.path_segments().into_iter().flatten().rfind(|segment| !segment.is_empty()).unwrap_or_default();
    let last = percent_decode_str(last).decode_utf8_lossy();
    match seen.exchange.json().and_then(|body| pointer::get(body, "id")?.as_str()) {
        Some(id) if *id != *last => fail(
            format!("header Location is {quoted}, which is not the new resource {}", show::quoted(id, 60)),
            Some(location),
        ),
        _ => Judgement::Passed,
    }
}
