//! The proof, told: `docs/kill-matrix.md` and JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::expectation::{Expectations, FirstSeen};
use super::matrix::Matrix;
use super::{Bench, Proof};
use crate::scenario::App;
use crate::server::fault;

/// The page `docs/kill-matrix.md`: the figures, every fault with what must and what did see it, every check with what makes
/// it fail.
pub fn markdown(proof: &Proof, bench: &Bench, expectations: &Expectations) -> String {
    let matrix = Matrix::of(&proof.examined);
    let mut text = String::from("# The kill matrix\n\n");
    text.push_str(
        "A check that cannot fail proves nothing. Every fault below is one small, named deviation of the reference server \
         (`scimulate serve --fault ID`, `scimulate run --reference --fault ID`); the checks named beside it were chosen from \
         its story by hand and must fail, in each app kind that has them, and every capability that is not named must still \
         work. Every `must` and `should` check is made to fail by some fault while the request it judges still gets its \
         right status (checks of a status or of time aside). The status of a request deep in a story, such as its fourth \
         read, is wrong under no fault alone; there `one-500` stands for a healthy server that answers just that request \
         with 500. Written by `scimulate self-test --thorough --format md --report-dir \
         DIR`; which check fails under which fault, in full: `fixtures/kill-matrix.txt`.\n\n",
    );
    let _ = writeln!(text, "{}\n", proof.last_line());
    let listed = fault::all().iter().filter(|one| is_listed(one.case)).count();
    let cousins: Vec<_> = expectations.faults.iter().filter_map(|one| one.cousin).collect();
    let caught = cousins.iter().filter(|first| **first == FirstSeen::Caught).count();
    let _ = writeln!(
        text,
        "Of the {} faults {listed} stand for a public report. {} are cousins of one, written after the checks: {caught} of \
         these were caught before any check was changed for them; the other {} were missed, and each became a better check. \
         The rest prove checks that no report is near to.\n",
        fault::all().len(),
        cousins.len(),
        cousins.len() - caught,
    );
    text.push_str("## Faults\n\n| fault | case | what is wrong | must be seen by | checks that fail (oin / aiw) |\n|---|---|---|---|---|\n");
    for expected in &expectations.faults {
        let Some(fault) = fault::by_id(&expected.id) else { continue };
        let count = |app| matrix.count(fault.id, app).map_or_else(|| "-".to_owned(), |count| count.to_string());
        let checks: Vec<String> = expected.checks.iter().map(|id| format!("`{id}`")).collect();
        let first = match expected.cousin {
            None => String::new(),
            Some(FirstSeen::Caught) => ", cousin, caught at once".to_owned(),
            Some(FirstSeen::Missed) => ", cousin, missed at first".to_owned(),
        };
        let _ = writeln!(
            text,
            "| `{}` | {}{first} | {} | {} | {} / {} |",
            fault.id,
            fault.case,
            fault.title.replace('|', "\\|"),
            checks.join(" "),
            count(App::Oin),
            count(App::Aiw),
        );
    }
    text.push_str("\n## Checks\n\n| check | level | made to fail by |\n|---|---|---|\n");
    let killers = matrix.killers();
    for (id, level) in bench.inventory.counted() {
        let by = killers.get(id).map_or(&[][..], Vec::as_slice);
        let shown: Vec<String> = by.iter().take(3).map(|fault| format!("`{fault}`")).collect();
        let more = if by.len() > 3 { format!(" and {} more", by.len() - 3) } else { String::new() };
        let _ = writeln!(text, "| `{id}` | {} | {}{more} |", level.word(), shown.join(" "));
    }
    text
}

/// The page `docs/coverage.md`: every case of the catalogue of public reports with the fault that stands for it and the checks
/// that must see it, or why none does. The error names a case that is not told.
pub fn coverage(expectations: &Expectations) -> Result<String, String> {
    let mut text = String::from(
        "# Coverage of public reports\n\nThe catalogue of public reports holds 174 cases in which a SCIM server failed with Okta \
         or a client like it. What one credential can show is a fault of the reference server, and the \
         checks beside it must fail under it; of the rest it is said why \
         (`scimulate self-test`; `scimulate explain FAULT` tells the story). A test keeps this page complete.\n\n\
         | case | what is wrong | fault | checks that must see it |\n|---|---|---|---|\n",
    );
    for number in 1..=CASES {
        let case = format!("B{number:03}");
        if let Some(fault) = fault::all().iter().find(|fault| fault.case == case) {
            let expected = expectations.faults.iter().find(|one| one.id == fault.id);
            let checks = expected.map_or(&[][..], |one| &one.checks);
            let checks: Vec<String> = checks.iter().map(|id| format!("`{id}`")).collect();
            let title = fault.title.replace('|', "\\|");
            let _ = writeln!(text, "| {case} | {title} | `{}` | {} |", fault.id, checks.join(" "));
        } else if let Some(why) = expectations.not_shown.iter().find(|one| one.case == case).map(|one| &one.why) {
            let _ = writeln!(text, "| {case} | not shown: {why} | | |");
        } else {
            return Err(format!("{case}: no fault stands for it, and fixtures/faults.toml does not say why"));
        }
    }
    Ok(text)
}

/// How many cases the catalogue of public reports has.
const CASES: usize = 174;

/// True for the number of a public report: `B080`; a cousin has a letter after it.
pub fn is_listed(case: &str) -> bool {
    case.len() == 4 && case.starts_with('B')
}

/// The proof for programs: figures, what is missing, and each fault with the checks that failed.
pub fn json(proof: &Proof) -> Value {
    let ((healthy, of), (killed, faults)) = (proof.healthy(), proof.killed());
    let rows: Vec<Value> = (proof.examined.iter())
        .map(|one| {
            json!({ "fault": one.subject.row(), "app": one.app.id(), "complaints": one.complaints,
                "failed": one.failed.keys().collect::<Vec<_>>(), "seconds": one.seconds, "requests": one.requests })
        })
        .collect();
    json!({
        "proven": proof.missing.is_empty(),
        "healthy": { "passed": healthy, "of": of },
        "faults": { "killed": killed, "of": faults },
        "checks": { "proven": proof.checks.0, "of": proof.checks.1 },
        "combinations": proof.combinations.iter().map(|one| json!({ "faults": one.faults, "app": one.app.id(),
            "complaints": one.complaints })).collect::<Vec<_>>(),
        "missing": proof.missing,
        "trials": rows,
    })
}
