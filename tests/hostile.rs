//! Any target, any answer: bounded. Every kind of hostile or broken target, from the first byte on and in the middle of a
//! run, played against by the real binary: it ends in time with the right exit code, in little memory, shows nothing that a
//! terminal obeys, writes a valid report, and touches nothing that is not its own.

mod support;

mod hostile {
    pub(crate) mod answers;
    pub(crate) mod run;
    pub(crate) mod table;
    pub(crate) mod target;
    pub(crate) mod wire;
}

use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use hostile::run::{Ended, clean_up, complaints, ended, play};
use hostile::table::{self, Row};
use hostile::target::Spoil::{self, Change, Wire};
use hostile::target::{self, Answer, Asked, Noted, When, spoiling};
use hostile::{answers, wire};

/// What is played: something of every kind.
const PLAYED: [&str; 6] = [
    "connection.credentials",
    "users.create",
    "users.deactivate",
    "groups.create-filled",
    "import.users",
    "protocol.schemas",
];

/// A kind of hostility: how it ends when met from the first byte on, and words that tell it; the same for one that is met
/// after the connection test.
struct Kind {
    name: &'static str,
    spoil: Spoil,
    first: (i32, &'static str),
    later: (i32, &'static str),
}

const fn kind(name: &'static str, spoil: Spoil, first: (i32, &'static str), later: (i32, &'static str)) -> Kind {
    Kind { name, spoil, first, later }
}

/// Kinds by which nothing is ever answered in time.
#[rustfmt::skip]
const WAITING: &[Kind] = &[
    kind("silent", Wire(wire::silent), (3, "no answer within 1s"), (1, "stopped answering")),
    kind("closing", Wire(wire::closing), (3, "closed before an answer came"), (1, "stopped answering")),
    kind("dripping headers", Wire(wire::dripping_headers), (3, "no answer within 1s"), (1, "stopped answering")),
    kind("dripping body", Wire(wire::dripping_body), (3, "bytes of its body had come"), (1, "stopped answering")),
    kind("endless 100 Continue", Wire(wire::endless_continue), (3, "no answer within 1s"), (1, "stopped answering")),
];

/// Kinds that answer at once, in their way.
#[rustfmt::skip]
const KINDS: &[Kind] = &[
    kind("endless body", Wire(wire::endless_body), (3, "more than 8 MB"), (1, "more than 8 MB")),
    kind("endless white space", Wire(wire::endless_white_space), (3, "empty answer"), (1, "empty")),
    kind("endless headers", Wire(wire::endless_headers), (3, "more than 100 header fields"), (1, "more than 100 header fields")),
    kind("endless chunk extension", Wire(wire::endless_chunk_extension), (3, "chunks of the answer are broken"), (1, "chunks of the answer are broken")),
    kind("endless trailers", Wire(wire::endless_trailers), (3, ""), (1, "")),
    kind("100000 headers", Wire(wire::many_headers), (3, "more than 100 header fields"), (1, "more than 100 header fields")),
    kind("one huge header", Wire(wire::huge_header), (3, "more than 400 KB"), (1, "more than 400 KB")),
    kind("Content-Length too long", Wire(wire::length_too_long), (3, "the answer is cut"), (1, "the answer is cut")),
    kind("Content-Length too short", Wire(wire::length_too_short), (3, "text that is not JSON"), (1, "the body is text and not JSON")),
    kind("Content-Length absurd", Wire(wire::length_absurd), (3, "bytes than there can be"), (1, "bytes than there can be")),
    kind("two Content-Lengths", Wire(wire::length_twice), (3, "Content-Length"), (1, "Content-Length")),
    kind("cut JSON", Wire(wire::cut_json), (3, "text that is not JSON"), (1, "the body is text and not JSON")),
    kind("cut head", Wire(wire::cut_head), (3, "closed before an answer came"), (1, "closed before an answer came")),
    kind("garbage chunks", Wire(wire::garbage_chunks), (3, "chunks of the answer are broken"), (1, "chunks of the answer are broken")),
    kind("a chunk of 2^64 bytes", Wire(wire::huge_chunk), (3, ""), (1, "")),
    kind("three answers to one request", Wire(wire::two_answers), (1, ""), (1, "")),
    kind("another protocol", Wire(wire::banner), (3, "the answer is not HTTP"), (1, "the answer is not HTTP")),
    kind("no such status", Wire(wire::no_status), (3, "no status of three digits"), (1, "no status of three digits")),
    kind("101 Switching Protocols", Wire(wire::switching), (3, "another protocol than HTTP"), (1, "101")),
    kind("control characters in a header", Wire(wire::control_in_header), (3, "control characters"), (1, "control characters")),
    kind("gzip bomb", Wire(wire::bomb), (3, "empty answer"), (1, "empty")),
    kind("JSON labelled gzip", Wire(wire::not_gzip), (3, "not valid gzip"), (1, "not valid gzip")),
    kind("brotli nobody asked for", Wire(wire::brotli), (3, "`br`"), (1, "`br`")),
    kind("a web page", Change(answers::html), (3, "a web page"), (1, "not JSON")),
    kind("empty bodies", Change(answers::empty), (3, "an empty answer"), (1, "the body is empty")),
    kind("500 everywhere", Change(answers::status_500), (1, "the server failed with status 500"), (1, "the server failed with status 500")),
    kind("401 everywhere", Change(answers::status_401), (3, "the token was rejected (401)"), (1, "401")),
    kind("403 everywhere", Change(answers::status_403), (3, "the token was rejected (403)"), (1, "403")),
    kind("999 everywhere", Change(answers::status_999), (1, "999"), (1, "999")),
    kind("204 everywhere", Change(answers::status_204), (3, "an empty answer"), (1, "204")),
    kind("429 for longer than time", Change(answers::throttled), (1, "header Retry-After"), (1, "header Retry-After")),
    kind("429 for years", Change(answers::throttled_for_years), (1, "throttles (429) for longer than 1s (--max-wait)"), (1, "throttles (429) for longer than 1s (--max-wait)")),
    kind("429 for no time", Change(answers::throttled_at_once), (1, "throttles (429)"), (1, "throttles (429)")),
    kind("redirects to itself", Change(answers::redirected_to_itself), (3, "the server redirects (307)"), (1, "307")),
    kind("200000-deep JSON", Change(answers::deep), (3, "nested too deep"), (1, "nested deeper than 100 levels")),
    kind("20000-deep JSON, closed", Change(answers::deep_and_closed), (3, "nested too deep"), (1, "nested deeper than 100 levels")),
    kind("1e400", Change(answers::huge_number), (3, "a number that is too large"), (1, "too large for JSON parsers")),
    kind("a number of 100000 digits", Change(answers::long_number), (3, "a number that is too large"), (1, "too large for JSON parsers")),
    kind("duplicate keys", Change(answers::duplicate_keys), (0, ""), (0, "")),
    kind("a list of a million", Change(answers::million), (3, "more than 8 MB"), (1, "more than 8 MB")),
    kind("three million values", Change(answers::many_small_values), (1, ""), (1, "")),
    kind("absurd counters", Change(answers::counters_absurd), (1, "itemsPerPage"), (1, "itemsPerPage")),
    kind("not UTF-8", Change(answers::not_utf8), (3, "not UTF-8"), (1, "not UTF-8")),
    kind("NUL", Change(answers::nul), (3, "text that is not JSON"), (1, "the body is text and not JSON")),
    kind("wrong types everywhere", Change(answers::wrong_types), (1, "totalResults"), (1, "totalResults")),
    kind("texts a terminal obeys", Change(answers::evil_texts), (1, "\\u{1b}]0;owned"), (1, "\\u{1b}]0;owned")),
    kind("errors a terminal obeys", Change(answers::evil_error), (1, "\\u{202e}gnp.exe"), (1, "\\u{202e}gnp.exe")),
    kind("text a terminal obeys instead of JSON", Change(answers::evil_text_and_no_json), (3, "\\u{202e}plain"), (1, "not JSON")),
    kind("a redirect a terminal obeys", Change(answers::evil_redirect), (3, "\\u{202e}$(touch owned)"), (1, "302")),
    kind("odd ids", Change(answers::odd_ids), (1, ""), (1, "")),
    kind("an id of 100000 characters", Change(answers::long_id), (1, "too long for a path"), (1, "too long for a path")),
    kind("another user each time", Change(answers::another_user), (1, ""), (1, "")),
    kind("the same old account for every create", Change(answers::the_boss_again), (1, ""), (1, "")),
];

/// The slow ones first, so that the others are met beside them.
fn all_kinds() -> Vec<&'static Kind> {
    WAITING.iter().chain(KINDS).collect()
}

/// Plays against several at once, however many cores there are: most of them wait.
fn each<T: Sync>(all: &[T], test: impl Fn(&T) -> Vec<String> + Sync) {
    for_each(8, all, test);
}

fn for_each<T: Sync>(at_once: usize, all: &[T], test: impl Fn(&T) -> Vec<String> + Sync) {
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let wrong = test(one);
                    found.lock().expect("lock").extend(wrong);
                }
            });
        }
    });
    let found = found.into_inner().expect("lock");
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// A run against this kind, and what the target saw of it.
fn played(name: &str, spoil: Spoil, when: When) -> (Ended, Vec<Noted>) {
    // What answers at once is given the time that a busy machine takes to read megabytes.
    let waiting = WAITING.iter().any(|kind| kind.name == name);
    let (timeout, deadline) = if waiting || when == When::Discovery { ("1s", "20s") } else { ("8s", "10s") };
    let limits = ["--timeout", timeout, "--deadline", deadline];
    let arguments = [&limits[..], &PLAYED].concat();
    let target = spoiling(spoil, when);
    // Clean-up has ten seconds of its own.
    let ended = play(&target.url, &arguments, Duration::from_secs(40));
    (ended, target.noted())
}

