//! The requests behind the failed checks as a shell script that needs nothing but curl.

use std::fmt::Write as _;

use super::Report;
use super::command::{again, built_in};
use super::escape::escape;
use super::finding::{cause_of, judged};
use crate::exchange::{Exchange, FailureKind, curl};
use crate::play::CheckStatus;
use crate::scenario::Level;
use crate::score::{Counted, counted};

/// The name of the script in a report folder.
pub const FILE: &str = "repro.sh";

/// The script: without an argument it lists the failed checks, with the id of one it sends that check's request, and before
/// it the one that should have brought about what it read. None when no check failed whose request was sent.
pub fn render(report: &Report) -> Option<String> {
    let checks = counted(&report.scenarios);
    let failed: Vec<(&Counted<'_>, &Exchange)> = checks
        .iter()
        .filter(|c| c.status == CheckStatus::Failed && c.level != Level::Info)
        .filter_map(|c| judged(c.place.step).filter(|exchange| was_sent(exchange)).map(|exchange| (c, exchange)))
        .collect();
    if failed.is_empty() {
        return None;
    }
    let mut script = format!(
        "#!/bin/sh\n\
         # Sends the request behind a failed check again. `sh {FILE}` lists the checks, `sh {FILE} ID` plays one.\n\
         # SCIM_TOKEN is the credential, as for `scimulate run`. What a run creates it removes again: play the scenario with\n\
         # --keep first and put the new ids into the paths where an answer is 404.\n\
         set -u\n"
    );
    target(&mut script, report);
    script.push_str("\ncase \"${1:-}\" in\n");
    for (check, exchange) in &failed {
        entry(&mut script, report, check, exchange);
    }
    script.push_str("'')\n  printf '%s\\n' \\\n");
    let ids: Vec<String> =
        failed.iter().map(|(check, _)| format!("    {}", curl::quote(&escape(check.id())))).collect();
    script.push_str(&ids.join(" \\\n"));
    script.push_str(
        "\n  ;;\n*)\n  echo \"no failed check has this id; without an id they are listed\" >&2\n  exit 2\n  ;;\nesac\n",
    );
    Some(script)
}

/// Where requests are sent: to the same target, unless that was the built-in server, which ended with its run.
fn target(script: &mut String, report: &Report) {
    // Writing to a String cannot fail.
    let _ = match &report.target.reference {
        None => {
            let base_url = curl::quote(&report.target.base_url);
            writeln!(script, "[ -n \"${{SCIM_BASE_URL:-}}\" ] || SCIM_BASE_URL={base_url}")
        }
        Some(reference) => {
            writeln!(
                script,
                "# The target was the built-in server of that run, which has ended. This starts such a one and prints what\n\
                 # SCIM_BASE_URL and SCIM_TOKEN are: scimulate serve{}",
                escape(&built_in(reference))
            )
        }
    };
}

/// False for a request that would have touched what the run does not own: it must not be sent from here either.
fn was_sent(exchange: &Exchange) -> bool {
    exchange.failure.as_ref().is_none_or(|failure| failure.kind != FailureKind::Refused)
}

/// One branch of the script. What is not a command is a comment of one line.
fn entry(script: &mut String, report: &Report, check: &Counted<'_>, exchange: &Exchange) {
    let place = &check.place;
    // Writing to a String cannot fail.
    let _ = writeln!(script, "{})", curl::quote(&escape(check.id())));
    for text in [&place.check.message, &place.check.fix, &again(report, place.scenario)] {
        let _ = writeln!(script, "  # {}", escape(text));
    }
    script.push_str("  : \"${SCIM_BASE_URL:?give the base URL in SCIM_BASE_URL}\"\n");
    script.push_str("  : \"${SCIM_TOKEN:?give the credential in SCIM_TOKEN}\"\n");
    let cause = cause_of(place).map(|(_, _, cause)| cause).filter(|cause| was_sent(cause));
    for exchange in cause.into_iter().chain([exchange]) {
        let _ = writeln!(script, "  {}\n  echo", curl::trusted(exchange));
    }
    script.push_str("  ;;\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_script_is_the_golden_file() {
        sample::golden("failing.repro.sh", &render(&sample::failing()).unwrap());
        assert_eq!(render(&sample::ok()), None);
    }

    #[test]
    fn a_forged_command_is_not_taken_over() {
        let mut report = sample::failing();
        for exchange in report.scenarios.iter_mut().flat_map(|s| &mut s.steps).flat_map(|s| &mut s.exchanges) {
            exchange.curl = "touch /tmp/forged".to_owned();
            exchange.request.method = "GET; touch /tmp/forged;".to_owned();
            exchange.request.path = "/Users/'; touch /tmp/forged;'".to_owned();
        }
        let script = render(&report).unwrap();
        let bare = script.lines().filter(|l| l.trim_start().starts_with("touch")).count();
        assert_eq!(bare, 0, "{script}");
        assert!(script.contains(r"-X 'GET; touch /tmp/forged;'"), "{script}");
        assert!(script.contains(r"'/Users/'\''; touch /tmp/forged;'\'''"), "{script}");
    }
}
