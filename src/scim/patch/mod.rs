//! PATCH (RFC 7644 §3.5.2): the operations of a request, and what they make of a resource.

mod apply;
mod edit;
mod path;

pub use apply::apply;
pub use path::PatchPath;

use super::error::{ScimError, ScimType};
use serde_json::{Map, Value};

/// The URN of the PATCH message.
pub const PATCH_OP_URN: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Adds values, or sets what has none.
    Add,
    /// Takes values away.
    Remove,
    /// Puts values in the place of others.
    Replace,
}

/// One operation as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// What it does.
    pub verb: Verb,
    /// Where; `None` means the resource itself.
    pub path: Option<PatchPath>,
    /// With what; null was sent as such.
    pub value: Option<Value>,
}

/// Reads the body of a PATCH: `schemas` with the `PatchOp` URN and a non-empty `Operations`. Member names and the word of
/// `op` are taken in any case. Refuses with 400 invalidSyntax, or invalidPath or invalidFilter for a path.
pub fn read(body: &Value) -> Result<Vec<Operation>, ScimError> {
    let syntax = |detail: String| ScimError::bad(ScimType::InvalidSyntax, detail);
    let body = body.as_object().ok_or_else(|| syntax("The body must be a JSON object, a PatchOp".into()))?;
    let names_message = member(body, "schemas").and_then(Value::as_array).is_some_and(|list| {
        list.iter().any(|urn| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(PATCH_OP_URN)))
    });
    if !names_message {
        return Err(syntax(format!("schemas must hold {PATCH_OP_URN:?}")));
    }
    let operations = member(body, "Operations").and_then(Value::as_array).filter(|list| !list.is_empty());
    let operations =
        operations.ok_or_else(|| syntax("Operations must be an array of at least one operation".into()))?;
    operations.iter().map(operation).collect()
}

fn operation(sent: &Value) -> Result<Operation, ScimError> {
    let syntax = |detail: String| ScimError::bad(ScimType::InvalidSyntax, detail);
    let sent = sent.as_object().ok_or_else(|| syntax("An operation must be a JSON object".into()))?;
    let word = member(sent, "op").and_then(Value::as_str).unwrap_or_default();
    let verb = match word.to_ascii_lowercase().as_str() {
        "add" => Verb::Add,
        "remove" => Verb::Remove,
        "replace" => Verb::Replace,
        _ => return Err(syntax("Each operation needs op: one of add, remove, replace".into())),
    };
    let path = match member(sent, "path") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(PatchPath::parse(text)?),
        Some(other) => return Err(ScimError::bad(ScimType::InvalidPath, format!("path must be text, not {other}"))),
    };
    Ok(Operation { verb, path, value: member(sent, "value").cloned() })
}

fn member<'b>(object: &'b Map<String, Value>, name: &str) -> Option<&'b Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn member_names_and_op_words_are_read_in_any_case() {
        let read = read(&json!({"SCHEMAS":[PATCH_OP_URN],"operations":[{"OP":"Replace","Path":"title","VALUE":null}]}));
        let path = Some(PatchPath::parse("title").unwrap());
        assert_eq!(read.unwrap(), [Operation { verb: Verb::Replace, path, value: Some(Value::Null) }]);
    }

    #[test]
    fn a_malformed_message_is_an_invalid_syntax() {
        for operations in
            [json!(null), json!([]), json!([{}]), json!([5]), json!([{"op":"move"}]), json!([{"op":["add"]}])]
        {
            let error = read(&json!({"schemas":[PATCH_OP_URN],"Operations":operations})).unwrap_err();
            assert_eq!(error.scim_type, Some(ScimType::InvalidSyntax));
        }
        assert!(read(&json!({"schemas":["urn:other"],"Operations":[{"op":"add"}]})).is_err());
    }
}
