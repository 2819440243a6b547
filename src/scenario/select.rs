//! Which scenarios a run plays.

use super::capability::App;
use super::load::Catalogue;
use super::model::Scenario;

/// A word that selects nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing is called `{word}`{}; see `scimulate list scenarios`", near_words(near))]
pub struct UnknownSelection {
    /// As typed.
    pub word: String,
    /// What may have been meant.
    pub near: Vec<String>,
}

fn near_words(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) }
}

/// The scenarios of an app that the words select, less those that `skips` select; all when no word is given. A word is a
/// scenario id, a check id (plays its scenario), an id prefix up to a dot, a tag or a capability.
pub fn select<'c>(
    catalogue: &'c Catalogue,
    app: App,
    words: &[String],
    skips: &[String],
) -> Result<Vec<&'c Scenario>, UnknownSelection> {
    for word in words.iter().chain(skips) {
        if !catalogue.scenarios.iter().any(|s| matches(s, word)) {
            return Err(UnknownSelection { word: word.clone(), near: near(catalogue, word) });
        }
    }
    let wanted = |s: &Scenario| words.is_empty() || words.iter().any(|word| matches(s, word));
    let skipped = |s: &Scenario| skips.iter().any(|word| matches(s, word));
    Ok(catalogue.scenarios.iter().filter(|s| s.apps.contains(&app) && wanted(s) && !skipped(s)).collect())
}

fn matches(scenario: &Scenario, word: &str) -> bool {
    let id = scenario.id.as_str();
    let word = word.trim_end_matches('.');
    id == word
        || id.strip_prefix(word).is_some_and(|rest| rest.starts_with('.'))
        || word.split_once('/').is_some_and(|(of, check)| of == id && has_check(scenario, check))
        || scenario.tags.iter().any(|tag| tag == word)
        || scenario.capability.id() == word
}

fn has_check(scenario: &Scenario, check: &str) -> bool {
    let check = check.split('@').next().unwrap_or_default();
    check.starts_with("always.") || scenario.steps.iter().flat_map(|s| &s.checks).any(|c| c.id == check)
}

fn near(catalogue: &Catalogue, word: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for scenario in &catalogue.scenarios {
        names.push(scenario.id.clone());
        names.extend(scenario.id.split('.').next().map(str::to_owned));
        names.push(scenario.capability.id().to_owned());
        names.extend(scenario.tags.iter().cloned());
        if word.contains('/') {
            let checks = scenario.steps.iter().flat_map(|s| &s.checks);
            names.extend(checks.map(|c| format!("{}/{}", scenario.id, c.id)));
        }
    }
    names.sort();
    names.dedup();
    let mut rated: Vec<(f64, String)> = names.into_iter().map(|n| (strsim::jaro_winkler(word, &n), n)).collect();
    rated.retain(|(rate, _)| *rate > 0.75);
    rated.sort_by(|a, b| b.0.total_cmp(&a.0));
    rated.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::super::load::load;
    use super::*;

    fn ids(words: &[&str], skips: &[&str]) -> Result<Vec<String>, UnknownSelection> {
        let owned = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let catalogue = load(None, None).expect("catalogue");
        let selected = select(&catalogue, App::Oin, &owned(words), &owned(skips))?;
        Ok(selected.into_iter().map(|s| s.id.clone()).collect())
    }

    #[test]
    fn words_are_ids_checks_prefixes_tags_and_capabilities() {
        assert_eq!(ids(&["users.deactivate"], &[]).expect("id"), ["users.deactivate"]);
        assert_eq!(ids(&["users.deactivate/persisted"], &[]).expect("check"), ["users.deactivate"]);
        assert!(ids(&["users"], &[]).expect("prefix").len() > 5);
        assert!(ids(&["deactivate-users"], &[]).expect("capability").contains(&"users.deactivate".to_owned()));
        assert!(ids(&["core"], &[]).expect("tag").contains(&"users.deactivate".to_owned()));
        assert!(ids(&[], &[]).expect("all").len() > ids(&["users"], &[]).expect("prefix").len());
        assert!(!ids(&["users"], &["users.deactivate"]).expect("skip").contains(&"users.deactivate".to_owned()));
    }

    #[test]
    fn an_unknown_word_names_near_ones() {
        let unknown = ids(&["users.deactivat"], &[]).unwrap_err();
        assert_eq!(unknown.near[0], "users.deactivate");
        assert!(ids(&["users.deactivate/persistd"], &[]).unwrap_err().near[0].contains("users.deactivate/persisted"));
    }
}
