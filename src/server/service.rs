//! From a request to its answer: credential, media types, route, what is done there.

use super::credential::Gate;
use super::cursor::Cursors;
use super::directory::Directory;
use super::discovery;
use super::fault::Hiccup;
use super::log::Log;
use super::me::Me;
use super::media;
use super::message::{Answer, Request};
use super::query::{Parameters, Query};
use super::rate::Rate;
use super::route::{self, Target};
use super::seed;
use super::token;
use super::types::{Kind, Types};
use super::{Config, PatchAnswer};
use crate::scim::error::ScimError;
use serde_json::{Value, json};
use std::io;
use std::time::{Duration, Instant};

/// The URN of a list.
pub(super) const LIST_URN: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

pub(super) struct Service {
    pub(super) directory: Directory,
    pub(super) base_path: String,
    gate: Gate,
    rate: Option<Rate>,
    me: Option<Me>,
    pub(super) patch_answer: PatchAnswer,
    patience: Duration,
    log: Log,
}

impl Service {
    /// Fails when a schema definition cannot be used or an example person cannot be created.
    pub(super) fn new(config: &Config, base_url: &str) -> io::Result<Self> {
        let invalid = |error: String| io::Error::new(io::ErrorKind::InvalidInput, error);
        let variants = config.variants.iter().map(|variant| variant.make());
        let faults = config.faults.iter().map(|fault| fault.make());
        let deviations: Vec<_> = variants.chain(faults).chain(config.hiccup.iter().map(Hiccup::make)).collect();
        let mut types = Types::new(config).map_err(|error| invalid(error.to_string()))?;
        for deviation in &deviations {
            deviation.types(&mut types);
        }
        let mut directory = Directory::new(base_url, types, deviations);
        directory.cursors = Cursors::new(config.cursor_timeout);
        // What is there at the start was there before anything went wrong.
        let deviations = std::mem::take(&mut directory.deviations);
        let mut initial: Vec<_> = (0..config.people).map(|number| (Kind::User, seed::person(number))).collect();
        if config.entitlements {
            initial.extend(seed::roles().into_iter().map(|role| (Kind::Role, role)));
            initial.extend(seed::entitlements().into_iter().map(|one| (Kind::Entitlement, one)));
        }
        for deviation in &deviations {
            deviation.start(&mut initial);
        }
        for (kind, body) in initial {
            directory.create(kind, body).map_err(|error| invalid(format!("the example data: {error}")))?;
        }
        for resource in &config.resources {
            directory.load(resource).map_err(|error| invalid(format!("a resource to start with: {error}")))?;
        }
        directory.deviations = deviations;
        Ok(Self {
            directory,
            base_path: format!("/{}", config.base_path.trim_matches('/')),
            gate: Gate::new(config),
            rate: config.rate_limit.map(Rate::new),
            me: config.me.as_deref().map(Me::new),
            patch_answer: config.patch_answer,
            patience: config.patience,
            log: Log::new(config.log, config.secrets(), Box::new(io::stderr())),
        })
    }

    /// True when reading every resource takes longer than handing the work to another thread.
    pub(super) fn is_large(&self) -> bool {
        const MANY: usize = 2_000;
        let store = self.directory.reading();
        [Kind::User, Kind::Group].iter().any(|kind| store.count(*kind).is_ok_and(|count| count > MANY))
    }

    /// How long a client waits for an answer.
    pub(super) const fn patience(&self) -> Duration {
        self.patience
    }

    /// True when the credential of the request leads here.
    pub(super) fn knows(&self, request: &Request) -> bool {
        self.gate.check(request.header("authorization")).is_ok()
    }

    /// Answers a request; `unread` says why its body could not be read.
    pub(super) fn answer(&self, request: Request, unread: Option<ScimError>) -> Answer {
        let started = Instant::now();
        let noted = self.log.is_on().then(|| request.clone());
        let answer = match (self.too_fast(&request, started), &self.gate.desk) {
            (Some(refusal), _) => refusal,
            (None, Some(desk)) if request.path == token::PATH => desk.answer(&request),
            _ => self.respond(request, unread),
        };
        if let Some(request) = noted {
            self.log.note(&request, &answer, started.elapsed());
        }
        answer
    }

    fn too_fast(&self, request: &Request, now: Instant) -> Option<Answer> {
        let rate = self.rate.as_ref()?;
        let wait = rate.exceeded(request.header("authorization").filter(|_| self.knows(request)), now)?;
        let detail = format!("Too many requests in a second; send the next one in {wait} s");
        Some(Answer::refusal(&ScimError::plain(429, detail)).with("retry-after", &wait.to_string()))
    }

