//! Where to read the authorities that checks name.

const OKTA: [(&str, &str); 5] = [
    ("Okta SCIM 2.0", "https://developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20/"),
    ("Okta SCIM FAQ", "https://developer.okta.com/docs/concepts/scim/faqs/"),
    ("Okta SCIM concepts", "https://developer.okta.com/docs/concepts/scim/"),
    ("Okta SPEC test", "https://developer.okta.com/docs/guides/scim-provisioning-integration-test/main/"),
    ("Okta CRUD test", "https://developer.okta.com/docs/guides/scim-provisioning-integration-test/main/"),
];

/// The address of a named authority: `RFC 7644 §3.5.2` (with or without a section) or one of the Okta documents, whose
/// name may go on after the known words. Nothing for other names.
pub fn spec_url(name: &str) -> Option<String> {
    if let Some(rest) = name.strip_prefix("RFC ") {
        let mut words = rest.split_whitespace();
        let number = words.next().filter(|word| word.bytes().all(|byte| byte.is_ascii_digit()))?;
        let page = format!("https://www.rfc-editor.org/rfc/rfc{number}");
        return match words.next() {
            None => Some(page),
            Some(section) => {
                let section = section.strip_prefix('§')?.trim_end_matches(['.', ',', ':', ';']);
                let dotted = !section.is_empty() && section.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                dotted.then(|| format!("{page}#section-{section}"))
            }
        };
    }
    OKTA.iter().find(|(start, _)| name.starts_with(start)).map(|(_, url)| (*url).to_owned())
}

#[cfg(test)]
mod tests {
    use super::spec_url;

    #[test]
    fn known_authorities_have_an_address() {
        let url = |name| spec_url(name).unwrap_or_default();
        assert_eq!(url("RFC 7644 §3.5.2.3"), "https://www.rfc-editor.org/rfc/rfc7644#section-3.5.2.3");
        assert_eq!(url("RFC 7643"), "https://www.rfc-editor.org/rfc/rfc7643");
        assert_eq!(
            url("Okta SCIM 2.0: update a specific user (PATCH)"),
            "https://developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20/"
        );
        assert_eq!(url("Okta SCIM FAQ"), "https://developer.okta.com/docs/concepts/scim/faqs/");
        assert_eq!(url("Okta SCIM concepts: rate limits"), "https://developer.okta.com/docs/concepts/scim/");
        let suites = "https://developer.okta.com/docs/guides/scim-provisioning-integration-test/main/";
        assert_eq!((url("Okta SPEC test"), url("Okta CRUD test, step 3")), (suites.to_owned(), suites.to_owned()));
    }

    #[test]
    fn other_names_have_none() {
        for name in ["", "RFC", "RFC abc §1", "RFC 7644 3.1", "RFC 7644 §", "RFC 7644 §a/b", "Okta", "somebody's blog"]
        {
            assert_eq!(spec_url(name), None, "{name}");
        }
    }
}
