//! The largest create body a target accepts: what is left out of Okta's, and what the target demands beside it.

use serde_json::{Value, json};

use crate::scenario::{Expect, Test};

/// What of Okta's create body a target may refuse, likely ones first. A dot leads into an object or into each element of an
/// array.
pub(super) const PARTS: [&str; 10] = [
    "groups",
    "password",
    "locale",
    "emails.type",
    "emails.primary",
    "displayName",
    "externalId",
    "active",
    "emails",
    "name",
];

/// Parts that a later step sets or shows again: leaving them out of the create says nothing about them.
const TOLD_AGAIN: [&str; 2] = ["groups", "active"];

/// How Okta's create body becomes one that the target accepts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reduction {
    /// Some of [`PARTS`].
    pub(super) left_out: Vec<&'static str>,
    /// `name.formatted` is sent too.
    pub(super) formatted: bool,
}

impl Reduction {
    /// Everything is left out but the userName and these whole attributes, without what is marked inside them.
    pub(super) fn least(kept: &[&str], formatted: bool) -> Self {
        let out = |part: &&str| match part.split_once('.') {
            None => !kept.contains(part),
            Some((whole, _)) => kept.contains(&whole),
        };
        Self { left_out: PARTS.into_iter().filter(out).collect(), formatted }
    }

    /// The same with this part sent again. Where a whole attribute comes back, what is inside it stays out until its turn.
    pub(super) fn with(&self, part: &'static str) -> Self {
        let mut left_out: Vec<_> = self.left_out.iter().copied().filter(|out| *out != part).collect();
        if self.left_out.contains(&part) {
            let inside = |other: &&str| other.strip_prefix(part).is_some_and(|rest| rest.starts_with('.'));
            left_out.extend(PARTS.into_iter().filter(inside));
        }
        Self { left_out, ..self.clone() }
    }

    /// Rewrites a create body.
    pub(super) fn apply(&self, body: &mut Value) {
        for part in &self.left_out {
            remove(body, part);
        }
        if self.formatted && body["name"]["formatted"].is_null() {
            let of = |part: &str| body["name"][part].as_str().unwrap_or_default().to_owned();
            let formatted = format!("{} {}", of("givenName"), of("familyName"));
            if let Some(name) = body.get_mut("name").and_then(Value::as_object_mut) {
                name.insert("formatted".into(), json!(formatted));
            }
        }
    }

    /// An expectation without what was left out; None when nothing of it remains.
    pub(super) fn spare(&self, expect: &Expect) -> Option<Expect> {
        let parts: Vec<&str> = self.left_out.iter().copied().filter(|part| !TOLD_AGAIN.contains(part)).collect();
        Some(match expect {
            Expect::At { at, test: Test::Absent } => Expect::At { at: at.clone(), test: Test::Absent },
            Expect::At { at, test } => {
                let below = below(at, &parts)?;
                let test = match test {
                    // What was left out may be there all the same, put in by a later update.
                    Test::Equals(value) if without(value, &below).as_ref() != Some(value) => {
                        return Some(Expect::Includes { at: at.clone(), expected: without(value, &below)? });
                    }
                    Test::Contains(value) => Test::Contains(without(value, &below)?),
                    other => other.clone(),
                };
                Expect::At { at: at.clone(), test }
            }
            Expect::Includes { at, expected } => {
                Expect::Includes { at: at.clone(), expected: without(expected, &below(at, &parts)?)? }
            }
            // A later update may have put in what the create left out.
            Expect::SameAs { step, except } => {
                let whole = parts.iter().map(|part| format!("/{}", part.split('.').next().unwrap_or_default()));
                Expect::SameAs { step: step.clone(), except: except.iter().cloned().chain(whole).collect() }
            }
            Expect::AnyOf(any) => Expect::AnyOf(any.iter().map(|one| self.spare(one)).collect::<Option<_>>()?),
            Expect::Each(inner) => Expect::Each(Box::new(self.spare(inner)?)),
            other => other.clone(),
        })
    }

    /// True for a request that picks what it changes by what was left out: `emails[type eq "work"].value` in a PATCH.
    pub(super) fn picks_by_left_out(&self, body: &Value) -> bool {
        let operations = body["Operations"].as_array().into_iter().flatten();
        operations.filter_map(|operation| operation["path"].as_str()?.split_once('[')).any(|(attribute, filter)| {
            // Every other piece between quotes is a value.
            let outside = filter.split('"').step_by(2);
            let mut names = outside.flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
            names.any(|name| self.left_out.iter().any(|part| part.split_once('.') == Some((attribute, name))))
        })
    }

    /// "refuses `locale` and demands `name.formatted`": fits after "the target".
    pub(super) fn sentence(&self) -> String {
        let quoted: Vec<String> = self.left_out.iter().map(|part| format!("`{part}`")).collect();
        let refuses = (!quoted.is_empty()).then(|| format!("refuses {}", listed(&quoted)));
        let demands = self.formatted.then(|| "demands `name.formatted`".to_owned());
        listed(&refuses.into_iter().chain(demands).collect::<Vec<_>>())
    }
}

/// "a", "a and b", "a, b and c".
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
}

/// Takes a part out, from each element where it leads through an array.
fn remove(value: &mut Value, part: &str) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(|element| remove(element, part)),
        Value::Object(members) => match part.split_once('.') {
            None => _ = members.shift_remove(part),
            Some((first, rest)) => {
                if let Some(inner) = members.get_mut(first) {
                    remove(inner, rest);
                }
            }
        },
        _ => {}
    }
}

