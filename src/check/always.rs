//! Rules that hold for every exchange, whatever the scenario. Each is judged on its own; what it does not apply to is
//! skipped.

mod address;
mod answer;
pub mod example;
mod resource;
mod secret;
mod target;

pub use target::Seen;

use std::time::Duration;

use url::Url;

use super::Judgement;
use crate::scenario::{Capability, Level};

/// A rule on every answer; its check has the id `<scenario>/always.<id>`.
#[derive(Debug)]
pub struct Rule {
    /// Stable id.
    pub id: &'static str,
    /// What must hold, in one line.
    pub title: &'static str,
    /// What a failure weighs.
    pub level: Level,
    /// What it counts under when that is not the scenario's capability: `protocol` for what Okta does not depend on.
    pub capability: Option<Capability>,
    /// Whose authority it rests on.
    pub spec: &'static [&'static str],
    /// What the server's developer changes.
    pub fix: &'static str,
    /// Why it matters.
    pub why: &'static str,
    judge: fn(&Seen<'_>, &Rules) -> Judgement,
}

/// What the rules need to know about the run.
#[derive(Debug)]
pub struct Rules {
    limit: Duration,
    passwords: secret::Sent,
    /// The base URL, with a slash at its end; nothing when it is none.
    base: Option<Url>,
}

impl Rules {
    /// `limit`: the time within which a complete answer must come; Okta gives up after 60 s. `passwords`: those that were
    /// generated and sent in this run. `base`: the base URL of the target.
    pub fn new(limit: Duration, passwords: &[String], base: &str) -> Self {
        let base = Url::parse(&format!("{}/", base.trim_end_matches('/'))).ok();
        Self { limit, passwords: secret::Sent::new(passwords), base }
    }
}

/// Judges one exchange by one rule; skipped where the rule does not apply to it.
pub fn judge_always(rule: &Rule, seen: &Seen<'_>, rules: &Rules) -> Judgement {
    (rule.judge)(seen, rules)
}

