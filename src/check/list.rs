//! `ListResponse` (RFC 7644 §3.4.2): its envelope, its count, and who is listed.

use std::collections::HashMap;

use serde_json::Value;

use super::{Context, Finding, Judgement, pointer, show};
use crate::scenario::{Expect, Total};

/// True for the forms that need a list.
pub(super) const fn judges(expect: &Expect) -> bool {
    matches!(
        expect,
        Expect::List
            | Expect::ListTotal(_)
            | Expect::Lists(_)
            | Expect::Each(_)
            | Expect::NoRepeats
            | Expect::Complete
            | Expect::SameOrderAs(_)
    )
}

/// Passes on a well-formed envelope: an integer `totalResults` that is not negative; `Resources` an array of objects,
/// absent only at 0 and never null; `startIndex` and `itemsPerPage` integers where present.
pub(super) fn envelope(body: &Value) -> Judgement {
    match envelope_finding(body) {
        Some(finding) => Judgement::Failed(finding),
        None => Judgement::Passed,
    }
}

fn envelope_finding(body: &Value) -> Option<Finding> {
    if !body.is_object() {
        return Some(wrong("", Some(body), "a ListResponse object"));
    }
    if let Some(finding) = counters(body) {
        return Some(finding);
    }
    let total = pointer::get(body, "totalResults").and_then(Value::as_u64).unwrap_or_default();
    match pointer::get(body, "Resources") {
        None if total == 0 => None,
        Some(Value::Array(items)) if items.is_empty() && total > 0 => None,
        Some(Value::Array(items)) => {
            let (index, odd) = items.iter().enumerate().find(|(_, item)| !item.is_object())?;
            Some(wrong(&format!("/Resources/{index}"), Some(odd), "an object"))
        }
        other => {
            let wanted =
                if total == 0 { "an array".to_owned() } else { format!("an array, because totalResults is {total}") };
            Some(wrong("/Resources", other, &wanted))
        }
    }
}

/// What is wrong with the three counters: `totalResults` must be there and not negative, all must be JSON integers.
pub(super) fn counters(body: &Value) -> Option<Finding> {
    let total = pointer::get(body, "totalResults");
    if total.is_none_or(|total| !total.is_u64()) {
        return Some(wrong("/totalResults", total, "an integer of 0 or more"));
    }
    ["startIndex", "itemsPerPage"].into_iter().find_map(|name| {
        let value = pointer::get(body, name)?;
        let integer = value.is_i64() || value.is_u64();
        (!integer).then(|| wrong(&pointer::below("", name), Some(value), "an integer"))
    })
}

fn wrong(at: &str, actual: Option<&Value>, wanted: &str) -> Finding {
    let found = actual.map_or_else(|| "missing".to_owned(), show::described);
    let message = format!("{} is {found}, expected {wanted}", show::place(at));
    Finding::new(at, &message, Some(Value::from(wanted)), actual)
}

/// Passes when `totalResults` is the wanted number.
pub(super) fn total(wanted: Total, body: &Value) -> Judgement {
    let words = match wanted {
        Total::Exactly(number) => number.to_string(),
        Total::AtLeast(number) => format!("at least {number}"),
    };
    let found = pointer::get(body, "totalResults");
    match (wanted, found.and_then(Value::as_u64)) {
        (Total::Exactly(number), Some(total)) if total == number => Judgement::Passed,
        (Total::AtLeast(number), Some(total)) if total >= number => Judgement::Passed,
        (Total::Exactly(number), Some(total)) => {
            let message = format!("totalResults is {total}, expected {number}");
            Judgement::Failed(Finding::new("/totalResults", &message, Some(Value::from(number)), found))
        }
        (Total::AtLeast(_), Some(total)) => {
            let message = format!("totalResults is {total}, expected {words}");
            Judgement::Failed(Finding::new("/totalResults", &message, Some(Value::from(words)), found))
        }
        (_, None) => Judgement::Failed(wrong("/totalResults", found, &format!("the number {words}"))),
    }
}

/// Passes when each of these ids is listed exactly once; others may be listed too.
pub(super) fn lists(name: &str, ids: &[String], body: &Value) -> Judgement {
    if ids.is_empty() {
        return Judgement::Skipped(format!("{name} has no ids to look for"));
    }
    let items = match resources(body) {
        Ok(items) => items,
        Err(finding) => return Judgement::Failed(*finding),
    };
    let mut seen: HashMap<String, usize> = HashMap::new();
    for id in items.iter().filter_map(id) {
        *seen.entry(id).or_default() += 1;
    }
    let times = |id: &&String| seen.get(*id).copied().unwrap_or_default();
    let missing: Vec<_> = ids.iter().filter(|id| times(id) == 0).collect();
    let repeated: Vec<_> = ids.iter().filter(|id| times(id) > 1).collect();
    let mut faults = Vec::new();
    if !missing.is_empty() {
        faults.push(format!("{} of {} missing from the list ({})", missing.len(), ids.len(), some(&missing)));
    }
    if !repeated.is_empty() {
        faults.push(format!("{} of {} listed more than once ({})", repeated.len(), ids.len(), some(&repeated)));
    }
    if faults.is_empty() {
        return Judgement::Passed;
    }
    let expected = Value::from(format!("each of the {} ids of {name} exactly once", ids.len()));
    Judgement::Failed(Finding::new("/Resources", &format!("{name}: {}", faults.join(", ")), Some(expected), None))
}

fn some(ids: &[&String]) -> String {
    let mut words: Vec<_> = ids.iter().take(3).map(|id| show::quoted(id, 60)).collect();
    if ids.len() > words.len() {
        words.push("…".to_owned());
    }
    words.join(", ")
}

