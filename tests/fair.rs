//! Nobody is blamed for being right: each variant of the reference server, the healthy one included, is ready for Okta with
//! the full score and without a complaint, in both app kinds.

use std::time::Duration;

use scimulate::proof::trial::{Rules, Trial, config, trial};
use scimulate::scenario::{App, Catalogue, Level, Scenario, select};
use scimulate::server::Config;
use scimulate::server::variant::{self, Variant};

fn catalogue() -> Catalogue {
    scimulate::scenario::load(None, None).expect("catalogue")
}

/// A server whose reads lag behind is waited for; of that one variant the core stories are enough.
fn plays(variant: &Variant, app: App) -> (Rules, Vec<String>) {
    match variant.id {
        "reads_lag" => (Rules { settle: Duration::from_secs(2), ..Rules::new(app) }, vec!["core".into()]),
        _ => (Rules::new(app), Vec::new()),
    }
}

async fn play(variant: &'static Variant, app: App, catalogue: &Catalogue) -> Trial {
    let (rules, words) = plays(variant, app);
    let plan: Vec<&Scenario> = select::select(catalogue, app, &words, &[]).expect("selection");
    let config = Config { variants: vec![variant], ..config(Vec::new()) };
    trial(config, rules, catalogue, &plan).await.expect("trial")
}

/// The level of a check, `info` where nobody is blamed.
fn is_info(catalogue: &Catalogue, id: &str) -> bool {
    let Some((scenario, check)) = id.split_once('/') else { return false };
    let check = check.split('@').next().unwrap_or_default();
    let scenario = catalogue.scenarios.iter().find(|s| s.id == scenario);
    let checks = scenario.into_iter().flat_map(|s| &s.steps).flat_map(|s| &s.checks);
    checks.into_iter().any(|c| c.id == check && c.level == Level::Info)
}

#[tokio::test]
async fn nobody_is_blamed_for_being_right() {
    let catalogue = catalogue();
    let only = std::env::var("VARIANT").unwrap_or_default();
    let mut offenders = Vec::new();
    for variant in variant::all().iter().filter(|variant| variant.id.starts_with(&only)) {
        for app in [App::Oin, App::Aiw] {
            let trial = play(variant, app, &catalogue).await;
            let who = format!("{} ({})", variant.id, app.id());
            let failed = trial.failed.keys().map(|id| format!("{who}: {id} failed"));
            let blocked = trial.blocked.iter().map(|id| format!("{who}: {id} is blocked"));
            let blamed = failed.chain(blocked).filter(|text| {
                let id = text.split(' ').nth(2).unwrap_or_default();
                !is_info(&catalogue, id)
            });
            offenders.extend(blamed);
            offenders.extend(trial.broken.iter().map(|capability| format!("{who}: {} is broken", capability.id())));
            if trial.score != Some(100) {
                offenders.push(format!("{who}: the score is {:?}", trial.score));
            }
            if variant.id.starts_with("no_user_delete") {
                let left = &trial.cleanup.left;
                if trial.cleanup.deactivated == 0 || left.iter().filter(|l| l.path.starts_with("/Users")).count() < trial.cleanup.deactivated {
                    offenders.push(format!("{who}: what stays is not told: {:?}", trial.cleanup));
                }
            } else if !trial.cleanup.left.is_empty() {
                offenders.push(format!("{who} keeps {:?}", trial.cleanup.left));
            }
        }
    }
    assert!(offenders.is_empty(), "{offenders:#?}");
}
