//! What the engine tells while it plays, for progress displays.

use super::outcome::ScenarioResult;

/// Something that happened during a run.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The preflight passed; playing starts.
    Started {
        /// How many scenarios will be played.
        scenarios: usize,
    },
    /// A scenario begins.
    ScenarioStarted {
        /// Its id, e.g. `users.deactivate`.
        id: &'a str,
        /// What Okta does.
        title: &'a str,
    },
    /// A request is about to be sent.
    StepStarted {
        /// The scenario's id.
        scenario: &'a str,
        /// The scenario's title.
        title: &'a str,
        /// 1-based number of the step.
        step: usize,
        /// How many steps the scenario has.
        steps: usize,
        /// HTTP method.
        method: &'a str,
        /// Path as written in the scenario.
        path: &'a str,
    },
    /// A scenario is done.
    ScenarioDone(&'a ScenarioResult),
    /// Everything was played; what was created is being removed.
    CleaningUp {
        /// How many resources are to be removed.
        resources: usize,
    },
    /// The run is over, whatever its outcome; displays close now.
    Finished,
}

/// Whoever wants to hear of a run's events. Called from several tasks.
pub trait Observer: Send + Sync {
    /// Hear one event.
    fn hear(&self, event: Event<'_>);
}

/// Hears nothing.
impl Observer for () {
    fn hear(&self, _: Event<'_>) {}
}
