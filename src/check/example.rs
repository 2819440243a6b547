//! What an answer looks like that an expectation takes, and one that it does not: for `explain`. The judge itself says of
//! each example whether it holds.

use serde_json::{Map, Value, json};

use super::{Context, Judgement, judge};
use crate::exchange::{Body, Exchange, Header, Request, Response};
use crate::scenario::{Expect, Kind, Test, Total};

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
/// Who is asked for where a list must name somebody.
const SOMEBODY: [&str; 2] = ["2819c223", "902c246b"];

/// The parts of an answer that an example is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    status: Option<u16>,
    header: Option<(String, Option<String>)>,
    body: Option<Value>,
    ms: Option<f64>,
}

/// A right and a wrong answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// It passes.
    pub right: Answer,
    /// It fails.
    pub wrong: Answer,
    /// What an earlier step read, where both are compared with it.
    pub before: Option<Value>,
}

impl std::fmt::Display for Answer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let header = self.header.as_ref().map(|(name, value)| match value {
            Some(value) => format!("{name}: {value}"),
            None => format!("without {name}"),
        });
        let parts = [
            self.status.map(|status| status.to_string()),
            header,
            self.body.as_ref().map(|body| if body.is_null() { "no body".to_owned() } else { spaced(body) }),
            self.ms.map(|ms| format!("after {ms:.0} ms")),
        ];
        out.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join("  "))
    }
}

/// JSON on one line, with spaces to break it at.
fn spaced(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<_> = members.iter().map(|(name, v)| format!("{}: {}", json!(name), spaced(v))).collect();
            if members.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", members.join(", ")) }
        }
        Value::Array(items) => format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// An example for an expectation, which may still hold templates. `status` is that of the answer where the expectation does
/// not say it. None where no wrong answer could be made up.
pub fn example(expect: &Expect, status: u16) -> Option<Example> {
    let (rights, wrongs, before) = candidates(expect, status);
    let pick = |answers: Vec<Answer>, holds: bool| {
        answers.into_iter().find(|answer| match judged(expect, answer, before.as_ref(), status) {
            Judgement::Passed => holds,
            Judgement::Failed(_) => !holds,
            Judgement::Skipped(_) => false,
        })
    };
    // What a pattern takes is told in words, which need not match it.
    let right = if is_pattern(expect) { rights.into_iter().next() } else { pick(rights, true) };
    Some(Example { right: right?, wrong: pick(wrongs, false)?, before })
}

fn judged(expect: &Expect, answer: &Answer, before: Option<&Value>, status: u16) -> Judgement {
    let header = answer.header.clone().and_then(|(name, value)| Some(Header { name, value: value? }));
    let exchange = |body: Option<&Value>| Exchange {
        request: Request { method: "GET".into(), path: "/Users".into(), headers: Vec::new(), body: Body::Empty },
        response: Some(Response {
            status: answer.status.unwrap_or(status),
            headers: header.clone().into_iter().collect(),
            body: body.filter(|body| !body.is_null()).map_or(Body::Empty, |body| Body::Json(body.clone())),
            truncated: false,
            ms: answer.ms.unwrap_or(1.0),
        }),
        failure: None,
        curl: String::new(),
    };
    let earlier = before.map(|body| exchange(Some(body)));
    let context =
        Context { earlier: &|_| earlier.as_ref(), listed: &|_| SOMEBODY.iter().map(|id| (*id).to_owned()).collect() };
    judge(expect, &exchange(answer.body.as_ref()), &context)
}

fn is_pattern(expect: &Expect) -> bool {
    match expect {
        Expect::At { test, .. } | Expect::Header { test, .. } => matches!(test, Test::Matches(_)),
        Expect::Each(form) => is_pattern(form),
        Expect::AnyOf(forms) => forms.first().is_some_and(is_pattern),
        _ => false,
    }
}

