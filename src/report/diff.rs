//! Two reports compared: what broke, what was mended, what fails still.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::escape::escape;
use super::terminal::{Role, Style};
use super::{Report, told};
use crate::play::CheckStatus;
use crate::scenario::{Capability, Level};
use crate::score::{Counted, counted, rule_of};

/// How a check that counts (`must` or `should`) came out in the newer of two runs, seen from the older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It held, or did not apply, and now fails or cannot be judged.
    Broken,
    /// It fails, and the older run did not play it.
    New,
    /// It failed or could not be judged before, and does so still.
    Still,
    /// It failed or could not be judged before, and now holds.
    Fixed,
    /// It failed or could not be judged before, and the newer run does not judge it.
    Gone,
}

/// One check that is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Full id; for a rule that always holds, at the first place it fails in.
    pub id: String,
    /// What a failure weighs.
    pub level: Level,
    /// What became of it.
    pub change: Change,
    /// What was found in the newer run, or in the older one where the newer holds.
    pub message: String,
    /// It could not be judged, because of another check that is told.
    pub blocked: bool,
}

/// What differs between an older and a newer report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// The checks that are told, what broke first, each group in the order of playing.
    pub lines: Vec<Line>,
    /// Features that changed: title, before, after.
    pub capabilities: Vec<(String, String, String)>,
    /// Why the two cannot be compared one to one: another app kind, another target, an incomplete run.
    pub remarks: Vec<String>,
}

/// What a check is called in both runs: a rule may first fail at another place in each.
fn key<'a>(check: &Counted<'a>) -> (Capability, &'a str) {
    (check.capability, rule_of(check.id()).unwrap_or(check.id()))
}

/// True for a check that failed or could not be judged.
fn is_open(status: CheckStatus) -> bool {
    matches!(status, CheckStatus::Failed | CheckStatus::Blocked)
}

