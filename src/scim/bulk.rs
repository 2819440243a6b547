//! Bulk (RFC 7644 §3.7): the operations of a request, their references to each other, and the order they can be done in.

use super::error::{ScimError, ScimType};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

/// The URN of the request.
pub const BULK_REQUEST_URN: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// The URN of the response.
pub const BULK_RESPONSE_URN: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// What stands before a bulkId where an id is meant.
const REFERENCE: &str = "bulkId:";

/// A bulk request.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkRequest {
    /// After how many failed operations no more are done.
    pub fail_on_errors: Option<usize>,
    /// What is to be done.
    pub operations: Vec<Operation>,
}

/// One operation as it was sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operation {
    /// POST, PUT, PATCH or DELETE.
    pub method: String,
    /// Relative to the base URL, such as `/Users`; it may have a query.
    pub path: String,
    /// The client's name for it, and for the resource it creates.
    pub bulk_id: Option<String>,
    /// The version the resource must have.
    pub version: Option<String>,
    /// The body.
    pub data: Option<Value>,
    /// Why it cannot be done at all.
    pub flaw: Option<ScimError>,
}

/// Reads the body of a bulk request of at most this many operations. Refuses with 400 invalidSyntax what is no bulk request,
/// with 413 one that is too long; what is wrong with one operation is that one's flaw.
pub fn read(body: &Value, most: usize) -> Result<BulkRequest, ScimError> {
    let syntax = |detail: String| ScimError::bad(ScimType::InvalidSyntax, detail);
    let body = body.as_object().ok_or_else(|| syntax("The body must be a JSON object, a BulkRequest".into()))?;
    let schemas = member(body, "schemas").and_then(Value::as_array);
    if !schemas.is_some_and(|urns| urns.iter().any(|urn| urn.as_str() == Some(BULK_REQUEST_URN))) {
        return Err(syntax(format!("schemas must hold {BULK_REQUEST_URN:?}")));
    }
    let sent = member(body, "Operations").and_then(Value::as_array).filter(|list| !list.is_empty());
    let sent = sent.ok_or_else(|| syntax("Operations must be an array of at least one operation".into()))?;
    if sent.len() > most {
        let detail = format!("{} operations are more than maxOperations, which is {most}", sent.len());
        return Err(ScimError::plain(413, detail));
    }
    let fail_on_errors = match member(body, "failOnErrors") {
        None | Some(Value::Null) => None,
        Some(number) => {
            let number = number.as_u64().filter(|number| *number > 0).and_then(|number| usize::try_from(number).ok());
            Some(number.ok_or_else(|| syntax("failOnErrors must be a whole number above 0".into()))?)
        }
    };
    let mut names = BTreeSet::new();
    let mut operations: Vec<Operation> = sent.iter().map(operation).collect();
    for operation in &mut operations {
        let name = operation.bulk_id.clone().filter(|_| operation.method == "POST");
        if let Some(name) = name.filter(|name| !names.insert(name.clone())) {
            let flaw = ScimError::value(format!("The bulkId {name:?} is used by another operation"));
            operation.flaw.get_or_insert(flaw);
        }
    }
    Ok(BulkRequest { fail_on_errors, operations })
}

fn operation(sent: &Value) -> Operation {
    let Some(fields) = sent.as_object() else {
        let flaw = ScimError::bad(ScimType::InvalidSyntax, "An operation must be a JSON object");
        return Operation { flaw: Some(flaw), ..Operation::default() };
    };
    let text = |name| member(fields, name).and_then(Value::as_str).map(str::to_owned);
    let method = text("method").unwrap_or_default().to_ascii_uppercase();
    let path = text("path").unwrap_or_default();
    let (bulk_id, data) = (text("bulkId"), member(fields, "data").filter(|data| !data.is_null()).cloned());
    let flaw = if !["POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
        Some("method must be POST, PUT, PATCH or DELETE")
    } else if !path.starts_with('/') {
        Some("path must be relative to the base URL and begin with a slash, such as /Users")
    } else if method == "POST" && bulk_id.as_ref().is_none_or(String::is_empty) {
        Some("a POST must have a bulkId")
    } else if method != "DELETE" && data.is_none() {
        Some("a POST, PUT or PATCH must have data")
    } else {
        None
    };
    let flaw = flaw.map(|detail| ScimError::bad(ScimType::InvalidSyntax, format!("In an operation {detail}")));
    Operation { method, path, bulk_id, version: text("version"), data, flaw }
}

fn member<'b>(body: &'b Map<String, Value>, name: &str) -> Option<&'b Value> {
    body.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

impl Operation {
    /// The bulkIds that path and data refer to.
    pub fn references(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        found.extend(self.path.split('/').filter_map(referred).map(str::to_owned));
        if let Some(data) = &self.data {
            collect(data, &mut found);
        }
        found
    }

    /// The same with ids in the place of references.
    #[must_use]
    pub fn resolved(mut self, ids: &HashMap<String, String>) -> Self {
        let segment = |segment: &str| referred(segment).and_then(|name| ids.get(name)).cloned();
        let path = self.path.split('/').map(|part| segment(part).unwrap_or_else(|| part.to_owned()));
        self.path = path.collect::<Vec<_>>().join("/");
        if let Some(data) = &mut self.data {
            fill(data, ids);
        }
        self
    }

    /// The same without the values that refer to these.
    #[must_use]
    pub fn without(mut self, open: &BTreeSet<String>) -> Self {
        self.data = self.data.and_then(|data| strip(data, open));
        self
    }
}

/// The bulkId that a text refers to.
fn referred(text: &str) -> Option<&str> {
    text.strip_prefix(REFERENCE)
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => found.extend(referred(text).map(str::to_owned)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, found)),
        _ => {}
    }
}

