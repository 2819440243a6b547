//! HTTP: from bytes to a [`Request`] and from an [`Answer`] to bytes.

use super::discovery::MAX_BODY;
use super::message::{Answer, Request};
use super::service::Service;
use crate::scim::error::ScimError;
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use axum::serve::ListenerExt;
use futures_util::stream;
use std::future::poll_fn;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Serves until told to stop, or until nobody can tell any more.
pub(super) async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    let router = Router::new().fallback(handle).with_state(service);
    let listener = listener.tap_io(|stream| {
        // Answers are small and written whole; a platform that cannot switch the delay off is only slower.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router)
        .with_graceful_shutdown(async {
            let _ = stopped.await;
        })
        .await
}

async fn handle(State(service): State<Arc<Service>>, request: axum::extract::Request) -> Response {
    let (head, body) = request.into_parts();
    let headers = head.headers.iter();
    let mut request = Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect(),
        body: Vec::new(),
    };
    let body = read(body).await;
    let body_fits = body.is_some();
    let patience = service.patience();
    request.body = body.unwrap_or_default();
    // A scan of a large directory must not hold up other connections; among few resources the hand-over to another
    // thread would cost more than the work. A panic must not take the connection away.
    let answer = if may_scan(&request) && service.is_large() {
        tokio::task::spawn_blocking(move || service.answer(request, body_fits)).await.ok()
    } else {
        panic::catch_unwind(AssertUnwindSafe(|| service.answer(request, body_fits))).ok()
    };
    let failed = || Answer::refusal(&ScimError::plain(500, "The server failed; nothing was changed"));
    let answer = answer.unwrap_or_else(failed);
    // A sleep of nothing would still wait for the timer's next tick.
    let delay = answer.delay.before(patience);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    response(answer)
}

/// The whole body; `None` when it is too large or breaks off. What is too large is read on for a while, so that a client
/// that sends first and reads then gets its answer.
async fn read(mut body: Body) -> Option<Vec<u8>> {
    let (mut kept, mut seen) = (Vec::new(), 0);
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        seen += data.len();
        if seen <= MAX_BODY {
            kept.extend_from_slice(&data);
        } else if seen > 4 * MAX_BODY {
            break;
        }
    }
    (seen <= MAX_BODY).then_some(kept)
}

/// A body of unknown length whose connection breaks after so many bytes of it.
fn broken_off(body: &[u8], length: usize) -> Body {
    let start = body[..length.min(body.len())].to_vec();
    Body::from_stream(stream::iter([Ok(start), Err(io::Error::from(io::ErrorKind::ConnectionReset))]))
}

/// False for what an index answers: one resource by its id, or a look-up of the form `attribute eq value`.
fn may_scan(request: &Request) -> bool {
    let lists = request.path.ends_with("/Users") || request.path.ends_with("/Groups");
    let lookup = request.query.split('&').any(|part| {
        let filter = part.strip_prefix("filter=").map(|f| percent_encoding::percent_decode_str(f).decode_utf8_lossy());
        filter.is_some_and(|f| f.split(['+', ' ']).nth(1) == Some("eq"))
    });
    match request.method.as_str() {
        "GET" => lists && !lookup,
        "POST" => request.path.ends_with("/.search"),
        _ => false,
    }
}

fn response(answer: Answer) -> Response {
    let body = match answer.cut {
        None => Body::from(answer.body),
        Some(length) => broken_off(&answer.body, length),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::Config;
    use crate::server::fault::{Fault, ListAnswer, Occasion, fault};
    use axum::body::to_bytes;
    use serde_json::Value;

    static FAILS: Fault = fault! {
        id: "fails", title: "fails", story: "fails", source: "none", case: "none",
        fn list(&self, _: &Occasion, _: &mut ListAnswer) {
            panic!("a secret of the inside");
        }
    };

    static CUT: Fault = fault! {
        id: "cut", title: "cut", story: "cut", source: "none", case: "none",
        fn answer(&self, _: &Request, answer: &mut Answer) {
            answer.cut = Some(5);
        }
    };

    #[tokio::test]
    async fn a_cut_answer_breaks_off() {
        let config = Config { token: "t".into(), faults: vec![&CUT], ..Config::default() };
        let service = Arc::new(Service::new(&config, "http://127.0.0.1/scim/v2").unwrap());
        let request = axum::http::Request::builder().uri("/scim/v2/Users").body(Body::empty());
        let response = handle(State(service), request.unwrap()).await;
        assert!(to_bytes(response.into_body(), 9999).await.is_err());
    }

    #[tokio::test]
    async fn a_failure_inside_is_an_error_for_the_client_that_tells_nothing_of_the_inside() {
        let config = Config { token: "t".into(), faults: vec![&FAILS], ..Config::default() };
        let service = Arc::new(Service::new(&config, "http://127.0.0.1/scim/v2").unwrap());
        for (path, status) in [("/scim/v2/Users", 500), ("/scim/v2/Users/none", 404)] {
            let request = axum::http::Request::builder().uri(path).header("authorization", "t").body(Body::empty());
            let response = handle(State(Arc::clone(&service)), request.unwrap()).await;
            assert_eq!(response.status(), status);
            let body: Value = serde_json::from_slice(&to_bytes(response.into_body(), 9999).await.unwrap()).unwrap();
            assert_eq!(body["status"], status.to_string());
            assert!(!body["detail"].as_str().unwrap().contains("secret of the inside"));
        }
    }
}
