//! Cursors: places in a list that are handed to the client and come back (RFC 9865).
//!
//! Nothing is kept for them. A cursor holds the place, when it was made, and a seal over both and over what it belongs to, so
//! that only this server's own cursors are taken, and each only for the list it was made for.

use super::order::Key;
use super::store::Turn;
use crate::scim::error::{ScimError, ScimType};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

/// A place in the order of a list, which stays where it is when the resource there is gone.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    /// What the list is sorted by, where it is.
    pub(super) key: Key,
    /// The number of its type among the types asked for.
    pub(super) kind: usize,
    pub(super) turn: Turn,
}

impl Place {
    /// Descending turns the keys around; what is equal stays in the order of its creation.
    pub(super) fn order(&self, other: &Self, descending: bool) -> Ordering {
        let by_key = if descending { other.key.order(&self.key) } else { self.key.order(&other.key) };
        by_key.then((self.kind, self.turn).cmp(&(other.kind, other.turn)))
    }
}

/// Which page is meant.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cursor {
    /// The one that begins behind this place.
    After(Place),
    /// The one that ends before it.
    Before(Place),
}

/// How long a cursor is good for, unless the operator says otherwise.
pub(super) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3600);

/// Makes cursors and reads them again.
#[derive(Debug)]
pub(super) struct Cursors {
    started: Instant,
    timeout: Duration,
    /// The key of the seals: SipHash under it is what only this server can compute.
    key: RandomState,
}

impl Cursors {
    /// Cursors that are good for this long.
    pub(super) fn new(timeout: Duration) -> Self {
        Self { started: Instant::now(), timeout, key: RandomState::new() }
    }

    /// How long a cursor is good for.
    pub(super) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The text of a cursor for the list that `about` describes: unreserved characters only.
    pub(super) fn seal(&self, cursor: &Cursor, about: &str) -> String {
        let (forward, place) = match cursor {
            Cursor::After(place) => (true, place),
            Cursor::Before(place) => (false, place),
        };
        let made = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let told = json!([made, forward, place.kind, place.turn, place.key.to_json()]).to_string();
        let seal = self.key.hash_one((about, &told));
        URL_SAFE_NO_PAD.encode([&seal.to_be_bytes()[..], told.as_bytes()].concat())
    }

    /// Reads a cursor for the list that `about` describes. One that was made elsewhere, for another list or by hand is an
    /// invalidCursor, one that is too old an expiredCursor.
    pub(super) fn open(&self, text: &str, about: &str) -> Result<Cursor, ScimError> {
        let (cursor, made) = self.read(text, about).ok_or_else(|| {
            let detail =
                "The cursor is none of this list; begin again with an empty one and send the same query each time";
            ScimError::bad(ScimType::InvalidCursor, detail)
        })?;
        if self.started.elapsed().saturating_sub(made) >= self.timeout {
            let detail = "The cursor is too old; begin again with an empty one";
            return Err(ScimError::bad(ScimType::ExpiredCursor, detail));
        }
        Ok(cursor)
    }

    fn read(&self, text: &str, about: &str) -> Option<(Cursor, Duration)> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (seal, told) = bytes.split_first_chunk()?;
        let told = std::str::from_utf8(told).ok()?;
        if u64::from_be_bytes(*seal) != self.key.hash_one((about, told)) {
            return None;
        }
        let parts: Value = serde_json::from_str(told).ok()?;
        let number = |index: usize| parts[index].as_u64();
        let place = Place { kind: usize::try_from(number(2)?).ok()?, turn: number(3)?, key: Key::read(&parts[4])? };
        let cursor = if parts[1].as_bool()? { Cursor::After(place) } else { Cursor::Before(place) };
        Some((cursor, Duration::from_millis(number(0)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(key: Key) -> Place {
        Place { key, kind: 1, turn: 7 }
    }

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let cursors = Cursors::new(Duration::from_secs(60));
        let time = Key::Instant("2024-03-01T12:00:00.000001Z".parse().unwrap());
        for key in [Key::Missing, Key::Text("ä\"?".into()), Key::Number(0.1 + 0.2), time] {
            for cursor in [Cursor::After(place(key.clone())), Cursor::Before(place(key))] {
                let text = cursors.seal(&cursor, "users");
                assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)), "{text}");
                assert_eq!(cursors.open(&text, "users").unwrap(), cursor);
            }
        }
    }

    #[test]
    fn no_other_cursor_is_taken() {
        let cursors = Cursors::new(Duration::from_secs(60));
        let text = cursors.seal(&Cursor::After(place(Key::Missing)), "users");
        let mut refused = vec![
            cursors.open(&text, "groups"),
            cursors.open("", "users"),
            cursors.open("garbage", "users"),
            Cursors::new(Duration::from_secs(60)).open(&text, "users"),
        ];
        for position in 0..text.len() {
            let other = if text.as_bytes()[position] == b'A' { "B" } else { "A" };
            let mut forged = text.clone();
            forged.replace_range(position..=position, other);
            refused.push(cursors.open(&forged, "users"));
        }
        for outcome in refused {
            let error = outcome.unwrap_err();
            assert_eq!((error.status, error.scim_type), (400, Some(ScimType::InvalidCursor)));
        }
    }

    #[test]
    fn an_old_cursor_says_so() {
        let cursors = Cursors::new(Duration::ZERO);
        let text = cursors.seal(&Cursor::After(place(Key::Missing)), "users");
        assert_eq!(cursors.open(&text, "users").unwrap_err().scim_type, Some(ScimType::ExpiredCursor));
    }
}
