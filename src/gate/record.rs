//! A known-failures file written from a run: what is there already stays as it is, and what failed comes behind it.

use std::fmt::Write as _;

use jiff::civil::Date;

use super::{Entry, KnownFailures, follows, matters};
use crate::play::{CheckStatus, ScenarioResult};
use crate::report::escape::escape;
use crate::report::told::cut;
use crate::scenario::Level;
use crate::score::{Counted, Scored, counted, rule_of};

/// How much of what was found goes into a reason, in characters.
const FOUND: usize = 160;

const HEADING: &str = "# Checks that may fail without failing the gate, each with its reason.\n";

/// A file's new text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The whole text.
    pub text: String,
    /// How many entries are new.
    pub added: usize,
    /// How many there are now.
    pub entries: usize,
}

/// Whether `[[known]]` entries can be written behind this text: not where they are listed in one array.
pub fn takes_entries(text: &str) -> bool {
    toml::from_str::<toml::Table>(&format!("{text}\n[[known]]\n")).is_ok()
}

/// The text of a file with an entry for each failure of a run: every failed `must`, with `deny_should` every failed
/// `should`, and every blocked `must` that no excused failure explains. What `text` holds (read as `there`) and what
/// `known` excuses is kept. `scored` is the run's score, `today` its day.
pub fn with_failures(
    (text, there): (&str, &KnownFailures),
    known: &KnownFailures,
    (scenarios, scored): (&[ScenarioResult], &Scored),
    deny_should: bool,
    today: Date,
) -> Recorded {
    let mut file = File { text: text.to_owned(), known: there.clone(), today };
    if file.text.trim().is_empty() {
        HEADING.clone_into(&mut file.text);
    }
    for entry in known.entries() {
        if !file.has(&entry.id) {
            file.add(entry.clone());
        }
    }
    let before = file.known.entries().len();
    let mut scenarios = scenarios.to_vec();
    file.excuse(&mut scenarios, |c| c.failed(Level::Must) || deny_should && c.failed(Level::Should));
    let excused =
        counted(&scenarios).iter().any(|c| c.status == CheckStatus::Failed && matters(scored, c) && c.is_known());
    let unexplained = |c: &Counted<'_>| c.status == CheckStatus::Blocked && matters(scored, c) && !follows(c, excused);
    file.excuse(&mut scenarios, unexplained);
    let entries = file.known.entries().len();
    Recorded { text: file.text, added: entries - before, entries }
}

/// A known-failures file that grows.
struct File {
    text: String,
    known: KnownFailures,
    today: Date,
}

impl File {
    fn has(&self, id: &str) -> bool {
        self.known.entries().iter().any(|entry| entry.id == id)
    }

    /// Adds an entry for each of these checks that none excuses yet, and marks in the scenarios what is excused.
    fn excuse(&mut self, scenarios: &mut [ScenarioResult], which: impl Fn(&Counted<'_>) -> bool) {
        self.known.apply(scenarios);
        for check in counted(scenarios).iter().filter(|c| which(c) && !c.is_known()) {
            let id = rule_of(check.id()).map_or_else(|| check.id().to_owned(), |rule| format!("always.{rule}"));
            // A rule may count under several capabilities and has one entry.
            if !self.has(&id) {
                let reason = format!("{}; since {}, not looked into yet", found(check), self.today);
                self.add(Entry { id, reason, expires: None, lines: (0, 0) });
            }
        }
        self.known.apply(scenarios);
    }

    fn add(&mut self, entry: Entry) {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        if !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        // Writing to a String cannot fail.
        let _ = write!(self.text, "\n[[known]]\nid = {}\nreason = {}\n", quoted(&entry.id), quoted(&entry.reason));
        if let Some(day) = entry.expires {
            let _ = writeln!(self.text, "expires = \"{day}\"");
        }
        self.known.push(entry);
    }
}

/// What was found, in one line: a message may hold whatever the server sent.
fn found(check: &Counted<'_>) -> String {
    let (kept, more) = cut(check.place.check.message.trim(), FOUND);
    let how = if check.status == CheckStatus::Blocked { "blocked" } else { "failed" };
    let kept = escape(kept);
    match (kept.is_empty(), more) {
        (true, _) => how.to_owned(),
        (false, 0) => format!("{how}: {}", kept.trim_end_matches('.')),
        (false, _) => format!("{how}: {kept}…"),
    }
}
