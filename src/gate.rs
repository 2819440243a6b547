//! Verdict + options + known-failures file -> did the run pass, and by which rule.

use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;

use crate::play::{CheckResult, CheckStatus, ScenarioResult};
use crate::report::{Gate, Verdict};
use crate::scenario::Level;
use crate::score::{Scored, always};

/// What the command line asks of a run besides its verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GateOptions {
    /// Fail below this score.
    pub min_score: Option<u8>,
    /// Fail on `should` findings too.
    pub deny_should: bool,
}

/// Failures that are known and excused at the gate for a stated reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownFailures {
    file: String,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    id: String,
    reason: String,
    expires: Option<Date>,
    line: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    known: Vec<Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    id: Spanned<String>,
    reason: Spanned<String>,
    expires: Option<Spanned<String>>,
}

impl KnownFailures {
    /// Reads `[[known]]` tables of `id`, `reason` and optionally `expires` ("2027-01-31"). The error names file, line and
    /// column.
    pub fn parse(file: &str, text: &str) -> Result<Self, String> {
        let place = |offset: usize, message: &str| {
            let before = text.get(..offset).unwrap_or_default();
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            format!("{file}:{}:{column}: {message}", before.matches('\n').count() + 1)
        };
        let read: File = toml::from_str(text).map_err(|e| place(e.span().map_or(0, |span| span.start), e.message()))?;
        let mut entries: Vec<Entry> = Vec::new();
        for table in read.known {
            if table.reason.get_ref().trim().is_empty() {
                return Err(place(table.reason.span().start, "`reason` is empty: say why this failure is acceptable"));
            }
            let expires = match &table.expires {
                None => None,
                Some(text) => Some(
                    text.get_ref()
                        .parse::<Date>()
                        .map_err(|_| place(text.span().start, "`expires` is a date like \"2027-01-31\""))?,
                ),
            };
            let start = table.id.span().start;
            let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
            let id = table.id.into_inner();
            if entries.iter().any(|e| e.id == id) {
                return Err(place(start, "this check is there twice"));
            }
            entries.push(Entry { id, reason: table.reason.into_inner(), expires, line });
        }
        Ok(Self { file: file.to_owned(), entries })
    }

    /// Marks the failed and blocked checks that an entry names, with its reason.
    pub fn apply(&self, scenarios: &mut [ScenarioResult]) {
        for check in scenarios.iter_mut().flat_map(|s| &mut s.steps).flat_map(|s| &mut s.checks) {
            if let Some(entry) = self.entries.iter().find(|e| e.id == check.id) {
                check.known = Some(entry.reason.clone());
            }
        }
    }

    /// Entries that no longer excuse anything, each with the line to delete.
    fn outdated(&self, checks: &[&CheckResult], today: Date) -> Vec<String> {
        let mut told = Vec::new();
        for entry in &self.entries {
            let here = format!("delete the entry at {}:{}", self.file, entry.line);
            let mut played = checks.iter().filter(|c| c.id == entry.id).peekable();
            if played.peek().is_some() && played.all(|c| c.status == CheckStatus::Passed) {
                told.push(format!("the known failure {} passes now: {here}", entry.id));
            } else if entry.expires.is_some_and(|date| date < today) {
                let date = entry.expires.map(|d| d.to_string()).unwrap_or_default();
                told.push(format!("the known failure {} expired on {date}: mend it, or {here}", entry.id));
            }
        }
        told
    }
}

/// Decides. `complete` is false when the run was interrupted or ran out of time or requests.
pub fn gate(
    scored: &Scored,
    scenarios: &[ScenarioResult],
    options: &GateOptions,
    known: &KnownFailures,
    today: Date,
    complete: bool,
) -> Gate {
    let checks: Vec<&CheckResult> = scenarios.iter().flat_map(|s| &s.steps).flat_map(|s| &s.checks).collect();
    let mut reasons = Vec::new();
    if !complete {
        reasons.push("the run is not complete".to_owned());
    }
    let asked: Vec<_> = scored.capabilities.iter().filter(|c| c.feature).map(|c| c.id).collect();
    let counts_here = |c: &&&CheckResult| scored.verdict == Verdict::Partial || asked.contains(&c.capability);
    let bad = |level: Level| {
        let of_level = checks.iter().filter(move |c| c.level == level);
        of_level.filter(|c| matches!(c.status, CheckStatus::Failed | CheckStatus::Blocked))
    };
    let musts: Vec<_> = bad(Level::Must).filter(counts_here).collect();
    let excused = musts.iter().filter(|c| c.known.is_some()).count();
    let open = distinct(musts.iter().filter(|c| c.known.is_none()).map(|c| **c));
    if open > 0 {
        let but = if excused > 0 { format!(", besides {excused} known") } else { String::new() };
        reasons.push(format!("{} failed or blocked, 0 allowed{but}", plural(open, "must check")));
    } else if scored.verdict == Verdict::NotReady && excused == 0 {
        reasons.push("a feature that was asked for is not offered or was not tested".to_owned());
    }
    if options.deny_should {
        let shoulds = distinct(bad(Level::Should).filter(|c| c.known.is_none()).copied());
        if shoulds > 0 {
            reasons.push(format!("{} failed, 0 allowed (--deny should)", plural(shoulds, "should check")));
        }
    }
    if let Some(minimum) = options.min_score {
        match scored.score.value {
            Some(value) if value >= minimum => {}
            Some(value) => reasons.push(format!("score {value} is below {minimum} (--min-score)")),
            None => reasons.push(format!("nothing was scored, {minimum} is asked for (--min-score)")),
        }
    }
    reasons.extend(known.outdated(&checks, today));
    let passed = reasons.is_empty();
    if passed {
        reasons.push(match (scored.verdict, excused) {
            (Verdict::Ready, _) => "every feature asked for works".to_owned(),
            (Verdict::Partial, 0) => "no must check failed in what was selected".to_owned(),
            (_, excused) => format!("only known failures are left ({})", plural(excused, "must check")),
        });
    }
    Gate { passed, reasons }
}

