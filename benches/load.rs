//! Load: `cargo bench --bench load`. 200,000 requests over 64 kept connections at once, each client creating, reading,
//! looking up, listing, changing and deleting what is its own, so that the directory stays as small as it was. Prints requests
//! per second, errors, and the server's memory on the way; ends with 1 when there was an error or the memory grew.

mod support;

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::{Client, Server, id, user};

const REQUESTS: usize = 200_000;
const CONNECTIONS: usize = 64;

/// How much larger the memory may be at the end than after the first tenth, when all that is kept for speed is there.
const GROWTH: f64 = 1.2;

fn main() -> ExitCode {
    let server = Server::ours(200);
    let (sent, errors) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let started = Instant::now();
    let mut memory = Vec::new();
    thread::scope(|scope| {
        for number in 0..CONNECTIONS {
            let (server, sent, errors) = (&server, &sent, &errors);
            scope.spawn(move || {
                let mut load = Load { client: server.client(), sent, errors };
                let mut round = 0;
                while sent.load(Ordering::Relaxed) < REQUESTS {
                    load.round(&format!("load{number}-{round}"));
                    round += 1;
                }
            });
        }
        for tenths in [1, 3, 5, 7, 9] {
            while sent.load(Ordering::Relaxed) < REQUESTS / 10 * tenths {
                thread::sleep(Duration::from_millis(5));
            }
            memory.push((sent.load(Ordering::Relaxed), server.memory()));
        }
    });
    let (seconds, sent, errors) = (started.elapsed().as_secs_f64(), sent.into_inner(), errors.into_inner());
    memory.push((sent, server.memory()));
    println!("| requests | connections | seconds | requests/s | errors |");
    println!("|---|---|---|---|---|");
    let rate = f64::from(u32::try_from(sent).unwrap_or(u32::MAX)) / seconds;
    println!("| {sent} | {CONNECTIONS} | {seconds:.1} | {rate:.0} | {errors} |");
    println!("\n| after requests | memory MB |");
    println!("|---|---|");
    for (sent, memory) in &memory {
        println!("| {sent} | {} |", memory.map_or_else(|| "unknown".to_owned(), |megabytes| format!("{megabytes:.1}")));
    }
    let left = server.client().send("GET", "/Users?filter=userName%20sw%20%22load%22&count=0", "");
    let grown = match (memory.first(), memory.last()) {
        (Some((_, Some(first))), Some((_, Some(last)))) => last / first,
        _ => 1.0,
    };
    println!("\nlast / first: {grown:.2} (at most {GROWTH})");
    if errors > 0 || grown > GROWTH || !left.contains("\"totalResults\":0") {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// One client and what it counts.
struct Load<'a> {
    client: Client,
    sent: &'a AtomicUsize,
    errors: &'a AtomicUsize,
}

impl Load<'_> {
    /// A person and a group, from the create to the delete.
    fn round(&mut self, name: &str) {
        let person = id_of(self.send("POST", "/Users", &user(name), 201));
        self.send("GET", &format!("/Users/{person}"), "", 200);
        self.send("GET", &format!("/Users?filter=userName%20eq%20%22{name}%40example.com%22&count=100"), "", 200);
        self.send("GET", "/Users?startIndex=1&count=20", "", 200);
        let inactive = patch(r#"{"op":"replace","value":{"active":false}}"#);
        self.send("PATCH", &format!("/Users/{person}"), &inactive, 204);
        let group =
            format!(r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"group of {name}"}}"#);
        let group = id_of(self.send("POST", "/Groups", &group, 201));
        let member = patch(&format!(r#"{{"op":"add","path":"members","value":[{{"value":"{person}"}}]}}"#));
        self.send("PATCH", &format!("/Groups/{group}"), &member, 204);
        self.send("GET", &format!("/Groups/{group}"), "", 200);
        self.send("DELETE", &format!("/Groups/{group}"), "", 204);
        self.send("DELETE", &format!("/Users/{person}"), "", 204);
    }

    /// One request; whatever else than the awaited status comes is an error.
    fn send(&mut self, method: &str, path: &str, body: &str, status: u16) -> Option<String> {
        let answer = self.client.once(method, path, body);
        self.sent.fetch_add(1, Ordering::Relaxed);
        let right = answer.as_ref().is_some_and(|answer| answer.starts_with(&format!("HTTP/1.1 {status} ")));
        if !right {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
        answer.filter(|_| right)
    }
}

fn id_of(answer: Option<String>) -> String {
    answer.map_or_else(|| "none".to_owned(), |answer| id(&answer))
}

fn patch(operation: &str) -> String {
    format!(r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{operation}]}}"#)
}
