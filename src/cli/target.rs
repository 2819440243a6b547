//! Which endpoint, with which credential: options, environment and files resolved into a client.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{duration, give_up, serve};
use crate::exit::Exit;
use crate::okta::client::{Limits, Network};
use crate::okta::{AuthForm, BaseUrl, BaseUrlError, Client, Credential};
use crate::play::{Existing, Problem};
use crate::report::Reference;
use crate::server::fault::Fault;
use crate::server::{self, Config, Running};

/// Where to play and how to get in.
#[derive(Clone, Debug, Args)]
pub(super) struct TargetArgs {
    /// The SCIM base URL, as typed into Okta; else SCIM_BASE_URL of the environment, unless --reference is given
    // Not read by clap, to which a variable of the environment is as good as an argument, and a conflict.
    #[arg(long, value_name = "URL", conflicts_with = "reference")]
    url: Option<String>,
    /// Play against the built-in reference server: nothing to set up
    #[arg(long)]
    pub(super) reference: bool,
    /// With --reference: a fault to build in (repeatable); see `scimulate list faults`
    #[arg(long, value_name = "ID", requires = "reference")]
    fault: Vec<String>,
    /// With --reference: a way to be right that few servers choose (repeatable); see `scimulate list variants`
    #[arg(long, value_name = "ID", requires = "reference")]
    variant: Vec<String>,
    /// File that holds the credential; one trailing newline is taken off
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The credential itself; shows in the process list, so prefer SCIM_TOKEN or --token-file
    #[arg(long, env = "SCIM_TOKEN", hide_env_values = true, conflicts_with = "token_file")]
    token: Option<SecretString>,
    /// How it is sent: header = as typed, bearer = "Bearer " is added, basic = user:password
    #[arg(long, value_enum, default_value_t)]
    auth: AuthForm,
    /// How long an answer may take; Okta waits 60 s
    #[arg(long, default_value = "60s", value_parser = duration, value_name = "DUR")]
    timeout: Duration,
    /// At most N requests a second, over all that is sent at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: Option<u32>,
    /// Trust the certificates in this PEM file too
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Accept any certificate (Okta does not)
    #[arg(long)]
    insecure: bool,
    /// Go through this HTTP proxy, e.g. http://proxy.corp.example:3128; else HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY
    /// of the environment count. This machine is always reached directly
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
}

impl TargetArgs {
    /// The base URL that is asked for, if any.
    pub(super) fn url(&self) -> Option<String> {
        self.url.clone().or_else(|| std::env::var("SCIM_BASE_URL").ok().filter(|url| !url.is_empty()))
    }

    /// What is built into the reference server, if that is the target.
    pub(super) fn built_in(&self) -> Option<Reference> {
        self.reference.then(|| Reference { faults: self.fault.clone(), variants: self.variant.clone() })
    }
}

/// A client ready to send, and the reference server it talks to, if it is one.
pub(super) struct Target {
    pub(super) client: Client,
    /// Where the credential came from, for messages.
    pub(super) source: &'static str,
    pub(super) reference: Option<Running>,
    /// What is known to have been there before; of a server of somebody else's nothing is.
    pub(super) existing: Existing,
}

/// Why there is no target.
pub(super) enum NoTarget {
    /// Ends the program; already told.
    Exit(Exit),
    /// A base URL that cannot be tested: a report is still written.
    Problem {
        /// As typed.
        base_url: String,
        /// What to say.
        problem: Problem,
    },
}

impl From<Exit> for NoTarget {
    fn from(exit: Exit) -> Self {
        Self::Exit(exit)
    }
}

/// A target as far as it is known without reaching it.
pub(super) struct Described {
    /// Its base URL, or what it is.
    pub(super) name: String,
    /// It is on this machine.
    pub(super) loopback: bool,
    /// What is known to have been there before.
    pub(super) existing: Existing,
}

/// Says what the target would be, for a run that sends nothing.
pub(super) fn described(args: &TargetArgs) -> Result<Described, Exit> {
    if args.reference {
        let existing = known(&serve::faults(&args.fault)?);
        return Ok(Described { name: "the built-in server".into(), loopback: true, existing });
    }
    let existing = Existing::default();
    let Some(url) = &args.url() else {
        return Ok(Described { name: "a target that is not named".into(), loopback: false, existing });
    };
    let base = BaseUrl::parse(url).map_err(|error| give_up(Exit::Usage, error))?;
    Ok(Described { name: base.as_str().into(), loopback: base.is_loopback(), existing })
}

/// What is there when the reference server starts.
fn known(faults: &[&Fault]) -> Existing {
    Existing::new(Some(&server::example_user()), server::hidden_group(faults))
}

