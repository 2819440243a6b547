//! Who may use the server: one token, in each form that Okta sends it.

use crate::scim::error::ScimError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Accepts `Bearer <token>`, `Basic <base64 of the token>` for a token with a colon (`user:password`), and the token as
/// it is (Okta's Header Auth app sends what was typed). Scheme names ignore case. All else is a 401.
pub(super) fn check(header: Option<&str>, token: &str) -> Result<(), ScimError> {
    let refuse = |detail: &str| Err(ScimError::plain(401, detail));
    let Some(header) = header.map(str::trim) else {
        return refuse("No credential: send an Authorization header, such as Bearer followed by the token");
    };
    if token.is_empty() {
        return refuse("This server has no token, so it accepts no credential");
    }
    let presented = match header.split_once(' ') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") => rest.trim() == token,
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("basic") => {
            token.contains(':') && STANDARD.decode(rest.trim()).is_ok_and(|decoded| decoded == token.as_bytes())
        }
        _ => false,
    };
    if presented || header == token {
        Ok(())
    } else {
        refuse("The credential is not accepted: check the token and its scheme")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_the_token_is_accepted() {
        for header in ["Bearer abc", "bearer abc", "BEARER  abc", "abc"] {
            assert!(check(Some(header), "abc").is_ok(), "{header}");
        }
        assert!(check(Some("Basic dXNlcjpwdw=="), "user:pw").is_ok());
        assert!(check(Some("Bearer abc"), "Bearer abc").is_ok());
    }

    #[test]
    fn everything_else_is_a_401_that_names_no_token() {
        for (header, token) in [
            (None, "abc"),
            (Some(""), "abc"),
            (Some("Bearer"), "abc"),
            (Some("Bearer abd"), "abc"),
            (Some("Basic YWJj"), "abc"),
            (Some("Bearer "), ""),
            (Some("non-token"), "abc"),
        ] {
            let error = check(header, token).unwrap_err();
            assert_eq!(error.status, 401);
            assert!(!error.detail.contains("abc"));
        }
    }
}
