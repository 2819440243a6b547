//! Sending: one request as Okta sends it becomes one recorded [`Exchange`], whatever happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::RequestBuilder;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tokio::sync::Semaphore;
use url::{Position, Url};

use super::failure::Way;
use super::pace::Pace;
use super::{AuthForm, BaseUrl, Credential, network, wire};
use crate::exchange::curl::{self, CurlCredential};
use crate::exchange::{Body, Exchange, Failure, FailureKind, Header, Redactor, Request, Response, decode, redact};
use crate::scenario::StepCredential;

/// A connection that takes longer is not going to be made.
const CONNECT: Duration = Duration::from_secs(15);

/// Bodies larger than this are decoded one at a time: several at once would take as many times the memory.
const LARGE: usize = 256 << 10;

/// Bounds on every answer. Its head is bounded by the HTTP parser: 100 header fields, 400 KB.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From sending to the last byte. Okta closes the socket after 60 s (Okta SCIM FAQ).
    pub timeout: Duration,
    /// Bytes of a body, before and after decompression.
    pub body: usize,
    /// Requests a second, over all that is sent at once; as many as come when absent.
    pub rate: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(60), body: 8 << 20, rate: None }
    }
}

/// How the client reaches its target.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// PEM certificates trusted besides the system's.
    pub ca: Option<Vec<u8>>,
    /// Accept any certificate.
    pub insecure: bool,
    /// The proxy to go through, instead of what the environment names. Loopback is always reached directly.
    pub proxy: Option<Url>,
}

/// The simulated Okta client: one base URL, one credential, connections kept.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: BaseUrl,
    credential: Credential,
    limits: Limits,
    /// The proxy on the way, host and port, and who named it.
    proxy: Option<String>,
    redactor: Arc<Redactor>,
    pace: Arc<Pace>,
    decoding: Arc<Semaphore>,
}

/// A request to send.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Encoded path and query after the base URL.
    pub path: &'a str,
    /// The body.
    pub body: Payload<'a>,
    /// Which credential goes with it.
    pub credential: StepCredential,
    /// Header fields that replace the client's own; an empty value removes one.
    pub headers: &'a [(String, String)],
}

