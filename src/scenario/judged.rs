//! Which checks are judged where: a check belongs to a step, and not every one applies under each app kind or in each case.

use super::capability::App;
use super::model::{Case, Check, Expect, Scenario, Step};

impl Case {
    /// The id of a step or a check within this case: `persisted`, or `persisted@accents`.
    pub fn named(&self, id: &str) -> String {
        if self.id.is_empty() { id.to_owned() } else { format!("{id}@{}", self.id) }
    }
}

impl Scenario {
    /// The checks of a step that are judged in this case and under this app kind. One that looks for each of a crowd is not
    /// judged where the crowd is nobody: nothing could make it fail.
    pub fn judged<'s>(&'s self, step: &'s Step, case: &'s Case, app: App) -> impl Iterator<Item = &'s Check> {
        let nobody = move |name: &str| {
            let given = self.given.iter().find(|(other, _)| other == name);
            given.is_some_and(|(_, given)| given.count().of(case) == 0)
        };
        step.checks.iter().filter(move |check| {
            let under = check.apps.is_empty() || check.apps.contains(&app);
            under && !matches!(&check.expect, Expect::Lists(name) if nobody(name))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_looked_for_where_nobody_is() {
        let catalogue = crate::scenario::load(None, None).expect("catalogue");
        let scenario = catalogue.scenarios.iter().find(|s| s.id == "import.users-volume").expect("scenario");
        let judged = |size: usize| -> Vec<String> {
            let case = Case::of_volume(size);
            let checks = scenario.steps.iter().flat_map(|step| scenario.judged(step, &case, App::Oin));
            checks.map(|check| case.named(&check.id)).collect()
        };
        assert!(judged(1).contains(&"everybody@1".to_owned()) && judged(1).contains(&"complete@1".to_owned()));
        assert!(!judged(0).contains(&"everybody@0".to_owned()) && judged(0).contains(&"complete@0".to_owned()));
    }
}
