//! Requests per second of the reference server beside PyPI scim2-server, in one run: `cargo bench --bench
//! reference_server`. One keep-alive client, one request at a time. The second server is started by its script under
//! `tests/interop/servers/`; without Python only our own figures are shown.

mod support;

use std::time::{Duration, Instant};

use support::{Server, id, user};

/// How long each measurement lasts.
const TIME: Duration = Duration::from_millis(1500);

fn main() {
    println!("| operation | reference server, requests/s | scim2-server 0.8.3, requests/s | ratio |");
    println!("|---|---|---|---|");
    let ours = Server::ours(0);
    let theirs = Server::theirs();
    for (name, measure) in OPERATIONS {
        let (fast, slow) = (measure(&ours), theirs.as_ref().map(measure));
        let (slow, ratio) = slow.map_or_else(
            || ("not installed".to_owned(), "-".to_owned()),
            |slow| (format!("{slow:.0}"), format!("{:.0}", fast / slow)),
        );
        println!("| {name} | {fast:.0} | {slow} | {ratio} |");
    }
}

type Measure = fn(&Server) -> f64;
const OPERATIONS: [(&str, Measure); 3] =
    [("look-up by userName among 200", lookup), ("create a user", create), ("add a member, answered 204", add_member)];

fn lookup(server: &Server) -> f64 {
    let mut client = server.client();
    for n in 0..200 {
        client.send("POST", "/Users", &user(&format!("lookup{n}")));
    }
    rate(|n| {
        let name = n % 200;
        let path = format!("/Users?filter=userName%20eq%20%22lookup{name}%40example.com%22&startIndex=1&count=100");
        let answer = client.send("GET", &path, "");
        assert!(answer.contains("\"totalResults\":1") || answer.contains("\"totalResults\": 1"), "{answer}");
    })
}

fn create(server: &Server) -> f64 {
    let mut client = server.client();
    rate(|n| {
        let answer = client.send("POST", "/Users", &user(&format!("create{n}")));
        assert!(answer.starts_with("HTTP/1.") && answer.contains(" 201 "), "{answer}");
    })
}

fn add_member(server: &Server) -> f64 {
    let mut client = server.client();
    let ids: Vec<String> = (0..500).map(|n| id(&client.send("POST", "/Users", &user(&format!("member{n}"))))).collect();
    let mut group = String::new();
    rate(|n| {
        // Every add changes something: a group that holds everybody is followed by a new one.
        if n % ids.len() == 0 {
            let body =
                format!(r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"bench {n}"}}"#);
            group = id(&client.send("POST", "/Groups", &body));
        }
        let id = &ids[n % ids.len()];
        let body = format!(
            r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{{"op":"add","path":"members","value":[{{"value":"{id}"}}]}}]}}"#
        );
        let answer = client.send("PATCH", &format!("/Groups/{group}"), &body);
        assert!(answer.contains(" 204 "), "{answer}");
    })
}

/// Calls per second, after a tenth of the time to warm up.
fn rate(mut call: impl FnMut(usize)) -> f64 {
    let mut n = 0;
    let mut run = |time: Duration| {
        let (started, first) = (Instant::now(), n);
        while started.elapsed() < time {
            call(n);
            n += 1;
        }
        f64::from(u32::try_from(n - first).unwrap_or(u32::MAX)) / started.elapsed().as_secs_f64()
    };
    run(TIME / 10);
    run(TIME)
}
