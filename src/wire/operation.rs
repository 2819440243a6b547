//! What a request does, in the words of Okta's Provisioning tab and of its SCIM reference.

use std::fmt;

use serde_json::Value;

use super::Sent;

/// The kinds of requests that Okta sends. A PATCH and a PUT for the same purpose are two, since the kind of app decides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// `GET /Users?startIndex=1&count=2`.
    TestCredentials,
    /// `GET /Users?filter=…`.
    LookUpUser,
    /// `GET /Users?startIndex=…`.
    ImportUsers,
    /// `POST /Users`.
    CreateUser,
    /// `GET /Users/{id}`.
    ReadUser,
    /// `PUT /Users/{id}` of an active user.
    ReplaceUser,
    /// `PUT /Users/{id}` with `active: false`.
    DeactivateByPut,
    /// PATCH with `active: false`.
    Deactivate,
    /// PATCH with `active: true`.
    Activate,
    /// PATCH with a password.
    SyncPassword,
    /// `GET /Groups?filter=…`.
    LookUpGroup,
    /// `GET /Groups?startIndex=…`.
    ImportGroups,
    /// `POST /Groups`.
    CreateGroup,
    /// `GET /Groups/{id}`.
    ReadGroup,
    /// `PUT /Groups/{id}`.
    ReplaceGroup,
    /// PATCH of id and displayName.
    RenameGroup,
    /// PATCH that removes or adds members.
    ChangeMembers,
    /// PATCH that replaces all members.
    ReplaceMembers,
    /// `DELETE /Groups/{id}`.
    DeleteGroup,
    /// Method and path of what is none of these.
    Other(String),
}

impl Operation {
    /// What this request does.
    pub fn of(sent: &Sent) -> Self {
        let path: Vec<&str> = sent.path().split('/').filter(|part| !part.is_empty()).collect();
        let query = sent.query().unwrap_or_default();
        match (sent.method.as_str(), path.as_slice()) {
            ("GET", ["Users"]) if query.contains("filter=") => Self::LookUpUser,
            ("GET", ["Users"]) if query == "startIndex=1&count=2" => Self::TestCredentials,
            ("GET", ["Users"]) => Self::ImportUsers,
            ("POST", ["Users"]) => Self::CreateUser,
            ("GET", ["Users", _]) => Self::ReadUser,
            ("PUT", ["Users", _]) if active(sent.body.as_ref()) == Some(false) => Self::DeactivateByPut,
            ("PUT", ["Users", _]) => Self::ReplaceUser,
            ("GET", ["Groups"]) if query.contains("filter=") => Self::LookUpGroup,
            ("GET", ["Groups"]) => Self::ImportGroups,
            ("POST", ["Groups"]) => Self::CreateGroup,
            ("GET", ["Groups", _]) => Self::ReadGroup,
            ("PUT", ["Groups", _]) => Self::ReplaceGroup,
            ("PATCH", ["Users" | "Groups", _]) => patched(sent),
            ("DELETE", ["Groups", _]) => Self::DeleteGroup,
            (method, [collection, _, ..]) => Self::Other(format!("{method} /{collection}/{{id}}")),
            (method, [name]) => Self::Other(format!("{method} /{name}")),
            (method, []) => Self::Other(format!("{method} /")),
        }
    }
}

fn active(body: Option<&Value>) -> Option<bool> {
    body?.get("active")?.as_bool()
}