/// What is sent as body.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    /// Nothing.
    None,
    /// This document, in its own key order.
    Json(&'a Value),
    /// These bytes.
    Raw(&'a str),
}

impl<'a> Outgoing<'a> {
    /// A request without a body, with the run's credential and the client's own headers.
    pub const fn new(method: &'a str, path: &'a str) -> Self {
        Self { method, path, body: Payload::None, credential: StepCredential::Given, headers: &[] }
    }

    /// The same with a JSON body.
    #[must_use]
    pub const fn json(mut self, body: &'a Value) -> Self {
        self.body = Payload::Json(body);
        self
    }
}

impl Client {
    /// Builds the client. Fails when the credential is no header value, or a certificate cannot be read; the text says
    /// what to do.
    pub fn new(base: BaseUrl, credential: Credential, limits: Limits, network: &Network) -> Result<Self, String> {
        // The provider is process-wide; a second call changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .http1_only()
            .http1_title_case_headers()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(limits.timeout.min(CONNECT))
            .pool_idle_timeout(Duration::from_secs(30));
        let proxy = network.proxy.as_ref().filter(|_| !base.is_loopback());
        if base.is_loopback() {
            builder = builder.no_proxy();
        } else if let Some(url) = proxy {
            builder = builder.proxy(reqwest::Proxy::all(url.clone()).map_err(|e| format!("--proxy: {e}"))?);
        }
        if base.is_loopback() && !base.is_https() {
            // Loading the system's roots takes longer than a whole run on loopback.
            builder = builder.tls_certs_only([]);
        } else if let Some(pem) = &network.ca {
            let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(|e| format!("--ca: not PEM: {e}"))?;
            if certificates.is_empty() {
                return Err("--ca: the file holds no certificate in PEM (-----BEGIN CERTIFICATE-----)".to_owned());
            }
            builder = builder.tls_certs_merge(certificates);
        }
        if network.insecure {
            builder = builder.tls_danger_accept_invalid_certs(true);
        }
        HeaderValue::from_str(&credential.header_value())
            .map_err(|_| "the credential cannot be sent in an HTTP header".to_owned())?;
        let http = builder.build().map_err(|e| not_made(&e))?;
        let redactor = Arc::new(Redactor::new(&credential.secrets()));
        let pace = Arc::new(Pace::new(limits.rate));
        let proxy = match proxy {
            Some(url) => Some(url[Position::BeforeHost..Position::AfterPort].to_owned()),
            None if base.is_loopback() => None,
            None => environments_proxy(&base),
        };
        let decoding = Arc::new(Semaphore::new(1));
        Ok(Self { http, base, credential, limits, proxy, redactor, pace, decoding })
    }

    /// The same connections with another credential; what the first one was stays redacted by its own client.
    #[must_use]
    pub fn with_credential(&self, credential: Credential) -> Self {
        let redactor = Arc::new(Redactor::new(&credential.secrets()));
        Self { credential, redactor, ..self.clone() }
    }

    /// The target.
    pub const fn base(&self) -> &BaseUrl {
        &self.base
    }

    /// The credential.
    pub const fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The time limit of an answer.
    pub const fn timeout(&self) -> Duration {
        self.limits.timeout
    }

    /// The time from one request to the next that `--rate` asks for.
    pub fn gap(&self) -> Duration {
        self.pace.gap()
    }

    /// The proxy on the way, host and port, and who named it where that was not the user of the program.
    pub fn proxy(&self) -> Option<&str> {
        self.proxy.as_deref()
    }

    /// What hides this client's secrets; generated passwords are added here before they are sent.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Sends one request, in its turn, and records what came of it.
    pub async fn send(&self, outgoing: Outgoing<'_>) -> Exchange {
        self.pace.turn().await;
        let authorization = match outgoing.credential {
            StepCredential::Given => Some(self.credential.header_value()),
            StepCredential::LowerScheme => Some(self.credential.lower_scheme()),
            StepCredential::Wrong => Some(self.credential.made_up().header_value()),
            StepCredential::None => None,
        };
        let headers = header_fields(&outgoing, authorization.as_deref());
        let recorded: Vec<Header> = headers
            .iter()
            .map(|(name, value)| Header {
                name: name.clone(),
                value: if name.eq_ignore_ascii_case("authorization") && outgoing.credential == StepCredential::Given {
                    redacted_authorization(self.credential.form())
                } else {
                    self.redactor.header(value)
                },
            })
            .collect();
        let (bytes, body) = match outgoing.body {
            Payload::None => (Vec::new(), Body::Empty),
            Payload::Json(value) => (value.to_string().into_bytes(), decode::document(value, &self.redactor)),
            Payload::Raw(text) => (text.as_bytes().to_vec(), decode::body(text.as_bytes().to_vec(), &self.redactor).0),
        };
        let curl_credential = match (outgoing.credential, self.credential.form(), authorization.as_deref()) {
            (StepCredential::None, ..) | (_, _, None) => {
                let own = outgoing.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
                own.map_or(CurlCredential::None, |(_, value)| CurlCredential::Literal(value))
            }
            (StepCredential::Wrong, _, Some(value)) => CurlCredential::Literal(value),
            (StepCredential::LowerScheme, AuthForm::Bearer, _) => CurlCredential::LowerBearer,
            (_, AuthForm::Header, _) => CurlCredential::Header,
            (_, AuthForm::Bearer, _) => CurlCredential::Bearer,
            (_, AuthForm::Basic, _) => CurlCredential::Basic,
        };
        let curl = curl::command(outgoing.method, outgoing.path, &recorded, &body, curl_credential);
        let request =
            Request { method: outgoing.method.to_owned(), path: outgoing.path.to_owned(), headers: recorded, body };
        let heard = Arc::new(AtomicUsize::new(NOTHING));
        let transfer = self.transfer(&outgoing, &headers, bytes, &heard);
        let answer = tokio::time::timeout(self.limits.timeout, transfer).await.unwrap_or_else(|_| {
            let message = too_late(self.limits.timeout, heard.load(Ordering::Relaxed));
            Err(Failure { kind: FailureKind::Timeout, message })
        });
        let (response, failure) = match answer {
            Ok(answer) => match self.read(answer).await {
                Ok(response) => (Some(response), None),
                Err(failure) => (None, Some(failure)),
            },
            Err(failure) => (None, Some(failure)),
        };
        Exchange { request, response, failure, curl }
    }

    /// Sends the bytes and takes those of the answer.
    async fn transfer(
        &self,
        outgoing: &Outgoing<'_>,
        headers: &[(String, String)],
        bytes: Vec<u8>,
        heard: &Arc<AtomicUsize>,
    ) -> Result<Answer, Failure> {
        let url = format!("{}{}", self.base.as_str(), outgoing.path);
        let refused = |message: String| Failure { kind: FailureKind::Refused, message };
        let method = reqwest::Method::from_bytes(outgoing.method.as_bytes())
            .map_err(|_| refused(format!("`{}` is not an HTTP method", outgoing.method)))?;
        let mut request = self.http.request(method, url).headers(header_map(headers).map_err(refused)?);
        if !bytes.is_empty() {
            request = request.body(bytes);
        }
        let taken = Answer::taken(request, self.limits.body, heard.clone());
        network::there(taken).await.map_err(|error| self.failure(&error))
    }

    /// Makes of an answer's bytes what is recorded.
    async fn read(&self, answer: Answer) -> Result<Response, Failure> {
        let Answer { status, headers, bytes: raw, mut truncated, ms } = answer;
        let received: Vec<Header> = headers
            .iter()
            .map(|(name, value)| Header {
                name: self.redactor.text(name.as_str()),
                value: self.redactor.header(&String::from_utf8_lossy(value.as_bytes())),
            })
            .collect();
        let encoding =
            received.iter().find(|h| h.name.eq_ignore_ascii_case("content-encoding")).map(|h| h.value.as_str());
        let one_by_one =
            if raw.len() > LARGE || encoding.is_some() { self.decoding.acquire().await.ok() } else { None };
        let (mut bytes, longer) = decode::decompress(encoding, raw, self.limits.body)
            .map_err(|message| Failure { kind: FailureKind::Transport, message })?;
        truncated |= longer;
        if truncated {
            // Nobody can read it; its beginning shows what it was.
            bytes = decode::beginning(&bytes, LARGE);
        }
        let (body, cut) = decode::body(bytes, &self.redactor);
        drop(one_by_one);
        Ok(Response { status, headers: received, body, truncated: truncated || cut, ms })
    }

    fn failure(&self, error: &reqwest::Error) -> Failure {
        let way = Way {
            host: self.base.host(),
            https: self.base.is_https(),
            proxy: self.proxy.as_deref(),
            connect: self.limits.timeout.min(CONNECT),
        };
        way.failure(error, |text| self.redactor.text(&text))
    }
}

/// What came, as it came.
struct Answer {
    status: u16,
    headers: HeaderMap,
    bytes: Vec<u8>,
    /// More came than is read.
    truncated: bool,
    /// Milliseconds from sending to the last byte.
    ms: f64,
}

impl Answer {
    /// Sends the request and takes the answer, up to `room` bytes of its body; `heard` tells on the way how many there are.
    async fn taken(request: RequestBuilder, room: usize, heard: Arc<AtomicUsize>) -> reqwest::Result<Self> {
        let started = Instant::now();
        let mut answer = request.send().await?;
        heard.store(0, Ordering::Relaxed);
        let status = answer.status().as_u16();
        let headers = std::mem::take(answer.headers_mut());
        let mut bytes = Vec::new();
        let mut truncated = false;
        while let Some(chunk) = answer.chunk().await? {
            let left = room.saturating_sub(bytes.len());
            bytes.extend_from_slice(&chunk[..chunk.len().min(left)]);
            heard.store(bytes.len(), Ordering::Relaxed);
            if chunk.len() > left {
                truncated = true;
                break;
            }
        }
        // What the server still sends is its own affair: the connection is not read on.
        Ok(Self { status, headers, bytes, truncated, ms: millis(started) })
    }
}

/// The proxy that the environment names for this target, found as the HTTP client finds it; without its credentials.
fn environments_proxy(base: &BaseUrl) -> Option<String> {
    let named = Matcher::from_system().intercept(&base.as_str().parse().ok()?)?;
    let address = named.uri().authority()?.as_str();
    let address = address.rsplit_once('@').map_or(address, |(_, address)| address);
    Some(format!("{address} (named by the environment)"))
}

/// Not even the head of an answer came.
const NOTHING: usize = usize::MAX;

fn too_late(limit: Duration, heard: usize) -> String {
    match heard {
        NOTHING => format!("no answer within {limit:?}"),
        bytes => format!("no complete answer within {limit:?}: its head and {bytes} bytes of its body had come"),
    }
}

/// Why there is no HTTP client at all.
fn not_made(error: &reqwest::Error) -> String {
    let words = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    if words.contains("No CA certificates") {
        "this machine trusts no certificate authority: install its CA certificates (ca-certificates), or give --ca FILE"
            .into()
    } else {
        format!("the HTTP client could not be made: {words}")
    }
}

fn millis(started: Instant) -> f64 {
    (started.elapsed().as_secs_f64() * 100_000.0).round() / 100.0
}

/// The fields as they go out: Okta's set, then the step's own in place of or after them.
fn header_fields(outgoing: &Outgoing<'_>, authorization: Option<&str>) -> Vec<(String, String)> {
    let own = wire::headers(outgoing.method).into_iter().map(|(n, v)| (n.to_owned(), v.to_owned()));
    let mut fields: Vec<(String, String)> = own.collect();
    if let Some(value) = authorization {
        fields.insert(1, ("Authorization".to_owned(), value.to_owned()));
    }
    for (name, value) in outgoing.headers {
        fields.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        if !value.is_empty() {
            fields.push((name.clone(), value.clone()));
        }
    }
    fields
}

fn header_map(fields: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut map = HeaderMap::with_capacity(fields.len());
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("`{name}` is no header field name"))?;
        let mut value =
            HeaderValue::from_str(value).map_err(|_| format!("the value of `{name}` is no header value"))?;
        value.set_sensitive(name == AUTHORIZATION);
        map.append(name, value);
    }
    Ok(map)
}

