//! Made-up runs to test score, gate and reports with, and the comparison with golden files.

use serde_json::{Value, json};

use super::*;
use crate::exchange::{Body, Exchange, Header, Request, Response};
use crate::gate::{GateOptions, KnownFailures, gate};
use crate::play::{CheckResult, CheckStatus, Cleanup, Difference, Left, ScenarioStatus, Spec, StepResult};
use crate::scenario::Level;
use crate::score::score;

/// A check with nothing to tell but how it came out.
pub(crate) fn check(id: &str, capability: Capability, level: Level, status: CheckStatus) -> CheckResult {
    CheckResult {
        id: id.to_owned(),
        capability,
        level,
        status,
        message: String::new(),
        at: None,
        expected: None,
        actual: None,
        differences: vec![],
        spec: vec![],
        fix: String::new(),
        caused_by: None,
        known: None,
    }
}

/// A scenario of one step with these checks; its status is the worst of theirs.
pub(crate) fn scenario(id: &str, capability: Capability, checks: Vec<CheckResult>) -> ScenarioResult {
    let any = |status, level| checks.iter().any(|c| c.status == status && c.level <= level);
    let status = if any(CheckStatus::Failed, Level::Must) {
        ScenarioStatus::Failed
    } else if any(CheckStatus::Blocked, Level::Info) {
        ScenarioStatus::Blocked
    } else if any(CheckStatus::Failed, Level::Info) {
        ScenarioStatus::Warned
    } else {
        ScenarioStatus::Passed
    };
    ScenarioResult {
        id: id.to_owned(),
        title: format!("Okta plays {id}"),
        why: "Okta depends on it.".to_owned(),
        capability,
        source: "builtin".to_owned(),
        status,
        reason: None,
        seconds: 0.21,
        steps: vec![step("only", "The only step", None, checks)],
    }
}

fn step(id: &str, title: &str, exchange: Option<Exchange>, checks: Vec<CheckResult>) -> StepResult {
    let exchanges: Vec<_> = exchange.into_iter().collect();
    let judged = (!exchanges.is_empty()).then_some(0);
    StepResult { id: id.to_owned(), title: title.to_owned(), exchanges, judged, note: None, checks }
}

fn exchange(method: &str, path: &str, sent: Option<Value>, status: u16, answer: Value) -> Exchange {
    let header = |name: &str, value: &str| Header { name: name.to_owned(), value: value.to_owned() };
    let data = sent.as_ref().map(|body| format!(" \\\n  -d '{body}'")).unwrap_or_default();
    Exchange {
        curl: format!("curl -X {method} \"$SCIM_BASE_URL\"'{path}' \\\n  -H \"Authorization: $SCIM_TOKEN\"{data}"),
        request: Request {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: vec![header("Authorization", "[redacted]"), header("Accept", "application/scim+json")],
            body: sent.map_or(Body::Empty, Body::Json),
        },
        response: Some(Response {
            status,
            headers: vec![header("Content-Type", "application/scim+json")],
            body: if answer.is_null() { Body::Empty } else { Body::Json(answer) },
            truncated: false,
            ms: 12.3,
        }),
        failure: None,
    }
}

fn passed(scenario: &str, title: &str, capability: Capability, number: usize) -> ScenarioResult {
    let checks = (1..=number)
        .map(|n| check(&format!("{scenario}/check-{n}"), capability, Level::Must, CheckStatus::Passed))
        .collect();
    ScenarioResult { title: title.to_owned(), ..self::scenario(scenario, capability, checks) }
}

fn rfc(section: &str) -> Spec {
    let url = format!("https://www.rfc-editor.org/rfc/rfc7644#section-{section}");
    Spec { name: format!("RFC 7644 §{section}"), url: Some(url) }
}

