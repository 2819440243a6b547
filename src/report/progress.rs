//! What is shown while a run goes on: a bar below the finished scenarios on a terminal, plain lines elsewhere.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::style::Style;
use super::terminal::Lines;
use crate::play::{Event, Observer, ScenarioResult, ScenarioStatus};

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A bar on stderr, finished scenarios above it on stdout.
    Bar,
    /// A line per finished scenario on stdout, for logs.
    Lines,
    /// Finished scenarios on stdout as on a terminal, no bar.
    Plain,
    /// Nothing.
    None,
}

/// Shows a run's events. Text for stdout goes through `print`, so that whoever owns stdout keeps owning it.
pub struct Progress<'p> {
    mode: Mode,
    style: Style,
    print: &'p (dyn Fn(&str) + Send + Sync),
    state: Mutex<State>,
}

struct State {
    lines: Lines,
    bar: ProgressBar,
    done: usize,
    of: usize,
    failed: usize,
    warned: usize,
}

impl<'p> Progress<'p> {
    /// `print` writes finished text to stdout.
    pub fn new(mode: Mode, style: Style, print: &'p (dyn Fn(&str) + Send + Sync)) -> Self {
        let bar = ProgressBar::new(0);
        bar.set_draw_target(if mode == Mode::Bar {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        });
        let template = if style.unicode {
            "▸ {msg}   {pos}/{len} scenarios  {prefix}  {elapsed}"
        } else {
            "> {msg}   {pos}/{len} scenarios  {prefix}  {elapsed}"
        };
        if let Ok(look) = ProgressStyle::with_template(template) {
            bar.set_style(look);
        }
        let state = State { lines: Lines::default(), bar, done: 0, of: 0, failed: 0, warned: 0 };
        Self { mode, style, print, state: Mutex::new(state) }
    }

    fn done(&self, state: &mut State, result: &ScenarioResult) {
        state.done += 1;
        match result.status {
            ScenarioStatus::Failed | ScenarioStatus::Blocked => state.failed += 1,
            ScenarioStatus::Warned => state.warned += 1,
            ScenarioStatus::Passed | ScenarioStatus::Skipped => {}
        }
        let text = match self.mode {
            Mode::None => return,
            Mode::Lines => state.lines.log(state.done, state.of, result),
            Mode::Bar | Mode::Plain => state.lines.scenario(result, &self.style),
        };
        // A hidden bar would drop the text; suspending clears a visible one first.
        state.bar.suspend(|| (self.print)(&text));
        state.bar.set_position(state.done as u64);
        let cross = if self.style.unicode { "✗" } else { "x" };
        state.bar.set_prefix(format!("{cross}{} !{}", state.failed, state.warned));
    }
}

impl Observer for Progress<'_> {
    fn hear(&self, event: Event<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started { scenarios } => {
                state.of = scenarios;
                state.bar.set_length(scenarios as u64);
                state.bar.enable_steady_tick(Duration::from_millis(120));
            }
            Event::ScenarioStarted { title, .. } => state.bar.set_message(title.to_owned()),
            Event::StepStarted { title, step, steps, method, path, .. } => {
                let path = path.split(['?', '{']).next().unwrap_or_default();
                state.bar.set_message(format!("{title} · step {step}/{steps} {method} {path}"));
            }
            Event::ScenarioDone(result) => self.done(&mut state, result),
            Event::CleaningUp { resources } => state.bar.set_message(format!("removing {resources} resources")),
            Event::Finished => state.bar.finish_and_clear(),
        }
    }
}
