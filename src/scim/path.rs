//! Attribute notation (RFC 7644 §3.10): `name`, `name.sub`, `urn:...:name.sub`.

use std::fmt;

/// One attribute as a client names it; every part is compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributePath {
    /// The schema URI before the last colon, where given.
    pub uri: Option<String>,
    /// The attribute.
    pub attribute: String,
    /// The sub-attribute after the dot, where given.
    pub sub: Option<String>,
}

impl AttributePath {
    /// Reads attribute notation. The error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (uri, names) = match text.rfind(':') {
            Some(colon) => (Some(text[..colon].to_owned()), &text[colon + 1..]),
            None => (None, text),
        };
        if let Some(uri) = &uri
            && (!uri.contains(':') || !uri.chars().all(is_path_char))
        {
            return Err(format!("{uri:?} is no schema URI"));
        }
        let (attribute, sub) = match names.split_once('.') {
            Some((attribute, sub)) => (attribute, Some(sub)),
            None => (names, None),
        };
        for name in [Some(attribute), sub].into_iter().flatten() {
            if !is_name(name) {
                return Err(format!("{name:?} is no attribute name: a letter, then letters, digits, - and _"));
            }
        }
        Ok(Self { uri, attribute: attribute.to_owned(), sub: sub.map(str::to_owned) })
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        if let Some(uri) = &self.uri {
            write!(formatter, "{uri}:")?;
        }
        formatter.write_str(&self.attribute)?;
        if let Some(sub) = &self.sub {
            write!(formatter, ".{sub}")?;
        }
        Ok(())
    }
}

/// Whether the character may stand in attribute notation, URI part included.
pub fn is_path_char(character: char) -> bool {
    character.is_ascii_alphanumeric() || "$-_.:~%/+@=!*&;".contains(character)
}

/// ATTRNAME of RFC 7643 §2.1, with the leading `$` of `$ref` (erratum 8924).
fn is_name(name: &str) -> bool {
    let name = name.strip_prefix('$').unwrap_or(name);
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|rest| rest.is_ascii_alphanumeric() || "-_$".contains(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uri_ends_at_the_last_colon_and_keeps_its_dots() {
        let path = AttributePath::parse("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value");
        let path = path.unwrap();
        assert_eq!(path.uri.as_deref(), Some("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"));
        assert_eq!((path.attribute.as_str(), path.sub.as_deref()), ("manager", Some("value")));
    }

    #[test]
    fn what_is_printed_parses_to_the_same_path() {
        for text in ["userName", "name.givenName", "members.$ref", "a-b_9.c-d", "urn:x:1.0:Thing:a.b"] {
            assert_eq!(AttributePath::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn malformed_notation_is_refused() {
        for text in ["", ".", "a.", ".a", "a..b", "a.b.c", "1a", "a b", "x:y", "a[0]", "urn:x:", "ä"] {
            assert!(AttributePath::parse(text).is_err(), "{text}");
        }
    }
}
