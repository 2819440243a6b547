//! Faults about look-ups and filters.

use super::{Fault, Occasion, fault};
use crate::server::query::Query;

pub(super) const FAULTS: &[Fault] = &[fault! {
    id: "filter_ignored",
    title: "The filter parameter is ignored and the whole list returned",
    story: "Okta takes the first listed user for the one it looked up and links the new person to a stranger's account.",
    source: "support.okta.com: Multiple users found by userName",
    case: "B013",
    fn query(&self, _: &Occasion, query: &mut Query) {
        query.filter = None;
    }
}];
