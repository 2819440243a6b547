//! Annotations for GitHub Actions: one `::error` line per must finding.

use std::fmt::Write as _;

use super::Report;
use super::finding::findings;
use crate::scenario::Level;

/// How many annotations a step may make; GitHub shows ten.
const LINES: usize = 10;

/// The lines, each on its own; empty when no must failed.
pub fn annotations(report: &Report) -> String {
    let mut text = String::new();
    for finding in findings(&report.scenarios).iter().filter(|f| f.check.level == Level::Must).take(LINES) {
        let check = finding.check;
        let message = format!("{}. {}", check.message, check.fix);
        let _ = writeln!(text, "::error title={}::{}", property(&check.id), data(&message));
    }
    text
}

/// Workflow commands end at a line break and are told apart by these characters.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_text_cannot_start_a_command_of_its_own() {
        assert_eq!(data("100%\n::set-env x"), "100%25%0A::set-env x");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
    }
}
