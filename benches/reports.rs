//! How long a run takes to be told, and how large it gets: `cargo bench --bench reports`. Every format of the whole catalogue
//! against the reference server, and of the first 400 checks of it.

use std::process::Command;
use std::time::Instant;

use scimulate::report::format::Format;
use scimulate::report::{Report, json};

const TIMES: usize = 11;
const FORMATS: [Format; 5] = [Format::Json, Format::Html, Format::Junit, Format::Md, Format::Har];

fn main() {
    let whole = played();
    let mut part = whole.clone();
    let mut checks = 0;
    part.scenarios.retain(|scenario| {
        let before = checks;
        checks += scenario.steps.iter().map(|step| step.checks.len()).sum::<usize>();
        before < 400
    });
    for report in [&part, &whole] {
        let checks = report.scenarios.iter().flat_map(|s| &s.steps).map(|s| s.checks.len()).sum::<usize>();
        println!("{} scenarios, {checks} checks; {TIMES} times each, the median", report.scenarios.len());
        let mut all = 0.0;
        for format in FORMATS {
            let mut times = Vec::new();
            let mut size = 0;
            for _ in 0..TIMES {
                let started = Instant::now();
                size = format.render(report).expect("rendered").len();
                times.push(started.elapsed().as_secs_f64() * 1000.0);
            }
            times.sort_by(f64::total_cmp);
            all += times[TIMES / 2];
            println!("  {:<14} {:>8.1} ms {:>8} KiB", format.file(), times[TIMES / 2], size / 1024);
        }
        println!("  {:<14} {all:>8.1} ms", "all");
    }
}

/// A run of everything, with a fault so that there are findings.
fn played() -> Report {
    let folder = std::env::temp_dir().join(format!("scimulate-reports-{}", std::process::id()));
    let output = Command::new(env!("CARGO_BIN_EXE_scimulate"))
        .args(["run", "--reference", "--fault", "deactivate_noop", "--format", "json", "--report-dir"])
        .arg(&folder)
        .env_remove("SCIM_BASE_URL")
        .output()
        .expect("run");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(folder.join("report.json")).expect("report.json");
    let _ = std::fs::remove_dir_all(&folder);
    json::from_json(&text).expect("a report")
}
