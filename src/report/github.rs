//! Findings as annotations of a GitHub workflow run.

use std::fmt::Write as _;

use super::Report;
use super::escape::escape;
use super::finding::Findings;
use crate::score::Counted;

/// One `::error` line per failed `must` and one `::warning` line per failed `should` that nothing excuses; empty unless
/// the run happens under GitHub Actions. GitHub shows the first ten of each kind, so no more are written.
pub fn annotations(report: &Report, github_actions: bool) -> String {
    let mut lines = String::new();
    if github_actions {
        if let Some(problem) = &report.preflight.problem {
            line(&mut lines, "error", "Cannot start", &problem.summary);
        }
        let findings = Findings::of(report);
        for (kind, checks) in [("error", &findings.musts), ("warning", &findings.shoulds)] {
            checks.iter().take(10).for_each(|c| line(&mut lines, kind, c.id(), &message(c)));
        }
    }
    lines
}

fn message(counted: &Counted<'_>) -> String {
    let check = counted.place.check;
    let at = check.at.as_deref().filter(|at| !check.message.starts_with(at));
    let at = at.map(|at| format!("{at}: ")).unwrap_or_default();
    let spec = check.spec.first().map(|spec| format!(" ({})", spec.name)).unwrap_or_default();
    format!("{at}{}. {}{spec}", check.message.trim_end_matches('.'), check.fix)
}

fn line(out: &mut String, kind: &str, title: &str, message: &str) {
    let title = escape(title).replace('%', "%25").replace(':', "%3A").replace(',', "%2C");
    let message = escape(message).replace('%', "%25");
    // Writing to a String cannot fail.
    let _ = writeln!(out, "::{kind} title={title}::{message}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn findings_become_escaped_single_lines() {
        let lines = annotations(&sample::failing(), true);
        let expected = "::error title=users.deactivate/persisted::/active: expected false, actual true. Store the new value of \
                        active; a 200 answer alone does not deactivate anyone. (RFC 7644 §3.5.2.3)";
        assert_eq!(lines.lines().next(), Some(expected));
        assert_eq!(lines.lines().filter(|l| l.starts_with("::error ")).count(), 2);
        assert_eq!(lines.lines().filter(|l| l.starts_with("::warning ")).count(), 1);
        assert_eq!(lines.lines().count(), 3);
    }

    #[test]
    fn titles_and_percent_signs_are_escaped() {
        let mut out = String::new();
        line(&mut out, "error", "a:b,c%", "100%\n::error::x");
        assert_eq!(out, "::error title=a%3Ab%2Cc%25::100%25\\u{a}::error::x\n");
    }

    #[test]
    fn nothing_is_written_elsewhere() {
        assert_eq!(annotations(&sample::failing(), false), "");
    }

    #[test]
    fn a_run_that_cannot_start_is_one_error() {
        let lines = annotations(&sample::cannot_start(), true);
        assert_eq!(lines, "::error title=Cannot start::the token was rejected (401)\n");
    }
}
