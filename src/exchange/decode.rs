//! From bytes on the wire to a [`Body`]: decompressed by hand, with a cap, so that a small answer cannot become a huge one.

use std::io::Read;

use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};

use serde_json::Value;

use super::{Body, Redactor};

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

/// JSON deeper than this counts as text: a report holds bodies ten levels deep, and must be readable again.
const DEEPEST: usize = 100;

/// Tells what a body is, secrets taken out. JSON deeper than 100 levels counts as text.
pub fn body(bytes: Vec<u8>, redactor: &Redactor) -> Body {
    let length = bytes.len();
    let Ok(text) = String::from_utf8(bytes) else { return Body::Binary(length) };
    if text.trim().is_empty() {
        return Body::Empty;
    }
    let text = redactor.text(&text);
    match serde_json::from_str(&text) {
        Ok(json) if !is_deeper(&json, DEEPEST) => Body::Json(json),
        _ => Body::Text(text),
    }
}

fn is_deeper(json: &Value, levels: usize) -> bool {
    match json {
        Value::Array(items) => levels == 0 || items.iter().any(|item| is_deeper(item, levels - 1)),
        Value::Object(members) => levels == 0 || members.values().any(|member| is_deeper(member, levels - 1)),
        _ => false,
    }
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
    fn unknown_and_broken_encodings_are_told() {
        assert!(decompress(Some("br"), b"x".to_vec(), 10).unwrap_err().contains("`br`"));
        assert!(decompress(Some("gzip"), b"no gzip".to_vec(), 10).unwrap_err().contains("not valid gzip"));
    }

    #[test]
    fn bodies_are_told_apart() {
        let redactor = Redactor::default();
        assert_eq!(body(b" \r\n".to_vec(), &redactor), Body::Empty);
        assert_eq!(body(br#"{"a":1}"#.to_vec(), &redactor), Body::Json(json!({"a": 1})));
        assert_eq!(body(b"<html>".to_vec(), &redactor), Body::Text("<html>".into()));
        assert_eq!(body(vec![0xff, 0xfe], &redactor), Body::Binary(2));
        let deep = "[".repeat(200_000);
        assert!(matches!(body(deep.into_bytes(), &redactor), Body::Text(_)));
        let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels)).into_bytes();
        assert!(matches!(body(nested(DEEPEST), &redactor), Body::Json(_)));
        assert!(matches!(body(nested(DEEPEST + 1), &redactor), Body::Text(_)));
    }
}
