//! One line per scenario that is done.

use crate::play::{CheckResult, CheckStatus, ScenarioResult, ScenarioStatus};
use crate::report::told::count;
use crate::scenario::Level;

use super::style::{Role, Style};

/// Writes the scenarios' lines one after the other: under a heading per area, or numbered for logs.
#[derive(Clone, Debug)]
pub struct Lines {
    style: Style,
    total: usize,
    done: usize,
    area: String,
}

impl Lines {
    /// Lines for a run of `total` scenarios.
    pub fn new(style: Style, total: usize) -> Self {
        Self { style, total, done: 0, area: String::new() }
    }

    /// The line of the next scenario, with its line break; before it the heading of an area that begins.
    pub fn done(&mut self, scenario: &ScenarioResult) -> String {
        self.done += 1;
        if self.style.ci { self.numbered(scenario) } else { self.listed(scenario) }
    }

    fn numbered(&self, scenario: &ScenarioResult) -> String {
        let digits = self.total.max(self.done).to_string().len();
        let word = match scenario.status {
            ScenarioStatus::Passed => "ok",
            ScenarioStatus::Warned => "warn",
            ScenarioStatus::Failed => "FAIL",
            ScenarioStatus::Blocked => "block",
            ScenarioStatus::Skipped => "skip",
        };
        let id = self.style.text(&scenario.id);
        let line = format!(
            "[{:>digits$}/{}] {word:<5} {id:<36} {}",
            self.done,
            self.total.max(self.done),
            tally(scenario, self.style)
        );
        if scenario.status == ScenarioStatus::Skipped {
            line + "\n"
        } else {
            format!("{line}  {:.2}s\n", scenario.seconds)
        }
    }

    fn listed(&mut self, scenario: &ScenarioResult) -> String {
        let style = self.style;
        let mut out = String::new();
        let area = scenario.id.split('.').next().unwrap_or_default();
        if area != self.area {
            area.clone_into(&mut self.area);
            out = style.paint(Role::Strong, &style.text(area)) + "\n";
        }
        let mark = match scenario.status {
            ScenarioStatus::Passed => Role::Good,
            ScenarioStatus::Warned => Role::Warn,
            ScenarioStatus::Failed => Role::Bad,
            ScenarioStatus::Blocked => Role::Strong,
            ScenarioStatus::Skipped => Role::Faint,
        };
        let title = style.prose(&scenario.title);
        let mut tally = tally(scenario, style);
        if scenario.status == ScenarioStatus::Passed {
            tally = format!("{tally:<11}{:>6.1}s", scenario.seconds);
        }
        // Marks and margins take four columns; the tally starts at the same column unless it is long.
        let title_width = title.chars().count();
        let room = style.width.saturating_sub(4);
        let column = room.saturating_sub(32);
        if title_width + 2 <= column && column + tally.chars().count() <= room {
            out + &format!("  {} {title:<column$}{tally}\n", style.mark(mark))
        } else if title_width + 2 + tally.chars().count() <= room {
            out + &format!("  {} {title}  {tally}\n", style.mark(mark))
        } else {
            let mut rest = String::new();
            style.row(&mut rest, "    ", &title);
            style.row(&mut rest, "      ", &tally);
            out + &format!("  {} {}", style.mark(mark), rest.trim_start_matches(' '))
        }
    }
}

/// `11 checks`, `1 of 8 failed, 1 not applicable`, `skipped: the target offers no groups`.
fn tally(scenario: &ScenarioResult, style: Style) -> String {
    let reason = scenario.reason.as_deref().unwrap_or("does not apply");
    if scenario.status == ScenarioStatus::Skipped {
        return format!("skipped: {}", style.text(reason));
    }
    let checks: Vec<&CheckResult> = scenario.steps.iter().flat_map(|s| &s.checks).collect();
    let number =
        |status, level: &[Level]| checks.iter().filter(|c| c.status == status && level.contains(&c.level)).count();
    let every = [Level::Must, Level::Should, Level::Info];
    let skipped = number(CheckStatus::Skipped, &every);
    let total = checks.len() - skipped;
    let failed = number(CheckStatus::Failed, &[Level::Must]);
    let warned = number(CheckStatus::Failed, &[Level::Should]);
    let blocked = number(CheckStatus::Blocked, &every);

    let mut parts = Vec::new();
    for (n, what) in [(failed, "failed"), (warned, "should be better"), (blocked, "blocked")] {
        if n > 0 && parts.is_empty() {
            parts.push(format!("{n} of {total} {what}"));
        } else if n > 0 {
            parts.push(format!("{n} {what}"));
        }
    }
    if parts.is_empty() {
        parts.push(count(total, "check"));
    }
    let excusable = |c: &&&CheckResult| c.status == CheckStatus::Failed && c.level != Level::Info;
    if failed + warned > 0 && checks.iter().filter(excusable).all(|c| c.known.is_some()) {
        parts.push("known".to_owned());
    }
    if skipped > 0 {
        parts.push(format!("{skipped} not applicable"));
    }
    parts.join(", ")
}
