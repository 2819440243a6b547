//! What playing costs beside sending: `cargo bench --bench replay`. The catalogue, without the volumes that are made side by
//! side and without clean-up, is played against the reference server, one request at a time; then the same requests are sent to
//! a fresh one by a bare keep-alive client of the same HTTP library, in the same process, in turns. Also where the time goes.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use scimulate::exchange::{Body, Exchange};
use scimulate::okta::Identities;
use scimulate::play::outline::Draft;
use scimulate::play::{Outcome, Settings};
use scimulate::proof::trial::{Rules, config, played};
use scimulate::scenario::{App, Catalogue, Scenario, load, select};
use scimulate::server;

/// How often each of the two is timed.
const TURNS: usize = 7;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    let catalogue = load(None, None).expect("catalogue");
    println!("{TURNS} turns each, one request at a time; median microseconds a request");
    println!(
        "| app | requests | played | bare client | times | waiting for answers | templates | the rest: judging, keeping |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for app in [App::Oin, App::Aiw] {
        let plan = select::select(&catalogue, app, &[], &["volume".to_owned()]).expect("plan");
        println!("{}", runtime.block_on(compared(app, &catalogue, &plan)));
    }
}

async fn compared(app: App, catalogue: &Catalogue, plan: &[&Scenario]) -> String {
    let recording = recorded(&play(app, catalogue, plan).await.0);
    let (mut playing, mut bare, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let (outcome, took) = play(app, catalogue, plan).await;
        let shown = exchanges(&outcome).filter_map(|exchange| exchange.response.as_ref());
        let (count, ms) = shown.fold((0_u32, 0.0), |(count, ms), response| (count + 1, ms + response.ms));
        // What is in the way of a story that counts is removed all the same.
        playing.push(micros(took, outcome.requests + outcome.cleanup.deleted));
        waiting.push(ms * 1000.0 / f64::from(count));
        bare.push(replay(&recording).await);
    }
    let templates = templates(app, catalogue, plan);
    let (played, bare, waiting) = (median(playing), median(bare), median(waiting));
    format!(
        "| {} | {} | {played:.0} | {bare:.0} | {:.2} | {:.0} % | {:.0} % | {:.0} % |",
        app.id(),
        recording.len(),
        played / bare,
        100.0 * waiting / played,
        100.0 * templates / played,
        100.0 * (played - waiting - templates) / played,
    )
}

