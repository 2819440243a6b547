//! Members of groups: between a resource and the store, and changes that need not look at who stays.

use super::fault::Stranger;
use super::store::{Member, Store};
use super::types::Kind;
use super::view::text;
use crate::scim::error::ScimError;
use crate::scim::filter::{Filter, Operator};
use crate::scim::patch::{Operation, Verb};
use crate::scim::path::AttributePath;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

type Fields = Map<String, Value>;

/// Adds `members` to a group in stored form.
pub(super) fn fill(group: &mut Fields, store: &dyn Store) -> Result<(), ScimError> {
    let mut members = Vec::new();
    store.members(text(group, "id").unwrap_or_default(), &mut |member| members.push(shown(member)))?;
    if !members.is_empty() {
        let meta = group.shift_remove("meta");
        group.insert("members".into(), members.into());
        group.extend(meta.map(|meta| ("meta".to_owned(), meta)));
    }
    Ok(())
}

fn shown(member: &Member) -> Value {
    let mut fields = Fields::new();
    fields.insert("value".into(), member.id.as_str().into());
    let kind = match member.kind {
        Some(Kind::User) => Some("User"),
        Some(Kind::Group) => Some("Group"),
        _ => None,
    };
    fields.extend(kind.map(|kind| ("type".to_owned(), kind.into())));
    fields.extend(member.display.as_deref().map(|display| ("display".to_owned(), display.into())));
    fields.into()
}

/// Takes `members` out of a group, as the store keeps them.
pub(super) fn take(group: &mut Fields) -> Vec<Member> {
    let members = match group.shift_remove("members") {
        Some(Value::Array(members)) => members,
        _ => Vec::new(),
    };
    let read = |member: Value| {
        let field = |name: &str| member.get(name).and_then(Value::as_str);
        let kind = match field("type") {
            Some("User") => Some(Kind::User),
            Some("Group") => Some(Kind::Group),
            _ => None,
        };
        Some(Member { id: field("value")?.to_owned(), kind, display: field("display").map(str::to_owned) })
    };
    members.into_iter().filter_map(read).collect()
}

/// Puts resolved members into a group in stored form; when they are the `old` ones in another order, the old list.
pub(super) fn give(group: &mut Fields, members: &[Member], old: Option<&Value>) {
    if members.is_empty() {
        return;
    }
    let new: Vec<Value> = members.iter().map(shown).collect();
    let old = old.and_then(Value::as_array).filter(|old| {
        let id = |member: &Value| member["value"].to_string();
        let known: HashMap<String, &Value> = old.iter().map(|member| (id(member), member)).collect();
        old.len() == new.len() && new.iter().all(|member| known.get(&id(member)).is_some_and(|found| *found == member))
    });
    let list = old.map_or(new, Clone::clone);
    let meta = group.shift_remove("meta");
    group.insert("members".into(), list.into());
    group.extend(meta.map(|meta| ("meta".to_owned(), meta)));
}

/// Checks members and fills in what each is: the id of a user or another group. `stranger` decides about other ids.
pub(super) fn resolve(
    members: &mut Vec<Member>,
    group: &str,
    store: &dyn Store,
    stranger: impl Fn(&str) -> Stranger,
) -> Result<(), ScimError> {
    let mut kept = Vec::with_capacity(members.len());
    for mut member in members.drain(..) {
        let id = member.id.as_str();
        if id == group {
            return Err(ScimError::value("A group cannot be a member of itself"));
        }
        member.kind = store.kind_of(id)?.filter(|kind| matches!(kind, Kind::User | Kind::Group));
        let verdict = if member.kind.is_some() { Stranger::Keep } else { stranger(id) };
        match verdict {
            Stranger::Keep => kept.push(member),
            Stranger::Drop => {}
            Stranger::Refuse => {
                let detail = format!("No user or group has the id {id:?}, so it cannot be a member");
                return Err(ScimError::value(detail));
            }
        }
    }
    *members = kept;
    Ok(())
}

/// A PATCH of a group that adds and removes single members: Okta's membership change, cheap in a group of any size.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The steps in their order.
    pub(super) steps: Vec<Step>,
    /// The operations on other attributes.
    pub(super) rest: Vec<Operation>,
}

/// One step of a plan.
#[derive(Debug)]
pub(super) enum Step {
    Add(Vec<Member>),
    Drop(Vec<String>),
}

