//! The table of docs/robustness.md: what each kind of target cost.

use std::path::PathBuf;

use super::run::Ended;

/// Where the table begins and ends in the text.
const MARKS: (&str, &str) = ("<!-- table -->\n", "<!-- end of the table -->");

/// One kind, met from the first byte on and after the connection test.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) first: Ended,
    pub(crate) later: Ended,
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/robustness.md")
}

/// What is before the table, the table, and what is behind it.
fn parts(text: &str) -> (&str, &str, &str) {
    let (before, rest) = text.split_once(MARKS.0).expect("the mark before the table");
    let (table, behind) = rest.split_once(MARKS.1).expect("the mark behind the table");
    (before, table, behind)
}

/// The kinds that the written table shows, in its order.
pub(crate) fn names() -> Vec<String> {
    let text = std::fs::read_to_string(file()).expect("docs/robustness.md");
    let rows = parts(&text).1.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.split('|').nth(1).unwrap_or_default().trim().to_owned()).collect()
}

/// Writes the table in the place of the one that is there.
pub(crate) fn write(rows: &[Row]) {
    let figures = |ended: &Ended| {
        let code = ended.code.map_or_else(|| "none".to_owned(), |code| code.to_string());
        format!("{code} | {:.1} | {}", ended.seconds, ended.peak >> 20)
    };
    let lines =
        rows.iter().map(|row| format!("| {} | {} | {} |\n", row.name, figures(&row.first), figures(&row.later)));
    let head = "| target | exit code | s | MB | later: exit code | s | MB |\n|---|---|---|---|---|---|---|\n";
    let text = std::fs::read_to_string(file()).expect("docs/robustness.md");
    let (before, _, behind) = parts(&text);
    let table: String = lines.collect();
    std::fs::write(file(), [before, MARKS.0, head, &table, MARKS.1, behind].concat()).expect("write");
}
