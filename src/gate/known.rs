//! The known-failures file: checks that may fail without failing the gate, each with its reason.

use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;

use crate::play::{CheckResult, CheckStatus, ScenarioResult};
use crate::score::rule_of;

/// A known-failures file, read. The default is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KnownFailures {
    name: String,
    entries: Vec<Entry>,
}

/// One entry of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Full check id, or `always.RULE` for a rule in every scenario.
    pub id: String,
    /// Why it may fail.
    pub reason: String,
    /// The last day it is excused.
    pub expires: Option<Date>,
    /// Its first and last line in the file, counted from 1.
    pub lines: (usize, usize),
}

/// What is wrong with a known-failures file: file, line, column, cause and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KnownError(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    known: Vec<RawEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    id: Spanned<String>,
    reason: Spanned<String>,
    expires: Option<Spanned<toml::Value>>,
}

const ALLOWED: &str = "Allowed keys of a [[known]] entry: id, reason, expires (optional, \"YYYY-MM-DD\").";

impl KnownFailures {
    /// Reads a file's text; `path_name` is how messages call the file.
    pub fn parse(path_name: &str, text: &str) -> Result<Self, KnownError> {
        let wrong = |offset: usize, what: &str| {
            let (line, column) = position(text, offset);
            KnownError(format!("{path_name}:{line}:{column}: {what}\n{ALLOWED}"))
        };
        let file: RawFile =
            toml::from_str(text).map_err(|e| wrong(e.span().map_or(0, |span| span.start), e.message().trim()))?;
        let mut entries: Vec<Entry> = Vec::new();
        for raw in file.known {
            let at = raw.id.span().start;
            let id = raw.id.get_ref().trim().to_owned();
            if !(id.contains('/') || id.starts_with("always.")) {
                return Err(wrong(at, "id must be a full check id, such as \"users.deactivate/persisted\""));
            }
            let reason = raw.reason.get_ref().trim().to_owned();
            if reason.is_empty() {
                return Err(wrong(raw.reason.span().start, "reason is empty: say why this check may fail"));
            }
            if let Some(first) = entries.iter().find(|e| e.id == id) {
                return Err(wrong(at, &format!("{id} is listed twice, first in line {}", first.lines.0)));
            }
            let expires = match &raw.expires {
                None => None,
                Some(value) => Some(date(value.get_ref()).ok_or_else(|| {
                    wrong(value.span().start, "expires is not a date: write it as \"2027-01-31\" (year-month-day)")
                })?),
            };
            let spans = [Some(raw.id.span()), Some(raw.reason.span()), raw.expires.map(|e| e.span())];
            let (start, end) =
                spans.into_iter().flatten().fold((at, at), |(a, z), span| (a.min(span.start), z.max(span.end)));
            entries.push(Entry { id, reason, expires, lines: lines(text, start, end) });
        }
        Ok(Self { name: path_name.to_owned(), entries })
    }

    /// The file's entries, in its order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Adds an entry.
    pub(super) fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Whether an entry names this check.
    pub fn excuses(&self, check_id: &str) -> bool {
        self.entries.iter().any(|entry| entry.names(check_id))
    }

    /// Marks every failed or blocked check that an entry names: `known` becomes the entry's reason.
    pub fn apply(&self, scenarios: &mut [ScenarioResult]) {
        let checks = scenarios.iter_mut().flat_map(|s| &mut s.steps).flat_map(|s| &mut s.checks);
        for check in checks.filter(|c| matches!(c.status, CheckStatus::Failed | CheckStatus::Blocked)) {
            if let Some(entry) = self.entries.iter().find(|e| e.names(&check.id)) {
                check.known = Some(entry.reason.clone());
            }
        }
    }

    /// Why the file itself must be changed: entries that excuse nothing any more, or whose day has passed. Whether a rule
    /// still fails in some scenario can only be told when the `whole` plan was played.
    pub(super) fn complaints(&self, scenarios: &[ScenarioResult], today: Date, whole: bool) -> Vec<String> {
        let checks: Vec<&CheckResult> = scenarios.iter().flat_map(|s| &s.steps).flat_map(|s| &s.checks).collect();
        let mut complaints = Vec::new();
        for entry in &self.entries {
            let played = |status| checks.iter().any(|c| c.status == status && entry.names(&c.id));
            let place = self.place(entry);
            let telling = whole || entry.id.contains('/');
            if telling && played(CheckStatus::Passed) && !played(CheckStatus::Failed) && !played(CheckStatus::Blocked) {
                complaints.push(format!("known failure {} passes now: delete {place}", entry.id));
            } else if let Some(expires) = entry.expires.filter(|day| *day < today) {
                complaints.push(format!(
                    "known failure {} expired on {expires}: fix it and delete {place}, or set a later day",
                    entry.id
                ));
            }
        }
        complaints
    }

