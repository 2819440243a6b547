//! Removes what a killed run left, by its journal.

use serde_json::Value;

use super::journal::{Entry, Unfinished};
use super::ledger::{Collection, Unsettled, usable};
use super::outcome::{Cleanup, Left};
use super::player::{Cast, Player, lookup_path};
use crate::okta::client::Outgoing;
use crate::okta::wire;

/// Removes what a killed run left: each resource of its journal is read first, and only one whose name carries the run
/// token is touched. What the journal names but the target no longer has is done.
pub async fn recover(cast: Cast<'_>, unfinished: &Unfinished) -> Cleanup {
    let player = Player::new(cast);
    let mut left = Vec::new();
    for ((path, id), name) in &unfinished.created {
        left.extend(player.recover_created(path, id, name).await);
    }
    for (path, name) in &unfinished.unanswered {
        left.extend(player.recover_unanswered(path, name).await);
    }
    let mut cleanup = player.clean_up().await;
    cleanup.left.append(&mut left);
    cleanup
}

impl Player<'_> {
    /// Takes over one resource that the journal says was created; tells when it must be left.
    async fn recover_created(&self, collection: &str, id: &str, name: &str) -> Option<Left> {
        let collection = Collection::from_path(collection)?;
        if !usable(id) {
            return None;
        }
        let path = format!("{}/{}", collection.path(), wire::percent_encode(id));
        let reason = match self.send(Outgoing::new("GET", &path)).await {
            Ok(exchange) => match (exchange.status(), exchange.json()) {
                (Some(404 | 410), _) => {
                    self.journal.write(&Entry::Removed { collection: collection.path().into(), id: id.into() });
                    return None;
                }
                (Some(200), Some(resource)) if self.ledger().recover(collection, resource) => return None,
                (Some(200), _) => "its name does not carry the run token".to_owned(),
                (Some(status), _) => format!("reading it was answered {status}"),
                (None, _) => "reading it was not answered".to_owned(),
            },
            Err(halt) => halt.to_string(),
        };
        Some(Left { path, name: name.to_owned(), reason })
    }

    /// Looks a create up that the journal says was sent, and takes over what it made; tells when it cannot be looked up.
    async fn recover_unanswered(&self, collection: &str, name: &str) -> Option<Left> {
        let collection = Collection::from_path(collection)?;
        let lookup = lookup_path(&Unsettled { collection, name: name.to_owned() });
        let reason = match self.send(Outgoing::new("GET", &lookup)).await {
            Ok(exchange) if exchange.status() == Some(200) => {
                let listed = exchange.json().and_then(|b| b.get("Resources")).and_then(Value::as_array);
                let listed = listed.map_or(&[][..], Vec::as_slice);
                let shown =
                    |r: &Value| r.get(collection.name_attribute()).and_then(Value::as_str).map(str::to_lowercase);
                let (ours, others): (Vec<_>, Vec<_>) =
                    listed.iter().partition(|r| shown(r) == Some(name.to_lowercase()));
                for resource in &ours {
                    self.ledger().recover(collection, resource);
                }
                if others.is_empty() || !ours.is_empty() {
                    return None;
                }
                "looking it up lists others".to_owned()
            }
            Ok(exchange) => match exchange.status() {
                Some(status) => format!("looking it up was answered {status}"),
                None => "looking it up was not answered".to_owned(),
            },
            Err(halt) => halt.to_string(),
        };
        let reason = format!("its create was sent and may have been done; {reason}");
        Some(Left { path: collection.path().to_owned(), name: name.to_owned(), reason })
    }
}
