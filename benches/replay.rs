//! What a run costs beside the bare sending of its requests: `cargo bench --bench replay`. The whole catalogue is played
//! against the reference server, clean-up and all; then every request that the server got is sent to a fresh one by a bare
//! keep-alive client of the same HTTP library, in the same process, in turns. Also where the time of a run goes.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use scimulate::okta::Identities;
use scimulate::play::Settings;
use scimulate::play::outline::Draft;
use scimulate::proof::trial::{Rules, config, played};
use scimulate::scenario::{App, Catalogue, Scenario, load, select};
use scimulate::server::{self, Config};
use serde_json::Value;

/// How often each of the two is timed.
const TURNS: usize = 9;

/// As many scenarios at once as `run` plays.
const JOBS: usize = 4;

/// How many times as long as the bare client a run may take.
const BOUND: f64 = 1.2;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    let catalogue = load(None, None).expect("catalogue");
    println!("{TURNS} turns each; median milliseconds of a run and of sending its requests again");
    println!(
        "| app | played | scenarios at once | requests | run | bare client | times | waiting | templates | judging, keeping, sending |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let mut exit = ExitCode::SUCCESS;
    for app in [App::Oin, App::Aiw] {
        for (what, left_out, jobs) in [("all", "", JOBS), ("all", "", 1), ("no volumes", "volume", 1)] {
            let left_out: Vec<String> = left_out.split_whitespace().map(str::to_owned).collect();
            let plan = select::select(&catalogue, app, &[], &left_out).expect("plan");
            let rules = Rules { jobs, ..Rules::new(app) };
            let (row, times) = runtime.block_on(compared(rules, &catalogue, &plan));
            println!("| {} | {what} | {row}", app.id());
            if jobs == JOBS && times > BOUND {
                eprintln!("a run takes {times:.2} times as long as the bare client, more than {BOUND}");
                exit = ExitCode::FAILURE;
            }
        }
    }
    exit
}

/// The row of the table behind what is played, and how many times as long as the bare client the run takes.
async fn compared(rules: Rules, catalogue: &Catalogue, plan: &[&Scenario]) -> (String, f64) {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("requests.har");
    let told = Config { archive: Some(archive.clone()), ..config(Vec::new()) };
    played(told, rules, catalogue, plan).await.expect("trial").expect("preflight");
    let recording = recorded(&archive);
    let (mut playing, mut bare, mut busy) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let (started, worked) = (Instant::now(), on_processor());
        let outcome = played(config(Vec::new()), rules, catalogue, plan).await.expect("trial").expect("preflight");
        playing.push(millis(started.elapsed()));
        busy.push(millis(on_processor().saturating_sub(worked)));
        drop(outcome);
        bare.push(replay(&recording).await);
    }
    let templates = templates(rules.app, catalogue, plan);
    let (played, bare, busy) = (median(playing), median(bare), median(busy));
    let row = format!(
        "{} | {} | {played:.0} | {bare:.0} | {:.2} | {:.0} % | {:.0} % | {:.0} % |",
        rules.jobs,
        recording.len(),
        played / bare,
        100.0 * (played - busy) / played,
        100.0 * templates / played,
        100.0 * (busy - templates) / played,
    );
    (row, played / bare)
}

fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// How long this thread, which plays, has been on a processor: the rest of a run it waits. Linux tells.
fn on_processor() -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|text| text.parse().ok()).map_or(Duration::ZERO, Duration::from_nanos)
}

/// What filling all templates costs, in milliseconds.
fn templates(app: App, catalogue: &Catalogue, plan: &[&Scenario]) -> f64 {
    let identities = Identities::new(4711, "trial", "scimulate-", "example.com");
    let settings = Settings { app, ..Settings::default() };
    let create_user = catalogue.fixture("okta/create-user.json").expect("fixture");
    let times = (0..TURNS).map(|_| {
        let started = Instant::now();
        let draft = Draft { identities: &identities, create_user, settings: &settings, loopback: true };
        std::hint::black_box(draft.outline(plan));
        millis(started.elapsed())
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
    status: u64,
}

enum Piece {
    Text(String),
    Id(usize),
}

/// Reads what the server got, in the order in which it answered.
fn recorded(archive: &Path) -> Vec<Recorded> {
    let archive: Value = serde_json::from_str(&fs::read_to_string(archive).expect("archive")).expect("JSON");
    let mut ids: HashMap<String, usize> = HashMap::new();
    let mut all = Vec::new();
    for entry in archive["log"]["entries"].as_array().expect("entries") {
        let (request, response) = (&entry["request"], &entry["response"]);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut headers = HeaderMap::new();
        for field in request["headers"].as_array().into_iter().flatten() {
            let (name, mut value) = (text(&field["name"]), text(&field["value"]));
            if value == "Bearer [redacted]" {
                CREDENTIAL.clone_into(&mut value);
            }
            if !["host", "content-length"].contains(&name.as_str())
                && let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>())
            {
                headers.append(name, value);
            }
        }
        let url = text(&request["url"]);
        let path = url.split_once("/scim/v2").expect("base path").1;
        let (path, body) = (pieces(path, &ids), pieces(&text(&request["postData"]["text"]), &ids));
        let method: reqwest::Method = text(&request["method"]).parse().expect("method");
        let status = response["status"].as_u64().expect("status");
        let answer = serde_json::from_str::<Value>(&text(&response["content"]["text"])).unwrap_or_default();
        let id = answer["id"].as_str().filter(|id| method == "POST" && status == 201 && id.len() == 36);
        let gives = id.map(|id| {
            let next = ids.len();
            *ids.entry(id.to_owned()).or_insert(next)
        });
        all.push(Recorded { method, path, headers, body, gives, status });
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

/// Sends the recording to a fresh server, one request after the other; milliseconds.
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
        same += usize::from(u64::from(answer.status().as_u16()) == request.status);
        let bytes = answer.bytes().await.expect("body");
        if let Some(number) = request.gives {
            ids.resize(ids.len().max(number + 1), String::new());
            ids[number] = id_in(&bytes);
        }
    }
    running.stop().await;
    let took = millis(started.elapsed());
    // The same requests: what depends on who was there before may be answered otherwise.
    assert!(same * 100 >= recording.len() * 98, "only {same} of {} answers have the same status", recording.len());
    took
}

/// The first id of an answer.
fn id_in(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let start = text.find("\"id\":").map_or(0, |at| at + 5);
    text[start..].trim_start_matches([' ', '"']).chars().take_while(|sign| *sign != '"').collect()
}