/// The scheme stays readable when the form adds it, so that one sees which was sent.
fn redacted_authorization(form: AuthForm) -> String {
    match form {
        AuthForm::Header => redact::CREDENTIAL.to_owned(),
        AuthForm::Bearer => format!("Bearer {}", redact::CREDENTIAL),
        AuthForm::Basic => format!("Basic {}", redact::CREDENTIAL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_can_replace_and_remove_header_fields() {
        let headers =
            vec![("accept".to_owned(), "application/json".to_owned()), ("User-Agent".to_owned(), String::new())];
        let outgoing = Outgoing { headers: &headers, ..Outgoing::new("GET", "/Users") };
        let fields = header_fields(&outgoing, Some("Bearer x"));
        assert!(fields.contains(&("accept".to_owned(), "application/json".to_owned())));
        assert!(fields.iter().all(|(n, v)| n != "User-Agent" && v != "application/scim+json"));
        assert!(fields.contains(&("Authorization".to_owned(), "Bearer x".to_owned())));
    }

    #[tokio::test]
    async fn a_refused_connection_is_a_recorded_failure() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
        let port = listener.local_addr().expect("address").port();
        drop(listener);
        let base = BaseUrl::parse(&format!("http://127.0.0.1:{port}/scim")).expect("url");
        let credential = Credential::new(AuthForm::Bearer, "secret-token-1").expect("credential");
        let client = Client::new(base, credential, Limits::default(), &Network::default()).expect("client");
        let exchange = client.send(Outgoing::new("GET", "/Users")).await;
        assert_eq!(exchange.failure.expect("failure").kind, FailureKind::Connect);
        assert!(exchange.request.headers.iter().all(|h| !h.value.contains("secret-token-1")));
        assert!(!exchange.curl.contains("secret-token-1"));
    }
}
