//! What the target offers, asked once per run and only when a scenario or a check needs to know.

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::ledger::{id_of, usable};
use super::player::Player;
use super::{Halt, merge};
use crate::okta::Identity;
use crate::okta::client::Outgoing;
use crate::okta::wire::{patch_op, percent_encode};
use crate::scenario::template::{Scope, fill_json};
use crate::scenario::{App, Capability, Need, Person, Scenario};

/// The answers so far.
#[derive(Debug, Default)]
pub(super) struct Offers {
    groups: OnceCell<bool>,
    entitlements: OnceCell<bool>,
    deletes: OnceCell<bool>,
    members: OnceCell<bool>,
}

impl Offers {
    /// The features the target says it has not.
    pub(super) fn not_offered(&self) -> Vec<Capability> {
        let mut missing = Vec::new();
        if self.groups.get() == Some(&false) {
            missing.extend([Capability::ImportGroups, Capability::PushGroups]);
        }
        if self.entitlements.get() == Some(&false) {
            missing.push(Capability::Entitlements);
        }
        missing
    }

    /// Why a check that needs something is skipped; None when the target has it, or was not asked.
    pub(super) fn lacks(&self, needs: &[Need]) -> Option<&'static str> {
        needs.iter().find(|need| self.cell(**need).get() == Some(&false)).map(|need| lack(*need))
    }

    const fn cell(&self, need: Need) -> &OnceCell<bool> {
        match need {
            Need::Groups => &self.groups,
            Need::Entitlements => &self.entitlements,
            Need::Deletes => &self.deletes,
            Need::Members => &self.members,
        }
    }
}

const fn lack(need: Need) -> &'static str {
    match need {
        Need::Groups => "the target does not offer groups (GET /Groups is answered 404 or 501)",
        Need::Entitlements => "the target does not offer roles or entitlements (none in /ResourceTypes)",
        Need::Deletes => "the target does not delete users (DELETE is answered 403, 405 or 501); Okta never asks it to",
        Need::Members => "the target never shows the members of a group, so this cannot be seen",
    }
}

/// True for the endpoint of groups, however it is written.
fn is_groups(endpoint: &str) -> bool {
    endpoint.trim_matches('/') == "Groups"
}

