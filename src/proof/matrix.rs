//! The kill matrix: which checks fail under which fault. `fixtures/kill-matrix.txt` is the matrix as it was last played in
//! full.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::examine::Examined;
use super::inventory::{Inventory, short};
use crate::scenario::App;

/// The embedded file.
const FILE: &str = include_str!("../../fixtures/kill-matrix.txt");

/// What stands at the top of the file.
const HEAD: &str = "\
# Which checks fail under which fault of the reference server, per app kind, as last played in full. A `~` marks a check whose
# request did not get its right status either; `one-500` is a healthy server that answers one request with 500. Written by: scimulate self-test --thorough --format md --report-dir DIR
";

/// Failed checks per fault and app kind: true where the request still got its right status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matrix {
    rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    fault: String,
    app: App,
    /// Ids, rules without their scenario.
    failed: BTreeMap<String, bool>,
}

impl Matrix {
    /// The matrix as it was last played in full. The error names the line.
    pub fn embedded() -> Result<Self, String> {
        Self::read(FILE)
    }

    /// The matrix of what was just played.
    pub fn of(examined: &[Examined]) -> Self {
        let mut rows: Vec<Row> = Vec::new();
        for one in examined {
            let Some(name) = one.subject.row() else { continue };
            let mine = |row: &Row| row.fault == name && row.app == one.app;
            let index = rows.iter().position(mine).unwrap_or_else(|| {
                rows.push(Row { fault: name.to_owned(), app: one.app, failed: BTreeMap::new() });
                rows.len() - 1
            });
            for (id, fair) in &one.failed {
                *rows[index].failed.entry(short(id).to_owned()).or_default() |= fair;
            }
        }
        Self { rows }
    }

    /// The ids that some fault makes fail while the request gets its right status.
    pub fn proven(&self) -> BTreeSet<&str> {
        let fair = self.rows.iter().flat_map(|row| &row.failed).filter(|(_, right_status)| **right_status);
        fair.map(|(id, _)| id.as_str()).collect()
    }

    /// The faults that make each check fail, with its request's right status.
    pub fn killers(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut killers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for row in &self.rows {
            for (id, _) in row.failed.iter().filter(|(_, right_status)| **right_status) {
                let of = killers.entry(id).or_default();
                if of.last() != Some(&row.fault.as_str()) {
                    of.push(&row.fault);
                }
            }
        }
        killers
    }

    /// How many checks fail under a fault, per app kind.
    pub fn count(&self, fault: &str, app: App) -> Option<usize> {
        self.rows.iter().find(|row| row.fault == fault && row.app == app).map(|row| row.failed.len())
    }

    /// Checks of the matrix that the catalogue has no more, one sentence each.
    pub fn gone(&self, inventory: &Inventory) -> Vec<String> {
        let ids: BTreeSet<&str> = self.rows.iter().flat_map(|row| row.failed.keys()).map(String::as_str).collect();
        let made_by_the_engine = |id: &str| id.contains("/capture.") || id.ends_with("/always.in-company");
        let gone = ids.into_iter().filter(|id| !inventory.has(id) && !made_by_the_engine(id));
        gone.map(|id| format!("{id} is in the kill matrix and no more in the catalogue")).collect()
    }

    /// Rows that differ, one sentence each.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let key = |row: &Row| (row.fault.clone(), row.app);
        let theirs: BTreeMap<_, _> = other.rows.iter().map(|row| (key(row), &row.failed)).collect();
        let mut told = Vec::new();
        for row in &self.rows {
            match theirs.get(&key(row)) {
                None => told.push(format!("{} ({}) is new", row.fault, row.app.id())),
                Some(failed) if **failed != row.failed => {
                    let more: Vec<_> = row.failed.keys().filter(|id| !failed.contains_key(*id)).cloned().collect();
                    let fewer: Vec<_> = failed.keys().filter(|id| !row.failed.contains_key(*id)).cloned().collect();
                    told.push(format!("{} ({}): now {more:?}, no more {fewer:?}", row.fault, row.app.id()));
                }
                Some(_) => {}
            }
        }
        told
    }

    /// The file.
    pub fn write(&self) -> String {
        let mut text = HEAD.to_owned();
        for row in &self.rows {
            let _ = writeln!(text, "{} {}", row.fault, row.app.id());
            let mut of: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            for (id, fair) in &row.failed {
                let (scenario, check) = id.split_once('/').unwrap_or(("*", id));
                of.entry(scenario).or_default().push(format!("{check}{}", if *fair { "" } else { "~" }));
            }
            for (scenario, checks) in of {
                let _ = writeln!(text, "  {scenario} {}", checks.join(" "));
            }
        }
        text
    }

    fn read(text: &str) -> Result<Self, String> {
        let mut rows: Vec<Row> = Vec::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let wrong = || format!("fixtures/kill-matrix.txt:{}: not a line of the matrix", number + 1);
            let mut words = line.split_whitespace();
            let first = words.next().ok_or_else(wrong)?;
            if line.starts_with(' ') {
                let row = rows.last_mut().ok_or_else(wrong)?;
                for word in words {
                    let (check, fair) = word.strip_suffix('~').map_or((word, true), |check| (check, false));
                    let id = if first == "*" { check.to_owned() } else { format!("{first}/{check}") };
                    row.failed.insert(id, fair);
                }
            } else {
                let app = words.next().and_then(|app| App::ALL.into_iter().find(|one| one.id() == app));
                rows.push(Row { fault: first.to_owned(), app: app.ok_or_else(wrong)?, failed: BTreeMap::new() });
            }
        }
        Ok(Self { rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
deactivate_noop oin
  * always.active
  users.deactivate accepted~ persisted
put_405 aiw
  users.update push-accepted
";

    #[test]
    fn what_is_written_is_read_again() {
        let matrix = Matrix::read(TEXT).expect("matrix");
        assert_eq!(matrix.write(), format!("{HEAD}{TEXT}"));
        assert_eq!(matrix.count("deactivate_noop", App::Oin), Some(3));
        assert!(Matrix::read("  users.x y").unwrap_err().contains(":1:"));
    }

    #[test]
    fn a_check_is_proven_when_its_request_got_its_right_status() {
        let matrix = Matrix::read(TEXT).expect("matrix");
        let proven = ["always.active", "users.deactivate/persisted", "users.update/push-accepted"];
        assert_eq!(matrix.proven().into_iter().collect::<Vec<_>>(), proven);
        assert_eq!(matrix.killers()["users.update/push-accepted"], ["put_405"]);
    }

    #[test]
    fn what_differs_is_told() {
        let matrix = Matrix::read(TEXT).expect("matrix");
        let other = Matrix::read(&TEXT.replace(" persisted", "")).expect("matrix");
        assert_eq!(matrix.differences(&matrix), Vec::<String>::new());
        assert!(matrix.differences(&other)[0].contains("now [\"users.deactivate/persisted\"]"));
    }
}