    /// Answers a request, or one operation of a bulk.
    pub(super) fn respond(&self, mut request: Request, unread: Option<ScimError>) -> Answer {
        let deviations = &self.directory.deviations;
        for other in deviations.iter().filter_map(|deviation| deviation.meanwhile(&request)) {
            // What became of it is told to somebody else.
            drop(self.handle(&other, None));
        }
        let early = deviations.iter().find_map(|deviation| deviation.request(&mut request));
        let mut answer = early.unwrap_or_else(|| {
            self.handle(&request, unread).unwrap_or_else(|mut error| {
                for deviation in deviations {
                    deviation.error(&request, &mut error);
                }
                self.refusal(&request, &error)
            })
        });
        for deviation in deviations {
            deviation.answer(&request, &mut answer);
        }
        answer
    }

    /// A SCIM Error; a 401 says how to authenticate (RFC 7644 §2).
    fn refusal(&self, request: &Request, error: &ScimError) -> Answer {
        let answer = Answer::refusal(error);
        if error.status != 401 {
            return answer;
        }
        answer.with("www-authenticate", &self.gate.challenge(request.header("authorization")))
    }

    fn handle(&self, request: &Request, unread: Option<ScimError>) -> Result<Answer, ScimError> {
        let segments = route::segments(&request.path, &self.base_path)?;
        // The authentication schemes must be readable before one can authenticate (RFC 7643 §5).
        if segments != ["ServiceProviderConfig"] {
            let mut verdict = self.gate.check(request.header("authorization"));
            for deviation in &self.directory.deviations {
                deviation.credential(request, &mut verdict);
            }
            verdict?;
        }
        if !["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].contains(&request.method.as_str()) {
            return Err(ScimError::plain(501, format!("The method {} is not supported", request.method)));
        }
        let target = Target::of(&segments, &self.directory.types).ok_or_else(|| route::not_found(&request.path))?;
        media::accepts(request.header("accept"))?;
        match unread {
            Some(error) => Err(error),
            None => self.act(request, &target),
        }
    }

    fn act(&self, request: &Request, target: &Target) -> Result<Answer, ScimError> {
        let parameters = Parameters::parse(&request.query)?;
        let base_url = &self.directory.base_url;
        let types = &self.directory.types;
        match (target, request.method.as_str()) {
            (Target::Root, "GET") => {
                let kinds: Vec<Kind> = types.all().map(|(kind, _)| kind).collect();
                self.list(&kinds, Query::from_url(&parameters)?)
            }
            (Target::Search(kinds), "POST") => self.list(kinds, Query::from_search(&media::json_body(request)?)?),
            (Target::Collection(kind), "GET") => self.list(&[*kind], Query::from_url(&parameters)?),
            (Target::Collection(kind), "POST") => self.create(*kind, request, &parameters),
            (Target::Me, method) => {
                let Some(me) = &self.me else {
                    return Err(ScimError::plain(501, "/Me is not supported: no user is bound to the credential"));
                };
                let id = me.id(&self.directory)?;
                let answer = self.on_resource(Kind::User, &id, method, request, &parameters)?;
                Ok(answer.map_or_else(|| target.has_no(method), |answer| Me::placed(answer, &id, &self.directory)))
            }
            (Target::Resource(kind, id), method) => {
                let answer = self.on_resource(*kind, id, method, request, &parameters)?;
                Ok(answer.unwrap_or_else(|| target.has_no(method)))
            }
            (Target::Bulk, "POST") => self.bulk(request),
            (Target::ServiceProviderConfig | Target::ResourceTypes(_) | Target::Schemas(_), "GET")
                if parameters.get("filter").is_some() =>
            {
                Err(ScimError::plain(403, "What a server tells about itself cannot be filtered"))
            }
            (Target::ServiceProviderConfig, "GET") => {
                let timeout = self.directory.cursors.timeout();
                let config = discovery::service_provider_config(base_url, timeout, &self.gate.schemes());
                Ok(Answer::scim(200, &config))
            }
            (Target::ResourceTypes(name), "GET") => {
                told(discovery::resource_types(base_url, types), name.as_deref(), "resource type")
            }
            (Target::Schemas(urn), "GET") => told(discovery::schemas(base_url, types), urn.as_deref(), "schema"),
            (target, method) => Ok(target.has_no(method)),
        }
    }
}

/// Discovery lists are never paged (RFC 7644 §4).
fn told(list: Vec<Value>, id: Option<&str>, what: &str) -> Result<Answer, ScimError> {
    let body = match id {
        Some(id) => discovery::by_id(list, id, what)?,
        None => json!({
            "schemas": [LIST_URN],
            "totalResults": list.len(),
            "startIndex": 1,
            "itemsPerPage": list.len(),
            "Resources": list,
        }),
    };
    Ok(Answer::scim(200, &body))
}