/// What a PATCH is for, by all of its operations.
fn patched(sent: &Sent) -> Operation {
    let operations = sent.body.as_ref().and_then(|body| body.get("Operations")).and_then(Value::as_array);
    let operations = operations.map(Vec::as_slice).unwrap_or_default();
    let text =
        |operation: &Value, name: &str| operation.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let member = |operation: &Value| {
        text(operation, "path").starts_with("members") || operation.pointer("/value/members").is_some()
    };
    let sets = |name: &str| {
        operations.iter().any(|operation| {
            operation.get("value").and_then(|value| value.get(name)).is_some() || text(operation, "path") == name
        })
    };
    if operations.iter().any(member) {
        let whole = operations.iter().any(|operation| text(operation, "op").eq_ignore_ascii_case("replace"));
        return if whole { Operation::ReplaceMembers } else { Operation::ChangeMembers };
    }
    if sets("active") {
        let value = |operation: &Value| match operation.get("value") {
            Some(Value::Bool(active)) => Some(*active),
            value => active(value),
        };
        let off = operations.iter().any(|operation| value(operation) == Some(false));
        return if off { Operation::Deactivate } else { Operation::Activate };
    }
    if sets("password") {
        return Operation::SyncPassword;
    }
    if sent.path().starts_with("/Groups") && sets("displayName") {
        return Operation::RenameGroup;
    }
    Operation::Other(format!("PATCH {}/{{id}}", sent.path().rsplit_once('/').map_or("", |(before, _)| before)))
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TestCredentials => "Test API Credentials",
            Self::LookUpUser => "look a userName up",
            Self::ImportUsers => "import a page of users",
            Self::CreateUser => "create a user",
            Self::ReadUser => "read a user",
            Self::ReplaceUser => "push a profile (PUT)",
            Self::DeactivateByPut => "deactivate a user (PUT)",
            Self::Deactivate => "deactivate a user (PATCH)",
            Self::Activate => "reactivate a user (PATCH)",
            Self::SyncPassword => "sync a password (PATCH)",
            Self::LookUpGroup => "look a group's name up",
            Self::ImportGroups => "import a page of groups",
            Self::CreateGroup => "create a group",
            Self::ReadGroup => "read a group",
            Self::ReplaceGroup => "push a group (PUT)",
            Self::RenameGroup => "rename a group (PATCH)",
            Self::ChangeMembers => "add and remove members (PATCH)",
            Self::ReplaceMembers => "replace all members (PATCH)",
            Self::DeleteGroup => "delete a group",
            Self::Other(what) => what,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(method: &str, target: &str, body: &Value) -> Operation {
        let body = (!body.is_null()).then(|| body.clone());
        let (method, target) = (method.to_owned(), target.to_owned());
        Operation::of(&Sent { source: String::new(), method, target, headers: vec![], body, answer: None })
    }

    #[test]
    fn requests_are_known_by_what_they_do() {
        let patch = |operation: Value| json!({ "Operations": [operation] });
        let table = [
            ("GET", "/Users?startIndex=1&count=2", Value::Null, Operation::TestCredentials),
            ("GET", "/Users?startIndex=1&count=100", Value::Null, Operation::ImportUsers),
            ("GET", "/Users?filter=userName%20eq%20%22a%22&startIndex=1&count=100", Value::Null, Operation::LookUpUser),
            ("PUT", "/Users/1", json!({ "active": false }), Operation::DeactivateByPut),
            ("PUT", "/Users/1", json!({ "active": "false" }), Operation::ReplaceUser),
            (
                "PATCH",
                "/Users/1",
                patch(json!({ "op": "replace", "value": { "active": false } })),
                Operation::Deactivate,
            ),
            ("PATCH", "/Users/1", patch(json!({ "path": "active", "value": true })), Operation::Activate),
            ("PATCH", "/Users/1", patch(json!({ "value": { "password": "x" } })), Operation::SyncPassword),
            (
                "PATCH",
                "/Groups/1",
                patch(json!({ "value": { "id": "1", "displayName": "x" } })),
                Operation::RenameGroup,
            ),
            ("PATCH", "/Groups/1", patch(json!({ "op": "add", "path": "members" })), Operation::ChangeMembers),
            ("PATCH", "/Groups/1", patch(json!({ "op": "replace", "path": "members" })), Operation::ReplaceMembers),
            ("PATCH", "/Groups/1", json!([1, "x"]), Operation::Other("PATCH /Groups/{id}".into())),
            ("DELETE", "/Users/1", Value::Null, Operation::Other("DELETE /Users/{id}".into())),
            ("GET", "/", Value::Null, Operation::Other("GET /".into())),
        ];
        for (method, target, body, operation) in table {
            assert_eq!(of(method, target, &body), operation, "{method} {target} {body}");
        }
    }
}
