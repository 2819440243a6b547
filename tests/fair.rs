//! Nobody is blamed for being right: each variant of the reference server is ready for Okta with the full score and without
//! a complaint, in both app kinds.

use std::time::Duration;

use futures_util::future::try_join_all;
use scimulate::proof::trial::{Rules, Trial, config, trial};
use scimulate::scenario::{App, Catalogue, Level, select};
use scimulate::server::Config;
use scimulate::server::variant::{self, Variant};

fn catalogue() -> Catalogue {
    scimulate::scenario::load(None, None).expect("catalogue")
}

/// What a variant is wrongly told; empty when it is left in peace.
async fn complaints(
    variant: &'static Variant,
    rules: Rules,
    people: usize,
    words: &[String],
) -> Result<Vec<String>, String> {
    let catalogue = catalogue();
    // Volumes take long and depend on nothing but pages.
    let paged = variant.id.starts_with("page_cap") || variant.id == "busy";
    let skipped: &[String] = if paged { &[] } else { &["volume".to_owned()] };
    let plan = select::select(&catalogue, rules.app, words, skipped).map_err(|error| error.to_string())?;
    let config = Config { variants: vec![variant], people, ..config(Vec::new()) };
    let told = judge(variant, &trial(config, rules, &catalogue, &plan).await?, &catalogue);
    Ok(told.into_iter().map(|what| format!("{} ({}): {what}", variant.id, rules.app.id())).collect())
}

fn judge(variant: &Variant, trial: &Trial, catalogue: &Catalogue) -> Vec<String> {
    let judged = trial.failed.keys().map(|id| (id, "failed")).chain(trial.blocked.iter().map(|id| (id, "is blocked")));
    let mut told: Vec<String> =
        judged.filter(|(id, _)| blames(catalogue, id)).map(|(id, what)| format!("{id} {what}")).collect();
    told.extend(trial.broken.iter().map(|capability| format!("{} is broken", capability.id())));
    if trial.score != Some(100) {
        told.push(format!("the score is {:?}", trial.score));
    }
    let left = &trial.cleanup.left;
    let deactivated = left.iter().filter(|left| left.reason.ends_with("deactivated instead")).count();
    let users_stay = variant.id.starts_with("no_user_delete");
    if (deactivated > 0) != users_stay || deactivated != left.len() || deactivated != trial.cleanup.deactivated {
        told.push(format!("of what was created there stays {left:#?}"));
    }
    told
}

/// False for a check that only tells.
fn blames(catalogue: &Catalogue, id: &str) -> bool {
    let (scenario, check) = id.split_once('/').unwrap_or_default();
    let check = check.split('@').next().unwrap_or_default();
    let scenarios = catalogue.scenarios.iter().filter(|s| s.id == scenario);
    let mut checks = scenarios.flat_map(|s| &s.steps).flat_map(|s| &s.checks).filter(|c| c.id == check);
    checks.next().is_none_or(|check| check.level != Level::Info)
}

/// `VARIANT=prefix` plays some of them.
async fn nobody_is_blamed(app: App) {
    let only = std::env::var("VARIANT").unwrap_or_default();
    let mut told = Vec::new();
    for variant in variant::all().iter().filter(|v| v.id.starts_with(&only) && v.id != "reads_lag") {
        told.extend(complaints(variant, Rules::new(app), 3, &[]).await.expect("trial"));
    }
    assert!(told.is_empty(), "{told:#?}");
}

#[tokio::test]
async fn nobody_is_blamed_by_a_catalogue_app() {
    nobody_is_blamed(App::Oin).await;
}

#[tokio::test]
async fn nobody_is_blamed_by_an_app_of_the_wizard() {
    nobody_is_blamed(App::Aiw).await;
}

#[tokio::test]
async fn nobody_is_blamed_for_small_pages_of_a_large_directory() {
    let words = ["import-users".to_owned()];
    for variant in ["page_cap_7", "page_cap_50"].into_iter().filter_map(variant::by_id) {
        let told = complaints(variant, Rules::new(App::Oin), 230, &words).await.expect("trial");
        assert!(told.iter().all(|what| what.contains("the score")), "{told:#?}");
    }
}

/// Each read after a write waits, so the two app kinds are played side by side, and the stories of one account only.
#[tokio::test]
async fn nobody_is_blamed_for_reads_that_lag_behind() {
    let lagging = variant::by_id("reads_lag").expect("reads_lag");
    let stories = [
        "users.create",
        "users.link-inactive",
        "users.deactivate",
        "users.rehire",
        "groups.members",
        "import.users",
        "import.users-changing",
        "import.groups-changing",
    ];
    let words = stories.map(str::to_owned);
    let rules = |app| Rules { settle: Duration::from_secs(2), ..Rules::new(app) };
    let told = try_join_all([App::Oin, App::Aiw].map(|app| complaints(lagging, rules(app), 9, &words)))
        .await
        .expect("trial")
        .concat();
    assert!(told.is_empty(), "{told:#?}");
}