fn deactivate() -> ScenarioResult {
    let capability = Capability::DeactivateUsers;
    let ok = |id: &str| check(&format!("users.deactivate/{id}"), capability, Level::Must, CheckStatus::Passed);
    let persisted = CheckResult {
        message: "expected false, actual true".to_owned(),
        at: Some("/active".to_owned()),
        expected: Some(json!(false)),
        actual: Some(json!(true)),
        spec: vec![
            rfc("3.5.2.3"),
            Spec { name: "Okta SCIM 2.0: update a specific user (PATCH)".to_owned(), url: None },
        ],
        fix: "Store the new value of active; a 200 answer alone does not deactivate anyone.".to_owned(),
        caused_by: Some("deactivate".to_owned()),
        ..check("users.deactivate/persisted", capability, Level::Must, CheckStatus::Failed)
    };
    let skipped = check("users.deactivate/echo-inactive", capability, Level::Must, CheckStatus::Skipped);
    let patch = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "value": { "active": false } }]
    });
    let user = json!({ "id": "2819c223", "active": true });
    let steps = vec![
        step(
            "before",
            "Okta reads the user",
            Some(exchange("GET", "/Users/2819c223", None, 200, user.clone())),
            vec![ok("readable")],
        ),
        step(
            "deactivate",
            "Okta sends active=false",
            Some(exchange("PATCH", "/Users/2819c223", Some(patch), 204, Value::Null)),
            vec![ok("accepted"), skipped],
        ),
        step(
            "after",
            "Read the user back",
            Some(exchange("GET", "/Users/2819c223", None, 200, user)),
            vec![persisted, always("users.deactivate", CheckStatus::Failed)],
        ),
    ];
    let why = "Okta never deletes a leaver: it sends active=false and expects the account to stay readable.\n\
               A server that answers 200 but keeps the account active leaves a leaver with access.";
    ScenarioResult {
        title: "Okta deactivates a user".to_owned(),
        why: why.to_owned(),
        status: ScenarioStatus::Failed,
        seconds: 0.4,
        steps,
        ..scenario("users.deactivate", capability, vec![])
    }
}

fn always(scenario: &str, status: CheckStatus) -> CheckResult {
    CheckResult {
        message: "the body is not valid UTF-8".to_owned(),
        fix: "Send JSON as UTF-8.".to_owned(),
        spec: vec![rfc("8.1")],
        ..check(&format!("{scenario}/always.json-is-utf-8"), Capability::Protocol, Level::Must, status)
    }
}

fn reactivate() -> ScenarioResult {
    let capability = Capability::ReactivateUsers;
    let id = |name: &str| format!("users.reactivate/{name}");
    let hostile = "Bob\u{1b}[2J \u{202e}boB\n::error title=x::y";
    let changed = Difference {
        at: "/displayName".to_owned(),
        expected: Some(json!("Bob Builder")),
        actual: Some(json!(hostile)),
    };
    let should = CheckResult {
        message: format!("/displayName changed to {hostile}"),
        differences: vec![changed],
        fix: "Change nothing but active.".to_owned(),
        ..check(&id("nothing-else-changed"), capability, Level::Should, CheckStatus::Failed)
    };
    let info = CheckResult {
        message: "the answer took 2.1 s".to_owned(),
        ..check(&id("fast"), capability, Level::Info, CheckStatus::Failed)
    };
    let ok = check(&id("accepted"), capability, Level::Must, CheckStatus::Passed);
    let checks = vec![ok, should, info];
    ScenarioResult {
        title: "Reactivate a user".to_owned(),
        status: ScenarioStatus::Warned,
        ..scenario("users.reactivate", capability, checks)
    }
}

fn push() -> ScenarioResult {
    let capability = Capability::PushGroups;
    let id = |name: &str| format!("groups.push/{name}");
    let created = CheckResult {
        message: "expected one of 201, actual 500".to_owned(),
        at: Some("status".to_owned()),
        expected: Some(json!(201)),
        actual: Some(json!(500)),
        fix: "Answer 201 with the group.".to_owned(),
        ..check(&id("created"), capability, Level::Must, CheckStatus::Failed)
    };
    let blocked = |name: &str| CheckResult {
        message: "groups.push/created failed before".to_owned(),
        ..check(&id(name), capability, Level::Must, CheckStatus::Blocked)
    };
    let checks = vec![created, blocked("members"), blocked("renamed")];
    ScenarioResult { title: "Push a group with members".to_owned(), ..scenario("groups.push", capability, checks) }
}

