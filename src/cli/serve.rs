//! `scimulate serve`: the reference server, for self-tests and for pointing a client at.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use secrecy::{ExposeSecret as _, SecretString};

use super::{give_up, signal};
use crate::exit::Exit;
use crate::server::fault::{self, Fault};
use crate::server::variant::{self, Variant};
use crate::server::{self, Config, Encryption, LogFormat, PatchAnswer, Tenant};

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Port on this machine; 0 picks a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Speak TLS with a certificate made for this start; what to trust is told
    #[arg(long)]
    tls: bool,
    /// Speak TLS with this certificate (PEM, with those that lead to its authority)
    #[arg(long, value_name = "FILE", requires = "tls_key", conflicts_with = "tls")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Path before /Users
    #[arg(long, default_value = "/scim/v2", value_name = "PATH")]
    base_path: String,
    /// The token to accept; one is made and shown when none is given
    #[arg(long, conflicts_with = "token_file")]
    token: Option<SecretString>,
    /// File that holds the token
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// A user and password to accept by the Basic scheme (repeatable)
    #[arg(long, value_name = "USER:PASSWORD")]
    basic: Vec<SecretString>,
    /// A client of the token endpoint, which gives out access tokens that expire (repeatable)
    #[arg(long, value_name = "ID:SECRET")]
    oauth_client: Vec<SecretString>,
    /// How long an access token is good for: 500ms, 5s, 10m, 1h
    #[arg(long, default_value = "1h", value_parser = super::duration, value_name = "DUR")]
    token_lifetime: Duration,
    /// One more tenant: a directory of its own behind a token of its own (repeatable)
    #[arg(long, value_name = "NAME=TOKEN")]
    tenant: Vec<SecretString>,
    /// Requests a second that a credential may send; what is more is answered 429 with Retry-After
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate_limit: Option<u32>,
    /// A fault to build in (repeatable); see `scimulate list faults`
    #[arg(long, value_name = "ID")]
    fault: Vec<String>,
    /// A way to be right that few servers choose (repeatable); see `scimulate list variants`
    #[arg(long, value_name = "ID")]
    variant: Vec<String>,
    /// How a PATCH is answered: 200 with the resource, or 204
    #[arg(long, value_enum, default_value_t)]
    patch_answer: PatchStatus,
    /// Who /Me is, by userName; without it /Me is answered 501
    #[arg(long, value_name = "USERNAME")]
    me: Option<String>,
    /// How long a cursor (RFC 9865) is good for: 500ms, 5s, 10m, 1h
    #[arg(long, default_value = "1h", value_parser = super::duration, value_name = "DUR")]
    cursor_timeout: Duration,
    /// File that keeps the directory, every write before its answer; made when it is not there. That of a --tenant is FILE.NAME
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// How many people an empty directory starts with
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed_users: usize,
    /// A SCIM schema definition (JSON, RFC 7643 §7), attached to User as an optional extension (repeatable)
    #[arg(long, value_name = "FILE")]
    schema: Vec<PathBuf>,
    /// Offer /Roles and /Entitlements, as Okta reads them
    #[arg(long)]
    entitlements: bool,
    /// text, json: one line per request on stderr, secrets redacted; har: all that is sent and answered, in --log-file
    #[arg(long, value_enum)]
    log: Option<Log>,
    /// A new file for `--log har`, an HTTP archive to give to `scimulate compare-wire`
    #[arg(long, value_name = "FILE", required_if_eq("log", "har"))]
    log_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum PatchStatus {
    #[default]
    #[value(name = "200")]
    Ok,
    #[value(name = "204")]
    NoContent,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Log {
    Text,
    Json,
    Har,
}

/// The faults of these ids; the error names near ones.
pub(super) fn faults(ids: &[String]) -> Result<Vec<&'static Fault>, Exit> {
    known(ids, "fault", fault::all(), |fault| fault.id)
}

/// The variants of these ids; the error names near ones.
pub(super) fn variants(ids: &[String]) -> Result<Vec<&'static Variant>, Exit> {
    known(ids, "variant", variant::all(), |variant| variant.id)
}

