//! Okta's provisioning features, named as Okta's Provisioning tab names them, and the levels of a check.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A provisioning feature of Okta, or one of the two groups of checks beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Test API Credentials.
    TestCredentials,
    /// Create Users.
    CreateUsers,
    /// Update User Attributes.
    UpdateAttributes,
    /// Deactivate Users.
    DeactivateUsers,
    /// Reactivate Users.
    ReactivateUsers,
    /// Sync Password.
    SyncPassword,
    /// Import Users.
    ImportUsers,
    /// Import Groups.
    ImportGroups,
    /// Push Groups.
    PushGroups,
    /// Entitlements (Okta Identity Governance).
    Entitlements,
    /// Okta's published test suites, assertion by assertion.
    OktaSuites,
    /// RFC rules that Okta does not exercise.
    Protocol,
}

impl Capability {
    /// Every capability, in the order reports show them.
    pub const ALL: [Self; 12] = [
        Self::TestCredentials,
        Self::CreateUsers,
        Self::UpdateAttributes,
        Self::DeactivateUsers,
        Self::ReactivateUsers,
        Self::SyncPassword,
        Self::ImportUsers,
        Self::ImportGroups,
        Self::PushGroups,
        Self::Entitlements,
        Self::OktaSuites,
        Self::Protocol,
    ];

    /// The five features a first Okta set-up ticks; the default of `--features`.
    pub const CORE: [Self; 5] = [
        Self::TestCredentials,
        Self::CreateUsers,
        Self::UpdateAttributes,
        Self::DeactivateUsers,
        Self::ReactivateUsers,
    ];

    /// The stable id, as used in scenario files, on the command line and in reports.
    pub const fn id(self) -> &'static str {
        match self {
            Self::TestCredentials => "test-credentials",
            Self::CreateUsers => "create-users",
            Self::UpdateAttributes => "update-attributes",
            Self::DeactivateUsers => "deactivate-users",
            Self::ReactivateUsers => "reactivate-users",
            Self::SyncPassword => "sync-password",
            Self::ImportUsers => "import-users",
            Self::ImportGroups => "import-groups",
            Self::PushGroups => "push-groups",
            Self::Entitlements => "entitlements",
            Self::OktaSuites => "okta-suites",
            Self::Protocol => "protocol",
        }
    }

    /// The label in Okta's admin console, or our own for the two groups beside its features.
    pub const fn title(self) -> &'static str {
        match self {
            Self::TestCredentials => "Test API Credentials",
            Self::CreateUsers => "Create Users",
            Self::UpdateAttributes => "Update User Attributes",
            Self::DeactivateUsers => "Deactivate Users",
            Self::ReactivateUsers => "Reactivate Users",
            Self::SyncPassword => "Sync Password",
            Self::ImportUsers => "Import Users",
            Self::ImportGroups => "Import Groups",
            Self::PushGroups => "Push Groups",
            Self::Entitlements => "Entitlements",
            Self::OktaSuites => "Okta's test suites",
            Self::Protocol => "RFC rules beside Okta",
        }
    }

    /// The capability with this id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.id() == id)
    }

    /// True for Okta's own features: those that the score's mean is taken over.
    pub const fn is_feature(self) -> bool {
        !matches!(self, Self::OktaSuites | Self::Protocol)
    }
}

/// How much a failed check weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// An Okta feature breaks, data or access leaks, or (capability `protocol`) the RFC says MUST.
    Must,
    /// Worth fixing.
    Should,
    /// Told, never scored.
    Info,
}

impl Level {
    /// As it is written in scenario files and reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::Info => "info",
        }
    }
}

/// Which of Okta's two provisioning dialects is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[derive(clap::ValueEnum)]
pub enum App {
    /// Catalog and test apps: PATCH for activation, deactivation, password and groups; GET + PUT for profiles.
    #[default]
    Oin,
    /// App Integration Wizard apps: GET + PUT for everything.
    Aiw,
}

impl App {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Oin, Self::Aiw];

    /// The stable id.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Oin => "oin",
            Self::Aiw => "aiw",
        }
    }
}
