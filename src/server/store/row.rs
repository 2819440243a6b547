//! What a store consists of: a row for each resource and for each member of a group, and how one is written as bytes.

use super::Turn;
use super::{Keys, Kind, Member};

/// One row that comes, changes or, where it holds nothing, goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Row {
    Resource { kind: Kind, turn: Turn, record: Option<Record> },
    Member { group: Turn, turn: Turn, member: Option<Member> },
}

/// Texts that go before the bytes of a row.
type Texts<'b, const N: usize> = [Option<&'b str>; N];

/// The length that stands for a text that is not there.
const NONE: u32 = u32::MAX;

/// A resource with its id and what it is found by, in one piece: five texts, then the resource. A text is written as its
/// length (four bytes, little-endian) and itself, one that is not there as a length of `u32::MAX`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record(Box<[u8]>);

impl Record {
    pub(super) fn new(id: &str, keys: &Keys, resource: &[u8]) -> Self {
        let Keys { user_name, display_name, external_id, label } = keys;
        let texts = [Some(id), user_name.as_deref(), display_name.as_deref(), external_id.as_deref(), label.as_deref()];
        Self(join(texts, resource).into())
    }

    /// `None` when these bytes are no record.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let ([Some(_), ..], _) = split::<5>(bytes)? else { return None };
        Some(Self(bytes.into()))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn parts(&self) -> (Texts<'_, 5>, &[u8]) {
        // What is kept was joined here or read above.
        split(&self.0).unwrap_or(([None; 5], &[]))
    }

    pub(super) fn id(&self) -> &str {
        self.parts().0[0].unwrap_or_default()
    }

    pub(super) fn user_name(&self) -> Option<&str> {
        self.parts().0[1]
    }

    pub(super) fn display_name(&self) -> Option<&str> {
        self.parts().0[2]
    }

    pub(super) fn external_id(&self) -> Option<&str> {
        self.parts().0[3]
    }

    pub(super) fn label(&self) -> Option<&str> {
        self.parts().0[4]
    }

    pub(super) fn resource(&self) -> &[u8] {
        self.parts().1
    }
}

/// A member as bytes: id and display, then what it is, when that is known.
pub(super) fn member_bytes(member: &Member) -> Vec<u8> {
    join([Some(&member.id), member.display.as_deref()], member.kind.map(code).as_slice())
}

/// `None` when these bytes are no member.
pub(super) fn read_member(bytes: &[u8]) -> Option<Member> {
    let ([id, display], rest) = split(bytes)?;
    let kind = match rest {
        [] => None,
        [code] => Some(kind(*code)?),
        _ => return None,
    };
    Some(Member { id: id?.to_owned(), kind, display: display.map(str::to_owned) })
}

/// The number of a kind in a file; never to be given to another one.
pub(super) const fn code(kind: Kind) -> u8 {
    match kind {
        Kind::User => 0,
        Kind::Group => 1,
        Kind::Role => 2,
        Kind::Entitlement => 3,
    }
}

pub(super) const fn kind(code: u8) -> Option<Kind> {
    Some(match code {
        0 => Kind::User,
        1 => Kind::Group,
        2 => Kind::Role,
        3 => Kind::Entitlement,
        _ => return None,
    })
}

fn join<const N: usize>(texts: Texts<'_, N>, rest: &[u8]) -> Vec<u8> {
    let length = texts.iter().flatten().map(|text| text.len()).sum::<usize>() + 4 * N + rest.len();
    let mut bytes = Vec::with_capacity(length);
    for text in texts {
        // A request of 16 MiB holds no text of 4 GiB.
        let length = text.map_or(NONE, |text| u32::try_from(text.len()).unwrap_or(NONE));
        bytes.extend(length.to_le_bytes());
        bytes.extend(text.unwrap_or_default().as_bytes());
    }
    bytes.extend(rest);
    bytes
}

fn split<const N: usize>(mut bytes: &[u8]) -> Option<(Texts<'_, N>, &[u8])> {
    let mut texts = [None; N];
    for text in &mut texts {
        let (length, rest) = bytes.split_first_chunk()?;
        bytes = rest;
        let length = u32::from_le_bytes(*length);
        if length != NONE {
            let (found, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
            (*text, bytes) = (Some(std::str::from_utf8(found).ok()?), rest);
        }
    }
    Some((texts, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_and_the_rest_refused(
            id in ".*", texts in prop::array::uniform4(prop::option::of(".*")), resource: Vec<u8>, cut in 0_usize..200,
            noise in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let [user_name, display_name, external_id, label] = texts;
            let keys = Keys { user_name, display_name, external_id, label };
            let record = Record::new(&id, &keys, &resource);
            let read = Record::read(record.bytes()).unwrap();
            prop_assert_eq!((read.id(), read.resource()), (id.as_str(), &resource[..]));
            prop_assert_eq!((read.user_name(), read.display_name()), (keys.user_name.as_deref(), keys.display_name.as_deref()));
            prop_assert_eq!((read.external_id(), read.label()), (keys.external_id.as_deref(), keys.label.as_deref()));
            let start = record.bytes().len() - resource.len();
            prop_assert!(Record::read(&record.bytes()[..cut.min(start - 1)]).is_none());
            let member = Member { id, kind: Some(Kind::Group), display: keys.label };
            prop_assert_eq!(read_member(&member_bytes(&member)), Some(member));
            let _ = (Record::read(&noise), read_member(&noise));
        }
    }
}
