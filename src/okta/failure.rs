//! Why no answer came, in plain words: what the network, TLS, a proxy or broken HTTP did, and what to do.

use std::error::Error as StdError;
use std::time::Duration;

use crate::exchange::{Failure, FailureKind};

/// What is known of the way to the target when something fails on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way<'a> {
    /// The target's host.
    pub(super) host: &'a str,
    /// Whether TLS is spoken.
    pub(super) https: bool,
    /// The proxy on the way, host and port, and who named it.
    pub(super) proxy: Option<&'a str>,
    /// How long a connection may take.
    pub(super) connect: Duration,
}

impl Way<'_> {
    /// Names a failure of the HTTP client; `redact` takes secrets out of the words of others.
    pub(super) fn failure(self, error: &reqwest::Error, redact: impl Fn(String) -> String) -> Failure {
        let cause = redact(root_cause(error));
        let (kind, message) = self.named(error, &cause);
        Failure { kind, message }
    }

    fn named(self, error: &reqwest::Error, cause: &str) -> (FailureKind, String) {
        let through = self.proxy.map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default();
        if error.is_connect() && error.is_timeout() {
            return (FailureKind::Connect, format!("no connection{through} within {:?}", self.connect));
        }
        if let Some(tls) = tls_error(error) {
            return (FailureKind::Tls, tls);
        }
        let connecting = error.is_connect();
        let said = |words: &str| chain(error).any(|e| e.to_string().contains(words));
        if connecting && said("tunnel error") && !said("failed to create underlying connection") {
            return (FailureKind::Connect, self.no_tunnel(cause));
        }
        if connecting && said("dns error") {
            let host = self.proxy.map_or_else(|| self.host.to_owned(), |proxy| format!("of the proxy {proxy}"));
            return (FailureKind::Resolve, format!("the host name {host} has no address: {cause}"));
        }
        if connecting && self.https && cause.contains("tls handshake") {
            let message = format!("the connection ended in the TLS handshake ({cause}); is it plain http:// there?");
            return (FailureKind::Tls, message);
        }
        if connecting {
            return (FailureKind::Connect, format!("no connection{through}: {cause}"));
        }
        (FailureKind::Transport, broken_http(cause, self.https))
    }

    /// The proxy was reached and did not lead on.
    fn no_tunnel(self, cause: &str) -> String {
        let proxy = self.proxy.map_or_else(|| "the proxy".to_owned(), |proxy| format!("the proxy {proxy}"));
        if cause.contains("authorization required") {
            format!("{proxy} wants a user name and a password (407): --proxy http://user:password@host:port")
        } else {
            format!("{proxy} does not connect to {}: {cause}", self.host)
        }
    }
}

/// The parser's words are about itself; these are about the server.
fn broken_http(cause: &str, https: bool) -> String {
    let what = if cause.contains("head is too large") {
        "the head of the answer is too large: more than 100 header fields, or more than 400 KB, or a Content-Length of more \
         bytes than there can be. Send fewer and smaller header fields"
    } else if cause.contains("closed before message completed") {
        "the connection was closed before an answer came"
    } else if cause.contains("end of file before message length reached") || cause.contains("unexpected EOF") {
        "the answer is cut: the connection was closed before as many bytes came as its head says"
    } else if cause.contains("invalid HTTP version") && !https {
        "the answer is not HTTP; is it https:// that is spoken on this port?"
    } else if cause.contains("invalid HTTP version") {
        "the answer is not HTTP; is it another service that listens on this port?"
    } else if cause.contains("invalid content-length") {
        "the header Content-Length of the answer is no number of bytes, or says two"
    } else if cause.contains("invalid HTTP header") {
        "a header field of the answer is broken: a name or value holds what HTTP does not allow, such as control characters"
    } else if cause.contains("invalid HTTP status") {
        "the answer has no status of three digits"
    } else if cause.contains("chunk") {
        "the chunks of the answer are broken"
    } else if cause.contains("onnection reset") {
        "the connection was reset while the answer came"
    } else {
        return cause.to_owned();
    };
    format!("{what} ({cause})")
}

fn chain<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(error.source(), |e: &&'a (dyn StdError + 'static)| {
        let error: &'a (dyn StdError + 'static) = *e;
        error.source()
    })
}

fn root_cause(error: &reqwest::Error) -> String {
    chain(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

/// rustls's own error sits in nested `io::Error`s whose `source` skips it.
fn tls_error(error: &reqwest::Error) -> Option<String> {
    chain(error).find_map(|cause| {
        let mut io = cause.downcast_ref::<std::io::Error>();
        while let Some(inner) = io.and_then(std::io::Error::get_ref) {
            if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
                return Some(tls_message(tls));
            }
            io = inner.downcast_ref::<std::io::Error>();
        }
        cause.downcast_ref::<rustls::Error>().map(tls_message)
    })
}

fn tls_message(error: &rustls::Error) -> String {
    use rustls::CertificateError as Bad;
    use rustls::Error::{AlertReceived, InvalidCertificate, InvalidMessage};
    match error {
        InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => "the certificate has expired".into(),
        InvalidCertificate(Bad::NotValidYet | Bad::NotValidYetContext { .. }) => {
            "the certificate is not valid yet; is the clock of this machine right?".into()
        }
        InvalidCertificate(Bad::UnknownIssuer) => {
            "the certificate's issuer is not trusted; give its CA with --ca FILE. Where the issuer is a public one, the \
             server does not send its intermediate certificate"
                .into()
        }
        InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => {
            format!("the certificate is for another host name{}", names(error))
        }
        InvalidCertificate(Bad::BadSignature) => {
            "the certificate is not signed by the authority it names, but by another one of the same name; is --ca FILE the \
             right one?"
                .into()
        }
        InvalidMessage(_) => "the other side does not speak TLS on this port; is it plain http://?".into(),
        AlertReceived(alert) => format!("the server ended the TLS handshake ({alert:?}); does it want a client certificate?"),
        other => format!("the TLS handshake failed: {other}"),
    }
}

/// Whom a certificate is for, where the error says so.
fn names(error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(rustls::CertificateError::NotValidForNameContext { presented, .. }) = error
    else {
        return String::new();
    };
    let named: Vec<&str> = presented.iter().take(5).map(String::as_str).collect();
    if named.is_empty() { String::new() } else { format!(": {}", named.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_http_is_told_by_what_the_server_did() {
        assert!(broken_http("message head is too large", true).contains("more than 100 header fields"));
        assert!(broken_http("invalid HTTP version parsed", false).contains("https://"));
        assert!(!broken_http("invalid HTTP version parsed", true).contains("https://"));
        assert_eq!(broken_http("something else", true), "something else");
    }

    #[test]
    fn a_certificate_for_others_says_for_whom() {
        let wrong = rustls::CertificateError::NotValidForNameContext {
            expected: rustls::pki_types::ServerName::try_from("a.example").expect("name"),
            presented: vec!["DnsName(\"b.example\")".into()],
        };
        let told = tls_message(&rustls::Error::InvalidCertificate(wrong));
        assert!(told.contains("another host name") && told.contains("b.example"), "{told}");
    }
}
