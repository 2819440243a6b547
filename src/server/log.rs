//! One line about each request, for a person or a program. Never a credential, never a body. Bodies are in the archive, if
//! there is one.

use super::LogFormat;
use super::archive::Archive;
use super::clock;
use super::message::{Answer, Request};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Writes the lines.
pub(super) struct Log {
    format: LogFormat,
    /// What must never be written, each plain and percent-encoded.
    secrets: Vec<String>,
    writer: Mutex<Box<dyn Write + Send>>,
    archive: Option<Mutex<Archive>>,
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "Log({:?})", self.format)
    }
}

impl Log {
    /// `secrets` are what must never be written.
    pub(super) fn new(format: LogFormat, secrets: Vec<String>, writer: Box<dyn Write + Send>) -> Self {
        let mut spelled: Vec<String> = secrets.into_iter().filter(|secret| !secret.is_empty()).collect();
        let encoded = |secret: &String| utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        spelled.extend(spelled.iter().map(encoded).collect::<Vec<_>>());
        // The longest first: one may be part of another.
        spelled.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { format, secrets: spelled, writer: Mutex::new(writer), archive: None }
    }

    /// The same with an archive in a new file.
    pub(super) fn archived(mut self, file: Option<&Path>) -> io::Result<Self> {
        if let Some(file) = file {
            let told = |error: io::Error| {
                let why = match error.kind() {
                    io::ErrorKind::AlreadyExists => "it is there already, and nothing is written over".to_owned(),
                    _ => error.to_string(),
                };
                io::Error::new(io::ErrorKind::InvalidInput, format!("the archive {}: {why}", file.display()))
            };
            self.archive = Some(Mutex::new(Archive::create(file).map_err(told)?));
        }
        Ok(self)
    }

    /// False when nothing is noted.
    pub(super) fn is_on(&self) -> bool {
        self.format != LogFormat::Off || self.archive.is_some()
    }

    /// Notes a request that was answered.
    pub(super) fn note(&self, request: &Request, answer: &Answer, took: Duration) {
        let (method, status) = (request.method.as_str(), answer.status);
        let mut target = request.path.clone();
        if !request.query.is_empty() {
            target = format!("{target}?{}", request.query);
        }
        let target = self.redacted(&target);
        let (time, took) = (clock::now(None), took.as_millis());
        if let Some(archive) = &self.archive {
            let mut archive = archive.lock().unwrap_or_else(PoisonError::into_inner);
            archive.note((request, answer), (time.as_str(), took), |text| self.redacted(text));
        }
        let line = match self.format {
            LogFormat::Off => return,
            LogFormat::Text => {
                format!(
                    "{time} {method} {target} {status} {took}ms in={} out={}",
                    request.body.len(),
                    answer.body.len()
                )
            }
            LogFormat::Json => json!({
                "time": time,
                "method": method,
                "target": target,
                "status": status,
                "ms": u64::try_from(took).unwrap_or(u64::MAX),
                "bytes_in": request.body.len(),
                "bytes_out": answer.body.len(),
            })
            .to_string(),
        };
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // A log that cannot be written must not fail the request it is about.
        let _ = writeln!(writer, "{line}");
    }

    /// The text without secrets, access tokens and control characters.
    fn redacted(&self, text: &str) -> String {
        let mut text: String = text.chars().map(|sign| if sign.is_control() { '\u{fffd}' } else { sign }).collect();
        for secret in &self.secrets {
            text = text.replace(secret, "[redacted]");
        }
        // What was given out at the token endpoint is known by its parameter (RFC 6750 §2.3).
        let part = |part: &str| match part.split_once("access_token=") {
            Some((before, _)) => format!("{before}access_token=[redacted]"),
            None => part.to_owned(),
        };
        text.split('&').map(part).collect::<Vec<_>>().join("&")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::sync::Arc;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn noted(format: LogFormat) -> String {
        let kept = Kept::default();
        let request = Request {
            method: "POST".into(),
            path: "/scim/v2/Users".into(),
            query: "access_token=at-1234&x=s3cret%2Dtoken".into(),
            headers: vec![("authorization".into(), "Bearer s3cret-token".into())],
            body: br#"{"password":"hunter2"}"#.to_vec(),
        };
        let log = Log::new(format, vec!["s3cret-token".into()], Box::new(kept.clone()));
        log.note(&request, &Answer::empty(201), Duration::from_millis(7));
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_line_tells_the_request_without_its_secrets() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let line = noted(format);
            assert!(line.contains("/scim/v2/Users?access_token=[redacted]") && line.contains("201"), "{line}");
            assert!(!line.contains("s3cret") && !line.contains("at-1234") && !line.contains("hunter2"), "{line}");
            assert_eq!(line.matches('\n').count(), 1);
        }
        assert_eq!(noted(LogFormat::Off), "");
    }

    #[test]
    fn a_json_line_is_json() {
        let line: Value = serde_json::from_str(&noted(LogFormat::Json)).unwrap();
        assert_eq!((&line["method"], &line["status"], &line["ms"]), (&json!("POST"), &json!(201), &json!(7)));
    }
}