impl Plan {
    /// `None` when an operation must see all members, or is wrong in some way: the general path is for those.
    pub(super) fn of(operations: &[Operation]) -> Option<Self> {
        let mut plan = Self::default();
        for operation in operations {
            let members = |path: &AttributePath| path.uri.is_none() && path.attribute.eq_ignore_ascii_case("members");
            match &operation.path {
                Some(path) if members(&path.attribute) => {
                    if path.attribute.sub.is_some() || path.sub.is_some() {
                        return None;
                    }
                    plan.steps.push(match (operation.verb, &path.filter, &operation.value) {
                        (Verb::Add, None, Some(Value::Array(sent))) => {
                            Step::Add(sent.iter().map(member).collect::<Option<_>>()?)
                        }
                        (Verb::Remove, Some(filter), None | Some(Value::Null)) => Step::Drop(named(filter)?),
                        _ => return None,
                    });
                }
                Some(path) if path.attribute.uri.is_some() => return None,
                None if !has_plain_names(operation.value.as_ref()) => return None,
                _ => plan.rest.push(operation.clone()),
            }
        }
        if plan.steps.is_empty() { None } else { Some(plan) }
    }
}

impl Plan {
    /// Who goes and who comes in the end, given who is there.
    pub(super) fn outcome<E>(
        self,
        current: impl Fn(&str) -> Result<Option<Member>, E>,
    ) -> Result<(Vec<String>, Vec<Member>), E> {
        let (mut drop, mut add): (Vec<String>, Vec<Member>) = (Vec::new(), Vec::new());
        let mut state: HashMap<String, (Option<Member>, Option<Member>)> = HashMap::new();
        let mut order = Vec::new();
        for step in self.steps {
            let (ids, members): (Vec<String>, Vec<Option<Member>>) = match step {
                Step::Add(members) => members.into_iter().map(|member| (member.id.clone(), Some(member))).unzip(),
                Step::Drop(ids) => ids.into_iter().map(|id| (id, None)).unzip(),
            };
            for (id, member) in ids.into_iter().zip(members) {
                let (_, now) = match state.entry(id) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => {
                        let current = current(new.key())?;
                        order.push(new.key().clone());
                        new.insert((current.clone(), current))
                    }
                };
                match member {
                    Some(member) => *now = now.take().or(Some(member)),
                    None => *now = None,
                }
            }
        }
        for id in order {
            let Some((before, after)) = state.remove(&id) else { continue };
            match (before, after) {
                (Some(_), None) => drop.push(id),
                (None, Some(new)) => add.push(new),
                (Some(old), Some(new)) if old.display != new.display => {
                    drop.push(id);
                    add.push(new);
                }
                _ => {}
            }
        }
        Ok((drop, add))
    }
}

/// Whether the value of an operation without path names neither members nor anything by a URN.
fn has_plain_names(value: Option<&Value>) -> bool {
    let names = value.and_then(Value::as_object).map(|fields| fields.keys());
    names.is_some_and(|mut names| {
        names.all(|name| !name.to_ascii_lowercase().starts_with("members") && !name.contains(':'))
    })
}

/// A member in the plain form: nothing but text.
fn member(sent: &Value) -> Option<Member> {
    let fields = sent.as_object()?;
    let known = ["value", "display", "type", "$ref"];
    if !fields.iter().all(|(name, value)| known.contains(&name.as_str()) && value.is_string()) {
        return None;
    }
    let id = text(fields, "value").filter(|id| !id.is_empty())?;
    Some(Member { id: id.to_owned(), kind: None, display: text(fields, "display").map(str::to_owned) })
}

