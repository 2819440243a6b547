//! Everything created is removed again, last first; a refused DELETE becomes a deactivation; what is left is told.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::journal::Entry;
use super::ledger::{Collection, Doubtful, Owned};
use super::merge;
use super::outcome::{Cleanup, Left};
use super::player::{Player, lookup_path};
use super::throttle;
use super::volume::UNDER_WAY;
use crate::exchange::Exchange;
use crate::okta::client::Outgoing;
use crate::okta::wire::{patch_op, percent_encode};
use crate::scenario::{AT_ONCE, App};

use super::event::Event;

/// Clean-up has this long, whatever became of the run.
const TIME: Duration = Duration::from_secs(10);

/// And this much more for every resource, where there are many or the run goes on.
const EACH: Duration = Duration::from_millis(50);

/// One answer may take this long: a target that hangs once must not keep the rest from being removed.
const ANSWER: Duration = Duration::from_secs(4);

impl Player<'_> {
    /// Removes what the run owns. Not subject to the run's deadline, budget or interrupt: it has its own time.
    pub(super) async fn clean_up(&self) -> Cleanup {
        let mut cleanup = Cleanup::default();
        let (now, unsettled) = (Instant::now(), self.ledger().unsettled().len());
        self.find_lost_creates(now + self.time_for(unsettled, TIME / 3), &mut cleanup).await;
        self.note_created();
        let resources = self.there();
        self.observer.hear(Event::CleaningUp { resources });
        let ends = now + self.time_for(resources, TIME);
        self.remove_owned(ends, &mut cleanup).await;
        cleanup.left.extend(self.ledger().doubtful().iter().map(doubtful));
        cleanup
    }

    /// Removes what was made so far: before a scenario that counts over the whole directory, and after a volume. What
    /// resists, or is still there when the run ends, is left to the final clean-up.
    pub(super) async fn tidy(&self) {
        if self.settings.keep {
            return;
        }
        let ends = (Instant::now() + self.time_for(self.there(), TIME)).min(self.ends);
        let mut cleanup = Cleanup::default();
        // When the run ends meanwhile, what is asked next says so.
        let _ = self.abandonable(self.remove_owned(ends, &mut cleanup)).await;
        self.tidied.fetch_add(cleanup.deleted, Ordering::Relaxed);
    }

    /// The time to treat so many: at a given pace each costs at least its turn.
    fn time_for(&self, resources: usize, base: Duration) -> Duration {
        let count = |resources| u32::try_from(resources).unwrap_or(u32::MAX);
        let turns = self.client.gap().saturating_mul(count(resources).saturating_mul(2));
        base + EACH.saturating_mul(count(resources.saturating_sub(AT_ONCE))) + turns
    }

    /// How many resources of the run are there, as far as is known.
    fn there(&self) -> usize {
        self.ledger().owned().iter().filter(|o| !o.removed).count()
    }

    async fn remove_owned(&self, ends: Instant, cleanup: &mut Cleanup) {
        let mut owned: Vec<Owned> = self.ledger().owned().iter().filter(|o| !o.removed).rev().cloned().collect();
        if owned.len() > AT_ONCE && !self.settings.keep {
            owned = self.remove_many(owned, ends, cleanup).await;
        }
        for resource in owned {
            let path = format!("{}/{}", resource.collection.path(), percent_encode(&resource.id));
            if self.settings.keep {
                cleanup.left.push(Left { path, name: resource.name, reason: "kept as asked (--keep)".into() });
                continue;
            }
            match self.remove(&path, &resource, ends).await {
                Removed::Deleted => self.note_removed(resource, cleanup),
                Removed::Deactivated(reason) => {
                    cleanup.deactivated += 1;
                    cleanup.left.push(Left { path, name: resource.name, reason });
                }
                Removed::Left(reason) => cleanup.left.push(Left { path, name: resource.name, reason }),
            }
        }
    }

    /// Removes many, several at a time. Gives those that are still there.
    async fn remove_many(&self, owned: Vec<Owned>, ends: Instant, cleanup: &mut Cleanup) -> Vec<Owned> {
        let tried: Vec<_> = stream::iter(owned)
            .map(|resource| async move {
                let path = format!("{}/{}", resource.collection.path(), percent_encode(&resource.id));
                (self.delete(&path, &resource, ends).await, resource)
            })
            .buffered(UNDER_WAY)
            .collect()
            .await;
        let mut resist = Vec::new();
        for (deleted, resource) in tried {
            match deleted {
                Ok(()) => self.note_removed(resource, cleanup),
                Err(_) => resist.push(resource),
            }
        }
        resist
    }

    fn note_removed(&self, resource: Owned, cleanup: &mut Cleanup) {
        cleanup.deleted += 1;
        self.ledger().remove(resource.collection, &resource.id);
        let collection = resource.collection.path().to_owned();
        self.journal.write(&Entry::Removed { collection, id: resource.id });
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
        let Err(refusal) = self.delete(path, resource, ends).await else { return Removed::Deleted };
        // What a story deleted already may be refused now; whether it is there, a read tells.
        let read = self.in_time(ends, Outgoing::new("GET", path)).await;
        if read.is_some_and(|read| read.status() == Some(404)) {
            return Removed::Deleted;
        }
        if resource.collection == Collection::Users && self.deactivate(path, ends).await {
            return Removed::Deactivated(format!("{refusal}; deactivated instead"));
        }
        Removed::Left(refusal)
    }

    /// Deletes; the error says why it is still there. What a story has deleted is read first: by now its id may be somebody
    /// else's, and then the ledger lets nothing out.
    async fn delete(&self, path: &str, resource: &Owned, ends: Instant) -> Result<(), String> {
        if resource.said_gone {
            let read = self.in_time(ends, Outgoing::new("GET", path)).await;
            if let Some(read) = &read {
                self.ledger().record(read);
            }
            let owned = self.ledger().owns(resource.collection, &resource.id);
            if !owned || read.is_some_and(|read| matches!(read.status(), Some(404 | 410))) {
                return Ok(());
            }
        }
        // Okta sends a Content-Type with DELETE; servers that then want a body must not keep the tool from tidying up.
        let bare = [("Content-Type".to_owned(), String::new())];
        let outgoing = Outgoing { headers: &bare, ..Outgoing::new("DELETE", path) };
        let Some(exchange) = self.in_time(ends, outgoing).await else {
            return Err("no time was left to delete it".into());
        };
        match (exchange.status(), &exchange.failure) {
            (Some(200..=299), _) => {
                self.deletes.store(true, Ordering::Relaxed);
                Ok(())
            }
            (Some(404), _) => Ok(()),
            (Some(status), _) => Err(format!("DELETE answered {status}")),
            (None, Some(failure)) => Err(format!("DELETE failed: {}", failure.message)),
            (None, None) => Err("DELETE was not answered".to_owned()),
        }
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

    /// Sends past deadline and interrupt, but within clean-up's own time and never beyond what the run owns. A target that
    /// throttles is waited for within that time, up to `--max-wait` at once.
    async fn in_time(&self, ends: Instant, outgoing: Outgoing<'_>) -> Option<Exchange> {
        self.ledger().permit(&outgoing).ok()?;
        let turns = self.client.gap().saturating_mul(u32::try_from(UNDER_WAY).unwrap_or(u32::MAX));
        loop {
            let answered = Instant::now() + ANSWER + turns;
            let sent = tokio::time::timeout_at(ends.min(answered).into(), self.client.send(outgoing));
            let exchange = sent.await.ok()?;
            let pause = throttle::told(&exchange).unwrap_or(throttle::UNTOLD).max(throttle::UNTOLD);
            let left = ends.saturating_duration_since(Instant::now()).min(self.settings.max_wait);
            if exchange.status() != Some(429) || left <= pause {
                return Some(exchange);
            }
            tokio::time::sleep(pause).await;
        }
    }
}

/// What to tell of a create of a name that was there before, when nobody can say what it did.
fn doubtful(doubtful: &Doubtful) -> Left {
    let Doubtful { collection, id, name } = doubtful;
    let path = id
        .as_ref()
        .map_or_else(|| collection.path().to_owned(), |id| format!("{}/{}", collection.path(), percent_encode(id)));
    let reason = "the create of this existing name was not refused clearly, and what came of it cannot be told from what was \
                  there before: look at both, and remove the one too many by hand";
    Left { path, name: name.clone(), reason: reason.into() }
}

enum Removed {
    Deleted,
    Deactivated(String),
    Left(String),
}
