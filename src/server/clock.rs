//! The time of changes, to the microsecond: quick changes must have an order, as dateTime text in UTC.

use jiff::{SignedDuration, Timestamp, Unit};

/// Now, and later than `previous` where one is given: a change always shows in lastModified.
pub(super) fn now(previous: Option<&str>) -> String {
    let now = Timestamp::now().round(Unit::Microsecond).unwrap_or_else(|_| Timestamp::now());
    let earliest = previous
        .and_then(crate::scim::instant::parse)
        .and_then(|previous| previous.checked_add(SignedDuration::from_micros(1)).ok());
    let time = earliest.map_or(now, |earliest| earliest.max(now));
    format!("{time:.6}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_later_than_the_one_before_even_when_the_clock_stands() {
        assert_eq!(now(Some("2900-01-01T00:00:00.000Z")), "2900-01-01T00:00:00.000001Z");
        assert!(now(None).ends_with('Z'));
    }
}
