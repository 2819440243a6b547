//! Exchanges for the judge's own tests.

use serde_json::Value;

use super::{Context, Finding, Judgement};
use crate::exchange::{Body, Exchange, Header, Request, Response};

/// An answer with no header fields that took 10 ms.
pub(super) fn response(status: u16, body: Body) -> Response {
    Response { status, headers: Vec::new(), body, truncated: false, ms: 10.0 }
}

/// An answer without a body.
pub(super) fn response_with(status: u16, headers: &[(&str, &str)]) -> Response {
    let headers = headers.iter().map(|(name, value)| Header { name: (*name).into(), value: (*value).into() }).collect();
    Response { headers, ..response(status, Body::Empty) }
}

/// A bodiless request and its answer, sent as `application/scim+json`.
pub(super) fn exchange(request: &str, status: u16, body: Body) -> Exchange {
    let (method, path) = request.split_once(' ').expect("a method and a path");
    let mut response = response(status, body);
    response.headers.push(Header { name: "Content-Type".into(), value: "application/scim+json".into() });
    Exchange {
        request: Request { method: method.into(), path: path.into(), headers: Vec::new(), body: Body::Empty },
        response: Some(response),
        failure: None,
        curl: String::new(),
    }
}

/// A request answered with this JSON.
pub(super) fn answered(request: &str, status: u16, body: Value) -> Exchange {
    exchange(request, status, Body::Json(body))
}

/// A context that knows nothing.
pub(super) const ALONE: Context<'static> = Context { earlier: &|_| None, listed: &|_| Vec::new() };

/// The finding of a judgement that must have failed.
pub(super) fn failed(judgement: Judgement) -> Finding {
    match judgement {
        Judgement::Failed(finding) => finding,
        other => panic!("expected a finding, got {other:?}"),
    }
}