/// Resolves the options.
pub(super) async fn target(args: &TargetArgs) -> Result<Target, NoTarget> {
    let usage = |message: String| NoTarget::Exit(give_up(Exit::Usage, message));
    let limits = Limits { timeout: args.timeout, rate: args.rate, ..Limits::default() };
    if args.reference {
        return reference(args, limits).await;
    }
    let Some(url) = &args.url() else {
        return Err(usage(
            "which endpoint? Give --url URL or SCIM_BASE_URL, or play against the built-in server with --reference"
                .into(),
        ));
    };
    let base = match BaseUrl::parse(url) {
        Ok(base) => base,
        Err(BaseUrlError::Invalid(message)) => return Err(usage(message)),
        Err(BaseUrlError::Collection { suggestion, message }) => {
            let problem = Problem {
                kind: "base_url".into(),
                summary: "this is not a SCIM base URL".into(),
                details: vec![capitalised(&message) + ".", format!("Run again with --url {suggestion}")],
            };
            return Err(NoTarget::Problem { base_url: url.clone(), problem });
        }
    };
    let (typed, source) = typed_credential(args).map_err(usage)?;
    let credential = Credential::new(args.auth, typed.expose_secret()).map_err(usage)?;
    let ca = match &args.ca {
        None => None,
        Some(file) => Some(std::fs::read(file).map_err(|e| usage(format!("--ca {}: {e}", file.display())))?),
    };
    if args.insecure {
        anstream::eprintln!(
            "Warning: --insecure accepts any certificate: whoever answers at {} gets the token. Okta does not accept it.",
            base.host()
        );
    }
    let proxy = args.proxy.as_deref().map(proxy).transpose().map_err(usage)?;
    if proxy.is_some() && base.is_loopback() {
        anstream::eprintln!("Note: --proxy is not used for {}, which is this machine.", base.host());
    }
    let network = Network { ca, insecure: args.insecure, proxy };
    let client = Client::new(base, credential, limits, &network).map_err(usage)?;
    Ok(Target { client, source, reference: None, existing: Existing::default() })
}

async fn reference(args: &TargetArgs, limits: Limits) -> Result<Target, NoTarget> {
    let token = serve::made_token();
    let faults = serve::faults(&args.fault)?;
    let existing = known(&faults);
    let config = Config {
        token: token.clone(),
        faults,
        patience: args.timeout,
        variants: serve::variants(&args.variant)?,
        people: 3,
        entitlements: true,
        ..Config::default()
    };
    let failed = |message: String| NoTarget::Exit(give_up(Exit::Bug, message));
    let running =
        server::start(config).await.map_err(|e| failed(format!("the reference server did not start: {e}")))?;
    let base = BaseUrl::parse(&running.base_url).map_err(|e| failed(e.to_string()))?;
    let credential = Credential::new(AuthForm::Bearer, token).map_err(failed)?;
    let client = Client::new(base, credential, limits, &Network::default()).map_err(failed)?;
    Ok(Target { client, source: "the reference server", reference: Some(running), existing })
}

fn typed_credential(args: &TargetArgs) -> Result<(SecretString, &'static str), String> {
    if let Some(file) = &args.token_file {
        return Ok((read_token(file)?, "--token-file"));
    }
    let Some(token) = &args.token else {
        return Err("which credential? Set SCIM_TOKEN or give --token-file FILE".into());
    };
    if std::env::var("SCIM_TOKEN").is_ok_and(|set| set == token.expose_secret()) {
        return Ok((token.clone(), "SCIM_TOKEN"));
    }
    anstream::eprintln!("Warning: --token shows in the process list; SCIM_TOKEN or --token-file do not.");
    Ok((token.clone(), "--token"))
}

/// Reads a credential from a file; one trailing newline is taken off.
pub(super) fn read_token(file: &Path) -> Result<SecretString, String> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("the token file {}: {e}", file.display()))?;
    let token = text.strip_suffix('\n').unwrap_or(&text);
    Ok(token.strip_suffix('\r').filter(|_| text.ends_with('\n')).unwrap_or(token).into())
}

/// Reads the address of a proxy as people write it.
fn proxy(typed: &str) -> Result<Url, String> {
    let text = if typed.contains("://") { typed.to_owned() } else { format!("http://{typed}") };
    // The text may hold a password, so it is not repeated.
    let url = Url::parse(&text).map_err(|e| format!("--proxy is no URL ({e}); write it as http://host:port"))?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        Ok(url)
    } else {
        Err("--proxy takes HTTP proxies only; write it as http://host:port".to_owned())
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
