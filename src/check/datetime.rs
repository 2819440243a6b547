//! `xsd:dateTime`, the form of SCIM's time stamps (RFC 7643 §2.3.5).

use std::sync::LazyLock;

use jiff::{Timestamp, civil};
use regex_lite::Regex;

static SHAPE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(-?[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?)[0-9]*(Z|[+-][0-9]{2}:[0-9]{2})?$",
    )
    .expect("a valid pattern")
});

/// A moment as far as its text tells it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Moment {
    /// With a zone or `Z`.
    Instant(Timestamp),
    /// Without one, which xsd:dateTime allows.
    Local(civil::DateTime),
}

/// Reads an `xsd:dateTime`; nothing when the text is none. Fractions are read to the nanosecond.
pub(super) fn parse(text: &str) -> Option<Moment> {
    if !text.as_bytes().first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-') {
        return None;
    }
    let parts = SHAPE.captures(text)?;
    let local = parts.get(1)?.as_str();
    // Digits are only dropped from a fraction; behind whole seconds they are no date.
    let dropped = parts.get(2).map_or(text.len(), |zone| zone.start()) - local.len();
    if dropped > 0 && !local.contains('.') {
        return None;
    }
    match parts.get(2) {
        Some(zone) => format!("{local}{}", zone.as_str()).parse().ok().map(Moment::Instant),
        None => local.parse().ok().map(Moment::Local),
    }
}

/// True when two texts are the same, or denote the same moment.
pub(super) fn same(one: &str, other: &str) -> bool {
    one == other || parse(one).is_some_and(|moment| parse(other) == Some(moment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_times_are_told_from_other_texts() {
        for good in [
            "2024-02-29T23:59:59Z",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00.1234567Z",
            "2024-01-01T00:00:00.1234567891234+02:00",
            "0001-01-01T00:00:00Z",
            "2008-01-23T04:56:22-05:30",
        ] {
            assert!(parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "now",
            "2024-02-30T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-01-01",
            "2024-01-01 00:00:00Z",
            "2024-01-01t00:00:00z",
            "2024-01-01T25:00:00Z",
            "2024-01-01T00:00Z",
            "2024-01-01T00:00:000Z",
            "2024-01-01T00:00:00+0200",
            "2024-01-01T00:00:00Z ",
            "1700000000",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_same_moment_may_be_spelled_differently() {
        assert!(same("2024-01-01T12:00:00Z", "2024-01-01T12:00:00.000+00:00"));
        assert!(same("2024-01-01T12:00:00Z", "2024-01-01T14:00:00+02:00"));
        assert!(!same("2024-01-01T12:00:00Z", "2024-01-01T12:00:01Z"));
        assert!(!same("2024-01-01T12:00:00Z", "2024-01-01T12:00:00"));
        assert!(same("Ann", "Ann") && !same("Ann", "ann"));
    }
}
