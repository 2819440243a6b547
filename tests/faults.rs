//! Checks can fail: each fault of the reference server is caught, by the check that its story names, and the healthy
//! server breaks none.

mod support;

use std::collections::BTreeSet;

use support::{checks, report, run};

/// (fault, app, one check that must fail). A fault of PATCH is played under `oin`, one of PUT under either.
const CAUGHT: [(&str, &str, &str); 27] = [
    ("auth_missing_500", "oin", "connection.no-credential/refused"),
    ("auth_any_accepted", "oin", "connection.wrong-credential/refused"),
    ("filter_ignored", "oin", "users.lookup-missing/nobody-listed"),
    ("list_counts_as_strings", "aiw", "connection.credentials/list"),
    ("list_resources_null", "oin", "users.lookup-missing/list"),
    ("total_is_page_size", "oin", "import.users/everybody"),
    ("start_index_ignored", "oin", "import.users/no-repeats"),
    ("group_filter_400", "aiw", "groups.lookup-missing/answered"),
    ("dup_201", "oin", "users.create-duplicate/conflict"),
    ("dup_400", "oin", "users.create-duplicate/conflict"),
    ("dup_case_variant_ok", "aiw", "users.create-duplicate/conflict-any-case"),
    ("deactivate_noop", "oin", "users.deactivate/persisted"),
    ("deactivate_noop", "aiw", "users.deactivate/persisted"),
    ("deactivate_deletes", "oin", "users.deactivate/readable"),
    ("reactivate_noop", "aiw", "users.reactivate/persisted"),
    ("patch_users_501", "oin", "users.deactivate/accepted"),
    ("put_405", "oin", "users.update/push-accepted"),
    ("put_ignores_username", "oin", "users.rename/name-stored"),
    ("patch_pathless_wipes", "oin", "users.deactivate/profile-kept"),
    ("schemas_missing", "oin", "users.create/always.schemas"),
    ("active_omitted_false", "oin", "users.deactivate/persisted"),
    ("get_by_id_list", "oin", "users.create/stored"),
    ("create_empty_body", "oin", "users.create/full-user"),
    ("unknown_user_500", "oin", "users.read-unknown/not-there"),
    ("password_echoed", "oin", "users.create/always.password"),
    ("group_add_replaces", "oin", "groups.members/added-ann"),
    ("group_remove_noop", "oin", "groups.members/removed-no-more"),
];

/// The exit code, and the ids of the checks that failed under a fault; only `scenario` is played.
fn failed(fault: &str, app: &str, scenario: &str) -> (Option<i32>, BTreeSet<String>) {
    let (output, folder) = run(&["--reference", "--fault", fault, "--app", app, scenario]);
    let report = report(folder.path());
    assert_eq!(report["cleanup"]["left"].as_array().map(Vec::len), Some(0), "{fault} leaves something behind");
    let failed = checks(&report).into_iter().filter(|c| c["status"] == "failed");
    (output.status.code(), failed.filter_map(|c| c["id"].as_str().map(str::to_owned)).collect())
}

#[test]
fn each_fault_fails_the_check_its_story_names() {
    for (fault, app, check) in CAUGHT {
        let scenario = check.split('/').next().unwrap_or_default();
        let (code, failed) = failed(fault, app, scenario);
        assert!(failed.contains(check), "{fault} ({app}): {check} did not fail, but {failed:?}");
        // A `should` leaves the gate open.
        let open = check.ends_with("any-case");
        assert_eq!(code, Some(i32::from(!open)), "{fault}");
    }
}

#[test]
fn faults_that_only_groups_or_errors_show_are_caught_too() {
    for (fault, app, part) in [
        ("group_remove_clears", "oin", "groups.members/"),
        ("group_pathless_400", "oin", "groups.create/name-again-accepted"),
        ("error_plain_text", "oin", "users.read-unknown/always.scim-error"),
    ] {
        let (_, failed) = failed(fault, app, part.split('/').next().unwrap_or_default());
        assert!(failed.iter().any(|id| id.contains(part)), "{fault}: {failed:?}");
    }
}

#[test]
fn every_fault_is_tested_here() {
    let tested: BTreeSet<&str> = CAUGHT.iter().map(|(fault, ..)| *fault).collect();
    let others = ["group_remove_clears", "group_pathless_400", "error_plain_text"];
    for fault in scimulate::server::fault::all() {
        assert!(tested.contains(fault.id) || others.contains(&fault.id), "{} is caught by no test", fault.id);
    }
}
