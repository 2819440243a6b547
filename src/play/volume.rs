//! Volume: where many resources at once may be made, and how.

use std::sync::atomic::Ordering;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use super::Halt;
use super::given::{Created, Variables};
use super::player::Player;
use super::scene::Scene;
use crate::scenario::{AT_ONCE, Case, Given};

/// Requests under way while many resources are made or removed.
pub(super) const UNDER_WAY: usize = 8;

/// Of many creates so many are shown, and the last.
const SHOWN: usize = 10;

impl Player<'_> {
    /// Why this case must not be played here; None when it may.
    pub(super) fn too_much(&self, case: &Case) -> Option<String> {
        if self.client.base().is_loopback() {
            return None;
        }
        refusal(case.volume?, self.settings.import_size.unwrap_or_default(), self.deletes.load(Ordering::Relaxed))
    }

    /// Makes many of a given: the first alone, the others several at a time. What fails in company is made again alone, as
    /// somebody else, before it is held against the target.
    pub(super) async fn make_many(
        &self,
        scene: &mut Scene<'_>,
        name: &str,
        given: &Given,
        count: usize,
    ) -> Result<Option<Vec<Variables>>, Halt> {
        let Some(mut made) = self.make_each(scene, name, given, 0..1).await? else { return Ok(None) };
        let mut wanted = Vec::new();
        for number in 1..count {
            let Some(one) = self.wanted(scene, name, given, number) else { return Ok(None) };
            wanted.push(one);
        }
        let created: Vec<_> = stream::iter(&wanted)
            .map(|one| async move { self.create(one).await.map(|created| (one, created)) })
            .buffered(UNDER_WAY)
            .try_collect()
            .await?;
        let mut exchanges = Vec::new();
        let mut throttled = Vec::new();
        for (index, (one, created)) in created.into_iter().enumerate() {
            let Created { throttled: tries, exchange, id } = created;
            throttled.extend(tries.into_iter().take(SHOWN.saturating_sub(throttled.len())));
            if index < SHOWN || index + 2 == count || id.is_err() && exchanges.len() < 2 * SHOWN {
                exchanges.push(exchange);
            }
            if let Ok(id) = id {
                let mut variables = one.variables.clone();
                variables.insert("id".to_owned(), Value::String(id));
                made.push(variables);
            }
        }
        let failed = count - made.len();
        let note = if failed == 0 {
            format!("{UNDER_WAY} at a time; {} of {} requests are shown", exchanges.len(), count - 1)
        } else {
            format!("{failed} of {} failed while {UNDER_WAY} were under way and are made again alone", count - 1)
        };
        let exchanges = throttled.into_iter().chain(exchanges).collect();
        scene.record_all(&format!("given.{name}.1"), format!("Given: {} more exist", count - 1), exchanges, Some(note));
        let Some(again) = self.make_each(scene, name, given, count..count + failed).await? else { return Ok(None) };
        made.extend(again);
        Ok(Some(made))
    }
}

/// On somebody else's machine so many are made only when the user has asked for it and they can be removed again.
pub(super) fn refusal(size: usize, asked: usize, deletes_work: bool) -> Option<String> {
    if size <= AT_ONCE {
        None
    } else if size > asked {
        Some(format!("{size} resources at once are made on this machine only, elsewhere with --import-size {size}"))
    } else if !deletes_work {
        Some(format!("no DELETE of this run has worked, so {size} resources could not be removed again"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_elsewhere_is_asked_for_and_can_be_removed() {
        assert_eq!((refusal(0, 0, false), refusal(20, 0, false)), (None, None));
        assert!(refusal(100, 0, true).is_some_and(|why| why.contains("--import-size 100")));
        assert!(refusal(101, 101, false).is_some_and(|why| why.contains("DELETE")));
        assert_eq!(refusal(101, 150, true), None);
        assert!(refusal(151, 150, true).is_some());
    }
}