/// Answers that may pass, answers that may fail, the likelier first; and what an earlier step read.
fn candidates(expect: &Expect, status: u16) -> (Vec<Answer>, Vec<Answer>, Option<Value>) {
    let body = |body: Value| Answer { body: Some(body), ..Answer::default() };
    let one = |right: Value, wrong: Value| (vec![body(right)], vec![body(wrong)], None);
    let after = |before: Value, right: Value, wrong: Vec<Value>| {
        (vec![body(right)], wrong.into_iter().map(body).collect(), Some(before))
    };
    match expect {
        Expect::Status(codes) => {
            let status = |code: u16| Answer { status: Some(code), ..Answer::default() };
            let error = codes.iter().all(|code| *code >= 400);
            let wrong = if error { [200, 201, 500] } else { [400, 404, 200] };
            (codes.iter().copied().map(status).collect(), wrong.into_iter().map(status).collect(), None)
        }
        Expect::Header { name, test } => {
            let header = |value: Option<Value>| {
                let text = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                Answer { header: Some((name.clone(), text)), ..Answer::default() }
            };
            let (rights, wrongs) = values(test);
            (rights.into_iter().map(header).collect(), wrongs.into_iter().map(header).collect(), None)
        }
        Expect::FasterThan(limit) => {
            let ms = limit.as_secs_f64() * 1000.0;
            let took = |ms: f64| Answer { ms: Some(ms), ..Answer::default() };
            (vec![took(ms / 2.0)], vec![took(ms * 2.0)], None)
        }
        Expect::At { at, test } => {
            let (rights, wrongs) = values(test);
            let placed = |values: Vec<Option<Value>>| values.into_iter().map(|v| body(placed(at, v))).collect();
            (placed(rights), placed(wrongs), None)
        }
        Expect::Includes { at, expected } => one(placed(at, Some(expected.clone())), placed(at, Some(less(expected)))),
        Expect::SameAs { .. } => {
            let names = ["displayName", "userName", "title", "nickName", "active"];
            let user = |changed: &str| {
                let members =
                    names.iter().map(|n| ((*n).to_owned(), json!(if *n == changed { "changed" } else { "ann" })));
                Value::Object(members.collect())
            };
            after(user(""), user(""), names.iter().map(|name| user(name)).collect())
        }
        Expect::LaterThan { at, .. } => {
            let time = |second: u8| placed(at, Some(json!(format!("2026-01-31T08:00:0{second}.250Z"))));
            after(time(1), time(2), vec![time(1)])
        }
        Expect::List => one(listing(1, &[SOMEBODY[0]]), json!({ "schemas": [LIST], "totalResults": "1" })),
        Expect::ListTotal(Total::Exactly(total)) => one(counted(*total), counted(total + 1)),
        Expect::ListTotal(Total::AtLeast(total)) => {
            let fewer = total.checked_sub(1).map_or_else(|| json!({ "schemas": [LIST] }), counted);
            one(counted(*total), fewer)
        }
        Expect::Lists(_) => one(listing(2, &SOMEBODY), listing(1, &SOMEBODY[..1])),
        Expect::Each(form) => {
            let (rights, wrongs, before) = candidates(form, status);
            let listed = |answers: Vec<Answer>| {
                let bodies = answers.into_iter().filter_map(|answer| answer.body);
                bodies.map(|one| body(json!({ "schemas": [LIST], "totalResults": 1, "Resources": [one] }))).collect()
            };
            (listed(rights), listed(wrongs), before)
        }
        Expect::AnyOf(forms) => {
            let mut all = (Vec::new(), Vec::new(), None);
            let mut together = Answer::default();
            for (rights, wrongs, before) in forms.iter().map(|form| candidates(form, status)) {
                if let Some(wrong) = wrongs.first() {
                    together = overlaid(together, wrong);
                }
                all.0.extend(rights);
                all.1.extend(wrongs);
                all.2 = all.2.or(before);
            }
            all.1.extend([together, body(json!({})), body(json!("")), body(Value::Null)]);
            all
        }
        Expect::NoRepeats => one(listing(2, &SOMEBODY), listing(2, &[SOMEBODY[0]; 2])),
        Expect::Complete => one(listing(2, &SOMEBODY), listing(3, &SOMEBODY)),
        Expect::SameOrderAs(_) => {
            let [first, second] = SOMEBODY;
            after(listing(2, &SOMEBODY), listing(2, &SOMEBODY), vec![listing(2, &[second, first])])
        }
        Expect::ScimError { scim_type } => {
            let code = if status < 400 { 400 } else { status };
            let mut told =
                json!({ "schemas": [ERROR], "status": code.to_string(), "detail": "what is wrong, in words" });
            if let Some(word) = scim_type {
                told["scimType"] = json!(word);
            }
            let answer = |body: Value| Answer { status: Some(code), body: Some(body), ..Answer::default() };
            (vec![answer(told)], vec![answer(json!({ "error": "failed" }))], None)
        }
    }
}