/// What the parts are called below a JSON Pointer; None when the pointer itself leads into one of them.
fn below<'p>(at: &str, parts: &[&'p str]) -> Option<Vec<&'p str>> {
    let segments: Vec<&str> = at.split('/').skip(1).filter(|segment| segment.parse::<usize>().is_err()).collect();
    let mut found = Vec::new();
    for part in parts {
        let names: Vec<&str> = part.split('.').collect();
        if segments.len() >= names.len() && segments[..names.len()] == names[..] {
            return None;
        }
        if names[..segments.len().min(names.len())] == segments[..] {
            let passed: usize = segments.iter().map(|segment| segment.len() + 1).sum();
            found.push(&part[passed..]);
        }
    }
    Some(found)
}

/// A value without these parts; None when nothing is left to compare.
fn without(value: &Value, parts: &[&str]) -> Option<Value> {
    let mut left = value.clone();
    for part in parts {
        remove(&mut left, part);
    }
    let emptied = left != *value && left.as_object().is_some_and(serde_json::Map::is_empty);
    (!emptied).then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> Value {
        json!({ "userName": "ann", "name": { "givenName": "Ann", "familyName": "Ash" },
            "emails": [{ "value": "a@x", "type": "work", "primary": true }], "locale": "en-US", "groups": [],
            "password": "p", "displayName": "Ann Ash", "externalId": "7", "active": true })
    }

    fn reduced(left_out: &[&'static str], formatted: bool) -> Value {
        let mut body = body();
        Reduction { left_out: left_out.to_vec(), formatted }.apply(&mut body);
        body
    }

    #[test]
    fn parts_are_taken_out_and_a_demanded_name_is_added() {
        let body = reduced(&["locale", "emails.type"], true);
        assert_eq!(body.get("locale"), None);
        assert_eq!(body["emails"], json!([{ "value": "a@x", "primary": true }]));
        assert_eq!(body["name"]["formatted"], "Ann Ash");
    }

    #[test]
    fn the_least_body_is_the_user_name_and_the_rest_comes_back_part_by_part() {
        let mut body = body();
        Reduction::least(&[], false).apply(&mut body);
        assert_eq!(body, json!({ "userName": "ann" }));
        let emails = Reduction::least(&[], false).with("emails");
        assert!(emails.left_out.contains(&"emails.type") && emails.left_out.contains(&"emails.primary"));
        assert!(!emails.left_out.contains(&"emails"));
        assert!(!emails.with("emails.type").left_out.contains(&"emails.type"));
        let same =
            Reduction::least(&["emails"], false).left_out.into_iter().all(|part| emails.left_out.contains(&part));
        assert!(same, "{emails:?}");
    }

    #[test]
    fn what_was_left_out_is_not_compared() {
        let reduction = Reduction { left_out: vec!["locale", "emails.type", "groups"], formatted: false };
        let at = |at: &str, test: Test| Expect::At { at: at.into(), test };
        assert_eq!(reduction.spare(&at("/locale", Test::Equals(json!("en-US")))), None);
        assert_eq!(reduction.spare(&at("/emails/0/type", Test::Present)), None);
        let kept = at("/displayName", Test::Present);
        assert_eq!(reduction.spare(&kept), Some(kept.clone()));
        let groups = at("/groups", Test::Present);
        assert_eq!(reduction.spare(&groups), Some(groups.clone()));
        let email = at("/emails", Test::Contains(json!({ "value": "a", "type": "work" })));
        assert_eq!(reduction.spare(&email), Some(at("/emails", Test::Contains(json!({ "value": "a" })))));
        let equals = at("/emails/0", Test::Equals(json!({ "value": "a", "type": "work" })));
        let includes = Expect::Includes { at: "/emails/0".into(), expected: json!({ "value": "a" }) };
        assert_eq!(reduction.spare(&equals), Some(includes));
        let whole = |expected: Value| Expect::Each(Box::new(Expect::Includes { at: String::new(), expected }));
        assert_eq!(reduction.spare(&whole(json!({ "locale": "x" }))), None);
        assert_eq!(
            reduction.spare(&whole(json!({ "locale": "x", "active": true }))),
            Some(whole(json!({ "active": true })))
        );
    }

    #[test]
    fn a_password_that_must_not_show_is_looked_for_all_the_same() {
        let absent = Expect::At { at: "/password".into(), test: Test::Absent };
        let reduction = Reduction { left_out: vec!["password"], formatted: false };
        assert_eq!(reduction.spare(&absent), Some(absent.clone()));
    }

    #[test]
    fn a_filter_on_what_was_left_out_picks_nobody() {
        let reduction = Reduction { left_out: vec!["emails.type"], formatted: false };
        let picks =
            |path: &str| reduction.picks_by_left_out(&json!({ "Operations": [{ "op": "replace", "path": path }] }));
        assert!(picks(r#"emails[type eq "work"].value"#));
        assert!(picks(r#"emails[primary eq true and type eq "work"]"#));
        for path in [r#"emails[value eq "type"]"#, r#"phoneNumbers[type eq "work"]"#, "emails", "emails.type"] {
            assert!(!picks(path), "{path}");
        }
        assert!(!reduction.picks_by_left_out(&body()));
    }

    #[test]
    fn it_is_told_in_a_sentence() {
        let reduction = Reduction { left_out: vec!["locale", "emails.type", "groups"], formatted: true };
        let told = "refuses `locale`, `emails.type` and `groups` and demands `name.formatted`";
        assert_eq!(reduction.sentence(), told);
    }
}
