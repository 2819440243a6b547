//! Properties of the protocol core: printing and reading agree, evaluation agrees with a naive one, PATCH is atomic,
//! nothing panics.

mod server_target;

use proptest::prelude::*;
use scimulate::scim::filter::{Condition, Filter, Operator, Unknown};
use scimulate::scim::patch::{self, PatchPath};
use scimulate::scim::path::AttributePath;
use scimulate::scim::resource::{self, Accept};
use scimulate::scim::schema::{USER_URN, user};
use serde_json::{Value, json};
use server_target::Target;

fn attribute_path() -> impl Strategy<Value = AttributePath> {
    let name = "[A-Za-z][A-Za-z0-9_-]{0,8}";
    let uri = proptest::option::of("urn:[a-z]{1,8}:[a-zA-Z0-9.]{1,8}:[A-Z][a-z]{1,5}");
    (uri, name, proptest::option::of("[$]?[A-Za-z][A-Za-z0-9_-]{0,8}"))
        .prop_map(|(uri, attribute, sub)| AttributePath { uri, attribute, sub })
}

fn literal() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<String>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1.0e9..1.0e9).prop_map(|number: f64| json!(number)),
        Just(Value::Null),
    ]
}

fn operator() -> impl Strategy<Value = Operator> {
    (0..Operator::ALL.len()).prop_map(|index| Operator::ALL[index].1)
}

fn comparison() -> impl Strategy<Value = Filter> {
    prop_oneof![
        attribute_path().prop_map(Filter::Present),
        (attribute_path(), operator(), literal())
            .prop_map(|(path, operator, value)| Filter::Compare(path, operator, value)),
    ]
}

fn combined(leaf: impl Strategy<Value = Filter> + 'static) -> impl Strategy<Value = Filter> {
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::Or),
            inner.prop_map(|inner| Filter::Not(Box::new(inner))),
        ]
    })
}

fn filter() -> impl Strategy<Value = Filter> {
    let within =
        (attribute_path(), combined(comparison())).prop_map(|(path, inner)| Filter::Within(path, Box::new(inner)));
    combined(prop_oneof![3 => comparison(), 1 => within])
}

/// Filters over attributes of User, with operands of the right type.
fn user_filter() -> impl Strategy<Value = Filter> {
    let text =
        prop_oneof![Just("userName"), Just("title"), Just("emails.value"), Just("emails.type"), Just("externalId")];
    let word = "[abAB]{0,3}".prop_map(Value::from);
    let of_text = (text, operator(), word).prop_map(|(name, operator, value)| compare(name, operator, value));
    let of_truth = (prop_oneof![Just(Operator::Eq), Just(Operator::Ne)], any::<bool>())
        .prop_map(|(operator, truth)| compare("active", operator, truth.into()));
    let present = prop_oneof![Just("title"), Just("emails"), Just("name"), Just("active"), Just("name.givenName")]
        .prop_map(|name| Filter::Present(AttributePath::parse(name).unwrap()));
    let inner = (prop_oneof![Just("value"), Just("type")], operator(), "[abAB]{0,2}".prop_map(Value::from))
        .prop_map(|(name, operator, value)| compare(name, operator, value));
    let within =
        combined(inner).prop_map(|inner| Filter::Within(AttributePath::parse("emails").unwrap(), Box::new(inner)));
    combined(prop_oneof![of_text, of_truth, present, within])
}

fn compare(name: &str, operator: Operator, value: Value) -> Filter {
    Filter::Compare(AttributePath::parse(name).unwrap(), operator, value)
}

fn a_user() -> impl Strategy<Value = Value> {
    let word = || "[abAB]{1,3}";
    let email = (word(), proptest::option::of(word())).prop_map(|(value, kind)| json!({"value": value, "type": kind}));
    let name = proptest::option::of(word()).prop_map(|given| json!({ "givenName": given }));
    (
        word(),
        proptest::option::of("[abAB]{0,3}"),
        proptest::option::of(any::<bool>()),
        proptest::collection::vec(email, 0..3),
        name,
        proptest::option::of(word()),
    )
        .prop_map(|(user_name, title, active, emails, name, external)| {
            json!({"schemas":[USER_URN],"userName":user_name,"title":title,"active":active,"emails":emails,"name":name,
                "externalId":external})
        })
}

/// The filter semantics in the plainest form: collect the values a path names, compare them one by one.
fn naive(filter: &Filter, resource: &Value) -> bool {
    match filter {
        Filter::Or(parts) => parts.iter().any(|part| naive(part, resource)),
        Filter::And(parts) => parts.iter().all(|part| naive(part, resource)),
        Filter::Not(inner) => !naive(inner, resource),
        Filter::Present(path) => values(path, resource).iter().any(|value| value != ""),
        Filter::Within(path, inner) => values(path, resource).iter().any(|value| naive(inner, value)),
        Filter::Compare(path, operator, wanted) => {
            let exact = path.attribute == "externalId";
            let found = values(path, resource);
            match operator {
                Operator::Ne => found.is_empty() || found.iter().any(|value| !same(value, wanted, exact)),
                _ => found.iter().any(|value| holds(value, *operator, wanted, exact)),
            }
        }
    }
}

fn values(path: &AttributePath, resource: &Value) -> Vec<Value> {
    let of = |value: &Value| match value {
        Value::Array(items) => items.clone(),
        other => vec![other.clone()],
    };
    let mut found = of(&resource[&path.attribute]);
    if let Some(sub) = &path.sub {
        found = found.iter().flat_map(|value| of(&value[sub])).collect();
    }
    found.retain(|value| !empty(value));
    found
}

fn empty(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(|fields| fields.values().all(empty))
}