fn fill(value: &mut Value, ids: &HashMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(id) = referred(text).and_then(|name| ids.get(name)) {
                text.clone_from(id);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, ids)),
        Value::Object(fields) => fields.values_mut().for_each(|field| fill(field, ids)),
        _ => {}
    }
}

/// An object goes as a whole when one of its own values is such a reference: a member without its value is none.
fn strip(value: Value, open: &BTreeSet<String>) -> Option<Value> {
    let is_open = |value: &Value| value.as_str().and_then(referred).is_some_and(|name| open.contains(name));
    match value {
        text if is_open(&text) => None,
        Value::Array(items) => Some(items.into_iter().filter_map(|item| strip(item, open)).collect()),
        Value::Object(fields) if fields.values().any(is_open) => None,
        Value::Object(fields) => {
            let kept = fields.into_iter().filter_map(|(name, field)| Some((name, strip(field, open)?)));
            Some(Value::Object(kept.collect()))
        }
        other => Some(other),
    }
}

/// The order to do operations in: as sent, but what an operation refers to comes before it. `needs` tells for each operation the
/// numbers of those it refers to. Where they refer to each other in a circle, the first one comes last.
pub fn order(needs: &[Vec<usize>]) -> Vec<usize> {
    let mut met = vec![false; needs.len()];
    let mut order = Vec::with_capacity(needs.len());
    for first in 0..needs.len() {
        let mut path: Vec<(usize, usize)> = Vec::new();
        if !std::mem::replace(&mut met[first], true) {
            path.push((first, 0));
        }
        while let Some((at, next)) = path.last_mut() {
            let (at, need) = (*at, needs[*at].get(*next));
            *next += 1;
            match need {
                None => {
                    order.push(at);
                    path.pop();
                }
                Some(&need) if !std::mem::replace(&mut met[need], true) => path.push((need, 0)),
                Some(_) => {}
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(operations: &Value) -> Result<BulkRequest, ScimError> {
        read(&json!({ "schemas": [BULK_REQUEST_URN], "Operations": operations }), 3)
    }

    #[test]
    fn what_is_no_bulk_request_is_refused_as_a_whole() {
        let one = json!({"method":"DELETE","path":"/Users/1"});
        assert_eq!(request(&json!([one, one, one])).unwrap().operations.len(), 3);
        assert_eq!(request(&json!([one, one, one, one])).unwrap_err().status, 413);
        for body in [
            json!([]),
            json!({ "Operations": [one] }),
            json!({ "schemas": [BULK_REQUEST_URN] }),
            json!({ "schemas": [BULK_REQUEST_URN], "Operations": [] }),
            json!({ "schemas": [BULK_REQUEST_URN], "Operations": [one], "failOnErrors": 0 }),
            json!({ "schemas": [BULK_REQUEST_URN], "Operations": [one], "failOnErrors": "1" }),
        ] {
            assert_eq!(read(&body, 3).unwrap_err().scim_type, Some(ScimType::InvalidSyntax), "{body}");
        }
    }

    #[test]
    fn an_operation_that_lacks_something_is_flawed_alone() {
        for flawed in [
            json!({"path":"/Users/1"}),
            json!({"method":"GET","path":"/Users/1"}),
            json!({"method":"DELETE"}),
            json!({"method":"DELETE","path":"https://elsewhere.example/Users/1"}),
            json!({"method":"POST","path":"/Users","data":{}}),
            json!({"method":"PUT","path":"/Users/1"}),
            json!(7),
        ] {
            let bulk = request(&json!([flawed, {"method":"delete","path":"/Users/1"}])).unwrap();
            assert!(bulk.operations[0].flaw.is_some() && bulk.operations[1].flaw.is_none(), "{flawed}");
        }
        let twice = json!({"method":"POST","path":"/Users","bulkId":"a","data":{}});
        let bulk = request(&json!([twice, twice])).unwrap();
        assert!(bulk.operations[0].flaw.is_none() && bulk.operations[1].flaw.is_some());
    }

    #[test]
    fn references_are_found_filled_and_taken_out_wherever_they_are() {
        let sent = json!({"method":"PUT","path":"/Groups/bulkId:g","data":{"displayName":"x",
            "members":[{"value":"bulkId:a"},{"value":"1"}],"urn:x":{"manager":{"value":"bulkId:b"},"desk":7}}});
        let operation = operation(&sent);
        assert_eq!(operation.references(), ["a", "b", "g"].map(str::to_owned).into());
        let ids = HashMap::from(["a", "b", "g"].map(|name| (name.to_owned(), format!("id-{name}"))));
        let resolved = operation.clone().resolved(&ids);
        assert_eq!(resolved.path, "/Groups/id-g");
        assert_eq!(resolved.data.unwrap()["urn:x"]["manager"]["value"], "id-b");
        let without = operation.without(&["a", "b"].map(str::to_owned).into()).data.unwrap();
        assert_eq!(without, json!({"displayName":"x","members":[{"value":"1"}],"urn:x":{"desk":7}}));
    }

    #[test]
    fn what_is_referred_to_comes_first_and_the_rest_stays_in_its_order() {
        assert_eq!(order(&[vec![], vec![], vec![]]), [0, 1, 2]);
        assert_eq!(order(&[vec![2], vec![], vec![]]), [2, 0, 1]);
        assert_eq!(order(&[vec![1], vec![0], vec![2]]), [1, 0, 2]);
        let chain: Vec<Vec<usize>> = (0..100_000).map(|at| if at < 99_999 { vec![at + 1] } else { vec![0] }).collect();
        assert_eq!(order(&chain)[0], 99_999);
    }
}