impl Diff {
    /// Compares two reports.
    pub fn between(old: &Report, new: &Report) -> Self {
        let (before, after) = (counted(&old.scenarios), counted(&new.scenarios));
        let counts = |c: &&Counted<'_>| c.level != Level::Info;
        let older: BTreeMap<_, _> = before.iter().filter(counts).map(|c| (key(c), c)).collect();
        let newer: BTreeMap<_, _> = after.iter().filter(counts).map(|c| (key(c), c)).collect();
        let line = |check: &Counted<'_>, change| Line {
            id: check.id().to_owned(),
            level: check.level,
            change,
            message: check.place.check.message.clone(),
            blocked: check.status == CheckStatus::Blocked,
        };
        let mut lines = Vec::new();
        for check in after.iter().filter(counts) {
            match (older.get(&key(check)).map(|c| c.status), check.status) {
                (None, now) if is_open(now) => lines.push(line(check, Change::New)),
                (Some(then), now) if is_open(then) && is_open(now) => lines.push(line(check, Change::Still)),
                (Some(_), now) if is_open(now) => lines.push(line(check, Change::Broken)),
                _ => {}
            }
        }
        for check in before.iter().filter(counts).filter(|c| is_open(c.status)) {
            match newer.get(&key(check)).map(|c| c.status) {
                Some(CheckStatus::Passed) => lines.push(line(check, Change::Fixed)),
                None | Some(CheckStatus::Skipped) => lines.push(line(check, Change::Gone)),
                Some(_) => {}
            }
        }
        lines.sort_by_key(|line| line.change);
        Self { lines, capabilities: capabilities(old, new), remarks: remarks(old, new) }
    }

    /// How many checks came to this.
    pub fn count(&self, change: Change) -> usize {
        self.lines.iter().filter(|line| line.change == change).count()
    }

    /// Did something get worse? What the older run did not play is told and is no change.
    pub fn is_worse(&self) -> bool {
        self.count(Change::Broken) > 0
    }

    /// The comparison for people, the last line being the sum.
    pub fn tell(&self, old: &Report, new: &Report, style: Style) -> String {
        let mut text = String::new();
        for (word, report) in [("old", old), ("new", new)] {
            let score = report.score.value.map_or_else(|| "no score".to_owned(), |score| format!("score {score}"));
            let run = [style.text(&report.target.base_url), told::moment(&report.run.started)];
            let found = [report.run.app.id(), told::headline(report), &score];
            let _ = writeln!(text, "{word}  {}{}{}", run.join(style.dot()), style.dot(), found.join(style.dot()));
        }
        for remark in &self.remarks {
            let _ = writeln!(text, "{} {}", style.mark(Role::Warn), style.text(remark));
        }
        for (title, before, after) in &self.capabilities {
            let _ = writeln!(text, "    {title}: {before} {} {after}", style.arrow());
        }
        for (change, heading, role) in [
            (Change::Broken, "Broken", Role::Bad),
            (Change::New, "Failing, and not played before", Role::Bad),
            (Change::Still, "Still failing", Role::Warn),
            (Change::Fixed, "Fixed", Role::Good),
            (Change::Gone, "Not judged any more", Role::Faint),
        ] {
            let lines: Vec<&Line> = self.lines.iter().filter(|line| line.change == change).collect();
            if lines.is_empty() {
                continue;
            }
            let _ = writeln!(text, "\n{heading} ({})", lines.len());
            // One cause is told once.
            let blocked = lines.iter().filter(|line| line.blocked).count();
            for line in lines.into_iter().filter(|line| !line.blocked) {
                let _ = writeln!(text, "  {} {}  {}", style.mark(role), escape(&line.id), line.level.word());
                if matches!(change, Change::Broken | Change::New) && !line.message.is_empty() {
                    let _ = writeln!(text, "      {}", style.shorten(&style.text(&line.message), 160));
                }
            }
            if blocked > 0 {
                let mark = style.mark(Role::Faint);
                let _ = writeln!(text, "  {mark} {blocked} that could not be judged because something else failed");
            }
        }
        let [broken, new, still, fixed] =
            [Change::Broken, Change::New, Change::Still, Change::Fixed].map(|c| self.count(c));
        let mut sum = vec![format!("{broken} broken"), format!("{fixed} fixed"), format!("{still} still failing")];
        if new > 0 {
            sum.push(format!("{new} failing that were not played before"));
        }
        let _ = writeln!(text, "\n{}", sum.join(style.dot()));
        text
    }
}

fn capabilities(old: &Report, new: &Report) -> Vec<(String, String, String)> {
    let pairs = new.capabilities.iter().filter_map(|now| {
        let then = old.capabilities.iter().find(|one| one.id == now.id)?;
        let words = || (now.title.clone(), told::status(then).to_owned(), told::status(now).to_owned());
        (then.status != now.status).then(words)
    });
    pairs.collect()
}

