//! Values that a scenario file may write in more than one way.

use serde::Deserialize;

#[derive(Clone, Copy, Deserialize)]
#[serde(untagged, expecting = "a number, or \"volume\"")]
pub(super) enum CountValue {
    Fixed(usize),
    Word(Word),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Word {
    Volume,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a status code or a list of them")]
pub(super) enum OneOrMany {
    One(u16),
    Many(Vec<u16>),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a number, or { at_least = number }")]
pub(super) enum TotalValue {
    Exactly(u64),
    AtLeast(AtLeast),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AtLeast {
    pub(super) at_least: u64,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "true, or { scim_type = \"…\" }")]
pub(super) enum ErrorValue {
    Any(bool),
    Typed(Typed),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    pub(super) scim_type: String,
}