/// How many different things failed: a rule that always holds is one, however many scenarios saw it.
fn distinct<'c>(checks: impl Iterator<Item = &'c CheckResult>) -> usize {
    let mut names: Vec<&str> = checks.map(|c| always(c).unwrap_or(&c.id)).collect();
    names.sort_unstable();
    names.dedup();
    names.len()
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::play::{ScenarioStatus, StepResult};
    use crate::scenario::Capability;
    use crate::score::score;

    const TODAY: Date = Date::constant(2026, 11, 25);
    const FEATURES: &[Capability] = &[Capability::CreateUsers];

    fn played(checks: &[(&str, Level, CheckStatus)]) -> Vec<ScenarioResult> {
        let checks = checks.iter().map(|(id, level, status)| CheckResult {
            id: (*id).to_owned(),
            capability: Capability::CreateUsers,
            level: *level,
            status: *status,
            message: String::new(),
            at: None,
            expected: None,
            actual: None,
            differences: vec![],
            spec: vec![],
            fix: String::new(),
            caused_by: None,
            known: None,
        });
        let step = StepResult {
            id: "s".into(),
            title: String::new(),
            exchanges: vec![],
            judged: None,
            note: None,
            checks: checks.collect(),
        };
        vec![ScenarioResult {
            id: "x.y".into(),
            title: String::new(),
            why: String::new(),
            capability: Capability::CreateUsers,
            source: "builtin".into(),
            status: ScenarioStatus::Passed,
            reason: None,
            seconds: 0.0,
            steps: vec![step],
        }]
    }

    fn decide(checks: &[(&str, Level, CheckStatus)], options: GateOptions, known: &str, narrowed: bool) -> Gate {
        let mut scenarios = played(checks);
        let known = KnownFailures::parse("known.toml", known).expect("known");
        known.apply(&mut scenarios);
        gate(&score(&scenarios, FEATURES, &[], narrowed), &scenarios, &options, &known, TODAY, true)
    }

    use CheckStatus::{Failed, Passed};
    const GOOD: (&str, Level, CheckStatus) = ("x.y/good", Level::Must, Passed);
    const BAD: (&str, Level, CheckStatus) = ("x.y/bad", Level::Must, Failed);
    const MILD: (&str, Level, CheckStatus) = ("x.y/mild", Level::Should, Failed);

    #[test]
    fn the_verdict_decides() {
        assert!(decide(&[GOOD, MILD], GateOptions::default(), "", false).passed);
        let gate = decide(&[GOOD, BAD], GateOptions::default(), "", false);
        assert_eq!(gate.reasons, ["1 must check failed or blocked, 0 allowed"]);
        assert!(!decide(&[GOOD, BAD], GateOptions::default(), "", true).passed);
        assert!(decide(&[GOOD], GateOptions::default(), "", true).passed);
    }

    #[test]
    fn options_tighten_it() {
        let deny = GateOptions { deny_should: true, ..GateOptions::default() };
        assert!(decide(&[GOOD, MILD], deny, "", false).reasons[0].contains("--deny should"));
        let minimum = GateOptions { min_score: Some(90), ..GateOptions::default() };
        assert!(decide(&[GOOD, MILD], minimum, "", false).reasons[0].contains("below 90"));
    }

    #[test]
    fn a_known_failure_is_excused_until_it_passes_or_expires() {
        let known = "[[known]]\nid = \"x.y/bad\"\nreason = \"ticket 12\"\n";
        assert_eq!(
            decide(&[GOOD, BAD], GateOptions::default(), known, false).reasons,
            ["only known failures are left (1 must check)"]
        );
        let fixed = decide(&[GOOD, ("x.y/bad", Level::Must, Passed)], GateOptions::default(), known, false);
        assert!(!fixed.passed && fixed.reasons[0].contains("delete the entry at known.toml:2"), "{fixed:?}");
        let expired = known.to_owned() + "expires = \"2026-11-24\"\n";
        assert!(decide(&[GOOD, BAD], GateOptions::default(), &expired, false).reasons[0].contains("expired"));
    }

    #[test]
    fn a_bad_file_is_told_with_its_place() {
        let error = |text: &str| KnownFailures::parse("known.toml", text).unwrap_err();
        assert!(error("[[known]]\nid = \"a/b\"\n").contains("reason"));
        assert!(error("[[known]]\nid = \"a/b\"\nreason = \"\"\n").starts_with("known.toml:3:10"));
        assert!(error("[[known]]\nid = \"a/b\"\nreason = \"x\"\nwhat = 1\n").contains("unknown field `what`"));
        assert!(error("[[known]]\nid = \"a/b\"\nreason = \"x\"\nexpires = \"soon\"\n").contains("2027-01-31"));
    }

    #[test]
    fn an_incomplete_run_fails() {
        let scenarios = played(&[GOOD]);
        let scored = score(&scenarios, FEATURES, &[], false);
        let gate = gate(&scored, &scenarios, &GateOptions::default(), &KnownFailures::default(), TODAY, false);
        assert_eq!(gate.reasons, ["the run is not complete"]);
    }
}
