//! Requests on resources: create, read, replace, patch, delete, list; and the form their answers have.

use super::PatchAnswer;
use super::etag::{self, Precondition};
use super::fault::{Action, Neighbours, Occasion};
use super::listing;
use super::media::json_body;
use super::message::{Answer, Request};
use super::query::{Parameters, Query};
use super::route;
use super::service::{LIST_URN, Service};
use super::types::Kind;
use crate::scim::error::ScimError;
use crate::scim::projection::Projection;
use serde_json::{Map, Value, json};

impl Service {
    pub(super) fn create(&self, kind: Kind, request: &Request, parameters: &Parameters) -> Result<Answer, ScimError> {
        let projection = parameters.projection()?;
        let resource = self.directory.create(kind, json_body(request)?)?;
        let occasion = Occasion { action: Action::Create, kind, id: None };
        let location = located(&resource);
        let version = etag::told(&resource).to_owned();
        let answer = Answer::scim(201, &self.shown(&occasion, resource, &projection));
        Ok(answer.with("location", &location).with("etag", &version))
    }

    /// `None` when a resource has no such method.
    pub(super) fn on_resource(
        &self,
        kind: Kind,
        id: &str,
        method: &str,
        request: &Request,
        parameters: &Parameters,
    ) -> Result<Option<Answer>, ScimError> {
        let projection = parameters.projection()?;
        let precondition = Precondition::of(request);
        let mut bare = false;
        let (action, resource) = match method {
            "GET" => {
                let resource = self.directory.read(kind, id, &projection)?;
                let version = etag::told(&resource);
                precondition.must_match(version)?;
                if precondition.has_it(version) {
                    let answer = Answer::empty(304).with("etag", version);
                    return Ok(Some(answer.with("content-location", &located(&resource))));
                }
                (Action::Read, resource)
            }
            "PUT" => {
                let body = self.body_for(kind, id, request)?;
                (Action::Replace, self.directory.replace(kind, id, body, &precondition)?)
            }
            "PATCH" => {
                bare = self.patch_answer == PatchAnswer::NoContent204 && projection == Projection::Default;
                let body = self.body_for(kind, id, request)?;
                let wanted = Some(&projection).filter(|_| !bare);
                (Action::Patch, self.directory.patch(kind, id, body, &precondition, wanted)?)
            }
            "DELETE" => {
                self.directory.delete(kind, id, &precondition)?;
                return Ok(Some(Answer::empty(204)));
            }
            _ => return Ok(None),
        };
        let version = etag::told(&resource).to_owned();
        if bare {
            return Ok(Some(Answer::empty(204).with("etag", &version)));
        }
        let location = located(&resource);
        let occasion = Occasion { action, kind, id: Some(id) };
        let answer = Answer::scim(200, &self.shown(&occasion, resource, &projection));
        Ok(Some(answer.with("content-location", &location).with("etag", &version)))
    }

    /// The body of a write to a resource; that there is none comes before what is wrong with the body.
    fn body_for(&self, kind: Kind, id: &str, request: &Request) -> Result<Value, ScimError> {
        self.directory.must_exist(kind, id)?;
        json_body(request)
    }

    pub(super) fn list(&self, kinds: &[Kind], mut query: Query) -> Result<Answer, ScimError> {
        let Some(&kind) = kinds.first() else { return Err(route::not_found("")) };
        let occasion = Occasion { action: Action::List, kind, id: None };
        for deviation in &self.directory.deviations {
            deviation.query(&occasion, &mut query);
        }
        let mut list = listing::list(&self.directory, kinds, &query)?;
        for deviation in &self.directory.deviations {
            if deviation.page(&occasion, list.total, &mut query) {
                list = listing::list(&self.directory, kinds, &query)?;
            }
            deviation.list(&occasion, &mut list);
        }
        let resources: Vec<Value> = list
            .resources
            .into_iter()
            .map(|resource| {
                let kind = self.kind_of(&resource).unwrap_or(kind);
                self.shown(&Occasion { kind, ..occasion }, resource, &query.projection)
            })
            .collect();
        let mut body = json!({ "schemas": [LIST_URN], "totalResults": list.total });
        match list.neighbours {
            None => body["startIndex"] = list.start_index.into(),
            Some(Neighbours { next, previous }) => {
                let told = [("nextCursor", next), ("previousCursor", previous)];
                for (name, cursor) in told.into_iter().filter_map(|(name, cursor)| Some((name, cursor?))) {
                    body[name] = cursor.into();
                }
            }
        }
        body["itemsPerPage"] = resources.len().into();
        body["Resources"] = resources.into();
        Ok(Answer::scim(200, &body))
    }

    fn kind_of(&self, resource: &Map<String, Value>) -> Option<Kind> {
        let name = resource.get("meta")?.get("resourceType")?.as_str()?;
        self.directory.types.all().find(|(_, of)| of.name == name).map(|(kind, _)| kind)
    }

    fn shown(&self, occasion: &Occasion, mut resource: Map<String, Value>, projection: &Projection) -> Value {
        projection.apply(&mut resource, self.directory.types.of(occasion.kind));
        for deviation in &self.directory.deviations {
            deviation.resource(occasion, &mut resource);
        }
        Value::Object(resource)
    }
}

/// `meta.location` of a resource as a client sees it.
fn located(resource: &Map<String, Value>) -> String {
    resource["meta"]["location"].as_str().unwrap_or_default().to_owned()
}