fn report(mut scenarios: Vec<ScenarioResult>, known: &str, cleanup: Cleanup) -> Report {
    let known = KnownFailures::parse("known.toml", known).unwrap();
    known.apply(&mut scenarios);
    let features = Capability::CORE.to_vec();
    let scored = score(&scenarios, &features, &[Capability::Entitlements], false);
    let today = jiff::civil::date(2026, 11, 25);
    Report {
        schema_version: SCHEMA_VERSION,
        tool: Tool { name: "scimulate".to_owned(), version: "0.1.0".to_owned() },
        run: Run {
            id: "2026-11-25T031900Z".to_owned(),
            token: "k3v9".to_owned(),
            started: "2026-11-25T03:19:00Z".to_owned(),
            seconds: 4.12,
            seed: 4711,
            app: App::Oin,
            complete: true,
            notes: vec![],
            narrowed: false,
            selection: Selection::default(),
            requests: 63,
            features,
        },
        target: Target { base_url: "https://api.example.test/scim/v2".to_owned(), reference: None },
        preflight: Preflight { passed: true, ms: Some(38.2), notes: vec![], problem: None },
        verdict: scored.verdict,
        gate: gate(&scored, &scenarios, &GateOptions::default(), &known, today, true),
        score: scored.score,
        capabilities: scored.capabilities,
        counts: scored.counts,
        scenarios,
        cleanup,
    }
}

/// A run in which everything passed.
pub(crate) fn ok() -> Report {
    let scenarios = vec![
        passed("connection.credentials", "Credentials are checked", Capability::TestCredentials, 4),
        passed("users.lookup-missing", "Look up a user who does not exist", Capability::CreateUsers, 5),
        passed("users.create", "Create a user", Capability::CreateUsers, 11),
        passed("users.update", "Okta updates a profile", Capability::UpdateAttributes, 6),
        passed("users.deactivate", "Okta deactivates a user", Capability::DeactivateUsers, 8),
        passed("users.reactivate", "Reactivate a user", Capability::ReactivateUsers, 6),
        passed("groups.push", "Push a group with members", Capability::PushGroups, 12),
    ];
    report(scenarios, "", Cleanup { deleted: 17, deactivated: 0, left: vec![] })
}

/// A run with a finding of every kind.
pub(crate) fn failing() -> Report {
    let mut create = passed("users.create", "Create a user", Capability::CreateUsers, 11);
    create.status = ScenarioStatus::Failed;
    create.steps[0].checks.push(always("users.create", CheckStatus::Failed));
    let mut entitlements = scenario("groups.entitlements", Capability::Entitlements, vec![]);
    entitlements.status = ScenarioStatus::Skipped;
    entitlements.reason = Some("the target offers no entitlements".to_owned());
    let scenarios = vec![
        passed("connection.credentials", "Credentials are checked", Capability::TestCredentials, 4),
        create,
        passed("users.update", "Okta updates a profile", Capability::UpdateAttributes, 6),
        deactivate(),
        reactivate(),
        push(),
        entitlements,
    ];
    let known = "[[known]]\nid = \"groups.push/created\"\nreason = \"groups come in May\"\n";
    let left = Left {
        path: "/Users/9f3c".to_owned(),
        name: "scimulate-k3v9-07@example.com".to_owned(),
        reason: "DELETE was answered 405".to_owned(),
    };
    report(scenarios, known, Cleanup { deleted: 16, deactivated: 1, left: vec![left] })
}

/// A run that could not start.
pub(crate) fn cannot_start() -> Report {
    let mut report = report(vec![], "", Cleanup::default());
    let details = [
        "GET https://api.example.test/scim/v2/Users?startIndex=1&count=2 was answered 401.",
        "The token came from SCIM_TOKEN (38 characters, no surrounding spaces).",
        "Check that it is the SCIM token of this tenant and that it has not expired.",
    ];
    report.run.complete = false;
    report.preflight = Preflight {
        passed: false,
        ms: Some(38.2),
        notes: vec![],
        problem: Some(Problem {
            kind: "unauthorized".to_owned(),
            summary: "the token was rejected (401)".to_owned(),
            details: details.map(str::to_owned).to_vec(),
        }),
    };
    report
}

/// Compares with `tests/golden/report/NAME`; `UPDATE_GOLDEN=1` writes it instead.
pub(crate) fn golden(name: &str, actual: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/report").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(actual, expected, "{} differs; UPDATE_GOLDEN=1 rewrites it", path.display());
}
