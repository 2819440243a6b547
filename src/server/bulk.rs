//! `/Bulk`: many requests in one, each done as it would be done alone (RFC 7644 §3.7).

use super::media::json_body;
use super::message::{Answer, Request};
use super::route::{self, Target};
use super::service::Service;
use crate::scim::bulk::{self, BULK_RESPONSE_URN, Operation};
use crate::scim::error::{ScimError, ScimType};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// Operations in one request at most.
pub(super) const MAX_OPERATIONS: usize = 1000;
/// Bytes of one request at most.
pub(super) const MAX_PAYLOAD: usize = 1 << 20;

impl Service {
    pub(super) fn bulk(&self, request: &Request) -> Result<Answer, ScimError> {
        if request.body.len() > MAX_PAYLOAD {
            let detail = format!("{} bytes are more than maxPayloadSize, which is {MAX_PAYLOAD}", request.body.len());
            return Err(ScimError::plain(413, detail));
        }
        let bulk = bulk::read(&json_body(request)?, MAX_OPERATIONS)?;
        let mut job = Job::new(self, request, bulk.operations);
        for number in job.order() {
            if bulk.fail_on_errors.is_some_and(|most| job.errors >= most) {
                break;
            }
            job.perform(number);
        }
        job.give_up_circles();
        let results: Vec<Value> =
            job.operations.iter().zip(job.results).filter_map(|(one, result)| Some(result?.told(one))).collect();
        Ok(Answer::scim(200, &json!({ "schemas": [BULK_RESPONSE_URN], "Operations": results })))
    }
}

/// What became of an operation.
struct Outcome {
    answer: Answer,
    location: Option<String>,
}

impl Outcome {
    fn failed(&self) -> bool {
        self.answer.status >= 400
    }

    /// As it stands in the response; a failure with its error.
    fn told(&self, operation: &Operation) -> Value {
        let mut told = json!({ "method": operation.method, "status": self.answer.status.to_string() });
        if let Some(bulk_id) = &operation.bulk_id {
            told["bulkId"] = bulk_id.as_str().into();
        }
        if let Some(version) = self.answer.header("etag") {
            told["version"] = version.into();
        }
        if let Some(location) = &self.location {
            told["location"] = location.as_str().into();
        }
        if self.failed() {
            told["response"] = self.answer.json().unwrap_or_default();
        }
        told
    }
}

/// A resource that was created without some of its references, because they go round in a circle.
struct Circle {
    number: usize,
    id: String,
    open: BTreeSet<String>,
}

/// A request on its way.
struct Job<'j> {
    service: &'j Service,
    request: &'j Request,
    operations: Vec<Operation>,
    results: Vec<Option<Outcome>>,
    /// The operation that creates what a bulkId names.
    makers: HashMap<String, usize>,
    /// What has been created.
    ids: HashMap<String, String>,
    circles: Vec<Circle>,
    errors: usize,
}

impl<'j> Job<'j> {
    fn new(service: &'j Service, request: &'j Request, operations: Vec<Operation>) -> Self {
        let posts = operations.iter().enumerate().filter(|(_, one)| one.method == "POST" && one.flaw.is_none());
        let makers = posts.filter_map(|(number, one)| Some((one.bulk_id.clone()?, number))).collect();
        let results = operations.iter().map(|_| None).collect();
        let (ids, circles) = (HashMap::new(), Vec::new());
        Self { service, request, operations, results, makers, ids, circles, errors: 0 }
    }

    fn order(&self) -> Vec<usize> {
        let makers =
            |one: &Operation| one.references().iter().filter_map(|name| self.makers.get(name).copied()).collect();
        bulk::order(&self.operations.iter().map(makers).collect::<Vec<_>>())
    }

    fn perform(&mut self, number: usize) {
        let operation = self.operations[number].clone();
        let open = match self.open_references(&operation) {
            Ok(open) => open,
            Err(error) => return self.note(number, Answer::refusal(&error)),
        };
        let resolved = operation.resolved(&self.ids).without(&open);
        let answer = self.send(&resolved);
        let id = answer.json().and_then(|body| Some(body.get("id")?.as_str()?.to_owned()));
        let created = resolved.bulk_id.filter(|_| resolved.method == "POST" && answer.status == 201).zip(id);
        self.note(number, answer);
        if let Some((name, id)) = created {
            self.ids.insert(name, id.clone());
            if !open.is_empty() {
                self.circles.push(Circle { number, id, open });
            }
            self.close_circles();
        }
    }