fn remarks(old: &Report, new: &Report) -> Vec<String> {
    let mut remarks = Vec::new();
    // The built-in server has another port in each run.
    let built_in = old.target.reference.is_some() && new.target.reference.is_some();
    if old.target.base_url != new.target.base_url && !built_in {
        remarks.push("The two runs are of different targets.".to_owned());
    }
    if old.run.app != new.run.app {
        remarks.push(format!("The old run played {}, the new one {}.", old.run.app.id(), new.run.app.id()));
    }
    if old.tool.version != new.tool.version {
        let (then, now) = (&old.tool.version, &new.tool.version);
        remarks.push(format!("The old run was made by version {then}, the new one by {now}: checks may have changed."));
    }
    for (word, report) in [("old", old), ("new", new)] {
        if let Some(problem) = &report.preflight.problem {
            remarks.push(format!("The {word} run could not start: {}.", problem.summary));
        } else if !report.run.complete {
            remarks.push(format!("The {word} run was not completed."));
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn changes(diff: &Diff) -> Vec<(&str, Change)> {
        diff.lines.iter().map(|line| (line.id.as_str(), line.change)).collect()
    }

    #[test]
    fn the_same_run_twice_is_no_change() {
        let report = sample::failing();
        let diff = Diff::between(&report, &report);
        assert!(!diff.is_worse() && diff.capabilities.is_empty() && diff.remarks.is_empty());
        assert!(diff.count(Change::Still) > 0 && diff.count(Change::Still) == diff.lines.len());
    }

    #[test]
    fn what_held_and_fails_now_is_broken_and_the_other_way_round_fixed() {
        let failing = sample::failing();
        let mut mended = failing.clone();
        let check = &mut mended.scenarios.iter_mut().flat_map(|s| &mut s.steps).flat_map(|s| &mut s.checks);
        let check = check
            .find(|c| is_open(c.status) && c.level == Level::Must && rule_of(&c.id).is_none())
            .expect("a failed must");
        check.status = CheckStatus::Passed;
        let id = check.id.clone();
        let told = |change| vec![(id.as_str(), change)];
        let only = |diff: &Diff| {
            let all = changes(diff).into_iter().map(|(id, change)| (id.to_owned(), change));
            all.filter(|(_, change)| *change != Change::Still).collect::<Vec<_>>()
        };
        let owned =
            |pairs: Vec<(&str, Change)>| pairs.into_iter().map(|(id, c)| (id.to_owned(), c)).collect::<Vec<_>>();
        let worse = Diff::between(&mended, &failing);
        assert_eq!((worse.is_worse(), only(&worse)), (true, owned(told(Change::Broken))));
        let better = Diff::between(&failing, &mended);
        assert_eq!((better.is_worse(), only(&better)), (false, owned(told(Change::Fixed))));
        let text = worse.tell(&mended, &failing, Style::default());
        assert!(text.contains("\nBroken (1)\n  ✗ ") && text.contains(&id), "{text}");
        assert!(text.ends_with(" still failing\n") && text.contains("\n1 broken · 0 fixed · "), "{text}");
    }

    #[test]
    fn what_could_not_be_judged_is_counted_and_not_listed() {
        let failing = sample::failing();
        let mut worse = failing.clone();
        let checks = worse.scenarios.iter_mut().flat_map(|s| &mut s.steps).flat_map(|s| &mut s.checks);
        let passed = checks.filter(|c| c.status == CheckStatus::Passed && rule_of(&c.id).is_none()).take(1);
        let ids: Vec<_> = passed
            .map(|check| {
                check.status = CheckStatus::Blocked;
                check.id.clone()
            })
            .collect();
        let diff = Diff::between(&failing, &worse);
        let text = diff.tell(&failing, &worse, Style::default());
        assert_eq!((ids.len(), diff.count(Change::Broken)), (1, 1), "{text}");
        assert!(text.contains("\nBroken (1)\n  · 1 that could not be judged") && !text.contains(&ids[0]), "{text}");
    }

    #[test]
    fn the_built_in_server_is_one_target_whatever_its_port() {
        let mut old = sample::failing();
        let mut new = old.clone();
        new.target.base_url = "http://127.0.0.1:1/scim/v2".into();
        assert_eq!(Diff::between(&old, &new).remarks.len(), 1);
        for report in [&mut old, &mut new] {
            report.target.reference = Some(crate::report::Reference::default());
        }
        assert_eq!(Diff::between(&old, &new).remarks, Vec::<String>::new());
    }

    #[test]
    fn what_one_of_the_runs_did_not_play_is_no_change_and_told() {
        let failing = sample::failing();
        let mut narrow = failing.clone();
        narrow.scenarios.clear();
        narrow.run.complete = false;
        let diff = Diff::between(&narrow, &failing);
        assert!(!diff.is_worse() && diff.count(Change::New) == diff.lines.len() && !diff.lines.is_empty());
        assert_eq!(diff.remarks, ["The old run was not completed."]);
        let diff = Diff::between(&failing, &narrow);
        assert!(!diff.is_worse() && diff.count(Change::Gone) == diff.lines.len());
    }
}