/// What is wrong with a run against this kind.
fn met(name: &str, spoil: Spoil, when: When, codes: &[i32], words: &str) -> Vec<String> {
    let (ended, noted) = played(name, spoil, when);
    let mut found = complaints(&ended, &noted);
    if !told(&ended, words) {
        found.push(format!("does not say `{words}`"));
    }
    if when == When::Discovery && !goes_on(&ended) {
        found.push("broken discovery stopped what does not depend on it".into());
    }
    with_name(name, when, &ended, codes, found)
}

/// The complaints, told with what they are about.
fn with_name(name: &str, when: When, ended: &Ended, codes: &[i32], mut found: Vec<String>) -> Vec<String> {
    if ended.code.is_some_and(|code| !codes.contains(&code)) {
        found.push(format!("ended {:?}, expected {codes:?}", ended.code));
    }
    eprintln!("{name}, {when:?}: {:?}, {:.1} s, {} MB, {found:?}", ended.code, ended.seconds, ended.peak >> 20);
    let text = if found.is_empty() { String::new() } else { ended.text.chars().take(1500).collect() };
    found
        .into_iter()
        .map(|what| format!("{name}, {when:?}: {what}"))
        .chain((!text.is_empty()).then_some(text))
        .collect()
}

/// Whether the scenarios that do not look at discovery had their say.
fn goes_on(ended: &Ended) -> bool {
    let report: serde_json::Value = serde_json::from_str(&ended.report).unwrap_or_default();
    let scenarios = report["scenarios"].as_array().cloned().unwrap_or_default();
    let fine =
        |id: &str| scenarios.iter().any(|s| s["id"] == id && (s["status"] == "passed" || s["status"] == "warned"));
    report["run"]["complete"] == true
        && fine("users.create")
        && fine("users.deactivate")
        && fine("groups.create-filled")
}

