//! From bytes on the wire to a [`Body`]: decompressed by hand, with a cap, so that a small answer cannot become a huge one.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};
use serde_json::Value;

use super::{Body, Redactor, json};

/// Undoes a Content-Encoding. Gives the bytes and whether they were cut at `cap`; an unknown or broken encoding is an
/// error text.
pub fn decompress(encoding: Option<&str>, bytes: Vec<u8>, cap: usize) -> Result<(Vec<u8>, bool), String> {
    let encoding = encoding.unwrap_or_default().trim().to_ascii_lowercase();
    match encoding.as_str() {
        "" | "identity" => Ok((bytes, false)),
        "gzip" | "x-gzip" => capped(GzDecoder::new(bytes.as_slice()), cap, &encoding),
        // RFC 9110 §8.4.1.2 means zlib; some servers send raw deflate, which clients accept.
        "deflate" => capped(ZlibDecoder::new(bytes.as_slice()), cap, &encoding)
            .or_else(|_| capped(DeflateDecoder::new(bytes.as_slice()), cap, &encoding)),
        other => Err(format!("the answer has the Content-Encoding `{other}`, which was not asked for")),
    }
}

fn capped(reader: impl Read, cap: usize, encoding: &str) -> Result<(Vec<u8>, bool), String> {
    let mut out = Vec::new();
    let read = reader.take(cap as u64 + 1).read_to_end(&mut out);
    if read.is_err() {
        return Err(format!("the answer says Content-Encoding {encoding}, but its body is not valid {encoding}"));
    }
    let cut = out.len() > cap;
    out.truncate(cap);
    Ok((out, cut))
}

/// The first bytes, cut between two characters.
pub fn beginning(bytes: &[u8], length: usize) -> Vec<u8> {
    let mut end = length.min(bytes.len());
    while end > 0 && bytes.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
        end -= 1;
    }
    bytes[..end].to_vec()
}

/// Tells what a body is, secrets taken out, and whether a list in it was cut. JSON beyond the bounds of [`json::read`]
/// counts as text.
pub fn body(bytes: Vec<u8>, redactor: &Redactor) -> (Body, bool) {
    let length = bytes.len();
    let Ok(text) = String::from_utf8(bytes) else { return (Body::Binary(length), false) };
    if text.trim().is_empty() {
        return (Body::Empty, false);
    }
    let text = match redactor.clean(&text) {
        Cow::Owned(clean) => clean,
        Cow::Borrowed(_) => text,
    };
    match json::read(&text) {
        Ok((mut value, cut)) => {
            if may_hide(&text) {
                redactor.document(&mut value);
            }
            (Body::Json(value), cut)
        }
        Err(_) => (Body::Text(text), false),
    }
}

/// Whether a JSON text has escapes in which a secret may hide. A quote is escaped in the one way that the redactor knows, and
/// stands in every ETag; a backslash may escape once more.
fn may_hide(json: &str) -> bool {
    let mut bytes = json.bytes();
    while bytes.any(|byte| byte == b'\\') {
        if bytes.next() != Some(b'"') {
            return true;
        }
    }
    false
}

/// The body that a document is sent as, secrets taken out.
pub fn document(value: &Value, redactor: &Redactor) -> Body {
    let mut value = value.clone();
    redactor.document(&mut value);
    Body::Json(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use serde_json::json;
    use std::io::Write;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).expect("write");
        encoder.finish().expect("finish")
    }

    #[test]
    fn gzip_and_both_kinds_of_deflate_are_undone() {
        assert_eq!(decompress(Some("GZIP"), gzip(b"hello"), 100), Ok((b"hello".to_vec(), false)));
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(b"hello").expect("write");
        assert_eq!(decompress(Some("deflate"), zlib.finish().expect("finish"), 100), Ok((b"hello".to_vec(), false)));
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::fast());
        raw.write_all(b"hello").expect("write");
        assert_eq!(decompress(Some("deflate"), raw.finish().expect("finish"), 100), Ok((b"hello".to_vec(), false)));
    }

    #[test]
    fn a_bomb_is_cut_at_the_cap() {
        assert_eq!(decompress(Some("gzip"), gzip(&vec![0; 1_000_000]), 1000), Ok((vec![0; 1000], true)));
    }

    #[test]
    fn a_beginning_ends_between_two_characters() {
        assert_eq!(beginning("aéb".as_bytes(), 2), b"a");
        assert_eq!(beginning("aéb".as_bytes(), 3), "aé".as_bytes());
        assert_eq!(beginning(b"ab", 9), b"ab");
    }

    #[test]
    fn unknown_and_broken_encodings_are_told() {
        assert!(decompress(Some("br"), b"x".to_vec(), 10).unwrap_err().contains("`br`"));
        assert!(decompress(Some("gzip"), b"no gzip".to_vec(), 10).unwrap_err().contains("not valid gzip"));
    }

    #[test]
    fn escapes_do_not_hide_a_secret() {
        let redactor = Redactor::new(&["abcd/f\"gh".to_owned()]);
        for spelt in [
            r#"abcd/f\"gh"#,
            r#"abcd\/f\"gh"#,
            r#"\u0061bcd/f\"gh"#,
            r"abcd/f\u0022gh",
            r#"abcd/f\\\"gh"#,
            r#"ABCD\\/f\\\"gh"#,
        ] {
            let text = format!(r#"{{"version":"W/\"1\"","x":"{spelt}"}}"#);
            let (body, _) = body(text.into_bytes(), &redactor);
            assert_eq!(body, Body::Json(json!({ "version": "W/\"1\"", "x": "[redacted]" })), "{spelt}");
        }
        assert!(may_hide(r#""\"\u0061""#) && may_hide(r#""\\""#) && !may_hide(r#""W/\"1\"""#));
    }

    #[test]
    fn bodies_are_told_apart() {
        let redactor = Redactor::default();
        let told = |bytes: &[u8]| body(bytes.to_vec(), &redactor).0;
        assert_eq!(told(b" \r\n"), Body::Empty);
        assert_eq!(told(br#"{"a":1}"#), Body::Json(json!({"a": 1})));
        assert_eq!(told(b"<html>"), Body::Text("<html>".into()));
        assert_eq!(told(&[0xff, 0xfe]), Body::Binary(2));
        assert!(matches!(told("[".repeat(200_000).as_bytes()), Body::Text(_)));
    }
}