fn micros(took: Duration, requests: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand requests")]
    let requests = requests as f64;
    took.as_secs_f64() * 1e6 / requests
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

async fn play(app: App, catalogue: &Catalogue, plan: &[&Scenario]) -> (Outcome, Duration) {
    let started = Instant::now();
    let outcome =
        played(config(Vec::new()), Rules::new(app), catalogue, plan).await.expect("trial").expect("preflight");
    (outcome, started.elapsed())
}

fn exchanges(outcome: &Outcome) -> impl Iterator<Item = &Exchange> {
    outcome.scenarios.iter().flat_map(|s| &s.steps).flat_map(|s| &s.exchanges)
}

/// What filling all templates costs, a request.
fn templates(app: App, catalogue: &Catalogue, plan: &[&Scenario]) -> f64 {
    let identities = Identities::new(4711, "trial", "scimulate-", "example.com");
    let settings = Settings { app, ..Settings::default() };
    let create_user = catalogue.fixture("okta/create-user.json").expect("fixture");
    let times = (0..TURNS).map(|_| {
        let started = Instant::now();
        let draft = Draft { identities: &identities, create_user, settings: &settings, loopback: true };
        let requests = draft.outline(plan).iter().map(|outline| outline.requests.len()).sum();
        micros(started.elapsed(), requests)
    });
    median(times.collect())
}

/// A recorded request, ids of created resources cut out of path and body.
struct Recorded {
    method: reqwest::Method,
    path: Vec<Piece>,
    headers: HeaderMap,
    body: Vec<Piece>,
    /// Its answer gave this id.
    gives: Option<usize>,
    status: u16,
}

enum Piece {
    Text(String),
    Id(usize),
}

fn recorded(outcome: &Outcome) -> Vec<Recorded> {
    let mut ids: HashMap<String, usize> = HashMap::new();
    let mut all = Vec::new();
    for exchange in exchanges(outcome) {
        let Some(response) = &exchange.response else { continue };
        let request = &exchange.request;
        let body = match &request.body {
            Body::Json(value) => value.to_string(),
            Body::Text(text) => text.clone(),
            Body::Empty | Body::Binary(_) => String::new(),
        };
        let field =
            |name: &str, value: &str| Some((name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?));
        let headers = request.headers.iter().filter(|header| header.value.is_ascii());
        let mut fields: HeaderMap = headers.filter_map(|header| field(&header.name, &header.value)).collect();
        if fields.get("authorization").is_some_and(|value| value.as_bytes().ends_with(b"[redacted]")) {
            fields.insert("authorization", HeaderValue::from_static(CREDENTIAL));
        }
        let known = |text: &str| pieces(text, &ids);
        let (path, body) = (known(&request.path), known(&body));
        let id = exchange.json().and_then(|answer| answer["id"].as_str());
        let created = id.filter(|id| request.method == "POST" && response.status == 201 && id.len() == 36);
        let gives = created.map(|id| {
            let next = ids.len();
            *ids.entry(id.to_owned()).or_insert(next)
        });
        let method = request.method.parse().expect("method");
        all.push(Recorded { method, path, headers: fields, body, gives, status: response.status });
    }
    all
}

fn pieces(text: &str, ids: &HashMap<String, usize>) -> Vec<Piece> {
    let (mut pieces, mut rest, mut at) = (Vec::new(), text, 0);
    while let Some(word) = rest.get(at..at + 36) {
        if let Some(id) = ids.get(word) {
            pieces.extend([Piece::Text(rest[..at].to_owned()), Piece::Id(*id)]);
            rest = &rest[at + 36..];
            at = 0;
        } else {
            at += 1;
            while at < rest.len() && !rest.is_char_boundary(at) {
                at += 1;
            }
        }
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces
}

const CREDENTIAL: &str = "Bearer trial-credential-4711";

/// Sends the recording to a fresh server; microseconds a request.
async fn replay(recording: &[Recorded]) -> f64 {
    let started = Instant::now();
    let running = server::start(config(Vec::new())).await.expect("server");
    let client = reqwest::Client::builder()
        .http1_only()
        .http1_title_case_headers()
        .no_proxy()
        .tls_certs_only([])
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("client");
    let mut ids: Vec<String> = Vec::new();
    let mut same = 0;
    for request in recording {
        let fill = |pieces: &[Piece]| -> String {
            let text = |piece: &Piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Id(number) => ids.get(*number).cloned().unwrap_or_default(),
            };
            pieces.iter().map(text).collect()
        };
        let url = format!("{}{}", running.base_url, fill(&request.path));
        let mut outgoing = client.request(request.method.clone(), url).headers(request.headers.clone());
        let body = fill(&request.body);
        if !body.is_empty() {
            outgoing = outgoing.body(body);
        }
        let answer = outgoing.send().await.expect("answer");
        same += usize::from(answer.status() == request.status);
        let bytes = answer.bytes().await.expect("body");
        if let Some(number) = request.gives {
            ids.resize(ids.len().max(number + 1), String::new());
            ids[number] = id_in(&bytes);
        }
    }
    running.stop().await;
    let took = micros(started.elapsed(), recording.len());
    // The same requests: what depends on who was there before may be answered otherwise.
    assert!(same * 100 >= recording.len() * 95, "only {same} of {} answers have the same status", recording.len());
    took
}

/// The first id of an answer.
fn id_in(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let start = text.find("\"id\":").map_or(0, |at| at + 5);
    text[start..].trim_start_matches([' ', '"']).chars().take_while(|sign| *sign != '"').collect()
}