/// Words told on the screen, line breaks and indents apart, or in the report.
fn told(ended: &Ended, words: &str) -> bool {
    support::folded(&ended.text).contains(words) || ended.report.contains(words)
}

/// Met in only one kind of request. The rest is answered rightly, so that it is seen which scenarios go on.
#[test]
fn hostile_on_one_verb_or_in_discovery_only() {
    const SOME: [&str; 5] = ["closing", "endless body", "200000-deep JSON", "texts a terminal obeys", "429 for years"];
    let verbs = [When::Only("POST"), When::Only("PATCH"), When::Only("DELETE"), When::Discovery];
    let some = KINDS.iter().chain(WAITING).filter(|kind| SOME.contains(&kind.name));
    let all: Vec<_> = some.flat_map(|kind| verbs.map(|when| (kind, when))).collect();
    // What nothing depends on may be broken without the gate failing.
    each(&all, |(kind, when)| met(kind.name, kind.spoil, *when, &[0, 1], ""));
}

#[test]
fn hostile_from_the_first_byte_on() {
    each(&all_kinds(), |kind| met(kind.name, kind.spoil, When::Always, &[kind.first.0], kind.first.1));
}

#[test]
fn hostile_after_the_connection_test() {
    each(&all_kinds(), |kind| met(kind.name, kind.spoil, When::AfterTheFirst, &[kind.later.0], kind.later.1));
}

