//! `/Me`: the user a credential belongs to (RFC 7644 §3.11).

use super::directory::Directory;
use super::message::Answer;
use super::types::Kind;
use super::view;
use crate::scim::error::ScimError;
use std::sync::{Mutex, PoisonError};

/// The user that is bound to the credential by name, and by id once it was met: a new userName does not part them.
#[derive(Debug)]
pub(super) struct Me {
    user_name: String,
    id: Mutex<Option<String>>,
}

impl Me {
    pub(super) fn new(user_name: &str) -> Self {
        Self { user_name: user_name.into(), id: Mutex::default() }
    }

    /// The user's id; a 404 while there is no such user.
    pub(super) fn id(&self, directory: &Directory) -> Result<String, ScimError> {
        let mut known = self.id.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = known.as_ref().filter(|id| directory.must_exist(Kind::User, id).is_ok()) {
            return Ok(id.clone());
        }
        *known = directory.user_called(&self.user_name)?;
        known.clone().ok_or_else(|| {
            let detail = format!("/Me is the user {:?}, who is not there: create it at /Users", self.user_name);
            ScimError::plain(404, detail)
        })
    }

    /// The answer with the user's own address, as every answer of `/Me` must tell it.
    pub(super) fn placed(answer: Answer, id: &str, directory: &Directory) -> Answer {
        answer.with("location", &view::location(&directory.base_url, &directory.types, Kind::User, id))
    }
}
