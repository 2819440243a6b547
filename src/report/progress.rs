//! How a run shows that it lives: a bar below the finished scenarios on a terminal, plain lines elsewhere.

use std::io::IsTerminal as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::terminal::{Lines, Role, Style};
use crate::play::{Event, Observer, ScenarioStatus};

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// A bar on a terminal outside CI, else lines.
    #[default]
    Auto,
    /// One line that is drawn again and again, on stderr.
    Bar,
    /// A numbered line per finished scenario.
    Lines,
    /// Nothing.
    None,
}

impl Mode {
    /// Decides `Auto` by whether stderr is a terminal and whether this is CI; never returns it.
    #[must_use]
    pub fn resolve(self, terminal: bool, ci: bool) -> Self {
        match self {
            Self::Auto if terminal && !ci => Self::Bar,
            Self::Auto => Self::Lines,
            decided => decided,
        }
    }
}

/// Shows a run's progress. Finished scenarios go to the caller's `print` (stdout, one text with its line break), the bar
/// to stderr.
pub struct Progress {
    style: Style,
    print: Option<Print>,
    bar: Option<Bar>,
    state: Mutex<State>,
}

type Print = Box<dyn Fn(&str) + Send + Sync>;

struct Bar {
    all: MultiProgress,
    line: ProgressBar,
}

struct State {
    lines: Lines,
    failed: usize,
    warned: usize,
}

impl Progress {
    /// Progress in this mode; `quiet` shows nothing in any mode. `print` is called for every finished scenario.
    pub fn new(mode: Mode, style: Style, quiet: bool, print: impl Fn(&str) + Send + Sync + 'static) -> Self {
        let mode = mode.resolve(std::io::stderr().is_terminal(), style.ci);
        Self::drawn(if quiet { Mode::None } else { mode }, style, ProgressDrawTarget::stderr(), print)
    }

