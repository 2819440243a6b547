//! What the user sees of a run: options and terminal resolved into a style, text to stdout, progress below it.

use std::io::{IsTerminal, Write};
use std::path::Path;

use super::{ColorMode, Display, ProgressMode};
use crate::play::{Observer, Preflight};
use crate::report::progress::{Mode, Progress};
use crate::report::style::Style;
use crate::report::{Report, github, terminal};
use crate::scenario::App;

/// The run's screen.
pub(super) struct Screen {
    style: Style,
    mode: Mode,
    quiet: bool,
    app: App,
    seed: u64,
}

/// What the surroundings say, apart from the options.
struct Surroundings {
    stdout_terminal: bool,
    stderr_terminal: bool,
    ci: bool,
    no_color: bool,
    utf8: bool,
}

impl Surroundings {
    fn look() -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        let locale =
            ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
        Self {
            stdout_terminal: std::io::stdout().is_terminal(),
            stderr_terminal: std::io::stderr().is_terminal(),
            ci: set("CI") || set("GITHUB_ACTIONS"),
            no_color: set("NO_COLOR"),
            // No locale at all is a container, whose log is read as UTF-8.
            utf8: locale.is_none_or(|l| l.to_lowercase().replace('-', "").contains("utf8")),
        }
    }
}

fn resolve(display: &Display, around: &Surroundings) -> (Style, Mode) {
    let color = match display.color {
        ColorMode::Always => true,
        ColorMode::Never => false,
        ColorMode::Auto => around.stdout_terminal && !around.no_color && !around.ci,
    };
    let mode = match display.progress {
        _ if display.quiet => Mode::None,
        ProgressMode::None => Mode::None,
        ProgressMode::Bar => Mode::Bar,
        ProgressMode::Lines => Mode::Lines,
        ProgressMode::Auto if around.ci => Mode::Lines,
        ProgressMode::Auto if around.stderr_terminal => Mode::Bar,
        ProgressMode::Auto => Mode::Plain,
    };
    (Style { color, unicode: around.utf8 && !display.ascii, width: 80, all: display.verbose }, mode)
}

impl Screen {
    pub(super) fn new(display: &Display, app: App, seed: u64) -> Self {
        let (style, mode) = resolve(display, &Surroundings::look());
        Self { style, mode, quiet: display.quiet, app, seed }
    }

    /// A remark for people, beside the result.
    pub(super) fn note(&self, note: &str) {
        if !self.quiet {
            eprintln!("{note}");
        }
    }

    pub(super) fn open(&self, base_url: &str) {
        if !self.quiet {
            print(&(terminal::header(base_url, self.app, self.seed, &self.style) + "\n"));
        }
    }

    pub(super) fn preflight(&self, preflight: &Preflight) {
        let text = terminal::preflight(preflight, &self.style);
        if !self.quiet && !text.is_empty() {
            print(&(text + "\n"));
        }
    }

    pub(super) fn observer(&self) -> Box<dyn Observer> {
        Box::new(Progress::new(self.mode, self.style, &print))
    }

    /// Findings and verdict; or why nothing could be tested.
    pub(super) fn close(&self, report: &Report, path: Option<&Path>) {
        if std::env::var_os("GITHUB_ACTIONS").is_some() {
            print(&github::annotations(report));
        }
        if report.preflight.problem.is_some() {
            print(&terminal::cannot_start(&report.preflight, &self.style));
        } else {
            let path = path.map(|p| p.display().to_string());
            print(&terminal::tail(report, path.as_deref(), &self.style));
        }
    }
}

/// Writes to stdout. A reader that has gone away (`| head`) is no reason to fail: the exit code still tells.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn display(color: ColorMode, progress: ProgressMode) -> Display {
        Display { progress, color, ascii: false, quiet: false, verbose: false }
    }

    fn around(terminal: bool, ci: bool, no_color: bool) -> Surroundings {
        Surroundings { stdout_terminal: terminal, stderr_terminal: terminal, ci, no_color, utf8: true }
    }

    #[test]
    fn what_is_shown_follows_options_and_surroundings() {
        let auto = display(ColorMode::Auto, ProgressMode::Auto);
        let table = [
            (around(true, false, false), true, Mode::Bar),
            (around(true, false, true), false, Mode::Bar),
            (around(true, true, false), false, Mode::Lines),
            (around(false, false, false), false, Mode::Plain),
        ];
        for (surroundings, color, mode) in table {
            let (style, resolved) = resolve(&auto, &surroundings);
            assert_eq!((style.color, resolved), (color, mode));
        }
        let forced = display(ColorMode::Always, ProgressMode::None);
        let (style, mode) = resolve(&forced, &around(false, true, true));
        assert!(style.color && mode == Mode::None);
        let quiet = Display { quiet: true, ..display(ColorMode::Never, ProgressMode::Bar) };
        assert_eq!(resolve(&quiet, &around(true, false, false)).1, Mode::None);
    }
}
