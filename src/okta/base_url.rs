//! The base URL as people paste it: without a scheme, with a trailing slash, with `/Users` at its end by mistake.

use std::net::IpAddr;

use url::{Host, Url};

/// A checked base URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    loopback: bool,
    https: bool,
    host: String,
    notes: Vec<String>,
}

/// Why a text is no base URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Not a URL, or one that Okta would not take: a wrong command line.
    #[error("{0}")]
    Invalid(String),
    /// A URL of a resource collection and not of the SCIM service: a wrong target.
    #[error("{message}")]
    Collection {
        /// What to use instead.
        suggestion: String,
        /// One sentence that says so.
        message: String,
    },
}

impl BaseUrl {
    /// Reads a base URL. Without a scheme it is https, or http for a loopback host (a note says so). Trailing slashes are
    /// taken off. User info, query and fragment are refused, and so is a URL that ends in a collection (`/Users`).
    pub fn parse(typed: &str) -> Result<Self, BaseUrlError> {
        let typed = typed.trim();
        let invalid = |why: String| BaseUrlError::Invalid(format!("the base URL `{}` {why}", without_userinfo(typed)));
        if typed.is_empty() {
            return Err(BaseUrlError::Invalid("the base URL is empty".into()));
        }
        let mut notes = Vec::new();
        let text = if typed.contains("://") {
            typed.to_owned()
        } else {
            let guess = Url::parse(&format!("https://{typed}")).map_err(|e| invalid(format!("is not a URL: {e}")))?;
            let scheme = if is_loopback(&guess) { "http" } else { "https" };
            notes.push(format!("The base URL has no scheme; {scheme}:// is used."));
            format!("{scheme}://{typed}")
        };
        let url = Url::parse(&text).map_err(|e| invalid(format!("is not a URL: {e}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid(format!("has the scheme `{}`; use https, or http on this machine", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid(
                "holds a user name or password; give the credential by SCIM_TOKEN or --token-file".into(),
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("has a query or fragment; a base URL ends with the path, e.g. /scim/v2".into()));
        }
        let text = url.as_str().trim_end_matches('/').to_owned();
        for collection in ["Users", "Groups"] {
            let (head, tail) = text.rsplit_once('/').unwrap_or((&text, ""));
            if tail.eq_ignore_ascii_case(collection) {
                return Err(BaseUrlError::Collection {
                    suggestion: head.to_owned(),
                    message: format!(
                        "the base URL ends in /{tail}; Okta adds /Users and /Groups itself, so use {head}"
                    ),
                });
            }
        }
        let loopback = is_loopback(&url);
        let https = url.scheme() == "https";
        if !https && !loopback {
            notes.push("The base URL is plain http: the token travels unencrypted, and Okta asks for https.".into());
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        Ok(Self { text, loopback, https, host, notes })
    }

    /// The URL without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host name or address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// True for this machine: `localhost`, 127.0.0.0/8 and `[::1]`.
    pub const fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// True when TLS is spoken.
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// What the user should know about how the text was read, one sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

/// What may be shown of a URL that may hold a password.
fn without_userinfo(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(s, r)| (s, r));
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..authority_end].rfind('@') {
        Some(at) if scheme.is_empty() => format!("…@{}", &rest[at + 1..]),
        Some(at) => format!("{scheme}://…@{}", &rest[at + 1..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(text: &str) -> BaseUrl {
        BaseUrl::parse(text).expect(text)
    }

    #[test]
    fn a_missing_scheme_is_https_except_on_this_machine() {
        assert_eq!(ok("app.example.com/scim/okta/v2").as_str(), "https://app.example.com/scim/okta/v2");
        assert_eq!(ok("localhost:8080/scim/v2").as_str(), "http://localhost:8080/scim/v2");
        assert_eq!(ok("127.0.0.1:8080/scim/v2").as_str(), "http://127.0.0.1:8080/scim/v2");
        assert!(ok("localhost:8080/scim/v2").notes()[0].contains("http://"));
    }

    #[test]
    fn trailing_slashes_and_spaces_are_taken_off() {
        assert_eq!(ok(" https://a.example/scim/v2// ").as_str(), "https://a.example/scim/v2");
        assert_eq!(ok("https://a.example").as_str(), "https://a.example");
    }

    #[test]
    fn a_collection_at_the_end_names_the_right_base_url() {
        let Err(BaseUrlError::Collection { suggestion, message }) = BaseUrl::parse("https://a.example/scim/v2/Users/")
        else {
            panic!("accepted");
        };
        assert_eq!(suggestion, "https://a.example/scim/v2");
        assert!(message.contains("/Users"));
    }

    #[test]
    fn userinfo_query_and_fragment_are_refused_without_showing_the_secret() {
        for bad in
            ["https://ann:s3cret@a.example/", "ann:s3cret@a.example", "https://a.example/?x=1", "https://a.example/#x"]
        {
            let Err(BaseUrlError::Invalid(message)) = BaseUrl::parse(bad) else { panic!("{bad} accepted") };
            assert!(!message.contains("s3cret"), "{message}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in ["", "ftp://a.example", "https://", "http://[::1", "not a url at all"] {
            assert!(matches!(BaseUrl::parse(bad), Err(BaseUrlError::Invalid(_))), "{bad}");
        }
    }

    #[test]
    fn plain_http_elsewhere_is_told() {
        assert!(ok("http://a.example/scim").notes().iter().any(|n| n.contains("unencrypted")));
        assert!(ok("http://[::1]:1/scim").notes().is_empty());
    }
}