fn same(value: &Value, wanted: &Value, exact: bool) -> bool {
    match (value.as_str(), wanted.as_str()) {
        (Some(value), Some(wanted)) if exact => value == wanted,
        (Some(value), Some(wanted)) => value.eq_ignore_ascii_case(wanted),
        _ => value == wanted,
    }
}

fn holds(value: &Value, operator: Operator, wanted: &Value, exact: bool) -> bool {
    let fold =
        |value: &Value| value.as_str().map(|text| if exact { text.to_owned() } else { text.to_ascii_lowercase() });
    let (Some(value), Some(wanted)) = (fold(value), fold(wanted)) else {
        return operator == Operator::Eq && value == wanted;
    };
    match operator {
        Operator::Eq => value == wanted,
        Operator::Ne => value != wanted,
        Operator::Co => value.contains(&wanted),
        Operator::Sw => value.starts_with(&wanted),
        Operator::Ew => value.ends_with(&wanted),
        Operator::Gt => value > wanted,
        Operator::Ge => value >= wanted,
        Operator::Lt => value < wanted,
        Operator::Le => value <= wanted,
    }
}

fn operation() -> impl Strategy<Value = Value> {
    let path = prop_oneof![
        Just("title"),
        Just("name"),
        Just("name.givenName"),
        Just("emails"),
        Just("emails.type"),
        Just("active"),
        Just("emails[type eq \"a\"]"),
        Just("emails[value sw \"a\"].value"),
        Just("emails[type pr].primary"),
        Just("id"),
        Just("userName"),
        Just("nope"),
        Just("meta.created"),
        Just("schemas"),
        Just("password"),
        Just("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value"),
        Just("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"),
    ];
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
        Just(json!({"value":"a","type":"a","primary":true})),
        Just(json!([{"value":"b"},{"value":"a","type":"b"}])),
        Just(json!({"givenName":"a","familyName":null})),
        Just(json!({"title":"a","emails":[]})),
        Just(json!([])),
        Just(json!({"department":"a"})),
    ];
    let op = prop_oneof![Just("add"), Just("remove"), Just("replace")];
    (op, proptest::option::of(path), proptest::option::of(value)).prop_map(|(op, path, value)| {
        let mut operation = json!({ "op": op });
        if let Some(path) = path {
            operation["path"] = path.into();
        }
        if let Some(value) = value {
            operation["value"] = value;
        }
        operation
    })
}

proptest! {
    #![proptest_config(server_target::cases(300))]

    #[test]
    fn a_printed_filter_reads_back_the_same(filter in filter()) {
        prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn a_printed_path_reads_back_the_same(path in attribute_path(), inner in combined(comparison()), sub in "[a-z]{1,5}") {
        prop_assert_eq!(AttributePath::parse(&path.to_string()), Ok(path.clone()));
        let filtered = PatchPath { attribute: AttributePath { sub: None, ..path }, filter: Some(inner), sub: Some(sub) };
        prop_assert_eq!(PatchPath::parse(&filtered.to_string()).unwrap(), filtered);
    }

    #[test]
    fn evaluation_agrees_with_the_naive_one(filter in user_filter(), person in a_user()) {
        let of = user(Vec::new());
        let stored = resource::canonical(person.as_object().unwrap(), &of, Accept::All).unwrap();
        let condition = Condition::bind(&filter, &of, Unknown::Refuse).unwrap();
        prop_assert_eq!(condition.matches(&stored), naive(&filter, &person), "{} on {}", filter, person);
    }

    #[test]
    fn an_index_look_up_is_implied_by_every_match(filter in user_filter(), person in a_user()) {
        let of = user(Vec::new());
        let stored = resource::canonical(person.as_object().unwrap(), &of, Accept::All).unwrap();
        let condition = Condition::bind(&filter, &of, Unknown::Refuse).unwrap();
        if condition.matches(&stored) {
            for look_up in condition.lookups() {
                let path = AttributePath::parse(look_up.attribute).unwrap();
                let found = values(&path, &Value::Object(stored.clone()));
                prop_assert!(found.iter().any(|value| same(value, &look_up.value.into(), false)));
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in any::<String>(), ascii in "[a-z .\\[\\]()\"\\\\:$0-9-]{0,40}") {
        for text in [text, ascii] {
            let _ = AttributePath::parse(&text);
            let _ = PatchPath::parse(&text);
            if let Ok(filter) = Filter::parse(&text) {
                prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
            }
        }
    }

    #[test]
    fn what_a_patch_makes_is_in_canonical_form(person in a_user(), operations in proptest::collection::vec(operation(), 1..4)) {
        let of = user(Vec::new());
        let before = resource::read(&person, &of).unwrap();
        let sent = server_target::patch_op(operations.into());
        if let Ok(after) = patch::read(&sent).and_then(|operations| patch::apply(before, &of, &operations)) {
            let mut again = resource::canonical(&after, &of, Accept::All).unwrap();
            resource::settle(&mut again, &of).unwrap();
            prop_assert_eq!(again, after);
        }
    }
}

proptest! {
    #![proptest_config(server_target::cases(4))]

    #[test]
    fn a_refused_patch_leaves_the_stored_resource_as_it_was(
        person in a_user(),
        requests in proptest::collection::vec(proptest::collection::vec(operation(), 1..5), 30),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let target = Target::healthy().await;
            let path = format!("/Users/{}", target.send_json("POST", "/Users", &person).await.id());
            let mut before = target.get(&path).await.body;
            for operations in requests {
                let answer = target.patch(&path, operations.into()).await;
                let after = target.get(&path).await.body;
                if answer.status == 200 {
                    assert_eq!(answer.body, after);
                } else {
                    answer.assert_refused(400, answer.body["scimType"].as_str());
                    assert_eq!(before, after);
                }
                before = after;
            }
        });
    }
}
