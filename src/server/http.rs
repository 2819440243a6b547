//! HTTP: from what a connection brings to a [`Request`] and from an [`Answer`] to what it sends.

use super::connection::{self, Body, Response};
use super::crowd::{Crowd, Limits};
use super::message::{Answer, Request};
use super::tenant::House;
use crate::scim::error::ScimError;
use futures_util::stream;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::StatusCode;
use hyper::body::{Bytes, Frame};
use hyper::header::{HeaderName, HeaderValue};
use hyper::http::request::Parts;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// How long requests in flight have when the server stops.
const IN_FLIGHT: Duration = Duration::from_secs(2);

/// Serves until told to stop, or until nobody can tell any more. Then nothing new is accepted, connections without a request
/// are closed, and requests in flight finish, two seconds at most.
pub(super) async fn serve(
    listener: TcpListener,
    house: Arc<House>,
    limits: Limits,
    tls: Option<TlsAcceptor>,
    mut stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    let crowd = Crowd::new(limits);
    let (stop, stopping) = watch::channel(());
    let mut connections = JoinSet::new();
    loop {
        let (stream, seat) = tokio::select! {
            _ = &mut stopped => break,
            next = crowd.accept(&listener) => next,
        };
        // Answers are small and written whole; a platform that cannot switch the delay off is only slower.
        let _ = stream.set_nodelay(true);
        let house = Arc::clone(&house);
        let answer = move |head, body| handle(Arc::clone(&house), head, body);
        match &tls {
            None => connections.spawn(connection::serve(seat, async { Ok(stream) }, stopping.clone(), answer)),
            Some(tls) => connections.spawn(connection::serve(seat, tls.accept(stream), stopping.clone(), answer)),
        };
        while connections.try_join_next().is_some() {}
    }
    drop((listener, stop));
    let finished = async { while connections.join_next().await.is_some() {} };
    // Dropping what is left ends it.
    let _ = tokio::time::timeout(IN_FLIGHT, finished).await;
    Ok(())
}

async fn handle(house: Arc<House>, head: Parts, body: Result<Vec<u8>, ScimError>) -> Response {
    let headers = head.headers.iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    let (body, unread) = body.map_or_else(|error| (Vec::new(), Some(error)), |body| (body, None));
    let request = Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body,
    };
    let patience = house.patience();
    // A scan of a large directory must not hold up other connections; among few resources the hand-over to another
    // thread would cost more than the work. A panic must not take the connection away.
    let answer = if request.path.ends_with("/Bulk") || (may_scan(&request) && house.is_large(&request)) {
        tokio::task::spawn_blocking(move || house.answer(request, unread)).await.ok()
    } else {
        panic::catch_unwind(AssertUnwindSafe(|| house.answer(request, unread))).ok()
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

/// A body of unknown length whose connection breaks after so many bytes of it.
fn broken_off(body: &[u8], length: usize) -> Body {
    let start = Frame::data(Bytes::copy_from_slice(&body[..length.min(body.len())]));
    let parts = [Ok(start), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
    StreamBody::new(stream::iter(parts)).boxed_unsync()
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
        None => Full::new(Bytes::from(answer.body)).map_err(|never| match never {}).boxed_unsync(),
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

    fn head(path: &str) -> Parts {
        let request = hyper::Request::builder().uri(path).header("authorization", "t").body(());
        request.unwrap().into_parts().0
    }

    #[tokio::test]
    async fn a_cut_answer_breaks_off() {
        let config = Config { token: "t".into(), faults: vec![&CUT], ..Config::default() };
        let house = Arc::new(House::new(&config, "http://127.0.0.1/scim/v2").unwrap());
        let response = handle(house, head("/scim/v2/Users"), Ok(Vec::new())).await;
        assert!(response.into_body().collect().await.is_err());
    }

    #[tokio::test]
    async fn a_failure_inside_is_an_error_for_the_client_that_tells_nothing_of_the_inside() {
        let config = Config { token: "t".into(), faults: vec![&FAILS], ..Config::default() };
        let house = Arc::new(House::new(&config, "http://127.0.0.1/scim/v2").unwrap());
        for (path, status) in [("/scim/v2/Users", 500), ("/scim/v2/Users/none", 404)] {
            let response = handle(Arc::clone(&house), head(path), Ok(Vec::new())).await;
            assert_eq!(response.status(), status);
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["status"], status.to_string());
            assert!(!body["detail"].as_str().unwrap().contains("secret of the inside"));
        }
    }
}
