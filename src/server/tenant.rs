//! Tenants: servers behind one address that share nothing but it (RFC 7644 §6).

use super::Config;
use super::message::{Answer, Request};
use super::service::Service;
use crate::scim::error::ScimError;
use std::io;
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
        let mut services = vec![Service::new(config, base_url)?];
        for Tenant { name, token } in &config.tenants {
            if token.is_empty() || tokens.contains(&token.as_str()) {
                let problem = format!("the tenant {name} needs a token that no other tenant has");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
            }
            tokens.push(token);
            let own = Config { token: token.clone(), basic: Vec::new(), clients: Vec::new(), ..config.clone() };
            services.push(Service::new(&own, base_url)?);
        }
        Ok(Self { services })
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
