//! dateTime values (RFC 7643 §2.3.5): reading xsd:dateTime text as an instant.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// The instant a dateTime text names; without a zone it is read as UTC. `None` when the text is no dateTime.
pub fn parse(text: &str) -> Option<Timestamp> {
    if !text.contains(['T', 't']) {
        return None;
    }
    text.parse::<Timestamp>().ok().or_else(|| {
        let local = text.parse::<DateTime>().ok()?;
        TimeZone::UTC.to_timestamp(local).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_fractions_and_zoneless_texts_name_the_same_instant() {
        let noon = parse("2024-03-01T12:00:00Z");
        assert!(noon.is_some());
        assert_eq!(parse("2024-03-01T14:00:00.000+02:00"), noon);
        assert_eq!(parse("2024-03-01T12:00:00"), noon);
    }

    #[test]
    fn a_date_alone_or_other_text_is_no_date_time() {
        assert_eq!(parse("2024-03-01"), None);
        assert_eq!(parse("Tuesday"), None);
        assert_eq!(parse(""), None);
    }
}
