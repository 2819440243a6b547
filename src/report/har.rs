//! Every exchange of a run as an HTTP archive (HAR 1.2), for the tools that show HTTP. A page is a scenario.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Report;
use crate::exchange::{Body, Exchange, Header, Response};

/// Says what the archive cannot know.
const COMMENT: &str = "Durations and order were recorded, start times were not: each request is taken to start when the one \
                       before it ended. Credentials are redacted.";

/// The archive as indented JSON with a line break at its end.
pub fn render(report: &Report) -> String {
    let mut clock: Timestamp = report.run.started.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let (mut pages, mut entries) = (Vec::new(), Vec::new());
    for scenario in &report.scenarios {
        let steps = scenario.steps.iter();
        let exchanges = steps.flat_map(|step| step.exchanges.iter().map(move |exchange| (step, exchange)));
        let before = entries.len();
        let started = moment(clock);
        for (step, exchange) in exchanges {
            entries.push(entry(&report.target.base_url, &scenario.id, &step.title, &moment(clock), exchange));
            let ms = exchange.response.as_ref().map_or(0.0, |response| response.ms);
            let passed = SignedDuration::try_from_secs_f64(ms / 1000.0).unwrap_or_default();
            clock = clock.checked_add(passed).unwrap_or(clock);
        }
        if entries.len() > before {
            let title = format!("{}: {}", scenario.id, scenario.title);
            pages.push(json!({ "startedDateTime": started, "id": scenario.id, "title": title, "pageTimings": {} }));
        }
    }
    let creator = json!({ "name": report.tool.name, "version": report.tool.version });
    let log = json!({ "version": "1.2", "creator": creator, "pages": pages, "entries": entries, "comment": COMMENT });
    format!("{:#}\n", json!({ "log": log }))
}

fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

fn entry(base_url: &str, scenario: &str, step: &str, started: &str, exchange: &Exchange) -> Value {
    let ms = exchange.response.as_ref().map_or(0.0, |response| response.ms);
    let mut entry = json!({
        "pageref": scenario,
        "startedDateTime": started,
        "time": ms,
        "request": request(base_url, exchange),
        "response": response(exchange.response.as_ref()),
        "cache": {},
        "timings": { "send": 0, "wait": ms, "receive": 0 },
        "comment": step,
    });
    if let Some(failure) = &exchange.failure {
        entry["response"]["comment"] = json!(failure.message);
    }
    entry
}

fn request(base_url: &str, exchange: &Exchange) -> Value {
    let request = &exchange.request;
    let query = request.path.split_once('?').map_or("", |(_, query)| query);
    let query: Vec<Value> = url::form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    let mut archived = json!({
        "method": request.method,
        "url": format!("{base_url}{}", request.path),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": fields(&request.headers),
        "queryString": query,
        "headersSize": -1,
        "bodySize": size(&request.body),
    });
    if let Some(text) = text(&request.body) {
        archived["postData"] = json!({ "mimeType": media_type(&request.headers), "text": text });
    }
    archived
}

/// An answer; status 0 stands for none, as browsers write it.
fn response(response: Option<&Response>) -> Value {
    let (status, headers, body) =
        response.map_or((0, &[][..], &Body::Empty), |r| (r.status, r.headers.as_slice(), &r.body));
    let mut content = json!({ "size": size(body), "mimeType": media_type(headers) });
    if let Some(text) = text(body) {
        content["text"] = json!(text);
    }
    let location = headers.iter().find(|h| h.name.eq_ignore_ascii_case("location")).map_or("", |h| &h.value);
    json!({
        "status": status,
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": fields(headers),
        "content": content,
        "redirectURL": location,
        "headersSize": -1,
        "bodySize": -1,
    })
}

fn fields(headers: &[Header]) -> Vec<Value> {
    headers.iter().map(|header| json!({ "name": header.name, "value": header.value })).collect()
}

fn media_type(headers: &[Header]) -> &str {
    headers.iter().find(|h| h.name.eq_ignore_ascii_case("content-type")).map_or("", |h| &h.value)
}

fn text(body: &Body) -> Option<String> {
    match body {
        Body::Json(value) => Some(value.to_string()),
        Body::Text(text) => Some(text.clone()),
        Body::Empty | Body::Binary(_) => None,
    }
}

fn size(body: &Body) -> usize {
    match body {
        Body::Binary(bytes) => *bytes,
        other => text(other).map_or(0, |text| text.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_archive_is_the_golden_file() {
        sample::golden("failing.har", &render(&sample::failing()));
    }

    #[test]
    fn start_times_are_added_up_and_an_odd_start_is_no_panic() {
        let mut report = sample::failing();
        let started = |report: &Report| -> Vec<String> {
            let archive: Value = serde_json::from_str(&render(report)).unwrap();
            let entries = archive["log"]["entries"].as_array().unwrap();
            entries.iter().map(|e| e["startedDateTime"].as_str().unwrap().to_owned()).collect()
        };
        let day = "2026-11-25T03:19:00";
        assert_eq!(started(&report), [".000Z", ".012Z", ".024Z"].map(|ms| format!("{day}{ms}")));
        report.run.started = "soon".to_owned();
        for exchange in report.scenarios.iter_mut().flat_map(|s| &mut s.steps).flat_map(|s| &mut s.exchanges) {
            exchange.response.as_mut().unwrap().ms = f64::MAX;
        }
        assert_eq!(started(&report), ["1970-01-01T00:00:00.000Z"; 3]);
    }
}