/// Judges every listed resource by one form; the finding names the first that fails, and its places start at the body.
pub(super) fn each(body: &Value, form: impl Fn(&Value) -> Judgement) -> Judgement {
    let items = match resources(body) {
        Ok(items) => items,
        Err(finding) => return Judgement::Failed(*finding),
    };
    let (mut first, mut failures, mut passed, mut skipped) = (None, 0, 0, None);
    for (index, item) in items.iter().enumerate() {
        match form(item) {
            Judgement::Passed => passed += 1,
            Judgement::Skipped(reason) => skipped = skipped.or(Some(reason)),
            Judgement::Failed(finding) => {
                failures += 1;
                first = first.or(Some((index, finding)));
            }
        }
    }
    if let Some((index, finding)) = first {
        return Judgement::Failed(of_resource(index, items, finding, failures - 1));
    }
    match skipped {
        Some(reason) if passed == 0 => Judgement::Skipped(reason),
        None if items.is_empty() => Judgement::Skipped("no resource is listed".to_owned()),
        _ => Judgement::Passed,
    }
}

/// A finding about one listed resource, told as one about the list.
fn of_resource(index: usize, items: &[Value], mut finding: Finding, others: usize) -> Finding {
    let place = |at: &str| format!("/Resources/{index}{at}");
    finding.at = finding.at.map(|at| if at.is_empty() || at.starts_with('/') { place(&at) } else { at });
    for difference in &mut finding.differences {
        difference.at = place(&difference.at);
    }
    let named = id(&items[index]).map(|id| format!(" (id {})", show::quoted(&id, 60))).unwrap_or_default();
    let others = match others {
        0 => String::new(),
        others => format!("; {} of {} resources fail", others + 1, items.len()),
    };
    finding.message = show::clip(&format!("resource {index}{named}: {}{others}", finding.message), show::MESSAGE);
    finding
}

/// Passes when no id is listed twice.
pub(super) fn no_repeats(body: &Value) -> Judgement {
    let items = match resources(body) {
        Ok([]) => return Judgement::Skipped("no resource is listed".to_owned()),
        Ok(items) => items,
        Err(finding) => return Judgement::Failed(*finding),
    };
    let mut seen = HashMap::new();
    let (mut first, mut repeats) = (None, 0);
    for (index, id) in items.iter().enumerate().filter_map(|(index, item)| Some((index, id(item)?))) {
        if let Some(earlier) = seen.get(&id) {
            repeats += 1;
            first = first.or(Some((id, *earlier, index)));
        } else {
            seen.insert(id, index);
        }
    }
    let Some((id, earlier, index)) = first else { return Judgement::Passed };
    let message = format!(
        "id {} is listed twice, at /Resources/{earlier} and /Resources/{index}{}",
        show::quoted(&id, 60),
        show::and_more(repeats - 1)
    );
    let at = format!("/Resources/{index}/id");
    Judgement::Failed(Finding::new(&at, &message, Some(Value::from("each id once")), Some(&Value::from(id))))
}

/// Passes when as many resources are listed as `totalResults` says.
pub(super) fn complete(body: &Value) -> Judgement {
    let listed = match resources(body) {
        Ok(items) => items.len() as u64,
        Err(finding) => return Judgement::Failed(*finding),
    };
    let told = pointer::get(body, "totalResults");
    match told.and_then(Value::as_u64) {
        Some(total) if total == listed => Judgement::Passed,
        Some(total) => {
            let message = format!("totalResults is {total}, but over all pages {listed} resources are listed");
            Judgement::Failed(Finding::new("/totalResults", &message, Some(Value::from(listed)), told))
        }
        None => Judgement::Failed(wrong("/totalResults", told, &format!("the number {listed}"))),
    }
}

/// Passes when the ids of the earlier step are listed in the same order again. What has come since may stand anywhere: others
/// may have created it.
pub(super) fn same_order(step: &str, body: &Value, context: &Context<'_>) -> Judgement {
    let Some(Ok(before)) = (context.earlier)(step).and_then(|exchange| exchange.json()).map(resources) else {
        return Judgement::Skipped(format!("step {step} has no list to compare with"));
    };
    let items = match resources(body) {
        Ok(items) => items,
        Err(finding) => return Judgement::Failed(*finding),
    };
    let ids = |items: &[Value]| items.iter().map(id).collect::<Vec<_>>();
    let before = ids(before);
    let after: Vec<_> = ids(items).into_iter().filter(|id| before.contains(id)).collect();
    let length = before.len().max(after.len());
    if length < 2 {
        return Judgement::Skipped("fewer than two resources are listed".to_owned());
    }
    let Some(index) = (0..length).find(|index| before.get(*index) != after.get(*index)) else {
        return Judgement::Passed;
    };
    let at = |ids: &[Option<String>]| match ids.get(index) {
        None => Value::from("nothing"),
        Some(id) => id.clone().map_or(Value::Null, Value::from),
    };
    let (was, is) = (at(&before), at(&after));
    let message = format!(
        "the order changed between two readings: at /Resources/{index} there was {}, now {}",
        show::inline(&was),
        show::inline(&is)
    );
    Judgement::Failed(Finding::new(&format!("/Resources/{index}/id"), &message, Some(was), Some(&is)))
}

/// The listed resources; none where `Resources` is absent or null.
pub(super) fn resources(body: &Value) -> Result<&[Value], Box<Finding>> {
    if !body.is_object() {
        return Err(Box::new(wrong("", Some(body), "a ListResponse object")));
    }
    match pointer::get(body, "Resources") {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        other => Err(Box::new(wrong("/Resources", other, "an array"))),
    }
}

/// A resource's id as text. A number is a fault that the rule on ids tells; here it still names its resource.
fn id(resource: &Value) -> Option<String> {
    match pointer::get(resource, "id")? {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