/// The ids that `value eq "..."`, or several of these with `or`, pick.
fn named(filter: &Filter) -> Option<Vec<String>> {
    match filter {
        Filter::Compare(path, Operator::Eq, Value::String(id))
            if path.uri.is_none() && path.sub.is_none() && path.attribute.eq_ignore_ascii_case("value") =>
        {
            Some(vec![id.clone()])
        }
        Filter::Or(parts) => Some(parts.iter().map(named).collect::<Option<Vec<_>>>()?.concat()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::patch::{self, PATCH_OP_URN};
    use crate::scim::projection::Projection;
    use crate::scim::schema::{GROUP_URN, USER_URN};
    use crate::server::Config;
    use crate::server::directory::Directory;
    use crate::server::etag::Precondition;
    use crate::server::fault::Deviation;
    use crate::server::store;
    use crate::server::types::Types;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;
    use serde_json::json;

    /// Deviates in nothing, which keeps a directory from the short way.
    struct Nothing;
    impl Deviation for Nothing {}

    fn directory(deviations: Vec<Box<dyn Deviation>>) -> Directory {
        let directory =
            Directory::new("http://x", Types::new(&Config::default()).unwrap(), deviations, store::open(None).unwrap());
        for id in ["u1", "u2", "u3", "u4"] {
            directory.load(&json!({"schemas":[USER_URN],"id":id,"userName":id})).unwrap();
        }
        directory
            .load(&json!({"schemas":[GROUP_URN],"id":"g","displayName":"G","members":[{"value":"u1","display":"a"},
            {"value":"u2"}]}))
            .unwrap();
        directory
    }

    /// The group with its members in a fixed order, without its times.
    fn group(directory: &Directory) -> (Fields, Value) {
        let mut group = directory.read(Kind::Group, "g", &Projection::Default).unwrap();
        if let Some(members) = group.get_mut("members").and_then(Value::as_array_mut) {
            members.sort_by_key(|member| member["value"].to_string());
        }
        let time = group["meta"]["lastModified"].clone();
        group.shift_remove("meta");
        (group, time)
    }

    fn operation() -> impl Strategy<Value = Value> {
        let id = prop_oneof![Just("u1"), Just("u2"), Just("u3"), Just("u4"), Just("nobody"), Just("g")];
        let ids =
            proptest::collection::vec((id.clone(), proptest::option::of(prop_oneof![Just("a"), Just("b")])), 0..3);
        prop_oneof![
            4 => ids.prop_map(|ids| {
                let member = |(id, display): (&str, Option<&str>)| match display {
                    Some(display) => json!({"value":id,"display":display}),
                    None => json!({"value":id}),
                };
                json!({"op":"add","path":"members","value":ids.into_iter().map(member).collect::<Vec<_>>()})
            }),
            4 => (id.clone(), id).prop_map(|(one, other)| {
                json!({"op":"remove","path":format!("members[value eq \"{one}\" or value eq \"{other}\"]")})
            }),
            1 => Just(json!({"op":"replace","value":{"id":"g","displayName":"H"}})),
            1 => Just(json!({"op":"remove","path":"displayName"})),
            1 => Just(json!({"op":"replace","path":"members","value":[{"value":"u3"}]})),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 300, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default()
        })]

        #[test]
        fn the_short_way_ends_where_the_long_way_does(
            requests in proptest::collection::vec(proptest::collection::vec(operation(), 1..4), 1..6)
        ) {
            let (short, long) = (directory(Vec::new()), directory(vec![Box::new(Nothing)]));
            for operations in requests {
                let body = json!({"schemas":[PATCH_OP_URN],"Operations":operations});
                let (before_short, before_long) = (group(&short).1, group(&long).1);
                let free = Precondition::default();
                let by_short = short.patch(Kind::Group, "g", body.clone(), &free, None).map(drop);
                let by_long = long.patch(Kind::Group, "g", body, &free, None).map(drop);
                prop_assert_eq!(by_short.map_err(|error| error.scim_type), by_long.map_err(|error| error.scim_type));
                let ((short, short_time), (long, long_time)) = (group(&short), group(&long));
                prop_assert_eq!(short, long);
                prop_assert_eq!(before_short == short_time, before_long == long_time);
            }
        }
    }

    #[test]
    fn only_plain_membership_changes_are_planned() {
        let plan = |operations: Value| {
            Plan::of(&patch::read(&json!({"schemas":[PATCH_OP_URN],"Operations":operations})).unwrap()).is_some()
        };
        assert!(plan(
            json!([{"op":"remove","path":"members[value eq \"a\"]"},{"op":"add","path":"members","value":[{"value":"b"}]}])
        ));
        for operation in [
            json!({"op":"replace","path":"members","value":[]}),
            json!({"op":"remove","path":"members"}),
            json!({"op":"remove","path":"members[type eq \"User\"]"}),
            json!({"op":"add","path":"members","value":{"value":"a"}}),
            json!({"op":"add","path":"members","value":[{"value":7}]}),
            json!({"op":"add","value":{"Members":[]}}),
            json!({"op":"replace","path":"displayName","value":"x"}),
        ] {
            assert!(!plan(json!([operation])), "{operation}");
        }
    }
}
