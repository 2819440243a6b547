//! A list walked page by page, as an import does: bounded to the first ten pages and the last.

use serde_json::{Value, json};

use super::Halt;
use super::kept::KEPT_BODY;
use super::player::Player;
use crate::exchange::{Body, Exchange};
use crate::okta::client::Outgoing;
use crate::scenario::Step;

/// Pages read from the start of a list before the walk jumps to its last page.
const FIRST_PAGES: usize = 10;

/// Where the next page starts. Okta's documentation names steps of the count asked for; what Okta does when fewer come is
/// not known, and a server may send fewer (RFC 7644 §3.4.2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stride {
    /// Behind what came.
    ByWhatCame,
    /// The count further.
    ByCount,
}

/// A list that was walked.
pub(super) struct Walked {
    /// Every page.
    pub(super) exchanges: Vec<Exchange>,
    /// The pages joined: totalResults as the last page said, all Resources in order; marked as truncated when pages in
    /// between were left out. A page that is no list ends the walk and stands here itself.
    pub(super) whole: Exchange,
    /// How many came on the first page that was short though more were there.
    pub(super) short: Option<usize>,
}

impl Player<'_> {
    /// Reads a list in pages of `count`.
    pub(super) async fn walk(&self, path: &str, count: usize, step: &Step, stride: Stride) -> Result<Walked, Halt> {
        let mut exchanges: Vec<Exchange> = Vec::new();
        let mut resources: Vec<Value> = Vec::new();
        let (mut start, mut cut, mut short, mut page_size) = (1_usize, false, None, 1);
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let page = format!("{path}{joint}startIndex={start}&count={count}");
            let outgoing =
                Outgoing { credential: step.credential, headers: &step.headers, ..Outgoing::new(&step.method, &page) };
            let mut exchange = self.send(outgoing).await?;
            let listed = exchange.json().and_then(|b| Some((b.get("totalResults")?.as_u64()?, b.get("Resources"))));
            let Some((total, listed)) = listed.filter(|_| exchange.status() == Some(200)) else {
                exchanges.push(exchange.clone());
                return Ok(Walked { exchanges, whole: exchange, short });
            };
            let listed = listed.and_then(Value::as_array).cloned().unwrap_or_default();
            let (got, total) = (listed.len(), usize::try_from(total).unwrap_or(usize::MAX));
            resources.extend(listed);
            cut |= exchange.is_truncated();
            exchange.shorten(KEPT_BODY);
            exchanges.push(exchange);
            if got < count && start.saturating_add(got) <= total {
                short = short.or(Some(got));
            }
            let ahead = if got == 0 || stride == Stride::ByCount { count } else { got.min(count) };
            let next = start.saturating_add(ahead);
            page_size = page_size.max(got.min(count));
            // Pages of any size may be sent; what they hold together is bounded like so many pages of the count.
            let enough = next <= total && resources.len() > (FIRST_PAGES + 1) * count.max(100);
            cut |= enough;
            if got == 0 || next > total || enough || exchanges.len() > FIRST_PAGES {
                let whole = joined(&exchanges[0], total, &resources, cut);
                return Ok(Walked { exchanges, whole, short });
            }
            start = next;
            if exchanges.len() == FIRST_PAGES {
                start = next.max((total - page_size.min(total)).saturating_add(1));
                cut |= start > next;
            }
        }
    }
}

/// What others create during a walk is on its last page, and counted there.
fn joined(first: &Exchange, total: usize, resources: &[Value], cut: bool) -> Exchange {
    let mut whole = first.clone();
    if let Some(response) = &mut whole.response {
        response.truncated |= cut;
        if let Body::Json(body @ Value::Object(_)) = &mut response.body {
            body["totalResults"] = json!(total);
            body["Resources"] = json!(resources);
        }
    }
    whole
}
