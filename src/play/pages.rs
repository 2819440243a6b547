//! A list walked page by page, as an import does: bounded to the first ten pages and the last.

use serde_json::{Value, json};

use super::Halt;
use super::player::Player;
use crate::exchange::{Body, Exchange};
use crate::okta::client::Outgoing;
use crate::scenario::Step;

/// Pages read from the start of a list before the walk jumps to its last page.
const FIRST_PAGES: usize = 10;

impl Player<'_> {
    /// Reads a list in pages of `count`. Gives every exchange, and one whose body is the pages joined: totalResults as the
    /// first page said, all Resources in order; marked as truncated when pages in between were left out. A page that is no list ends the walk and is itself what is judged.
    pub(super) async fn walk(&self, path: &str, count: usize, step: &Step) -> Result<(Vec<Exchange>, Exchange), Halt> {
        let mut exchanges: Vec<Exchange> = Vec::new();
        let mut resources: Vec<Value> = Vec::new();
        let (mut start, mut cut, mut page_size) = (1, false, 1);
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let page = format!("{path}{joint}startIndex={start}&count={count}");
            let outgoing =
                Outgoing { credential: step.credential, headers: &step.headers, ..Outgoing::new(&step.method, &page) };
            let exchange = self.send(outgoing).await?;
            let listed = exchange.json().and_then(|b| Some((b.get("totalResults")?.as_u64()?, b.get("Resources"))));
            let Some((total, listed)) = listed.filter(|_| exchange.status() == Some(200)) else {
                exchanges.push(exchange.clone());
                return Ok((exchanges, exchange));
            };
            let listed = listed.and_then(Value::as_array).cloned().unwrap_or_default();
            let (got, total) = (listed.len(), usize::try_from(total).unwrap_or(usize::MAX));
            resources.extend(listed);
            exchanges.push(exchange);
            // A server may cap pages below the count; the next page starts behind what was got (Okta's own step for
            // short pages is not documented).
            let next = start + if got == 0 { count } else { got.min(count) };
            page_size = page_size.max(got.min(count));
            if got == 0 || next > total || exchanges.len() > FIRST_PAGES {
                return Ok(joined(exchanges, &resources, cut));
            }
            start = next;
            if exchanges.len() == FIRST_PAGES {
                start = next.max(total + 1 - page_size.min(total));
                cut = start > next;
            }
        }
    }
}

fn joined(exchanges: Vec<Exchange>, resources: &[Value], cut: bool) -> (Vec<Exchange>, Exchange) {
    let mut whole = exchanges[0].clone();
    if let Some(response) = &mut whole.response {
        response.truncated |= cut;
    }
    if let Some(response) = &mut whole.response
        && let Body::Json(body @ Value::Object(_)) = &mut response.body
    {
        body["Resources"] = json!(resources);
    }
    (exchanges, whole)
}