    fn drawn(
        mode: Mode,
        style: Style,
        target: ProgressDrawTarget,
        print: impl Fn(&str) + Send + Sync + 'static,
    ) -> Self {
        let style = Style { ci: style.ci || mode == Mode::Lines, ..style };
        Self {
            style,
            print: (mode != Mode::None).then(|| Box::new(print) as _),
            bar: (mode == Mode::Bar).then(|| Bar::new(target, style)),
            state: Mutex::new(State { lines: Lines::new(style, 0), failed: 0, warned: 0 }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere while counting lines is no reason to stop showing them.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bar {
    fn new(target: ProgressDrawTarget, style: Style) -> Self {
        let all = MultiProgress::with_draw_target(target);
        let line = all.add(ProgressBar::new(0));
        let template = "{wide_msg}   {pos}/{len} scenarios  {prefix}  {elapsed}";
        line.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        line.set_prefix(tally(style, 0, 0));
        Self { all, line }
    }
}

/// `✗0 !1`.
fn tally(style: Style, failed: usize, warned: usize) -> String {
    let paint = |role, number: usize| {
        let text = format!("{}{number}", if role == Role::Bad { style.sign("✗", "x") } else { "!" });
        if number == 0 { text } else { style.paint(role, &text) }
    };
    format!("{} {}", paint(Role::Bad, failed), paint(Role::Warn, warned))
}

impl Observer for Progress {
    fn hear(&self, event: Event<'_>) {
        let style = self.style;
        let say = |text: String| {
            if let Some(bar) = &self.bar {
                bar.line.set_message(format!("{} {text}", style.sign("▸", ">")));
            }
        };
        match event {
            Event::Started { scenarios } => {
                self.state().lines = Lines::new(style, scenarios);
                if let Some(bar) = &self.bar {
                    bar.line.set_length(scenarios as u64);
                    bar.line.enable_steady_tick(Duration::from_millis(200));
                }
            }
            Event::ScenarioStarted { id, title } => say(scene(style, id, title)),
            Event::StepStarted { scenario, title, step, steps, method, path } => say(format!(
                "{}{}step {step}/{steps} {} {}",
                scene(style, scenario, title),
                style.dot(),
                style.text(method),
                style.text(path)
            )),
            Event::ScenarioDone(scenario) => {
                // Held while printing, so that lines come whole and in the order they were counted.
                let mut state = self.state();
                match scenario.status {
                    ScenarioStatus::Failed | ScenarioStatus::Blocked => state.failed += 1,
                    ScenarioStatus::Warned => state.warned += 1,
                    ScenarioStatus::Passed | ScenarioStatus::Skipped => {}
                }
                let Some(print) = &self.print else { return };
                let text = state.lines.done(scenario);
                match &self.bar {
                    Some(bar) => {
                        bar.line.set_prefix(tally(style, state.failed, state.warned));
                        bar.line.inc(1);
                        bar.all.suspend(|| print(&text));
                    }
                    None => print(&text),
                }
            }
            Event::CleaningUp { resources } => {
                say(format!("cleaning up {}", super::told::count(resources, "resource")));
            }
            Event::Finished => {
                if let Some(bar) = &self.bar {
                    bar.line.finish_and_clear();
                }
            }
        }
    }
}

/// `users: Okta deactivates a user`.
fn scene(style: Style, id: &str, title: &str) -> String {
    format!("{}: {}", style.text(id.split('.').next().unwrap_or_default()), style.text(title))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::report::sample;

    fn played(mode: Mode, print: impl Fn(&str) + Send + Sync + 'static) -> Progress {
        let progress = Progress::drawn(mode, Style::default(), ProgressDrawTarget::hidden(), print);
        let report = sample::failing();
        progress.hear(Event::Started { scenarios: report.scenarios.len() });
        for scenario in &report.scenarios {
            progress.hear(Event::ScenarioStarted { id: &scenario.id, title: &scenario.title });
            progress.hear(Event::StepStarted {
                scenario: &scenario.id,
                title: &scenario.title,
                step: 3,
                steps: 5,
                method: "PATCH",
                path: "/Users/{{ann.id}}",
            });
            progress.hear(Event::ScenarioDone(scenario));
        }
        progress
    }

    fn lines(mode: Mode) -> String {
        let printed = Arc::new(Mutex::new(String::new()));
        let copy = Arc::clone(&printed);
        played(mode, move |text| copy.lock().unwrap().push_str(text)).hear(Event::Finished);
        printed.lock().unwrap().clone()
    }

    #[test]
    fn auto_is_a_bar_only_on_a_terminal_outside_ci() {
        assert_eq!(Mode::Auto.resolve(true, false), Mode::Bar);
        assert_eq!(Mode::Auto.resolve(true, true), Mode::Lines);
        assert_eq!(Mode::Auto.resolve(false, false), Mode::Lines);
        assert_eq!(Mode::Bar.resolve(false, true), Mode::Bar);
    }

    #[test]
    fn lines_are_numbered() {
        let text = lines(Mode::Lines);
        assert!(text.starts_with("[1/7] ok    connection.credentials"), "{text}");
        assert_eq!(text.lines().count(), 7);
    }

    #[test]
    fn with_a_bar_nobody_sees_the_finished_scenarios_are_still_printed() {
        let text = lines(Mode::Bar);
        assert!(text.starts_with("connection\n  ✓ Credentials are checked"), "{text}");
        assert!(text.contains("\nusers\n  ✗ Create a user"), "{text}");
    }

    #[test]
    fn none_prints_nothing() {
        assert_eq!(lines(Mode::None), "");
    }

    #[test]
    fn the_bar_tells_where_the_run_is() {
        let progress = played(Mode::Bar, |_| {});
        let bar = progress.bar.as_ref().unwrap();
        assert_eq!((bar.line.position(), bar.line.length()), (7, Some(7)));
        assert_eq!(bar.line.prefix(), "✗3 !1");
        assert_eq!(bar.line.message(), "▸ groups: Okta plays groups.entitlements · step 3/5 PATCH /Users/{{ann.id}}");
        progress.hear(Event::CleaningUp { resources: 1 });
        assert_eq!(bar.line.message(), "▸ cleaning up 1 resource");
        progress.hear(Event::Finished);
        assert!(bar.line.is_finished());
    }
}