/// A list that names these.
fn listing(total: usize, ids: &[&str]) -> Value {
    let resources: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
    json!({ "schemas": [LIST], "totalResults": total, "Resources": resources })
}

fn counted(total: u64) -> Value {
    json!({ "schemas": [LIST], "totalResults": total })
}

/// Both wrongs in one answer.
fn overlaid(mut below: Answer, above: &Answer) -> Answer {
    let Answer { status, header, body, ms } = above.clone();
    match (&mut below.body, body) {
        (Some(one), Some(other)) => crate::play::merge(one, &other),
        (none, some) => *none = none.take().or(some),
    }
    Answer { status: status.or(below.status), header: header.or(below.header), ms: ms.or(below.ms), body: below.body }
}

/// Values that pass a test and values that do not; none where nothing must be there.
fn values(test: &Test) -> (Vec<Option<Value>>, Vec<Option<Value>>) {
    let some = |values: Vec<Value>| values.into_iter().map(Some).collect::<Vec<_>>();
    match test {
        Test::Equals(value) if unassigned(value) => (vec![None], some(vec![json!("something")])),
        Test::Equals(value) => (some(vec![value.clone()]), some(others(value))),
        Test::OneOf(values) => (some(values.clone()), some(values.iter().flat_map(others).collect())),
        Test::Is(kind) => {
            let (right, wrong) = of_kind(*kind);
            (some(vec![right]), some(vec![wrong]))
        }
        Test::Present => (some(vec![json!("something")]), vec![None]),
        Test::Absent => (vec![None], some(vec![json!("something")])),
        Test::Contains(part @ Value::String(_)) => {
            (some(vec![json!([part]), part.clone()]), some(vec![json!(["something else"]), json!("something else")]))
        }
        Test::Contains(part) => (some(vec![json!([part])]), some(vec![json!([])])),
        Test::Matches(pattern) => {
            (some(vec![json!(format!("text that matches {pattern}"))]), some(vec![json!(""), json!("?")]))
        }
    }
}

fn unassigned(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// What servers say instead of a value.
fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(truth) => vec![json!(!truth)],
        Value::Number(number) => vec![json!(number.as_f64().unwrap_or_default() + 1.0), json!(number.to_string())],
        Value::String(_) => vec![json!("something else")],
        Value::Null => vec![json!("something")],
        Value::Array(_) => vec![json!([])],
        Value::Object(_) => vec![json!({})],
    }
}

fn of_kind(kind: Kind) -> (Value, Value) {
    match kind {
        Kind::String => (json!("text"), json!(7)),
        Kind::NonEmptyString | Kind::NotEmpty => (json!("text"), json!("")),
        Kind::Integer | Kind::Number => (json!(7), json!("7 or so")),
        Kind::Boolean => (json!(true), json!("true")),
        Kind::Array => (json!([]), json!("text")),
        Kind::NonEmptyArray => (json!([{ "value": "text" }]), json!([])),
        Kind::Object => (json!({}), json!("text")),
        Kind::DateTime => (json!("2026-01-31T08:00:00Z"), json!("31.01.2026")),
        Kind::Uri => (json!("https://example.com/scim/v2/Users/2819c223"), json!("2819c223")),
    }
}

