//! A scenario file as it is written: TOML read strictly, turned into the model. Unknown keys are errors with their place.

mod values;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use values::{AtLeast, CountValue, ErrorValue, OneOrMany, TotalValue, Typed, Word};

use super::capability::{App, Capability, Level};
use super::load::{Fixtures, LoadError};
use super::model::{
    BodySource, Case, Check, Count, Expect, Given, Kind, Need, Person, Scenario, Step, StepCredential, Test, Total,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: Spanned<u32>,
    id: String,
    title: String,
    capability: Capability,
    #[serde(default)]
    tags: Vec<String>,
    why: String,
    apps: Option<Vec<App>>,
    #[serde(default)]
    needs: Vec<Need>,
    #[serde(default)]
    exclusive: bool,
    volume: Option<Spanned<Vec<usize>>>,
    #[serde(default)]
    given: BTreeMap<String, Spanned<GivenTable>>,
    #[serde(default)]
    person: BTreeMap<String, Person>,
    #[serde(default)]
    case: Vec<BTreeMap<String, toml::Value>>,
    #[serde(default)]
    step: Vec<Spanned<StepTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenTable {
    resource: Resource,
    active: Option<bool>,
    members: Option<Vec<String>>,
    count: Option<CountValue>,
    with: Option<Spanned<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Resource {
    User,
    Group,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepTable {
    id: String,
    title: String,
    apps: Option<Vec<App>>,
    send: Spanned<String>,
    #[serde(rename = "as")]
    actor: Option<String>,
    body: Option<Spanned<String>>,
    fixture: Option<Spanned<String>>,
    from: Option<String>,
    merge: Option<Spanned<String>>,
    raw: Option<String>,
    #[serde(default)]
    credential: StepCredential,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    together: Option<String>,
    paginate: Option<Paginate>,
    #[serde(default)]
    capture: BTreeMap<String, String>,
    #[serde(default)]
    check: Vec<Spanned<CheckTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Paginate {
    count: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckTable {
    id: String,
    expect: Spanned<ExpectTable>,
    level: Level,
    capability: Option<Capability>,
    spec: Vec<String>,
    fix: String,
    why: Option<String>,
    #[serde(default)]
    stop: bool,
    #[serde(default)]
    apps: Vec<App>,
    #[serde(default)]
    needs: Vec<Need>,
}

/// Every key of an expectation; which of them go together is settled in [`expect`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectTable {
    status: Option<OneOrMany>,
    header: Option<String>,
    at: Option<String>,
    equals: Option<toml::Value>,
    one_of: Option<Vec<toml::Value>>,
    is: Option<Kind>,
    present: Option<bool>,
    absent: Option<bool>,
    contains: Option<toml::Value>,
    matches: Option<String>,
    includes: Option<Spanned<String>>,
    same_as: Option<String>,
    later_than: Option<String>,
    except: Option<Vec<String>>,
    list: Option<bool>,
    list_total: Option<TotalValue>,
    lists: Option<String>,
    each: Option<Box<ExpectTable>>,
    any_of: Option<Vec<ExpectTable>>,
    no_repeats: Option<bool>,
    complete: Option<bool>,
    same_order_as: Option<String>,
    scim_error: Option<ErrorValue>,
    faster_than: Option<String>,
}

/// Reads one file. `name` is what errors and reports call it.
pub(super) fn read(name: &str, text: &str, fixtures: &Fixtures) -> Result<Scenario, LoadError> {
    let file: File = toml::from_str(text).map_err(|e| LoadError::toml(name, text, &e))?;
    let place = Place { name, text, fixtures };
    if *file.format.get_ref() != 1 {
        return Err(place.error(file.format.span().start, "this program reads `format = 1`"));
    }
    let apps = file.apps.unwrap_or_else(|| App::ALL.to_vec());
    let mut given = Vec::new();
    for (name, table) in file.given {
        given.push((name, place.given(table)?));
    }
    // People first: groups may have them as members.
    given.sort_by_key(|(_, given)| matches!(given, Given::Group { .. }));
    let mut cases = Vec::new();
    for mut row in file.case {
        let Some(toml::Value::String(id)) = row.remove("id") else {
            return Err(place.error(0, "every [[case]] needs `id = \"…\"`"));
        };
        let values = row.into_iter().map(|(k, v)| (k, json(v))).collect();
        cases.push(Case { id, values, volume: None });
    }
    if let Some(volume) = file.volume {
        if !cases.is_empty() {
            return Err(
                place.error(volume.span().start, "a scenario is told by `volume` or by `[[case]]`, not by both")
            );
        }
        let mut sizes = volume.into_inner();
        sizes.sort_unstable();
        cases.extend(sizes.into_iter().map(Case::of_volume));
    }
    if cases.is_empty() {
        cases.push(Case::default());
    }
    let steps = file.step.into_iter().map(|step| place.step(step, &apps)).collect::<Result<_, _>>()?;
    Ok(Scenario {
        id: file.id,
        title: file.title,
        capability: file.capability,
        tags: file.tags,
        why: file.why.trim().to_owned(),
        apps,
        needs: file.needs,
        exclusive: file.exclusive,
        given,
        people: file.person.into_iter().collect(),
        cases,
        steps,
        source: name.to_owned(),
    })
}

/// What a step may send.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Where something is written, for errors.
struct Place<'a> {
    name: &'a str,
    text: &'a str,
    fixtures: &'a Fixtures,
}

impl Place<'_> {
    fn error(&self, at: usize, message: impl Into<String>) -> LoadError {
        LoadError::at(self.name, self.text, at, message)
    }

    /// JSON in a literal block; an error inside it points to its own line.
    fn block(&self, block: &Spanned<String>) -> Result<Value, LoadError> {
        serde_json::from_str(block.get_ref()).map_err(|e| {
            // The block starts behind its quotes, and TOML drops a newline right after them.
            let span = block.span();
            let source = &self.text[span.clone()];
            let quotes = if source.starts_with("'''") || source.starts_with("\"\"\"") { 3 } else { 1 };
            let inside = &source[quotes..];
            let dropped = if inside.starts_with("\r\n") { 2 } else { usize::from(inside.starts_with('\n')) };
            let before: usize =
                inside[dropped..].split_inclusive('\n').take(e.line().saturating_sub(1)).map(str::len).sum();
            let at = (span.start + quotes + dropped + before + e.column().saturating_sub(1)).min(self.text.len());
            self.error(at, format!("this is not JSON: {e}"))
        })
    }

    fn given(&self, table: Spanned<GivenTable>) -> Result<Given, LoadError> {
        let at = table.span().start;
        let table = table.into_inner();
        let count = match table.count.unwrap_or(CountValue::Fixed(1)) {
            CountValue::Fixed(0) => return Err(self.error(at, "`count` must be at least 1")),
            CountValue::Fixed(count) => Count::Fixed(count),
            CountValue::Word(Word::Volume) if table.active == Some(false) => {
                return Err(self.error(at, "a volume of users is made active"));
            }
            CountValue::Word(Word::Volume) => Count::Volume,
        };
        match table.resource {
            Resource::User if table.members.is_some() => Err(self.error(at, "only a group has `members`")),
            Resource::User => {
                let with = table.with.as_ref().map(|block| self.block(block)).transpose()?;
                Ok(Given::User { active: table.active.unwrap_or(true), count, with })
            }
            Resource::Group if table.active.is_some() || table.with.is_some() => {
                Err(self.error(at, "only a user has `active` and `with`"))
            }
            Resource::Group => Ok(Given::Group { members: table.members.unwrap_or_default(), count }),
        }
    }

    fn step(&self, table: Spanned<StepTable>, apps: &[App]) -> Result<Step, LoadError> {
        let at = table.span().start;
        let table = table.into_inner();
        let sent_at = table.send.span().start;
        let (method, path) = table
            .send
            .get_ref()
            .split_once(' ')
            .filter(|(method, path)| METHODS.contains(method) && path.starts_with('/'))
            .ok_or_else(|| {
                let methods = METHODS.join(", ");
                self.error(
                    sent_at,
                    format!("`send` is `METHOD /path`, e.g. `GET /Users/{{{{ann.id}}}}`; METHOD is one of {methods}"),
                )
            })?;
        let sources = [table.body.is_some(), table.fixture.is_some(), table.from.is_some(), table.raw.is_some()];
        if sources.into_iter().filter(|given| *given).count() > 1 {
            return Err(self.error(at, "a step has one of `body`, `fixture`, `from`, `raw`"));
        }
        if method == "GET" && sources.contains(&true) {
            return Err(self.error(at, "a GET has no body"));
        }
        if table.paginate.is_some() && method != "GET" {
            return Err(self.error(at, "`paginate` walks a list: it goes with GET"));
        }
        if table.merge.is_some() != table.from.is_some() {
            return Err(self.error(at, "`from` and `merge` go together"));
        }
        let body = if let Some(block) = &table.body {
            BodySource::Json(self.block(block)?)
        } else if let Some(name) = &table.fixture {
            BodySource::Json(self.fixture(name)?)
        } else if let Some(raw) = table.raw {
            BodySource::Raw(raw)
        } else if let (Some(from), Some(block)) = (table.from, &table.merge) {
            BodySource::Merge { from, over: self.block(block)? }
        } else {
            BodySource::None
        };
        let checks = table.check.into_iter().map(|check| self.check(check)).collect::<Result<_, _>>()?;
        Ok(Step {
            id: table.id,
            title: table.title,
            apps: table.apps.unwrap_or_else(|| apps.to_vec()),
            method: method.to_owned(),
            path: path.trim().to_owned(),
            actor: table.actor,
            body,
            credential: table.credential,
            headers: table.headers.into_iter().collect(),
            together: table.together,
            paginate: table.paginate.map(|p| p.count.max(1)),
            captures: table.capture.into_iter().collect(),
            checks,
        })
    }

    fn fixture(&self, name: &Spanned<String>) -> Result<Value, LoadError> {
        self.fixtures.get(name.get_ref()).cloned().ok_or_else(|| {
            let known: Vec<&str> = self.fixtures.names().collect();
            let message = format!("there is no fixture `{}`; there are {}", name.get_ref(), known.join(", "));
            self.error(name.span().start, message)
        })
    }

    fn check(&self, table: Spanned<CheckTable>) -> Result<Check, LoadError> {
        let table = table.into_inner();
        let at = table.expect.span().start;
        let expect = self.expect(table.expect.into_inner(), at)?;
        Ok(Check {
            id: table.id,
            expect,
            level: table.level,
            capability: table.capability,
            spec: table.spec,
            fix: table.fix,
            why: table.why,
            stop: table.stop,
            apps: table.apps,
            needs: table.needs,
        })
    }

    fn expect(&self, mut e: ExpectTable, at: usize) -> Result<Expect, LoadError> {
        let error = |message: String| self.error(at, message);
        let mut forms = Vec::new();
        let mut tests = Vec::new();
        if let Some(value) = e.equals.take() {
            tests.push(Test::Equals(json(value)));
        }
        tests.extend(e.one_of.take().map(|values| Test::OneOf(values.into_iter().map(json).collect())));
        tests.extend(e.is.map(Test::Is));
        tests.extend(e.contains.take().map(|value| Test::Contains(json(value))));
        tests.extend(e.matches.take().map(Test::Matches));
        for (flag, name, test) in [(e.present, "present", Test::Present), (e.absent, "absent", Test::Absent)] {
            match flag {
                Some(true) => tests.push(test),
                Some(false) => return Err(error(format!("`{name} = false` says nothing; leave it out"))),
                None => {}
            }
        }
        for test in &tests {
            if let Test::Matches(pattern) = test
                && !pattern.contains("{{")
                && let Err(why) = regex_lite::Regex::new(pattern)
            {
                return Err(error(format!("`matches` is no regular expression: {why}")));
            }
        }
        let pointer = |at: &str| at.is_empty() || at.starts_with('/');
        if e.at.as_deref().is_some_and(|at| !pointer(at)) {
            return Err(error("`at` is a JSON Pointer: it starts with `/`, or is empty for the whole body".into()));
        }
        let at_pointer = e.at.clone().unwrap_or_default();
        if let Some(expected) = e.includes.take() {
            let expected = self.block(&expected)?;
            forms.push(Expect::Includes { at: at_pointer.clone(), expected });
            e.at = None;
        }
        if let Some(name) = e.header.take() {
            let test = one_test(&mut tests).ok_or_else(|| error("`header` needs exactly one test".into()))?;
            forms.push(Expect::Header { name, test });
        }
        if let Some(step) = e.later_than.take() {
            e.at.take().ok_or_else(|| error("`later_than` needs `at`, where the time is".into()))?;
            forms.push(Expect::LaterThan { at: at_pointer.clone(), step });
        }
        if e.at.take().is_some() {
            let test = one_test(&mut tests).ok_or_else(|| {
                error("`at` needs exactly one of equals, one_of, is, present, absent, contains, matches".into())
            })?;
            forms.push(Expect::At { at: at_pointer, test });
        }
        if !tests.is_empty() {
            return Err(error(
                "equals, one_of, is, present, absent, contains and matches belong to `at` or `header`".into(),
            ));
        }
        forms.extend(e.status.take().map(|status| match status {
            OneOrMany::One(one) => Expect::Status(vec![one]),
            OneOrMany::Many(many) => Expect::Status(many),
        }));
        let except = e.except.take();
        if except.is_some() && e.same_as.is_none() {
            return Err(error("`except` belongs to `same_as`".into()));
        }
        forms.extend(e.same_as.take().map(|step| Expect::SameAs { step, except: except.unwrap_or_default() }));
        forms.extend(flag(e.list, Expect::List));
        forms.extend(flag(e.no_repeats, Expect::NoRepeats));
        forms.extend(flag(e.complete, Expect::Complete));
        forms.extend(e.same_order_as.take().map(Expect::SameOrderAs));
        forms.extend(e.list_total.take().map(|total| match total {
            TotalValue::Exactly(n) => Expect::ListTotal(Total::Exactly(n)),
            TotalValue::AtLeast(AtLeast { at_least }) => Expect::ListTotal(Total::AtLeast(at_least)),
        }));
        forms.extend(e.lists.take().map(Expect::Lists));
        if let Some(inner) = e.each.take() {
            forms.push(Expect::Each(Box::new(self.expect(*inner, at)?)));
        }
        if let Some(inner) = e.any_of.take() {
            forms.push(Expect::AnyOf(inner.into_iter().map(|form| self.expect(form, at)).collect::<Result<_, _>>()?));
        }
        match e.scim_error.take() {
            Some(ErrorValue::Any(true)) => forms.push(Expect::ScimError { scim_type: None }),
            Some(ErrorValue::Any(false)) => {
                return Err(error("`scim_error = false` says nothing; leave it out".into()));
            }
            Some(ErrorValue::Typed(Typed { scim_type })) => {
                forms.push(Expect::ScimError { scim_type: Some(scim_type) });
            }
            None => {}
        }
        if let Some(limit) = e.faster_than.take() {
            forms.push(Expect::FasterThan(
                duration(&limit).ok_or_else(|| error("`faster_than` is a duration like \"600ms\"".into()))?,
            ));
        }
        match forms.len() {
            1 => Ok(forms.remove(0)),
            0 => Err(error("an empty `expect` judges nothing".into())),
            _ => Err(error("one check has one form; make a check of each".into())),
        }
    }
}

fn one_test(tests: &mut Vec<Test>) -> Option<Test> {
    if tests.len() == 1 { tests.pop() } else { None }
}

fn flag(value: Option<bool>, form: Expect) -> Option<Expect> {
    value.filter(|on| *on).map(|_| form)
}

fn duration(text: &str) -> Option<Duration> {
    text.parse::<jiff::SignedDuration>().ok()?.try_into().ok()
}

/// A TOML value as JSON; a date is its text.
fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(members) => Value::Object(members.into_iter().map(|(k, v)| (k, json(v))).collect()),
    }
}

#[cfg(test)]
mod tests;
