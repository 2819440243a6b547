//! What the user sees of a run: options and terminal resolved into a style, text to stdout, progress below it.

use std::fs::OpenOptions;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::{ColorMode, Display, last_failed};
use crate::play::{Observer, Preflight};
use crate::report::format::Format;
use crate::report::progress::Progress;
use crate::report::terminal::{self, Saved, Style};
use crate::report::{Report, command, github, markdown};
use crate::scenario::App;

/// The run's screen.
pub(super) struct Screen {
    display: Display,
    style: Style,
    app: App,
    seed: u64,
}

/// What the surroundings say, apart from the options.
struct Surroundings {
    terminal: bool,
    ci: bool,
    no_color: bool,
    utf8: bool,
    /// Columns of the terminal, or what COLUMNS says.
    columns: Option<usize>,
}

impl Surroundings {
    fn look() -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        let locale =
            ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|n| std::env::var(n).ok().filter(|v| !v.is_empty()));
        Self {
            terminal: std::io::stdout().is_terminal(),
            ci: set("CI") || set("GITHUB_ACTIONS"),
            no_color: set("NO_COLOR"),
            // No locale at all is a container, whose log is read as UTF-8.
            utf8: locale.is_none_or(|l| l.to_lowercase().replace('-', "").contains("utf8")),
            columns: (std::env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok()))
                .or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))),
        }
    }
}

/// How text is laid out here.
pub(super) fn style_of(display: &Display) -> Style {
    style(display, &Surroundings::look())
}

fn style(display: &Display, around: &Surroundings) -> Style {
    let color = match display.color {
        ColorMode::Always => true,
        ColorMode::Never => false,
        ColorMode::Auto => around.terminal && !around.no_color && !around.ci,
    };
    let unicode = around.utf8 && !display.ascii;
    // Wider lines are hard to read, narrower ones break more than they save.
    let width = around.columns.map_or(Style::default().width, |columns| columns.clamp(40, 120));
    Style { color, unicode, width, ci: around.ci, all: display.verbose }
}

impl Screen {
    pub(super) fn new(display: &Display, app: App, seed: u64) -> Self {
        Self { display: display.clone(), style: style_of(display), app, seed }
    }

    /// A remark for people, beside the result.
    pub(super) fn note(&self, note: &str) {
        if !self.display.quiet {
            eprintln!("{note}");
        }
    }

    pub(super) fn open(&self, base_url: &str) {
        if !self.display.quiet {
            print(&terminal::header(env!("CARGO_PKG_VERSION"), base_url, self.app, self.seed, self.style));
        }
    }

    pub(super) fn preflight(&self, preflight: &Preflight) {
        if !self.display.quiet {
            print(&terminal::preflight(preflight, self.style));
        }
    }

    pub(super) fn observer(&self) -> Box<dyn Observer> {
        Box::new(Progress::new(self.display.progress, self.style, self.display.quiet, print))
    }

    /// Findings and verdict; or why nothing could be tested.
    pub(super) fn close(&self, report: &Report, files: &[PathBuf]) {
        let actions = std::env::var_os("GITHUB_ACTIONS").is_some();
        print(&github::annotations(report, actions));
        if let Some(Err(why)) = std::env::var_os("GITHUB_STEP_SUMMARY").map(|path| summarise(report, Path::new(&path)))
        {
            self.note(&format!("The job summary could not be written: {why}"));
        }
        print(&terminal::tail(report, &saved(report, files), self.style));
    }

    /// A saved report, as its run told it.
    pub(super) fn tell(&self, report: &Report, file: &Path) {
        let saved = Saved { files: None, failed: Some(failed(report, file)) };
        print(&terminal::render(report, &saved, self.style));
    }
}

/// Appends the report to a job summary of GitHub Actions, as much of it as GitHub still shows.
fn summarise(report: &Report, path: &Path) -> std::io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    let used = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let text = markdown::render(report, markdown::LIMIT.saturating_sub(used));
    // GitHub drops a summary that is too long as a whole, also what others wrote there.
    if used + text.len() > markdown::LIMIT {
        return Err(std::io::Error::other("it is full already"));
    }
    file.write_all(text.as_bytes())
}

fn saved(report: &Report, files: &[PathBuf]) -> Saved {
    let json = files.iter().find(|path| path.ends_with(Format::Json.file()));
    Saved { files: named(files), failed: json.map(|json| failed(report, json)) }
}

/// The command that plays what failed again; the newest report under `reports/` is found without being named.
fn failed(report: &Report, json: &Path) -> String {
    let named = (!last_failed::newest(json)).then(|| json.display().to_string());
    command::failed(report, named.as_deref())
}

/// `reports/x/report.html (+ report.json, repro.sh)`: the file to read, and what else there is.
fn named(files: &[PathBuf]) -> Option<String> {
    let first = files.iter().find(|path| path.ends_with(Format::Html.file())).or(files.first())?;
    let others: Vec<_> =
        files.iter().filter(|path| *path != first).filter_map(|path| path.file_name()?.to_str()).collect();
    let others = if others.is_empty() { String::new() } else { format!(" (+ {})", others.join(", ")) };
    Some(format!("{}{others}", first.display()))
}

/// Writes to stdout. A reader that has gone away (`| head`) is no reason to fail: the exit code still tells.
pub(super) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::progress::Mode;

    #[test]
    fn colour_follows_options_and_surroundings() {
        let display = |color| Display { progress: Mode::Auto, color, ascii: false, quiet: false, verbose: false };
        let around = |terminal, ci, no_color| Surroundings { terminal, ci, no_color, utf8: true, columns: None };
        let table = [
            (ColorMode::Auto, around(true, false, false), true),
            (ColorMode::Auto, around(true, false, true), false),
            (ColorMode::Auto, around(true, true, false), false),
            (ColorMode::Auto, around(false, false, false), false),
            (ColorMode::Always, around(false, true, true), true),
            (ColorMode::Never, around(true, false, false), false),
        ];
        for (mode, surroundings, color) in table {
            assert_eq!(style(&display(mode), &surroundings).color, color, "{mode:?}");
        }
        let latin = Surroundings { utf8: false, ..around(true, false, false) };
        assert!(!style(&display(ColorMode::Auto), &latin).unicode);
        for (columns, width) in [(None, 80), (Some(20), 40), (Some(100), 100), (Some(400), 120)] {
            let around = Surroundings { columns, ..around(true, false, false) };
            assert_eq!(style(&display(ColorMode::Auto), &around).width, width);
        }
    }
}
