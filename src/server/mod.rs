//! The reference server: a healthy SCIM 2.0 target, with named faults. Built on [`crate::scim`]; shares no code with the
//! judge.
//!
//! A request travels `connection` (bytes in time; `crowd` bounds all together) -> `http` (to a [`message::Request`]) ->
//! `service` (credential, `route`) -> `resources` (one request on resources) -> `directory` (what is read and written) ->
//! `store` (where it is kept) and back; `fault` deviates at the named seams in between.

mod archive;
mod bulk;
mod clock;
mod connection;
mod credential;
mod crowd;
mod cursor;
mod directory;
mod discovery;
mod etag;
pub mod fault;
mod http;
mod listing;
mod log;
mod me;
mod media;
mod membership;
pub mod message;
mod order;
mod query;
mod rate;
mod resources;
mod route;
mod seed;
mod service;
mod store;
mod tenant;
mod tls;
mod token;
mod types;
pub mod variant;
mod view;

pub use crowd::Limits;
pub use tenant::Tenant;
pub use tls::Encryption;

use fault::{Fault, Hiccup};
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use variant::Variant;

/// The displayName of a group of the app's own, where these faults keep one.
pub fn hidden_group(faults: &[&Fault]) -> Option<&'static str> {
    faults.iter().any(|fault| fault.id == "group_hidden_conflict").then_some(fault::HIDDEN_GROUP)
}

/// The userName of somebody that every directory with example people starts with.
pub fn example_user() -> String {
    seed::user_name(0)
}

/// How a successful PATCH is answered (RFC 7644 §3.5.2 allows both).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PatchAnswer {
    /// 200 with the resource.
    #[default]
    Ok200,
    /// 204 without a body, unless `attributes` asks for some.
    NoContent204,
}

/// What the server writes about each request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Nothing.
    #[default]
    Off,
    /// One line of text.
    Text,
    /// One JSON object in a line.
    Json,
}

/// What kind of server to start.
#[derive(Clone, Debug)]
pub struct Config {
    /// The port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// What TLS is spoken with; without it plain HTTP is.
    pub tls: Option<Encryption>,
    /// The path of the base URL, such as `/scim/v2`.
    pub base_path: String,
    /// The credential that is accepted. Empty, the default, accepts nobody.
    pub token: String,
    /// Further credentials, each `user:password`, for the Basic scheme.
    pub basic: Vec<String>,
    /// Clients of the token endpoint, each `id:secret`.
    pub clients: Vec<String>,
    /// How long an access token is good for.
    pub token_lifetime: Duration,
    /// Further tenants, each with a directory of its own like the first one's.
    pub tenants: Vec<Tenant>,
    /// How many requests a second a credential may send.
    pub rate_limit: Option<u32>,
    /// What the server does wrong.
    pub faults: Vec<&'static Fault>,
    /// The one request that is answered 500 by a server that is healthy otherwise.
    pub hiccup: Option<Hiccup>,
    /// How long the client waits for an answer: what faults that are slow measure their delay by.
    pub patience: Duration,
    /// What clients may cost.
    pub limits: Limits,
    /// What the server does otherwise than most, and rightly.
    pub variants: Vec<&'static Variant>,
    /// How a successful PATCH is answered.
    pub patch_answer: PatchAnswer,
    /// The userName of whom `/Me` is; without one it is not supported.
    pub me: Option<String>,
    /// How long a cursor is good for.
    pub cursor_timeout: Duration,
    /// What is written about each request.
    pub log: LogFormat,
    /// A new file that gets everything that was sent and answered, as an HTTP archive without credentials and passwords.
    pub archive: Option<PathBuf>,
    /// Whether /Roles and /Entitlements are offered, as Okta reads them.
    pub entitlements: bool,
    /// The file that keeps the directory; without one it is forgotten at the end.
    pub data: Option<PathBuf>,
    /// How many example people an empty directory starts with.
    pub people: usize,
    /// Schema resources (RFC 7643 §7) attached to User as optional extensions.
    pub schemas: Vec<serde_json::Value>,
    /// Resources an empty directory starts with, after the example people: full representations, whose `id` and `meta` are
    /// kept. A group's members come before it.
    pub resources: Vec<serde_json::Value>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            port: 0,
            tls: None,
            base_path: "/scim/v2".into(),
            token: String::new(),
            basic: Vec::new(),
            clients: Vec::new(),
            token_lifetime: token::DEFAULT_LIFETIME,
            tenants: Vec::new(),
            rate_limit: None,
            faults: Vec::new(),
            hiccup: None,
            patience: Duration::from_secs(60),
            limits: Limits::default(),
            variants: Vec::new(),
            patch_answer: PatchAnswer::default(),
            me: None,
            cursor_timeout: cursor::DEFAULT_TIMEOUT,
            log: LogFormat::default(),
            archive: None,
            entitlements: false,
            data: None,
            people: 0,
            schemas: Vec::new(),
            resources: Vec::new(),
        }
    }
}