/// Answers a read of what the run has made with somebody else's.
fn somebody_else(asked: &Asked, answer: &mut Answer) {
    if asked.method == "GET" {
        let mut body = answer.json();
        for name in ["userName", "displayName"] {
            body[name] = "boss@corp.example".into();
        }
        answer.body = body.to_string().into_bytes();
    }
}

/// Left by one run, met by the next: clean-up is bounded and careful like a run.
#[test]
fn hostile_at_clean_up() {
    const SOME: [&str; 9] = [
        "silent",
        "endless body",
        "gzip bomb",
        "200000-deep JSON",
        "500 everywhere",
        "401 everywhere",
        "text a terminal obeys instead of JSON",
        "a redirect a terminal obeys",
        "another user each time",
    ];
    let mut some: Vec<_> = all_kinds().iter().filter(|k| SOME.contains(&k.name)).map(|k| (k.name, k.spoil)).collect();
    assert_eq!(some.len(), SOME.len());
    some.push(("somebody else", Change(somebody_else)));
    // From the first byte on, and after the connection test.
    let all: Vec<_> =
        [1, 0].into_iter().flat_map(|after| some.iter().map(move |kind| (kind.0, kind.1, after))).collect();
    each(&all, |(name, spoil, after)| {
        let (target, folder) = (spoiling(*spoil, When::Turned), tempfile::tempdir().expect("folder"));
        let left = ended_keeping(&target.url, folder.path());
        assert!(left.contains("\"created\":"), "nothing was left: {left}");
        let before = target.noted().len();
        target.turn(*after);
        let ended = clean_up(&target.url, folder.path(), Duration::from_secs(20));
        let noted = target.noted();
        let mut found = complaints(&ended, &noted);
        let written = noted[before..].iter().filter(|asked| asked.method != "GET").count();
        if written > 0 {
            found.push(format!("{written} writes to what cannot be known for its own"));
        }
        if !folder.path().join("journal.jsonl").exists() {
            found.push("the journal is gone, though not everything was removed".into());
        }
        with_name(name, When::Turned, &ended, &[1, 3], found)
    });
}

/// A run that leaves what it has made; its journal.
fn ended_keeping(url: &str, folder: &Path) -> String {
    let ended = ended("run", url, &["--keep", "users.create", "groups.create-filled"], folder, Duration::from_secs(20));
    assert_eq!(ended.code, Some(0), "{}", ended.text);
    std::fs::read_to_string(folder.join("journal.jsonl")).expect("journal")
}