/// The subset without something that it asks for.
fn less(expected: &Value) -> Value {
    match expected {
        Value::Object(members) => {
            let mut members: Map<String, Value> = members.clone();
            let deep =
                members.iter().find(|(_, value)| value.is_object() || value.is_array()).map(|(name, _)| name.clone());
            match deep.or_else(|| members.keys().next_back().cloned()) {
                Some(name) if members[&name].is_object() => members[&name] = less(&members[&name].clone()),
                Some(name) => drop(members.shift_remove(&name)),
                None => {}
            }
            Value::Object(members)
        }
        Value::Array(_) => json!([]),
        other => others(other).into_iter().next().unwrap_or_default(),
    }
}

/// A document with this value at a JSON Pointer, and as little else as that takes.
fn placed(at: &str, value: Option<Value>) -> Value {
    let Some((parents, last)) = at.rsplit_once('/') else { return value.unwrap_or_default() };
    let name = last.replace("~1", "/").replace("~0", "~");
    let around = match (name.parse::<usize>(), value) {
        (Ok(index), value) => {
            let mut items = vec![json!({}); index];
            items.extend(value);
            Value::Array(items)
        }
        (Err(_), Some(value)) => Value::Object(Map::from_iter([(name, value)])),
        (Err(_), None) => json!({}),
    };
    placed(parents, Some(around))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_of_the_catalogue_has_an_example_that_its_judge_agrees_with() {
        let catalogue = crate::scenario::load(None, None).expect("catalogue");
        let checks = catalogue
            .scenarios
            .iter()
            .flat_map(|s| s.steps.iter().flat_map(move |t| t.checks.iter().map(move |c| (s, c))));
        let without: Vec<_> = checks
            .filter(|(_, check)| example(&check.expect, 200).is_none())
            .map(|(scenario, check)| format!("{}/{} {:?}", scenario.id, check.id, check.expect))
            .collect();
        assert!(without.is_empty(), "{without:#?}");
    }

    #[test]
    fn examples_read_as_answers() {
        let told = |expect: &Expect| {
            let example = example(expect, 200).expect("an example");
            (example.right.to_string(), example.wrong.to_string())
        };
        let two = |right: &str, wrong: &str| (right.to_owned(), wrong.to_owned());
        let at = |at: &str, test| Expect::At { at: at.to_owned(), test };
        assert_eq!(
            told(&at("/active", Test::Equals(json!(false)))),
            two("{ \"active\": false }", "{ \"active\": true }")
        );
        assert_eq!(
            told(&at("/Resources/0/active", Test::Is(Kind::Boolean))),
            two("{ \"Resources\": [{ \"active\": true }] }", "{ \"Resources\": [{ \"active\": \"true\" }] }")
        );
        assert_eq!(told(&at("/password", Test::Absent)), two("{}", "{ \"password\": \"something\" }"));
        assert_eq!(told(&Expect::Status(vec![200, 204])), two("200", "400"));
        let header = Expect::Header { name: "Location".into(), test: Test::Present };
        assert_eq!(told(&header), two("Location: something", "without Location"));
        let part =
            Expect::Includes { at: String::new(), expected: json!({ "name": { "givenName": "{{ann.givenName}}" } }) };
        assert_eq!(told(&part), two("{ \"name\": { \"givenName\": \"{{ann.givenName}}\" } }", "{ \"name\": {} }"));
    }

    #[test]
    fn what_differs_in_several_ways_is_wrong_in_all_of_them() {
        let either = [("/active", json!(false)), ("/userName", json!("ann"))]
            .map(|(at, value)| Expect::At { at: at.to_owned(), test: Test::Equals(value) });
        let example = example(&Expect::AnyOf(either.to_vec()), 200).expect("an example");
        assert_eq!(example.wrong.to_string(), "{ \"active\": true }");
    }
}
