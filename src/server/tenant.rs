//! Tenants: servers behind one address that share nothing but it (RFC 7644 §6).

use super::Config;
use super::log::Log;
use super::message::{Answer, Request};
use super::service::Service;
use crate::scim::error::ScimError;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A tenant beside the first one.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// What the operator calls it.
    pub name: String,
    /// The credential that leads to it.
    pub token: String,
}

/// All tenants. Each has a directory, credentials and deviations of its own.
pub(super) struct House {
    services: Vec<Service>,
}

impl House {
    /// Fails as [`Service::new`] does, and when two tenants have the same token.
    pub(super) fn new(config: &Config, base_url: &str) -> io::Result<Self> {
        let mut tokens = vec![config.token.as_str()];
        let log = Log::new(config.log, config.secrets(), Box::new(io::stderr()));
        let log = Arc::new(log.archived(config.archive.as_deref())?);
        let mut services = vec![Service::new(config, base_url, Arc::clone(&log))?];
        for Tenant { name, token } in &config.tenants {
            if token.is_empty() || tokens.contains(&token.as_str()) {
                let problem = format!("the tenant {name} needs a token that no other tenant has");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
            }
            tokens.push(token);
            let data = config.data.as_deref().map(|file| file_of(name, file));
            let own = Config { token: token.clone(), basic: Vec::new(), clients: Vec::new(), data, ..config.clone() };
            services.push(Service::new(&own, base_url, Arc::clone(&log))?);
        }
        Ok(Self { services })
    }

    /// How many users and groups the data files held.
    pub(super) fn held(&self) -> usize {
        self.services.iter().map(Service::held).sum()
    }

    /// The tenant that the credential leads to; the first one for who has none, which refuses or tells what it is.
    fn service(&self, request: &Request) -> &Service {
        match &*self.services {
            [only] => only,
            all => all.iter().find(|one| one.knows(request)).unwrap_or(&all[0]),
        }
    }

    /// Answers a request; `unread` says why its body could not be read.
    pub(super) fn answer(&self, request: Request, unread: Option<ScimError>) -> Answer {
        self.service(&request).answer(request, unread)
    }

    /// True when reading every resource takes longer than handing the work to another thread.
    pub(super) fn is_large(&self, request: &Request) -> bool {
        self.service(request).is_large()
    }

    /// How long a client waits for an answer.
    pub(super) fn patience(&self) -> Duration {
        self.services[0].patience()
    }
}

/// The data file of a tenant beside the first one's: its name, encoded, behind a dot.
fn file_of(tenant: &str, first: &Path) -> PathBuf {
    let mut file = first.as_os_str().to_owned();
    file.push(format!(".{}", utf8_percent_encode(tenant, NON_ALPHANUMERIC)));
    file.into()
}
