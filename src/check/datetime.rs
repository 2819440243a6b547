//! `xsd:dateTime`, the form of SCIM's time stamps (RFC 7643 §2.3.5).

use std::cmp::Ordering;

use jiff::{Timestamp, civil};

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
    let (local, zone) = split_zone(text);
    let (seconds, fraction) = local.split_at_checked(19)?;
    let shaped = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text
                .bytes()
                .zip(shape.bytes())
                .all(|(is, wanted)| if wanted == b'0' { is.is_ascii_digit() } else { is == wanted })
    };
    let digits = fraction.strip_prefix('.').unwrap_or("");
    let fractional = fraction.is_empty() || (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    if !shaped(seconds, "0000-00-00T00:00:00") || !fractional {
        return None;
    }
    let local = &local[..local.len().min(29)];
    match zone {
        "" => local.parse().ok().map(Moment::Local),
        _ if zone == "Z" || shaped(&zone[1..], "00:00") => format!("{local}{zone}").parse().ok().map(Moment::Instant),
        _ => None,
    }
}

/// Takes off `Z` or an offset such as `+02:00`; the zone is empty where there is none.
fn split_zone(text: &str) -> (&str, &str) {
    let offset = text.len().checked_sub(6).filter(|start| matches!(text.as_bytes()[*start], b'+' | b'-'));
    let start = if text.ends_with('Z') { Some(text.len() - 1) } else { offset };
    start.map_or((text, ""), |start| text.split_at(start))
}

/// True when two texts are the same, or denote the same moment.
pub(super) fn same(one: &str, other: &str) -> bool {
    one == other || parse(one).is_some_and(|moment| parse(other) == Some(moment))
}

/// Which of two moments is earlier; nothing when they cannot be compared, as with a zone and without one.
pub(super) fn compare(one: &str, other: &str) -> Option<Ordering> {
    match (parse(one)?, parse(other)?) {
        (Moment::Instant(one), Moment::Instant(other)) => Some(one.cmp(&other)),
        (Moment::Local(one), Moment::Local(other)) => Some(one.cmp(&other)),
        _ => None,
    }
}

/// True when a text tells no part of a second.
pub(super) fn whole_second(text: &str) -> bool {
    match parse(text) {
        Some(Moment::Instant(moment)) => moment.subsec_nanosecond() == 0,
        Some(Moment::Local(moment)) => moment.subsec_nanosecond() == 0,
        None => false,
    }
}

/// True when a text denotes a moment without saying in which zone.
pub(super) fn without_zone(text: &str) -> bool {
    split_zone(text).1.is_empty() && parse(text).is_some()
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
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00+2:000",
            "2024-01-01T00:00:0é",
            "-05:30",
            "éééééééééé+é+00:00",
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
