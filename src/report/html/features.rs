//! Okta's features under the tabs of its admin console, and beside them what Okta does not ask for.

use serde::Serialize;

use crate::report::suites::suites;
use crate::report::told::{shortcomings, status};
use crate::report::{CapabilityResult, CapabilityStatus, Report};
use crate::scenario::Capability;

/// One tab.
#[derive(Debug, Serialize)]
pub(super) struct Tab {
    title: &'static str,
    features: Vec<Feature>,
}

/// One feature.
#[derive(Debug, Serialize)]
struct Feature {
    title: String,
    asked: bool,
    tone: &'static str,
    status: &'static str,
    detail: String,
    score: Option<u8>,
    /// `49 of 52`; empty when nothing applied.
    passed: String,
}

/// Which feature is found where.
const TABS: [(&str, &[Capability]); 5] = [
    ("Provisioning › Integration", &[Capability::TestCredentials]),
    (
        "Provisioning › To App",
        &[
            Capability::CreateUsers,
            Capability::UpdateAttributes,
            Capability::DeactivateUsers,
            Capability::ReactivateUsers,
            Capability::SyncPassword,
        ],
    ),
    ("Provisioning › To Okta", &[Capability::ImportUsers, Capability::ImportGroups]),
    ("Push Groups and Governance", &[Capability::PushGroups, Capability::Entitlements]),
    ("Beside Okta", &[Capability::OktaSuites, Capability::Protocol]),
];

pub(super) fn tabs(report: &Report) -> Vec<Tab> {
    let found = |id: &Capability| report.capabilities.iter().find(|result| result.id == *id);
    let tabs = TABS.into_iter().map(|(title, ids)| Tab {
        title,
        features: ids.iter().filter_map(found).map(|result| feature(result, report)).collect(),
    });
    tabs.filter(|tab| !tab.features.is_empty()).collect()
}

fn feature(result: &CapabilityResult, report: &Report) -> Feature {
    let applicable = result.passed + result.failed + result.warned + result.blocked;
    let suites = (result.id == Capability::OktaSuites).then(|| suites(&report.scenarios)).flatten();
    Feature {
        title: result.title.clone(),
        asked: result.feature,
        tone: tone(result),
        status: status(result),
        detail: [shortcomings(result), suites.unwrap_or_default()]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(" · "),
        score: result.score,
        passed: if applicable == 0 { String::new() } else { format!("{} of {applicable}", result.passed) },
    }
}

/// The colour and sign of a status.
fn tone(result: &CapabilityResult) -> &'static str {
    match result.status {
        CapabilityStatus::Works => "good",
        CapabilityStatus::WorksWithWarnings => "warn",
        CapabilityStatus::Broken => "bad",
        CapabilityStatus::NotOffered if result.feature => "bad",
        CapabilityStatus::NotOffered | CapabilityStatus::NotTested => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capability_has_its_place() {
        let placed: Vec<Capability> = TABS.iter().flat_map(|(_, ids)| ids.iter().copied()).collect();
        assert_eq!(placed, Capability::ALL);
    }
}