/// docs/robustness.md shows a row for each kind. With UPDATE_ROBUSTNESS they are measured, two at once, and written.
#[test]
fn the_table_shows_every_kind() {
    let names: Vec<_> = all_kinds().iter().map(|kind| kind.name).collect();
    if std::env::var_os("UPDATE_ROBUSTNESS").is_none() {
        assert_eq!(
            table::names(),
            names,
            "write it anew: UPDATE_ROBUSTNESS=1 cargo test --release --test hostile table"
        );
        return;
    }
    let rows: Mutex<Vec<Row>> = Mutex::default();
    for_each(2, &all_kinds(), |kind| {
        let row = Row {
            name: kind.name,
            first: played(kind.name, kind.spoil, When::Always).0,
            later: played(kind.name, kind.spoil, When::AfterTheFirst).0,
        };
        rows.lock().expect("lock").push(row);
        Vec::new()
    });
    let mut rows = rows.into_inner().expect("lock");
    rows.sort_by_key(|row| names.iter().position(|name| *name == row.name));
    table::write(&rows);
}

/// A second host that must never be contacted, and the connections it got all the same.
fn bystander() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("address").to_string();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    thread::spawn(move || {
        for _ in listener.incoming() {
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    (address, connections)
}

#[test]
fn a_redirect_to_another_host_is_not_followed_and_the_host_never_contacted() {
    static ELSEWHERE: OnceLock<String> = OnceLock::new();
    fn away(asked: &Asked, answer: &mut Answer) {
        answer.headers.push(format!("Location: http://{}{}", ELSEWHERE.get().expect("host"), asked.path).into_bytes());
        answer.say(308, "");
    }
    let (address, connections) = bystander();
    ELSEWHERE.set(address.clone()).expect("once");
    let mut found = met("a redirect away", Change(away), When::Always, &[3], &address);
    found.extend(met("a redirect away", Change(away), When::AfterTheFirst, &[1], "308"));
    found.extend(met("a redirect away", Change(away), When::Only("POST"), &[1], "308"));
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!(connections.load(Ordering::Relaxed), 0);
}

#[test]
fn a_target_that_is_not_there_at_all() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        format!("http://{}/scim", listener.local_addr().expect("address"))
    };
    let ended = play(&closed, &["connection"], Duration::from_secs(5));
    assert_eq!((ended.code, complaints(&ended, &[])), (Some(3), Vec::new()), "{}", ended.text);
    assert!(told(&ended, "no connection"), "{}", ended.text);
}

/// Stories of which none is played alone: before one that is, what is there is removed, and that takes no notice.
const STORIES: [&str; 10] = [
    "connection.credentials",
    "users.create",
    "users.deactivate",
    "users.update",
    "users.rename",
    "users.swap",
    "groups.create",
    "groups.rename",
    "groups.members",
    "protocol.schemas",
];

/// Answers rightly but for the requests from the 12th to the one `until`, which are not answered.
fn away_for_a_while(until: usize) -> (Ended, Vec<String>) {
    let served = AtomicUsize::new(0);
    let target = target::absent(move || (12..until).contains(&served.fetch_add(1, Ordering::Relaxed)));
    let ended = play(
        &target.url,
        &[&["--timeout", "1s", "--deadline", "20s", "--jobs", "1"], &STORIES[..]].concat(),
        Duration::from_secs(32),
    );
    let found = complaints(&ended, &target.noted());
    (ended, found)
}

#[test]
fn a_target_that_dies_in_the_middle_ends_the_run() {
    let (ended, found) = away_for_a_while(usize::MAX);
    assert_eq!((ended.code, found), (Some(1), Vec::new()), "{}", ended.text);
    assert!(told(&ended, "the target stopped answering") && told(&ended, "it may exist"), "{}", ended.text);
    assert!(ended.seconds < 8.0, "{}", ended.seconds);
}

#[test]
fn a_target_that_comes_back_is_waited_for() {
    let (ended, found) = away_for_a_while(19);
    assert_eq!((ended.code, found), (Some(1), Vec::new()), "{}", ended.text);
    assert!(told(&ended, "The target did not answer for"), "{}", ended.text);
    let report: serde_json::Value = serde_json::from_str(&ended.report).expect("JSON");
    assert_eq!((&report["run"]["complete"], &report["cleanup"]["left"]), (&true.into(), &serde_json::json!([])));
}
