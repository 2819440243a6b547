//! Every check there is: the ids that reports, known-failures files and the kill matrix use.

use std::collections::BTreeMap;

use crate::check::always::RULES;
use crate::scenario::{App, Catalogue, Check, Expect, Level};

/// All checks of a catalogue by id. A rule that always holds is there once, as `always.<rule>`: it is judged in every
/// scenario, and told once per run.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    checks: BTreeMap<String, Known>,
}

/// What is known of a check without playing it.
#[derive(Clone, Debug)]
struct Known {
    level: Level,
    of_status: bool,
    apps: Vec<App>,
}

impl Known {
    fn new(check: &Check) -> Self {
        Self { level: check.level, of_status: matches!(check.expect, Expect::Status(_)), apps: Vec::new() }
    }
}

impl Inventory {
    /// Reads the catalogue.
    pub fn new(catalogue: &Catalogue) -> Self {
        let mut checks: BTreeMap<String, Known> = BTreeMap::new();
        for scenario in &catalogue.scenarios {
            for step in &scenario.steps {
                let played = |app: &App| scenario.apps.contains(app) && step.apps.contains(app);
                for (app, case) in App::ALL
                    .into_iter()
                    .filter(played)
                    .flat_map(|app| scenario.cases.iter().map(move |case| (app, case)))
                {
                    for check in scenario.judged(step, case, app) {
                        let id = format!("{}/{}", scenario.id, case.named(&check.id));
                        let known = checks.entry(id).or_insert_with(|| Known::new(check));
                        known.apps.push(app);
                    }
                }
            }
        }
        for rule in RULES {
            let known = Known { level: rule.level, of_status: false, apps: App::ALL.to_vec() };
            checks.insert(format!("always.{}", rule.id), known);
        }
        Self { checks }
    }

    /// The checks that count: `must` and `should`.
    pub fn counted(&self) -> impl Iterator<Item = (&str, Level)> {
        let counted = self.checks.iter().filter(|(_, known)| known.level != Level::Info);
        counted.map(|(id, known)| (id.as_str(), known.level))
    }

    /// Does the check judge the status of an answer?
    pub fn is_of_status(&self, id: &str) -> bool {
        self.checks.get(short(id)).is_some_and(|known| known.of_status)
    }

    /// Is there such a check? A rule may be named with its scenario.
    pub fn has(&self, id: &str) -> bool {
        id.starts_with("preflight/") || self.checks.contains_key(short(id))
    }

    /// The same, also for the id of a check that stands for all its cases.
    pub fn has_any(&self, id: &str) -> bool {
        App::ALL.into_iter().any(|app| self.has_under(app, id))
    }

    /// What a failure of the check weighs.
    pub fn level(&self, id: &str) -> Option<Level> {
        self.checks.get(short(id)).map(|known| known.level)
    }

    /// Is the check judged under this app kind? For a scenario with cases the id may leave the case out.
    pub fn has_under(&self, app: App, id: &str) -> bool {
        let of_a_case = |other: &str| other.strip_prefix(id).is_some_and(|rest| rest.starts_with('@'));
        id.starts_with("preflight/")
            || self.checks.get(short(id)).is_some_and(|known| known.apps.contains(&app))
            || self.checks.iter().any(|(other, known)| known.apps.contains(&app) && of_a_case(other))
    }
}

/// The id under which a check is counted: of a rule without its scenario.
pub fn short(id: &str) -> &str {
    match id.split_once('/') {
        Some((_, rule)) if rule.starts_with("always.") => rule,
        _ => id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_of_cases_rules_and_apps_are_known() {
        let inventory = Inventory::new(&crate::scenario::load(None, None).expect("catalogue"));
        assert!(inventory.has("users.create/accepted") && inventory.has_under(App::Aiw, "users.create/accepted"));
        assert!(inventory.has("users.create/always.no-5xx") && inventory.has("always.no-5xx"));
        assert!(inventory.has_under(App::Oin, "users.create-names/names-kept@accents"));
        assert!(inventory.has_under(App::Oin, "users.create-names/names-kept"));
        assert!(!inventory.has("users.create/nothing"));
        assert!(inventory.counted().count() > 300);
    }
}