impl Player<'_> {
    /// Why the target does not offer what a scenario needs as a whole. Also finds out what its checks need.
    pub(super) async fn lacking(&self, scenario: &Scenario) -> Result<Option<String>, Halt> {
        for need in &scenario.needs {
            if !self.offered(*need).await? {
                return Ok(Some(lack(*need).to_owned()));
            }
        }
        for need in scenario.steps.iter().flat_map(|s| &s.checks).flat_map(|c| &c.needs) {
            self.offered(*need).await?;
        }
        Ok(None)
    }

    async fn offered(&self, need: Need) -> Result<bool, Halt> {
        let cell = self.offers.cell(need);
        let offered = match need {
            Need::Groups => cell.get_or_try_init(|| self.offers_groups()).await?,
            Need::Entitlements => cell.get_or_try_init(|| self.offers_entitlements()).await?,
            Need::Deletes => cell.get_or_try_init(|| self.deletes_users()).await?,
            Need::Members => cell.get_or_try_init(|| self.shows_members()).await?,
        };
        Ok(*offered)
    }

    async fn offers_groups(&self) -> Result<bool, Halt> {
        let exchange = self.send(Outgoing::new("GET", "/Groups?startIndex=1&count=100")).await?;
        Ok(match exchange.status() {
            // Some answer so only as long as there is no group.
            Some(404) => self.types().await?.iter().any(|of| of["endpoint"].as_str().is_some_and(is_groups)),
            status => status != Some(501),
        })
    }

    async fn offers_entitlements(&self) -> Result<bool, Halt> {
        Ok(self.types().await?.iter().any(|t| {
            t.get("schema").and_then(Value::as_str).is_some_and(|s| {
                s.starts_with("urn:okta:scim:schemas:core:1.0:")
                    && (s.ends_with(":Role") || s.ends_with(":Entitlement"))
            })
        }))
    }

    /// The resource types the target tells of.
    async fn types(&self) -> Result<Vec<Value>, Halt> {
        let exchange = self.send(Outgoing::new("GET", "/ResourceTypes")).await?;
        let types = exchange.json().and_then(|b| b.get("Resources").unwrap_or(b).as_array().cloned());
        Ok(types.unwrap_or_default())
    }

    /// Creates a user and deletes it. Okta deletes no users, so a target need not.
    async fn deletes_users(&self) -> Result<bool, Halt> {
        let Some((id, _)) = self.somebody("offers/deleted").await? else { return Ok(true) };
        let gone = self.send(Outgoing::new("DELETE", &format!("/Users/{}", percent_encode(&id)))).await?;
        Ok(!matches!(gone.status(), Some(403 | 405 | 501)))
    }

    /// Creates a user to try things with. Where none can be created, the scenarios that own creation tell.
    async fn somebody(&self, key: &str) -> Result<Option<(String, Identity)>, Halt> {
        let person = self.identities.user(key, &Person::default());
        self.client.redactor().add_password(&person.password);
        let mut scope = Scope::default();
        scope.set("user", Value::Object(person.variables()));
        let Ok(mut body) = fill_json(self.create_user, &scope) else { return Ok(None) };
        self.reduce_create(&mut body);
        let made = self.send(Outgoing::new("POST", "/Users").json(&body)).await?;
        Ok(made.json().and_then(id_of).filter(|id| usable(id)).map(|id| (id, person)))
    }

    /// Creates a group with one member and reads it. Only a target that shows no members at all is one that never shows
    /// them; where the group cannot even be created, the scenarios that own creation tell.
    async fn shows_members(&self) -> Result<bool, Halt> {
        let Some((member, person)) = self.somebody("offers/member").await? else { return Ok(true) };
        let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": self.identities.group("offers/group"), "members": [{ "value": member, "display": person.user_name }] });
        let group = self.send(Outgoing::new("POST", "/Groups").json(&body)).await?;
        let Some(id) = group.json().and_then(id_of).filter(|id| usable(id)) else { return Ok(true) };
        let path = format!("/Groups/{}", percent_encode(&id));
        if self.has_members(&path).await? {
            return Ok(true);
        }
        // The create may have lost them, and so may an add that says no more than Okta does, or a PUT: a member who is added
        // with everything that can be said, by PATCH too, shows whether one can be seen.
        let known = json!({ "value": member, "display": person.user_name });
        let mut told = known.clone();
        merge(&mut told, &json!({ "type": "User", "$ref": format!("{}/Users/{member}", self.client.base().as_str()) }));
        let ways: &[App] = if self.app() == App::Aiw { &[App::Aiw, App::Oin] } else { &[App::Oin] };
        for member in [known, told] {
            for way in ways {
                self.add_member(&path, *way, &json!([member])).await?;
                if self.has_members(&path).await? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Adds members as apps of this kind do.
    async fn add_member(&self, path: &str, way: App, members: &Value) -> Result<(), Halt> {
        match way {
            App::Oin => {
                let body = patch_op(&json!({ "op": "add", "path": "members", "value": members }));
                self.send(Outgoing::new("PATCH", path).json(&body)).await?;
            }
            App::Aiw => {
                let mut body = self.send(Outgoing::new("GET", path)).await?.json().cloned().unwrap_or_default();
                merge(&mut body, &json!({ "members": members }));
                self.send(Outgoing::new("PUT", path).json(&body)).await?;
            }
        }
        Ok(())
    }

    async fn has_members(&self, path: &str) -> Result<bool, Halt> {
        let read = self.send(Outgoing::new("GET", path)).await?;
        let members = read.json().and_then(|b| b.get("members")).and_then(Value::as_array);
        Ok(read.status() != Some(200) || members.is_some_and(|m| !m.is_empty()))
    }
}
