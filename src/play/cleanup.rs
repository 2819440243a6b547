//! Everything created is removed again, last first; a refused DELETE becomes a deactivation; what is left is told.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::journal::Entry;
use super::ledger::{Collection, Owned};
use super::merge;
use super::outcome::{Cleanup, Left};
use super::player::{Player, lookup_path};
use crate::exchange::Exchange;
use crate::okta::client::Outgoing;
use crate::okta::wire::{patch_op, percent_encode};
use crate::scenario::App;

use super::event::Event;

/// Clean-up has this long, whatever became of the run.
const TIME: Duration = Duration::from_secs(10);

impl Player<'_> {
    /// Removes what the run owns. Not subject to the run's deadline, budget or interrupt: it has its own time.
    pub(super) async fn clean_up(&self) -> Cleanup {
        let ends = Instant::now() + TIME;
        let mut cleanup = Cleanup::default();
        self.find_lost_creates(ends, &mut cleanup).await;
        let resources = self.ledger().owned().iter().filter(|o| !o.removed).count();
        self.observer.hear(Event::CleaningUp { resources });
        self.remove_owned(ends, &mut cleanup).await;
        cleanup
    }

    /// Removes what earlier scenarios made, before one that counts over the whole directory. What resists is left to the
    /// final clean-up. Gives how many went.
    pub(super) async fn tidy(&self) -> usize {
        let mut cleanup = Cleanup::default();
        if !self.settings.keep {
            self.remove_owned(Instant::now() + TIME, &mut cleanup).await;
        }
        cleanup.deleted
    }

    async fn remove_owned(&self, ends: Instant, cleanup: &mut Cleanup) {
        let owned: Vec<Owned> = self.ledger().owned().iter().filter(|o| !o.removed).cloned().collect();
        for resource in owned.into_iter().rev() {
            let path = format!("{}/{}", resource.collection.path(), percent_encode(&resource.id));
            if self.settings.keep {
                cleanup.left.push(Left { path, name: resource.name, reason: "kept as asked (--keep)".into() });
                continue;
            }
            match self.remove(&path, &resource, ends).await {
                Removed::Deleted => {
                    cleanup.deleted += 1;
                    self.ledger().remove(resource.collection, &resource.id);
                    let collection = resource.collection.path().to_owned();
                    self.journal.write(&Entry::Removed { collection, id: resource.id });
                }
                Removed::Deactivated(reason) => {
                    cleanup.deactivated += 1;
                    cleanup.left.push(Left { path, name: resource.name, reason });
                }
                Removed::Left(reason) => cleanup.left.push(Left { path, name: resource.name, reason }),
            }
        }
    }

    /// Creates whose answer was lost may have happened all the same: look for the names.
    async fn find_lost_creates(&self, ends: Instant, cleanup: &mut Cleanup) {
        let unsettled = self.ledger().unsettled().to_vec();
        for lost in unsettled {
            let path = lookup_path(&lost);
            let exchange = self.in_time(ends, Outgoing::new("GET", &path)).await;
            let settled = match exchange.as_ref().and_then(Exchange::json) {
                Some(listing) => {
                    let mut ledger = self.ledger();
                    ledger.settle(&lost, listing);
                    !ledger.unsettled().contains(&lost)
                }
                None => false,
            };
            if !settled {
                cleanup.left.push(Left {
                    path: lost.collection.path().to_owned(),
                    name: lost.name.clone(),
                    reason: "its create was not answered clearly, and it could not be looked up: it may exist".into(),
                });
            }
        }
    }

    async fn remove(&self, path: &str, resource: &Owned, ends: Instant) -> Removed {
        // Okta sends a Content-Type with DELETE; servers that then want a body must not keep the tool from tidying up.
        let bare = [("Content-Type".to_owned(), String::new())];
        let outgoing = Outgoing { headers: &bare, ..Outgoing::new("DELETE", path) };
        let Some(exchange) = self.in_time(ends, outgoing).await else {
            return Removed::Left("no time was left to delete it".into());
        };
        let refusal = match (exchange.status(), &exchange.failure) {
            (Some(200..=299 | 404), _) => return Removed::Deleted,
            (Some(status), _) => format!("DELETE answered {status}"),
            (None, Some(failure)) => format!("DELETE failed: {}", failure.message),
            (None, None) => "DELETE was not answered".to_owned(),
        };
        // What a story deleted already may be refused now; whether it is there, a read tells.
        if !matches!(exchange.status(), Some(403 | 405 | 501)) {
            let read = self.in_time(ends, Outgoing::new("GET", path)).await;
            if read.is_some_and(|read| read.status() == Some(404)) {
                return Removed::Deleted;
            }
        }
        if resource.collection == Collection::Users && self.deactivate(path, ends).await {
            return Removed::Deactivated(format!("{refusal}; deactivated instead"));
        }
        Removed::Left(refusal)
    }

    async fn deactivate(&self, path: &str, ends: Instant) -> bool {
        let inactive = json!({ "active": false });
        let answer = match self.app() {
            App::Oin => {
                let body = patch_op(&json!({ "op": "replace", "value": inactive }));
                self.in_time(ends, Outgoing::new("PATCH", path).json(&body)).await
            }
            App::Aiw => {
                let read = self.in_time(ends, Outgoing::new("GET", path)).await;
                let read = read.filter(|read| read.status() == Some(200));
                let Some(mut body) = read.as_ref().and_then(Exchange::json).cloned() else { return false };
                merge(&mut body, &inactive);
                self.in_time(ends, Outgoing::new("PUT", path).json(&body)).await
            }
        };
        let ok = answer.as_ref().and_then(Exchange::status).is_some_and(|s| (200..300).contains(&s));
        let active = answer.as_ref().and_then(Exchange::json).and_then(|b| b.get("active")).cloned();
        ok && active.is_none_or(|active| active == Value::Bool(false))
    }

    /// Sends past deadline and interrupt, but within clean-up's own time and never beyond what the run owns.
    async fn in_time(&self, ends: Instant, outgoing: Outgoing<'_>) -> Option<Exchange> {
        self.ledger().permit(outgoing.method, outgoing.path).ok()?;
        tokio::time::timeout_at(ends.into(), self.client.send(outgoing)).await.ok()
    }
}

enum Removed {
    Deleted,
    Deactivated(String),
    Left(String),
}
