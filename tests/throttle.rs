//! A target that throttles: waited for as Okta waits, and never a failure by itself.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};

use support::{between, checks, report, run, serve, stdout};

/// Passes every second request on and answers the others with this.
fn throttling(url: &str, answer: &'static str) -> String {
    let count = AtomicUsize::new(0);
    between(url, move |request, server| {
        if count.fetch_add(1, Ordering::Relaxed) % 2 == 1 { answer.as_bytes().to_vec() } else { server(request) }
    })
}

#[test]
fn a_polite_429_costs_nothing() {
    let (_served, url) = serve(&["--seed-users", "2"]);
    let polite = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Type: application/scim+json\r\n\
                  Connection: close\r\n\r\n{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"],\"status\":\"429\",\"detail\":\"slow down\"}";
    let (output, folder) =
        run(&["--url", &throttling(&url, polite), "--jobs", "1", "users.deactivate", "users.update"]);
    let report = report(folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    // Behind the middle man the server's resources give an address that is not the one they are reached at.
    let bad = checks(&report).into_iter().filter(|c| c["status"] == "failed").filter_map(|c| c["id"].as_str());
    let bad: Vec<_> = bad.filter(|id| !id.ends_with("/always.address")).collect();
    assert!(bad.is_empty(), "{bad:?}");
    let told =
        checks(&report).iter().any(|c| c["id"] == "users.deactivate/always.retry-after" && c["status"] == "passed");
    assert!(told, "the 429s were not judged");
}

#[test]
fn a_429_that_asks_for_too_much_blocks_and_does_not_fail() {
    let (_served, url) = serve(&[]);
    let endless =
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 86400\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let slow = throttling(&url, endless);
    let (output, folder) = run(&["--url", &slow, "--max-wait", "0s", "users.deactivate"]);
    let report = report(folder.path());
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let musts: Vec<_> = checks(&report)
        .into_iter()
        .filter(|c| c["status"] == "failed" && c["level"] == "must")
        .map(|c| &c["id"])
        .collect();
    assert!(musts.is_empty(), "{musts:?}");
    assert!(checks(&report).iter().any(|c| c["status"] == "blocked"));
}

#[test]
fn a_429_without_usable_seconds_is_waited_for_a_moment_and_told() {
    let (_served, url) = serve(&[]);
    for header in ["", "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n", "Retry-After: 18446744073709551615\r\n"] {
        let head = "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\nConnection: close\r\n";
        let answer: &'static str = format!("{head}{header}\r\n").leak();
        let slow = throttling(&url, answer);
        let (output, folder) = run(&["--url", &slow, "--max-wait", "0s", "--jobs", "1", "users.deactivate"]);
        let report = report(folder.path());
        assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
        let failed = |level: &str| {
            let failed = |c: &&&serde_json::Value| c["status"] == "failed" && c["level"] == level;
            checks(&report).iter().filter(failed).map(|c| c["id"].clone()).collect::<Vec<_>>()
        };
        assert!(failed("must").is_empty(), "{header}: {:?}", failed("must"));
        assert!(failed("should").contains(&"users.deactivate/always.retry-after".into()), "{header}");
    }
}

#[test]
fn a_429_that_a_given_person_met_is_told_though_it_was_waited_for() {
    let (_served, url) = serve(&[]);
    let creates = AtomicUsize::new(0);
    let slow = between(&url, move |request, server| {
        let create = request.starts_with(b"POST ") && creates.fetch_add(1, Ordering::Relaxed) == 0;
        let refusal = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        if create { refusal.to_vec() } else { server(request) }
    });
    let (output, folder) = run(&["--url", &slow, "--jobs", "1", "users.deactivate"]);
    let report = report(folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let told =
        checks(&report).iter().any(|c| c["id"] == "users.deactivate/always.retry-after" && c["status"] == "failed");
    assert!(told, "{}", stdout(&output));
}