fn known<T>(ids: &[String], what: &str, all: &'static [T], id_of: fn(&T) -> &str) -> Result<Vec<&'static T>, Exit> {
    ids.iter()
        .map(|id| {
            all.iter().find(|one| id_of(one) == id).ok_or_else(|| {
                let mut near: Vec<_> =
                    all.iter().map(|one| (strsim::jaro_winkler(id, id_of(one)), id_of(one))).collect();
                near.sort_by(|a, b| b.0.total_cmp(&a.0));
                let near: Vec<_> = near.into_iter().take(3).map(|(_, id)| id).collect();
                give_up(
                    Exit::Usage,
                    format!("there is no {what} `{id}`; near: {}. All: scimulate list {what}s", near.join(", ")),
                )
            })
        })
        .collect()
}

fn read_schema(file: &Path) -> Result<serde_json::Value, String> {
    let name = file.display();
    let text = std::fs::read_to_string(file).map_err(|e| format!("the schema {name}: {e}"))?;
    serde_json::from_str(&text).map_err(|e| format!("{name}:{}:{}: not JSON: {e}", e.line(), e.column()))
}

/// A token nobody can guess.
pub(super) fn made_token() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// Who gets in besides the token.
struct Granted {
    /// `user:password`
    basic: Vec<String>,
    /// `id:secret`
    clients: Vec<String>,
    tenants: Vec<Tenant>,
}

/// Who else gets in, from options that must have two halves.
fn granted(args: &ServeArgs) -> Result<Granted, String> {
    let halves = |secret: &SecretString, between: char, option: &str| {
        let found =
            secret.expose_secret().split_once(between).filter(|(name, rest)| !name.is_empty() && !rest.is_empty());
        let found = found.map(|(name, rest)| (name.to_owned(), rest.to_owned()));
        found.ok_or_else(|| format!("{option} needs two parts with `{between}` between them"))
    };
    let pairs = |list: &[SecretString], option| {
        let pair = |secret| halves(secret, ':', option).map(|(name, rest)| format!("{name}:{rest}"));
        list.iter().map(pair).collect::<Result<Vec<_>, _>>()
    };
    let tenant = |secret| halves(secret, '=', "--tenant NAME=TOKEN").map(|(name, token)| Tenant { name, token });
    let tenants = args.tenant.iter().map(tenant).collect::<Result<_, _>>()?;
    let clients = pairs(&args.oauth_client, "--oauth-client ID:SECRET")?;
    Ok(Granted { basic: pairs(&args.basic, "--basic USER:PASSWORD")?, clients, tenants })
}

/// A file with the certificate of a made authority, there until it is dropped.
struct Authority(PathBuf);

impl Authority {
    fn write(pem: &str) -> std::io::Result<Self> {
        let name = format!("scimulate-ca-{}.pem", uuid::Uuid::new_v4().simple());
        let path = std::env::temp_dir().join(name);
        std::fs::File::create_new(&path)?.write_all(pem.as_bytes())?;
        Ok(Self(path))
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        // A certificate without its key is of no use to anybody; one that cannot be removed does no harm.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Starts the server and runs until Ctrl-C.
pub(super) async fn serve(args: ServeArgs) -> Exit {
    let (faults, variants) = match (faults(&args.fault), variants(&args.variant)) {
        (Ok(faults), Ok(variants)) => (faults, variants),
        (Err(exit), _) | (_, Err(exit)) => return exit,
    };
    let made = args.token.is_none() && args.token_file.is_none();
    let token = match (&args.token, &args.token_file) {
        (Some(token), _) => token.expose_secret().to_owned(),
        (None, Some(file)) => match super::target::read_token(file) {
            Ok(token) => token.expose_secret().to_owned(),
            Err(why) => return give_up(Exit::Usage, why),
        },
        (None, None) => made_token(),
    };
    let schemas = match args.schema.iter().map(|file| read_schema(file)).collect::<Result<Vec<_>, _>>() {
        Ok(schemas) => schemas,
        Err(why) => return give_up(Exit::InvalidInput, why),
    };
    if args.log_file.is_some() && !matches!(args.log, Some(Log::Har)) {
        return give_up(Exit::Usage, "--log-file is for --log har; other lines go to stderr");
    }
    let Granted { basic, clients, tenants } = match granted(&args) {
        Ok(granted) => granted,
        Err(why) => return give_up(Exit::Usage, why),
    };
    let config = Config {
        basic,
        clients,
        tenants,
        token_lifetime: args.token_lifetime,
        rate_limit: args.rate_limit,
        tls: match (args.tls_cert, args.tls_key) {
            (Some(certificate), Some(key)) => Some(Encryption::Files { certificate, key }),
            _ => args.tls.then_some(Encryption::Made),
        },
        port: args.port,
        base_path: args.base_path.clone(),
        token: token.clone(),
        faults,
        variants,
        patch_answer: match args.patch_answer {
            PatchStatus::Ok => PatchAnswer::Ok200,
            PatchStatus::NoContent => PatchAnswer::NoContent204,
        },
        log: match args.log {
            None | Some(Log::Har) => LogFormat::Off,
            Some(Log::Text) => LogFormat::Text,
            Some(Log::Json) => LogFormat::Json,
        },
        archive: args.log_file.clone(),
        me: args.me,
        cursor_timeout: args.cursor_timeout,
        data: args.data.clone(),
        people: args.seed_users,
        entitlements: args.entitlements,
        schemas,
        ..Config::default()
    };
    let running = match server::start(config).await {
        Ok(running) => running,
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::InvalidData) => {
            return give_up(Exit::InvalidInput, error);
        }
        Err(error) => return give_up(Exit::Usage, error),
    };
    let authority = match running.authority.as_deref().map(Authority::write).transpose() {
        Ok(authority) => authority,
        Err(error) => {
            running.stop().await;
            return give_up(Exit::Usage, format!("the made authority could not be written: {error}. Give --tls-cert"));
        }
    };
    let trust = authority.as_ref().map(|authority| format!(" --ca {}", authority.0.display())).unwrap_or_default();
    let line = format!("scimulate run --url {} --auth bearer{trust}", running.base_url);
    anstream::println!("listening on {}", running.base_url);
    if made {
        anstream::println!("token (shown this one time): {token}");
        anstream::println!("play against it:  SCIM_TOKEN={token} {line}");
    } else {
        anstream::println!("play against it:  {line}   (token in SCIM_TOKEN)");
    }
    if let Some(endpoint) = &running.token_endpoint {
        anstream::println!("access tokens:    POST {endpoint}   (grant_type=client_credentials)");
    }
    if let Some(file) = &args.data {
        match running.held {
            0 => anstream::println!("kept in {}", file.display()),
            held => anstream::println!("kept in {}, which holds {held} users and groups", file.display()),
        }
        if running.held > 0 && args.seed_users > 0 {
            anstream::println!("--seed-users fills an empty directory only: nobody was added");
        }
    }
    signal::wait().await;
    running.stop().await;
    Exit::Passed
}
