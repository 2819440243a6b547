//! From a request to its answer: credential, media types, route, the directory, the answer's form.

use super::credential;
use super::directory::Directory;
use super::discovery;
use super::fault::{Action, Hiccup, Occasion};
use super::listing;
use super::log::Log;
use super::message::{Answer, Request};
use super::query::{Parameters, Query};
use super::seed;
use super::store;
use super::types::{Kind, Types};
use super::{Config, PatchAnswer};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::json as strict;
use crate::scim::projection::Projection;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use std::io;
use std::time::{Duration, Instant};

/// The URN of a list.
const LIST_URN: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

pub(super) struct Service {
    directory: Directory,
    held: usize,
    base_path: String,
    token: String,
    patch_answer: PatchAnswer,
    patience: Duration,
    log: Log,
}

/// What the path below the base URL names.
enum Target<'p> {
    Root,
    Search(Vec<Kind>),
    Collection(Kind),
    Resource(Kind, &'p str),
    ServiceProviderConfig,
    ResourceTypes(Option<&'p str>),
    Schemas(Option<&'p str>),
    Unsupported(&'static str),
}

impl Service {
    /// Fails when a schema definition or the data file cannot be used, or an example person cannot be created.
    pub(super) fn new(config: &Config, base_url: &str) -> io::Result<Self> {
        let invalid = |error: String| io::Error::new(io::ErrorKind::InvalidInput, error);
        let variants = config.variants.iter().map(|variant| variant.make());
        let faults = config.faults.iter().map(|fault| fault.make());
        let deviations: Vec<_> = variants.chain(faults).chain(config.hiccup.iter().map(Hiccup::make)).collect();
        let mut types = Types::new(config).map_err(|error| invalid(error.to_string()))?;
        for deviation in &deviations {
            deviation.types(&mut types);
        }
        let store = store::open(config.data.as_deref())?;
        let mut directory = Directory::new(base_url, types, deviations, store);
        // What is there at the start was there before anything went wrong.
        let deviations = std::mem::take(&mut directory.deviations);
        let held = seed::fill(&directory, config, &deviations)?;
        directory.deviations = deviations;
        Ok(Self {
            directory,
            held,
            base_path: format!("/{}", config.base_path.trim_matches('/')),
            token: config.token.clone(),
            patch_answer: config.patch_answer,
            patience: config.patience,
            log: Log::new(config.log, &config.token, Box::new(io::stderr())),
        })
    }

    /// How many users and groups the data file held.
    pub(super) const fn held(&self) -> usize {
        self.held
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

    /// Answers a request; `body_fits` is false when its body was too large to read.
    pub(super) fn answer(&self, mut request: Request, body_fits: bool) -> Answer {
        let started = Instant::now();
        let deviations = &self.directory.deviations;
        for other in deviations.iter().filter_map(|deviation| deviation.meanwhile(&request)) {
            // What became of it is told to somebody else.
            drop(self.handle(&other, true));
        }
        let early = deviations.iter().find_map(|deviation| deviation.request(&mut request));
        let mut answer = early.unwrap_or_else(|| {
            self.handle(&request, body_fits).unwrap_or_else(|mut error| {
                for deviation in deviations {
                    deviation.error(&request, &mut error);
                }
                Answer::refusal(&error)
            })
        });
        for deviation in deviations {
            deviation.answer(&request, &mut answer);
        }
        self.log.note(&request, &answer, started.elapsed());
        answer
    }

    fn handle(&self, request: &Request, body_fits: bool) -> Result<Answer, ScimError> {
        let path = self.below_base(&request.path)?;
        let decoded = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| not_found(&request.path))?;
        let segments: Vec<&str> = decoded.iter().map(AsRef::as_ref).collect();
        // The authentication schemes must be readable before one can authenticate (RFC 7643 §5).
        if segments != ["ServiceProviderConfig"] {
            let mut verdict = credential::check(request.header("authorization"), &self.token);
            for deviation in &self.directory.deviations {
                deviation.credential(request, &mut verdict);
            }
            verdict?;
        }
        if !["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].contains(&request.method.as_str()) {
            return Err(ScimError::plain(501, format!("The method {} is not supported", request.method)));
        }
        let target = self.target(&segments).ok_or_else(|| not_found(&request.path))?;
        accepts(request.header("accept"))?;
        if !body_fits {
            let detail = format!("The body is larger than {} bytes, the most this server reads", discovery::MAX_BODY);
            return Err(ScimError::plain(413, detail));
        }
        self.act(request, &target)
    }

    /// The path below the base; another protocol version is told apart from an unknown path (RFC 7644 §3.13).
    fn below_base<'r>(&self, path: &'r str) -> Result<&'r str, ScimError> {
        if self.base_path == "/" {
            return Ok(path);
        }
        if let Some(rest) = path.strip_prefix(&self.base_path)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return Ok(rest);
        }
        let version = |segment: &str| {
            segment
                .strip_prefix('v')
                .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
        };
        if let Some((parent, own)) = self.base_path.rsplit_once('/')
            && version(own)
            && let Some(rest) = path.strip_prefix(parent).and_then(|rest| rest.strip_prefix('/'))
            && let Some(other) = rest.split('/').next().filter(|segment| version(segment))
        {
            let detail = format!("The protocol version {other} is not supported; this server speaks {own}");
            return Err(ScimError::bad(ScimType::InvalidVers, detail));
        }
        Err(not_found(path))
    }

    fn target<'p>(&self, segments: &[&'p str]) -> Option<Target<'p>> {
        let types = &self.directory.types;
        Some(match *segments {
            [] => Target::Root,
            [".search"] => Target::Search(types.all().map(|(kind, _)| kind).collect()),
            ["ServiceProviderConfig"] => Target::ServiceProviderConfig,
            ["ResourceTypes"] => Target::ResourceTypes(None),
            ["ResourceTypes", name] => Target::ResourceTypes(Some(name)),
            ["Schemas"] => Target::Schemas(None),
            ["Schemas", urn] => Target::Schemas(Some(urn)),
            ["Me", ..] => Target::Unsupported("/Me"),
            ["Bulk"] => Target::Unsupported("/Bulk"),
            [endpoint] => Target::Collection(types.at(endpoint)?),
            [endpoint, ".search"] => Target::Search(vec![types.at(endpoint)?]),
            [endpoint, id] => Target::Resource(types.at(endpoint)?, id),
            _ => return None,
        })
    }

    fn act(&self, request: &Request, target: &Target) -> Result<Answer, ScimError> {
        let parameters = Parameters::parse(&request.query)?;
        let base_url = &self.directory.base_url;
        let types = &self.directory.types;
        match (target, request.method.as_str()) {
            (Target::Unsupported(what), _) => Err(ScimError::plain(501, format!("{what} is not supported"))),
            (Target::Root, "GET") => {
                let kinds: Vec<Kind> = types.all().map(|(kind, _)| kind).collect();
                self.list(&kinds, Query::from_url(&parameters)?)
            }
            (Target::Search(kinds), "POST") => self.list(kinds, Query::from_search(&json_body(request)?)?),
            (Target::Collection(kind), "GET") => self.list(&[*kind], Query::from_url(&parameters)?),
            (Target::Collection(kind), "POST") => self.create(*kind, request, &parameters),
            (Target::Resource(kind, id), method) => self.on_resource(*kind, id, method, request, &parameters),
            (Target::ServiceProviderConfig | Target::ResourceTypes(_) | Target::Schemas(_), "GET")
                if parameters.get("filter").is_some() =>
            {
                Err(ScimError::plain(403, "What a server tells about itself cannot be filtered"))
            }
            (Target::ServiceProviderConfig, "GET") => {
                Ok(Answer::scim(200, &discovery::service_provider_config(base_url)))
            }
            (Target::ResourceTypes(name), "GET") => {
                told(discovery::resource_types(base_url, types), *name, "resource type")
            }
            (Target::Schemas(urn), "GET") => told(discovery::schemas(base_url, types), *urn, "schema"),
            (target, method) => Ok(not_allowed(method, target)),
        }
    }

    fn create(&self, kind: Kind, request: &Request, parameters: &Parameters) -> Result<Answer, ScimError> {
        let projection = parameters.projection()?;
        let resource = self.directory.create(kind, json_body(request)?)?;
        let occasion = Occasion { action: Action::Create, kind, id: None };
        let location = resource["meta"]["location"].as_str().unwrap_or_default().to_owned();
        Ok(Answer::scim(201, &self.shown(&occasion, resource, &projection)).with("location", &location))
    }

    fn on_resource(
        &self,
        kind: Kind,
        id: &str,
        method: &str,
        request: &Request,
        parameters: &Parameters,
    ) -> Result<Answer, ScimError> {
        let projection = parameters.projection()?;
        let occasion = |action| Occasion { action, kind, id: Some(id) };
        let (action, resource) = match method {
            "GET" => (Action::Read, self.directory.read(kind, id, &projection)?),
            "PUT" => (Action::Replace, self.directory.replace(kind, id, self.body_for(kind, id, request)?)?),
            "PATCH" => {
                let bare = self.patch_answer == PatchAnswer::NoContent204 && projection == Projection::Default;
                let wanted = Some(&projection).filter(|_| !bare);
                match self.directory.patch(kind, id, self.body_for(kind, id, request)?, wanted)? {
                    Some(resource) => (Action::Patch, resource),
                    None => return Ok(Answer::empty(204)),
                }
            }
            "DELETE" => {
                self.directory.delete(kind, id)?;
                return Ok(Answer::empty(204));
            }
            _ => return Ok(not_allowed(method, &Target::Resource(kind, id))),
        };
        let location = resource["meta"]["location"].as_str().unwrap_or_default().to_owned();
        let answer = Answer::scim(200, &self.shown(&occasion(action), resource, &projection));
        Ok(answer.with("content-location", &location))
    }

    /// The body of a write to a resource; that there is none comes before what is wrong with the body.
    fn body_for(&self, kind: Kind, id: &str, request: &Request) -> Result<Value, ScimError> {
        self.directory.must_exist(kind, id)?;
        json_body(request)
    }

    fn list(&self, kinds: &[Kind], mut query: Query) -> Result<Answer, ScimError> {
        let Some(&kind) = kinds.first() else { return Err(not_found("")) };
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
        Ok(Answer::scim(
            200,
            &json!({
                "schemas": [LIST_URN],
                "totalResults": list.total,
                "startIndex": list.start_index,
                "itemsPerPage": resources.len(),
                "Resources": resources,
            }),
        ))
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

fn not_found(path: &str) -> ScimError {
    ScimError::plain(404, format!("There is nothing at {path}; resources are at /Users and /Groups below the base URL"))
}

fn not_allowed(method: &str, target: &Target) -> Answer {
    let allowed = match target {
        Target::Collection(_) => "GET, POST",
        Target::Resource(..) => "GET, PUT, PATCH, DELETE",
        Target::Search(_) => "POST",
        _ => "GET",
    };
    let detail = format!("{method} is not possible here, only {allowed}");
    Answer::refusal(&ScimError::plain(405, detail)).with("allow", allowed)
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

fn accepts(header: Option<&str>) -> Result<(), ScimError> {
    let Some(header) = header.filter(|header| !header.trim().is_empty()) else { return Ok(()) };
    let wanted = ["application/scim+json", "application/json", "application/*", "*/*"];
    let fits = header.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let refused = parts.any(|part| part.replace(' ', "").eq_ignore_ascii_case("q=0"));
        !refused && wanted.iter().any(|known| known.eq_ignore_ascii_case(media))
    });
    if fits {
        return Ok(());
    }
    Err(ScimError::plain(406, format!("The answer is application/scim+json, which Accept: {header} does not allow")))
}

/// The JSON body of a write, in application/scim+json or application/json, in UTF-8.
fn json_body(request: &Request) -> Result<Value, ScimError> {
    if let Some(header) = request.header("content-type") {
        let mut parts = header.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let known = ["application/scim+json", "application/json"].iter().any(|known| known.eq_ignore_ascii_case(media));
        let utf_8 = parts.all(|part| match part.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
                value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        });
        if !known || !utf_8 {
            let detail = format!("The body must be application/scim+json or application/json in UTF-8, not {header}");
            return Err(ScimError::plain(415, detail));
        }
    }
    strict::read(&request.body).map_err(|error| {
        ScimError::bad(ScimType::InvalidSyntax, format!("The body is not JSON that can be read: {error}"))
    })
}