impl Config {
    /// What must never be written: the credentials, and the secret halves of pairs.
    fn secrets(&self) -> Vec<String> {
        let pairs = self.basic.iter().chain(&self.clients);
        let halves = pairs.clone().filter_map(|pair| Some(pair.split_once(':')?.1.to_owned()));
        let tokens = std::iter::once(&self.token).chain(self.tenants.iter().map(|tenant| &tenant.token));
        tokens.chain(pairs).cloned().chain(halves).collect()
    }
}

/// A server that answers. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Running {
    /// The base URL, such as `http://127.0.0.1:8080/scim/v2`.
    pub base_url: String,
    /// How many users and groups the data files held.
    pub held: usize,
    /// The certificate of the authority that was made, in PEM: what a client must trust.
    pub authority: Option<String>,
    /// Where access tokens are got, when there are clients for them.
    pub token_endpoint: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<io::Result<()>>,
}

impl Running {
    /// Stops accepting, lets requests in flight finish (two seconds at most), frees the port.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // The receiver is gone when the server has ended by itself, which is as good.
            let _ = stop.send(());
        }
        // How it ended matters to nobody any more.
        let _ = (&mut self.task).await;
    }

    /// Returns when the server has ended; the error says why it could not go on.
    pub async fn wait(mut self) -> io::Result<()> {
        let ended = (&mut self.task).await;
        drop(self.stop.take());
        ended.unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}

/// Starts a server on 127.0.0.1 and returns once it accepts. Fails when the port is taken, or the data file, of which another
/// server may be the user, cannot be opened or written; with the kind `InvalidInput` or `InvalidData` when a schema
/// definition, a tenant, a certificate or the content of the data file is at fault.
pub async fn start(config: Config) -> io::Result<Running> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port)).await.map_err(|error| {
        let port = config.port;
        io::Error::new(error.kind(), format!("cannot listen on 127.0.0.1:{port}: {error}; choose another port, or 0"))
    })?;
    let path = config.base_path.trim_matches('/');
    let tls = config.tls.as_ref().map(tls::Tls::new).transpose()?;
    let origin = format!("{}://{}", if tls.is_some() { "https" } else { "http" }, listener.local_addr()?);
    let token_endpoint = (!config.clients.is_empty()).then(|| format!("{origin}{}", token::PATH));
    let base_url = if path.is_empty() { origin } else { format!("{origin}/{path}") };
    let house = tenant::House::new(&config, &base_url)?;
    let (held, (stop, stopped)) = (house.held(), oneshot::channel());
    let (acceptor, authority) = tls.map(|tls| (tls.acceptor, tls.authority)).unzip();
    let task = tokio::spawn(http::serve(listener, Arc::new(house), config.limits, acceptor, stopped));
    Ok(Running { base_url, held, authority: authority.flatten(), token_endpoint, stop: Some(stop), task })
}