    fn place(&self, entry: &Entry) -> String {
        match entry.lines {
            (first, last) if first == last => format!("line {first} of {}", self.name),
            (first, last) => format!("lines {first} to {last} of {}", self.name),
        }
    }
}

impl Entry {
    fn names(&self, check_id: &str) -> bool {
        self.id == check_id || self.id.strip_prefix("always.").is_some_and(|rule| rule_of(check_id) == Some(rule))
    }
}

fn date(value: &toml::Value) -> Option<Date> {
    match value {
        toml::Value::String(text) => text.parse().ok(),
        toml::Value::Datetime(toml::value::Datetime { date: Some(date), time: None, offset: None }) => {
            date.to_string().parse().ok()
        }
        _ => None,
    }
}

/// 1-based line and column (in characters) of a byte offset.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// First and last line of an entry whose values span these bytes; its `[[known]]` heading belongs to it.
fn lines(text: &str, start: usize, end: usize) -> (usize, usize) {
    let (first, last) = (position(text, start).0, position(text, end).0);
    let heading = text
        .lines()
        .take(first)
        .enumerate()
        .filter(|(_, line)| line.trim_start().starts_with('['))
        .last()
        .filter(|(_, line)| line.trim_start().starts_with("[[known]]"));
    (heading.map_or(first, |(index, _)| index + 1), last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# why\n\n[[known]]\nid = \"users.deactivate/persisted\"\nreason = \"fixed in May\"\nexpires = \"2027-01-31\"\n\n[[known]]\nid = \"always.media-type\"\nreason = \"proxy\"\n";

    #[test]
    fn entries_know_their_lines_and_days() {
        let known = KnownFailures::parse("known.toml", FILE).unwrap();
        let [first, second] = known.entries() else { panic!("two entries") };
        assert_eq!((first.lines, second.lines), ((3, 6), (8, 10)));
        assert_eq!(first.expires, Some(jiff::civil::date(2027, 1, 31)));
        assert_eq!(second.expires, None);
    }

    #[test]
    fn a_rule_is_named_in_every_scenario_and_a_check_exactly() {
        let known = KnownFailures::parse("known.toml", FILE).unwrap();
        assert!(known.entries()[1].names("users.create/always.media-type@odd"));
        assert!(!known.entries()[1].names("users.create/always.media"));
        assert!(!known.entries()[0].names("users.deactivate/persisted-too"));
    }

    #[test]
    fn a_date_may_be_written_without_quotes() {
        let text = "[[known]]\nid = \"a.b/c\"\nreason = \"r\"\nexpires = 2027-01-31\n";
        let known = KnownFailures::parse("k", text).unwrap();
        assert_eq!(known.entries()[0].expires, Some(jiff::civil::date(2027, 1, 31)));
    }

    #[test]
    fn what_is_wrong_is_told_with_file_line_column_and_the_allowed_keys() {
        let cases = [
            ("[[known]]\nid = \"a.b/c\"\nreason = \"r\"\nuntil = 1\n", "k.toml:4:1: unknown field `until`"),
            ("[[known]]\nid = \"a.b/c\"\n", "k.toml:1:1: missing field `reason`"),
            ("[[known]]\nid = \"a.b/c\"\nreason = \" \"\n", "k.toml:3:10: reason is empty"),
            ("[[known]]\nid = \"a.b/c\"\nreason = \"r\"\nexpires = \"soon\"\n", "k.toml:4:11: expires is not a date"),
            ("[[known]]\nid = \"a.b/c\"\nreason = \"r\"\nexpires = \"2027-02-30\"\n", "k.toml:4:11: expires is"),
            ("[[known]]\nid = \"users\"\nreason = \"r\"\n", "k.toml:2:6: id must be a full check id"),
            ("[[knwon]]\nid = \"a.b/c\"\n", "k.toml:1:3: unknown field `knwon`, expected `known`"),
            ("[[known]\n", "k.toml:1:"),
        ];
        for (text, expected) in cases {
            let error = KnownFailures::parse("k.toml", text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
            assert!(error.ends_with(ALLOWED), "{error}");
        }
    }

    #[test]
    fn an_id_listed_twice_is_refused() {
        let text = "[[known]]\nid = \"a.b/c\"\nreason = \"r\"\n[[known]]\nid = \"a.b/c\"\nreason = \"r\"\n";
        let error = KnownFailures::parse("k", text).unwrap_err().to_string();
        assert!(error.starts_with("k:5:6: a.b/c is listed twice, first in line 1"), "{error}");
    }

    #[test]
    fn entries_written_inline_know_their_line_too() {
        let text = "known = [\n  { id = \"a.b/c\", reason = \"r\" },\n]\n";
        assert_eq!(KnownFailures::parse("k", text).unwrap().entries()[0].lines, (2, 2));
    }
}