/// Every rule, in the order in which they are told.
pub const RULES: &[Rule] = &[
    Rule {
        id: "in-time",
        title: "The answer is complete within the time limit",
        level: Level::Must,
        capability: None,
        spec: &["Okta SCIM FAQ"],
        fix: "Answer within Okta's 60 seconds: index what Okta filters by, and move slow side effects out of the request.",
        why: "Okta closes the connection after 60 seconds and counts the operation as failed.",
        judge: answer::in_time,
    },
    Rule {
        id: "no-5xx",
        title: "The server does not fail",
        level: Level::Must,
        capability: None,
        spec: &["RFC 7644 §3.12", "Okta SCIM FAQ"],
        fix: "Find the failure in the server's log. What the client got wrong is answered with a 4xx and a SCIM Error.",
        why: "On a 5xx Okta marks the task as failed; an administrator has to retry it by hand.",
        judge: answer::no_5xx,
    },
    Rule {
        id: "retry-after",
        title: "A 429 says in whole seconds when to come back",
        level: Level::Should,
        capability: None,
        spec: &["Okta SCIM concepts: rate limits", "RFC 6585 §4"],
        fix: "Send Retry-After with every 429, as whole seconds and no more than a few minutes.",
        why: "Okta waits the seconds that Retry-After names; without them, or with a date, it waits five minutes and doubles that each time.",
        judge: answer::retry_after,
    },
    Rule {
        id: "json",
        title: "A successful answer with a body is a JSON object in UTF-8",
        level: Level::Must,
        capability: None,
        spec: &["RFC 7644 §3.1", "Okta SCIM 2.0"],
        fix: "Send the resource or ListResponse as a JSON object in UTF-8; send 204 where there is nothing to say.",
        why: "Okta reads the answer with a JSON parser; anything else fails the task with a parse error.",
        judge: answer::json,
    },
    Rule {
        id: "schemas",
        title: "Users, groups and lists name their schema",
        level: Level::Must,
        capability: None,
        spec: &["RFC 7643 §3", "RFC 7644 §3.4.2"],
        fix: "Give every resource and every ListResponse a `schemas` array with its core schema's URN.",
        why: "A SCIM client tells users, groups and lists apart by `schemas`; it is required on every one of them.",
        judge: resource::schemas,
    },
    Rule {
        id: "id",
        title: "Every resource has a stable string id",
        level: Level::Must,
        capability: None,
        spec: &["RFC 7643 §3.1"],
        fix: "Return `id` as a non-empty string in every resource, the same one that its path has.",
        why: "Okta stores the id of the answer as its link to the account; with another one every later change goes astray.",
        judge: resource::id,
    },
    Rule {
        id: "id-in-path",
        title: "Every id can stand in a path as it is",
        level: Level::Must,
        capability: None,
        spec: &["RFC 7643 §3.1", "RFC 3986 §3.3"],
        fix: "Give out ids of letters, digits and `-`, `.`, `_`, `~` only; no `|`, space, `/`, `%`, `#` or `?`.",
        why: "Okta puts the id into the address of every later request. Where it cannot, no update and no deactivation is sent.",
        judge: resource::id_in_path,
    },
    Rule {
        id: "counters",
        title: "The counters of a list are JSON integers",
        level: Level::Must,
        capability: None,
        spec: &["RFC 7644 §3.4.2", "Okta SCIM 2.0"],
        fix: "Send totalResults, startIndex and itemsPerPage as numbers without quotes, and never as null.",
        why: "Okta pages by these counters. A startIndex sent as text has made it give up without a reason.",
        judge: resource::counters,
    },
    Rule {
        id: "active",
        title: "active is a JSON boolean",
        level: Level::Must,
        capability: None,
        spec: &["RFC 7643 §4.1.1", "RFC 7643 §2.3.2"],
        fix: "Send active as true or false without quotes.",
        why: "The text \"false\" is a value like any other: a leaver may be taken for an active user.",
        judge: resource::active,
    },
    Rule {
        id: "password",
        title: "No answer reveals a password",
        level: Level::Must,
        capability: None,
        spec: &["RFC 7643 §4.1.1", "RFC 7643 §7.1"],
        fix: "Never return `password`, not even hashed or masked, and keep request values out of error texts.",
        why: "Okta sends the body it read back with its updates, so a returned password also travels and overwrites the real one.",
        judge: secret::password,
    },
    Rule {
        id: "scim-error",
        title: "Every error is a SCIM Error in JSON",
        level: Level::Should,
        capability: None,
        spec: &["RFC 7644 §3.12", "Okta SCIM 2.0"],
        fix: "Answer every 4xx and 5xx, 401 included, with a SCIM Error: schemas, status and a detail for the administrator.",
        why: "Okta shows the detail in its task list; of any other body it shows a JSON parse error instead of the cause.",
        judge: answer::scim_error,
    },
    Rule {
        id: "media-type",
        title: "JSON bodies are labelled application/scim+json",
        level: Level::Should,
        capability: Some(Capability::Protocol),
        spec: &["RFC 7644 §3.1", "RFC 7644 §8.1"],
        fix: "Send Content-Type: application/scim+json (application/json is accepted), with charset utf-8 or none.",
        why: "Okta reads the body whatever its label, but other clients and proxies go by it.",
        judge: answer::media_type,
    },
    Rule {
        id: "location",
        title: "A created resource's address is in Location",
        level: Level::Should,
        capability: Some(Capability::Protocol),
        spec: &["RFC 7644 §3.3"],
        fix: "Send a Location header with the absolute URI of the new resource on every 201.",
        why: "Okta takes the id from the body; other clients follow Location.",
        judge: resource::location,
    },
    Rule {
        id: "meta",
        title: "Resources carry their meta attribute",
        level: Level::Should,
        capability: Some(Capability::Protocol),
        spec: &["RFC 7643 §3.1"],
        fix: "Return meta with resourceType, location, and created and lastModified as dateTimes.",
        why: "Okta does not read meta; other clients find a resource's type, address and age there.",
        judge: resource::meta,
    },
    Rule {
        id: "address",
        title: "Location and meta.location lead back to the resource",
        level: Level::Should,
        capability: Some(Capability::Protocol),
        spec: &["RFC 7643 §3.1", "RFC 7644 §3.3"],
        fix: "Build both from the address that clients use, as the proxy in front of the server tells it: base URL, endpoint, id.",
        why: "Okta builds addresses itself; other clients follow these, and to another host or path they find nothing.",
        judge: address::leads_back,
    },
    Rule {
        id: "time-zone",
        title: "The times in meta say in which zone they are",
        level: Level::Should,
        capability: Some(Capability::Protocol),
        spec: &["RFC 7643 §2.3.5"],
        fix: "Send created and lastModified with Z or an offset, for example 2024-01-31T08:00:00Z.",
        why: "xsd:dateTime may leave the zone out; a time in UTC without Z is then read as local time and off by hours.",
        judge: resource::time_zone,
    },
    Rule {
        id: "primary",
        title: "One value of an attribute at most is primary",
        level: Level::Should,
        capability: Some(Capability::Protocol),
        spec: &["RFC 7643 §2.4", "Okta SCIM FAQ: multi-valued attributes"],
        fix: "Say primary true of one e-mail address, phone number or address at most.",
        why: "Okta imports the primary e-mail address; of two it may take either.",
        judge: resource::primary,
    },
    Rule {
        id: "references",
        title: "Members and groups are named by ids",
        level: Level::Should,
        capability: Some(Capability::Protocol),
        spec: &["RFC 7643 §4.1.2", "RFC 7643 §4.2"],
        fix: "Give members[].value and groups[].value as the id of the user or group: a string that is not empty.",
        why: "A reference of another type than the id is found by no comparison with it.",
        judge: resource::references,
    },
    Rule {
        id: "error-status",
        title: "The status in a SCIM Error is a string",
        level: Level::Should,
        capability: Some(Capability::Protocol),
        spec: &["RFC 7644 §3.12"],
        fix: "Send status in quotes, for example \"404\".",
        why: "Okta accepts a number too; the RFC asks for a string.",
        judge: answer::error_status,
    },
    Rule {
        id: "scim-type",
        title: "The scimType of a SCIM Error is a word that SCIM defines",
        level: Level::Should,
        capability: Some(Capability::Protocol),
        spec: &["RFC 7644 §3.12", "RFC 9865 §2.1"],
        fix: "Name one of the RFC's words in scimType, or leave it out and say the rest in detail.",
        why: "Okta does not read scimType; other clients branch on its words and know no others.",
        judge: answer::scim_type,
    },
];

#[cfg(test)]
mod tests;
