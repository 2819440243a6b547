//! What is explained in words alone: exit codes, the score, the gate, known failures, Okta's features.

use crate::scenario::Capability;

/// What an exit code means and what to do about it. The code as `3` or `exit 3`.
pub(super) fn exit_code(id: &str) -> Option<String> {
    let code = id.strip_prefix("exit").map_or(id, |rest| rest.trim_start_matches([' ', '-']));
    let (meaning, next) = match code {
        "0" => ("the gate passed.", "Nothing to do. The verdict is in the last line: a partial run passes too."),
        "1" => (
            "the gate failed, or the run could not be completed (deadline, request budget, --fail-fast).",
            "The lines that begin with `gate` say which rule decided; see `scimulate explain gate`. Of `diff`: something broke; \
             of `cleanup`: something is left.",
        ),
        "2" => ("the command line is wrong.", "The message names the option and what it takes."),
        "3" => (
            "the target cannot be tested: no connection, TLS, credential refused, a redirect, no SCIM.",
            "This is about the set-up and no finding about the server. The report says which it is and what to check; nothing \
             was created.",
        ),
        "4" => (
            "a scenario, fixture, known-failures or saved report file is invalid.",
            "The message names file, line and column. Nothing was sent.",
        ),
        "5" => (
            "nothing is selected.",
            "No scenario has the name, or all were left out by --skip or --app; with --last-failed: nothing had failed. \
             `scimulate list scenarios` shows what there is.",
        ),
        "6" => {
            ("a report or a known-failures file could not be written.", "Give a folder of your own with --report-dir.")
        }
        "70" => ("a bug in scimulate.", "Please report it with the lines it printed; they hold no credential."),
        "130" => (
            "interrupted; what the run created was removed, and a partial report was written.",
            "When it was stopped twice, `scimulate cleanup` removes what the journal names.",
        ),
        _ => return None,
    };
    Some(format!("Exit code {code}: {meaning}\n\n{next}\n"))
}

/// The text about a word that is no id.
pub(super) fn about(word: &str) -> Option<&'static str> {
    Some(match word {
        "score" => SCORE,
        "gate" => GATE,
        "known" => KNOWN,
        _ => return None,
    })
}

const SCORE: &str = "\
The score is the floor of the mean over Okta's features that were tested, of 100 x passed weight / applicable weight.
A must weighs 5, a should 2, an info nothing. A blocked check counts as not passed, a skipped one does not count. Rules
that hold for every exchange count once per run. Okta's published suites and RFC rules beside Okta have figures of
their own. The verdict decides, not the score: READY means that every feature asked for works.
";

const GATE: &str = "\
The gate decides the exit code of a run: 0 when it passes, 1 when it fails. It passes when

- every feature of --features works (READY), or the run was narrowed (PARTIAL) and no must check failed or was blocked in
  what was played; what the known-failures file names does not count against it,
- the run was completed,
- with --min-score N: the score is N or more,
- with --deny should: no should check failed either,
- with --known FILE: no entry is stale (its check passes now) or expired.

The lines that begin with `gate` name the rules that decided. The verdict tells whether Okta would work; the gate tells
whether you want to be stopped by it.
";

const KNOWN: &str = "\
A known-failures file lets a run pass although some checks fail, each for a reason that is written down:

    [[known]]
    id = \"users.deactivate/persisted\"
    reason = \"ticket 4711, the new release stores it\"
    expires = \"2027-01-31\"

id is a full check id, or always.RULE for a rule in every scenario. reason is required; expires, the last day it is
excused, is not. `scimulate run --write-known FILE` writes an entry for everything that fails, `--known FILE` excuses it:
at the gate only, for verdict, features and score still tell the truth. An entry whose check passes again, or whose day has
passed, fails the gate with the lines to delete, so the file cannot outlive its reasons.
";

/// What Okta does with a feature, and what a broken one means there.
pub(super) const fn feature(capability: Capability) -> &'static str {
    match capability {
        Capability::TestCredentials => {
            "The button on the Provisioning tab: Okta lists two users. Nothing can be switched on before it is green."
        }
        Capability::CreateUsers => {
            "Okta looks a person up by userName, creates them when nobody is found and links them otherwise. Broken: \
             assigned people get no account, or two."
        }
        Capability::UpdateAttributes => {
            "Okta writes profile changes. Broken: names, e-mail addresses and titles drift apart."
        }
        Capability::DeactivateUsers => {
            "Okta sends active=false when somebody leaves or is unassigned. Broken: leavers keep their access."
        }
        Capability::ReactivateUsers => {
            "Okta sends active=true when somebody comes back. Broken: returning people cannot get in."
        }
        Capability::SyncPassword => {
            "Okta sends the password when it changes. Broken: people sign in with an old one, or not at all."
        }
        Capability::ImportUsers => {
            "Okta reads every page of users. Broken: people are missed, doubled or taken for deleted."
        }
        Capability::ImportGroups => {
            "Okta reads every page of groups and their members. Broken: memberships are wrong in Okta."
        }
        Capability::PushGroups => {
            "Okta creates, renames, fills and deletes groups. Broken: people are in groups they should not be in, or the other \
             way round."
        }
        Capability::Entitlements => "Okta reads roles and entitlements and grants them. Broken: grants do not arrive.",
        Capability::OktaSuites => {
            "The assertions of the test suites that Okta publishes; submission to its catalog asks for them."
        }
        Capability::Protocol => "What the RFCs ask for and Okta does not depend on. It never makes a target NOT READY.",
    }
}