    /// The references of an operation that lead to what is created only later. The error is about those that lead nowhere.
    fn open_references(&self, operation: &Operation) -> Result<BTreeSet<String>, ScimError> {
        if let Some(flaw) = &operation.flaw {
            return Err(flaw.clone());
        }
        self.must_be_on_resources(operation)?;
        let mut open = BTreeSet::new();
        for name in operation.references().into_iter().filter(|name| !self.ids.contains_key(name)) {
            match self.makers.get(&name) {
                None => return Err(ScimError::value(format!("No POST of this request has the bulkId {name:?}"))),
                Some(&maker) if self.results[maker].is_some() => {
                    let detail = format!("The operation with the bulkId {name:?}, which this one needs, has failed");
                    return Err(ScimError::plain(409, detail));
                }
                Some(_) => open.insert(name),
            };
        }
        Ok(open)
    }

    fn must_be_on_resources(&self, operation: &Operation) -> Result<(), ScimError> {
        let path = operation.path.split('?').next().unwrap_or_default();
        let target = Target::of(&route::segments(path, "/")?, &self.service.directory.types);
        // What is not there at all is told as it would be to a single request.
        match target {
            None | Some(Target::Collection(_) | Target::Resource(..) | Target::Me) => Ok(()),
            Some(_) => {
                let detail = format!("An operation is on resources, which {path:?} is not");
                Err(ScimError::bad(ScimType::InvalidSyntax, detail))
            }
        }
    }

    /// Sends an operation as a request of its own.
    fn send(&self, operation: &Operation) -> Answer {
        let (path, query) = operation.path.split_once('?').unwrap_or((&operation.path, ""));
        let own = ["content-type", "content-length", "if-match", "if-none-match"];
        let headers = self.request.headers.iter().filter(|(name, _)| !own.contains(&name.as_str())).cloned();
        let version = operation.version.iter().map(|version| ("if-match".to_owned(), version.clone()));
        let request = Request {
            method: operation.method.clone(),
            path: format!("{}{path}", self.service.base_path.trim_end_matches('/')),
            query: query.to_owned(),
            headers: headers.chain(version).collect(),
            body: operation.data.as_ref().map(|data| data.to_string().into_bytes()).unwrap_or_default(),
        };
        self.service.respond(request, None)
    }

    /// A failed POST has no location, everything else has one (RFC 7644 §3.7.3).
    fn note(&mut self, number: usize, answer: Answer) {
        let operation = &self.operations[number];
        let told = answer.header("location").or_else(|| answer.header("content-location")).map(str::to_owned);
        let path = operation.clone().resolved(&self.ids).path;
        let asked = || format!("{}{}", self.service.directory.base_url, path.split('?').next().unwrap_or_default());
        let location = told.or_else(|| (operation.method != "POST" && !path.is_empty()).then(asked));
        let outcome = Outcome { answer, location };
        self.errors += usize::from(outcome.failed());
        self.results[number] = Some(outcome);
    }

    /// Puts the references that were left out where all they lead to is there by now.
    fn close_circles(&mut self) {
        let ids = &self.ids;
        let (closed, open) =
            self.circles.drain(..).partition(|circle| circle.open.iter().all(|name| ids.contains_key(name)));
        self.circles = open;
        let closed: Vec<Circle> = closed;
        for circle in closed {
            let post = self.operations[circle.number].clone().resolved(&self.ids);
            let collection = post.path.split('?').next().unwrap_or_default().trim_end_matches('/');
            let path = format!("{collection}/{}", circle.id);
            let answer = self.send(&Operation { method: "PUT".into(), path, version: None, ..post });
            if answer.status >= 400 {
                self.undo(&circle, answer);
            } else if let (Some(outcome), Some(version)) = (&mut self.results[circle.number], answer.header("etag")) {
                let version = version.to_owned();
                outcome.answer.drop_header("etag");
                outcome.answer.headers.push(("etag".into(), version));
            }
        }
    }

    /// What could not get its references is taken back: a POST that fails leaves nothing.
    fn undo(&mut self, circle: &Circle, answer: Answer) {
        if let Some(created) = self.results[circle.number].take().and_then(|outcome| outcome.location) {
            let path = created.strip_prefix(self.service.directory.base_url.as_str()).unwrap_or_default().to_owned();
            self.send(&Operation { method: "DELETE".into(), path, ..Operation::default() });
        }
        self.ids.retain(|_, id| *id != circle.id);
        self.note(circle.number, answer);
    }

    fn give_up_circles(&mut self) {
        for circle in std::mem::take(&mut self.circles) {
            let detail = format!("The references to {:?}, in a circle, cannot be resolved", circle.open);
            self.undo(&circle, Answer::refusal(&ScimError::plain(409, detail)));
        }
    }
}
