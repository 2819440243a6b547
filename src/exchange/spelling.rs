//! The spellings in which a server could echo a secret.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::okta::wire::percent_encode;

/// Every spelling of a secret: as it is, percent-encoded (once, twice, as a form), escaped as JSON and as HTML writers do,
/// as numbers, and in base64 wherever in a longer text it starts. Letter case is left to the search.
pub(super) fn spellings(secret: &str) -> Vec<String> {
    let percent = percent_encode(secret);
    let json = serde_json::Value::from(secret).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let html = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&#39;"), ("/", "&#x2F;")];
    let mut all = vec![
        secret.to_owned(),
        percent.replace("%20", "+"),
        percent_encode(&percent),
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        each_byte(secret, "%"),
        json.replace('/', "\\/"),
        json,
        each_byte(secret, "\\u00"),
        each_byte(secret, "\\x"),
        each_byte(secret, ""),
        html.iter().fold(secret.to_owned(), |text, (from, to)| text.replace(from, to)),
        html[..4].iter().fold(secret.to_owned(), |text, (from, to)| text.replace(from, to)),
        percent,
    ];
    for start in 0..3 {
        all.extend(in_base64(secret, start));
    }
    all.sort();
    all.dedup();
    all
}

/// Each byte as two hexadecimal digits with this before them.
fn each_byte(secret: &str, before: &str) -> String {
    secret.bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{before}{byte:02x}");
        text
    })
}

/// What a secret looks like in base64 when it starts so many bytes behind a multiple of three: the letters that it alone
/// decides.
fn in_base64(secret: &str, start: usize) -> [String; 2] {
    let bytes = [&[0; 3][..start], secret.as_bytes()].concat();
    let (first, end) = ((start * 8).div_ceil(6), bytes.len() * 8 / 6);
    [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)]
        .map(|text| text.get(first..end).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn a_secret_is_known_in_base64_wherever_it_starts() {
        let secret = "to/ken=1234+x";
        let known = spellings(secret);
        for before in ["", "u", "us", "user:", "Authorization: Bearer "] {
            for after in ["", "!", "!!", "\r\n"] {
                let text = format!("{before}{secret}{after}");
                for coded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                    let longest =
                        known.iter().filter(|k| k.len() > 8 && coded.contains(k.as_str())).map(String::len).max();
                    assert!(longest.is_some_and(|length| length >= secret.len()), "{text}: {coded}");
                }
            }
        }
    }

    #[test]
    fn escapes_and_codings_are_known() {
        let known = spellings("a/b \"c<é");
        for spelling in
            ["a%2Fb%20%22c%3C%C3%A9", "a%2Fb+%22c%3C%C3%A9", "a\\/b \\\"c<é", "a/b &quot;c&lt;é", "612f622022633cc3a9"]
        {
            assert!(known.iter().any(|k| k == spelling), "{spelling}: {known:?}");
        }
        assert!(known.iter().any(|k| k.starts_with("\\u0061\\u002f")), "{known:?}");
    }
}
