//! TLS: with a certificate made for this start, or with one that is given (RFC 7644 §7.2).

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// Where the certificate comes from.
#[derive(Clone, Debug)]
pub enum Encryption {
    /// It is made, and so is the authority that vouches for it: for localhost, 127.0.0.1 and ::1.
    Made,
    /// It is in PEM files.
    Files {
        /// The certificate, and those that lead from it to its authority.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
}

/// What the server speaks TLS with.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) acceptor: TlsAcceptor,
    /// The made authority's certificate in PEM.
    pub(super) authority: Option<String>,
}

impl Tls {
    /// Makes or reads the certificate. Fails when a file cannot be read, and with `InvalidInput` when it does not hold what it
    /// should.
    pub(super) fn new(encryption: &Encryption) -> io::Result<Self> {
        let (chain, key, authority) = match encryption {
            Encryption::Made => {
                let made =
                    made().map_err(|error| io::Error::other(format!("no certificate could be made: {error}")))?;
                (made.chain, made.key, Some(made.authority))
            }
            Encryption::Files { certificate, key } => {
                let chain = CertificateDer::pem_slice_iter(&read(certificate)?).collect::<Result<Vec<_>, _>>();
                let chain = chain.map_err(|error| unfit(certificate, "certificates in PEM", &error))?;
                if chain.is_empty() {
                    return Err(unfit(certificate, "certificates in PEM", &"there is none"));
                }
                let key_bytes = read(key)?;
                let key = PrivateKeyDer::from_pem_slice(&key_bytes)
                    .map_err(|error| unfit(key, "a private key in PEM", &error))?;
                (chain, key, None)
            }
        };
        let unusable = |error: rustls::Error| {
            let detail = format!("the certificate and its key cannot be used together: {error}");
            io::Error::new(io::ErrorKind::InvalidInput, detail)
        };
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(unusable)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), authority })
    }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    std::fs::read(file).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))
}

fn unfit(file: &Path, wanted: &str, error: &dyn std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{} must hold {wanted}: {error}", file.display()))
}

struct Made {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    authority: String,
}

/// A certificate for this machine and the authority that vouches for it, whose key is forgotten at once.
fn made() -> Result<Made, rcgen::Error> {
    let year = i32::from(jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC).year());
    let params = |names: &[&str], common_name: &str| {
        let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.not_before = rcgen::date_time_ymd(year - 1, 1, 1);
        params.not_after = rcgen::date_time_ymd(year + 2, 1, 1);
        Ok::<_, rcgen::Error>(params)
    };
    let mut authority = params(&[], "Scimulate reference server authority")?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate()?;
    let pem = authority.self_signed(&authority_key)?.pem();
    let key = KeyPair::generate()?;
    let own = params(&["localhost", "127.0.0.1", "::1"], "Scimulate reference server")?;
    let certificate = own.signed_by(&key, &Issuer::new(authority, authority_key))?;
    Ok(Made {
        chain: vec![certificate.der().clone()],
        key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        authority: pem,
    })
}
