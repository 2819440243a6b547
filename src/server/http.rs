//! HTTP: from bytes to a [`Request`] and from an [`Answer`] to bytes.

use super::discovery::MAX_BODY;
use super::message::{Answer, Request};
use super::service::Service;
use crate::scim::error::ScimError;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use axum::serve::ListenerExt;
use std::io;
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
    let announced = request.header("content-length").and_then(|length| length.parse::<usize>().ok());
    let body =
        if announced.is_some_and(|length| length > MAX_BODY) { None } else { to_bytes(body, MAX_BODY).await.ok() };
    let body_fits = body.is_some();
    request.body = body.map(Vec::from).unwrap_or_default();
    // A scan of a large directory must not hold up other connections, and a panic must not take the connection away.
    let answer = tokio::task::spawn_blocking(move || service.answer(request, body_fits)).await;
    let answer =
        answer.unwrap_or_else(|_| Answer::refusal(&ScimError::plain(500, "The server failed; nothing was changed")));
    tokio::time::sleep(answer.delay).await;
    response(answer)
}

fn response(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
