//! Ctrl-C and SIGTERM at any moment: cleaned up, a partial report, 130; the second time at once.

#![cfg(unix)]

mod support;

use std::io::Read as _;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde_json::json;
use support::{Traffic, between, directory, inhabited, line, report, signal, start};

/// Interrupts a run when this request comes for the first time, before the server hears of it; gives the exit code and what
/// was told.
fn interrupted(url: &str, arguments: &[&str], at: fn(&str) -> bool, name: &'static str) -> (Option<i32>, String) {
    let (id, done, traffic) = (Arc::new(OnceLock::new()), AtomicBool::new(false), Arc::new(Traffic::default()));
    let (victim, seen) = (Arc::clone(&id), Arc::clone(&traffic));
    let proxy = between(url, move |request, server| {
        seen.begin();
        if at(&line(request)) && !done.swap(true, Ordering::SeqCst) {
            signal(&victim, name);
        }
        let answer = server(request);
        seen.end();
        answer
    });
    let folder = tempfile::tempdir().expect("folder");
    let mut child = start(&[&["--url", &proxy], arguments].concat(), folder.path(), &id);
    let told = everything(&mut child);
    let code = child.wait().expect("wait").code();
    traffic.calm();
    let report = report(folder.path());
    assert_eq!(report["run"]["complete"], false, "{told}");
    assert_eq!(report["cleanup"]["left"], json!([]), "{told}");
    assert!(!folder.path().join("journal.jsonl").exists());
    (code, told)
}

fn everything(child: &mut Child) -> String {
    let (mut out, mut err) = (String::new(), String::new());
    child.stdout.take().expect("stdout").read_to_string(&mut out).expect("text");
    child.stderr.take().expect("stderr").read_to_string(&mut err).expect("text");
    out + &err
}

/// What it is called, what is played, and the line of the request at which it ends.
type Moment<'m> = (&'m str, &'m [&'m str], fn(&str) -> bool);

#[test]
fn an_interrupt_at_any_moment_cleans_up_and_ends_130() {
    let (_served, url) = inhabited(&[]);
    let before = directory(&url);
    let moments: [Moment; 6] = [
        ("preflight", &["users"], |line| line.starts_with("GET")),
        ("a given", &["users.update"], |line| line.starts_with("POST")),
        ("an update", &["users.update"], |line| line.starts_with("PATCH") || line.starts_with("PUT")),
        ("steps sent at once", &["users.retry-create"], |line| line.starts_with("POST")),
        ("several scenarios", &["users", "--jobs", "8"], |line| line.contains("filter")),
        ("clean-up", &["users.update"], |line| line.starts_with("DELETE")),
    ];
    for (moment, arguments, at) in moments {
        for name in ["-INT", "-TERM"] {
            let (code, told) = interrupted(&url, arguments, at, name);
            assert_eq!((code, directory(&url) == before), (Some(130), true), "{moment} {name}: {told}");
            assert!(told.contains("Interrupted"), "{moment} {name}: {told}");
        }
    }
}

/// A target that stops answering at the first request that is `at`.
fn hanging(url: &str, at: fn(&str) -> bool) -> (String, Arc<AtomicBool>) {
    let hangs = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&hangs);
    let own = between(url, move |request, server| {
        if at(&line(request)) || told.load(Ordering::SeqCst) {
            told.store(true, Ordering::SeqCst);
            std::thread::park_timeout(Duration::from_secs(40));
        }
        server(request)
    });
    (own, hangs)
}

fn wait_for(hangs: &AtomicBool) {
    while !hangs.load(Ordering::SeqCst) {
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

#[test]
fn a_target_that_hangs_is_given_up_in_the_preflight_at_once() {
    let (_served, url) = inhabited(&[]);
    let (proxy, hangs) = hanging(&url, |_| true);
    let (id, folder) = (OnceLock::new(), tempfile::tempdir().expect("folder"));
    let mut child = start(&["--url", &proxy], folder.path(), &id);
    wait_for(&hangs);
    let since = Instant::now();
    signal(&id, "-INT");
    let told = everything(&mut child);
    assert_eq!(child.wait().expect("wait").code(), Some(130), "{told}");
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}: {told}", since.elapsed());
    assert_eq!(report(folder.path())["run"]["complete"], false);
}

#[test]
fn a_second_interrupt_leaves_at_once_and_says_how_to_clean_up() {
    let (_served, url) = inhabited(&[]);
    let (proxy, hangs) = hanging(&url, |line| line.starts_with("PATCH"));
    let (id, folder) = (OnceLock::new(), tempfile::tempdir().expect("folder"));
    let mut child = start(&["--url", &proxy, "users.deactivate"], folder.path(), &id);
    wait_for(&hangs);
    signal(&id, "-INT");
    let mut first = [0; 12];
    let mut stderr = child.stderr.take().expect("stderr");
    stderr.read_exact(&mut first).expect("told");
    let since = Instant::now();
    signal(&id, "-INT");
    let mut told = String::new();
    stderr.read_to_string(&mut told).expect("text");
    assert_eq!(child.wait().expect("wait").code(), Some(130), "{told}");
    assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
    assert!(told.contains("Left at once. This run created") && told.contains("journal.jsonl"), "{told}");
    assert!(told.contains(&format!("scimulate cleanup --url {proxy} --report-dir '")), "{told}");
}

#[test]
fn a_target_that_hangs_for_ever_is_left_after_the_time_for_clean_up() {
    let (_served, url) = inhabited(&[]);
    let (proxy, hangs) = hanging(&url, |line| line.starts_with("PATCH"));
    let (id, folder) = (OnceLock::new(), tempfile::tempdir().expect("folder"));
    let mut child = start(&["--url", &proxy, "users.deactivate"], folder.path(), &id);
    wait_for(&hangs);
    let since = Instant::now();
    signal(&id, "-TERM");
    let told = everything(&mut child);
    assert_eq!(child.wait().expect("wait").code(), Some(130), "{told}");
    assert!(since.elapsed() < Duration::from_secs(14), "{:?}: {told}", since.elapsed());
    let report = report(folder.path());
    assert!(!report["cleanup"]["left"].as_array().expect("left").is_empty());
    assert!(folder.path().join("journal.jsonl").exists() && told.contains("scimulate cleanup"), "{told}");
}
