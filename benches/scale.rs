//! What size costs the reference server, small beside large in one run: `cargo bench --bench scale`. Real processes over
//! loopback, one keep-alive client each, turn by turn. Exits 1 when a bound is missed. Needs 2 GB on the disk of the
//! temporary folder and `/proc`.

#[path = "../tests/support/bare.rs"]
mod bare;
#[allow(unreachable_pub, reason = "shared with tests")]
#[path = "../tests/support/mod.rs"]
mod support;

use bare::Client;
use std::fs::{self, File};
use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use support::{Served, serve_for};

const TOKEN: &str = "benchmark";
const MILLION: usize = 1_000_000;
/// How often the two sides take turns, and for how long.
const TURNS: usize = 8;
const TURN: Duration = Duration::from_millis(250);

fn main() -> ExitCode {
    let mut met = Vec::new();
    let folder = tempfile::tempdir().expect("folder");
    let (small, _) = Server::start(&["--seed-users", "1000"]);
    let (large, seeding) = Server::start(&["--seed-users", &MILLION.to_string()]);
    let (seeded, _) = large.memory();

    println!("| operation | small, requests/s | large, requests/s | times slower | bound |\n|---|---|---|---|---|");
    let (one, other) = beside(small.look_ups(1_000), large.look_ups(MILLION));
    met.push(row("look-up by userName: 1,000 users, 1,000,000", one, other, Some(1.5)));
    let (one, other) = beside(small.reads(1_000), large.reads(MILLION));
    met.push(row("read by id: 1,000 users, 1,000,000", one, other, Some(1.5)));
    let (one, other) = beside(large.pages(1), large.pages(MILLION - 99));
    met.push(row("100 of 1,000,000 users: first page, last page", one, other, Some(2.0)));
    let (one, other) = beside(small.creates("a"), large.creates("a"));
    met.push(row("create: 1,000 users, 1,000,000", one, other, Some(1.5)));
    let (one, other) = beside(small.deletes(), large.deletes());
    met.push(row("create, then delete one of the first: 1,000 users, 1,000,000", one, other, Some(1.5)));
    let (one, other) = beside(large.additions(10), large.additions(10_000));
    met.push(row("add a member, 204: group of 10, of 10,000", one, other, Some(3.0)));

    let file = folder.path().join("directory.redb");
    let data = ["--data", file.to_str().expect("UTF-8")];
    let (kept, _) = Server::start(&data);
    let (one, other) = beside(synced(&folder.path().join("bare")), kept.creates("b"));
    met.push(row("bare write and fsync of 600 bytes; durable create with --data", one, other, None));
    let (one, other) = beside(kept.additions(10), kept.additions(10_000));
    met.push(row("the same with --data: add a member, 204: group of 10, of 10,000", one, other, Some(3.0)));
    drop((small, kept));

    println!("\n| 1,000,000 users | seconds to the first answer | memory MB | bound |\n|---|---|---|---|");
    met.push(process_row("--seed-users, in memory", seeding, seeded, Some(1_200.0)));
    drop(large);
    fs::remove_file(&file).expect("file");
    let (filled, seconds) = Server::start(&[&data[..], &["--seed-users", &MILLION.to_string()]].concat());
    met.push(process_row("--seed-users and --data, a new file", seconds, filled.memory().0, None));
    // The end of a benchmark's server is a SIGKILL.
    drop(filled);
    let (opened, seconds) = Server::start(&data);
    met.push(process_row("--data, after a kill", seconds, opened.memory().0, None));
    println!("\nThe file has {} MB.", fs::metadata(&file).expect("file").len() / 1_000_000);
    if met.into_iter().all(|met| met) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn row(name: &str, one: f64, other: f64, bound: Option<f64>) -> bool {
    let slower = one / other;
    let told = bound.map_or_else(|| "-".to_owned(), |bound| format!("{bound:.1}"));
    println!("| {name} | {one:.0} | {other:.0} | {slower:.2} | {told} |");
    bound.is_none_or(|bound| slower <= bound)
}

fn process_row(name: &str, seconds: f64, megabytes: f64, bound: Option<f64>) -> bool {
    let told = bound.map_or_else(|| "-".to_owned(), |bound| format!("{bound:.0}"));
    println!("| {name} | {seconds:.1} | {megabytes:.0} | {told} |");
    bound.is_none_or(|bound| megabytes < bound)
}

/// Calls per second of each, taking turns; the first turn only warms up.
fn beside(mut one: impl FnMut(usize), mut other: impl FnMut(usize)) -> (f64, f64) {
    let mut sides = [Side::default(), Side::default()];
    for turn in 0..=TURNS {
        let calls: [&mut dyn FnMut(usize); 2] = [&mut one, &mut other];
        for (side, call) in sides.iter_mut().zip(calls) {
            let (started, first) = (Instant::now(), side.number);
            while started.elapsed() < TURN {
                call(side.number);
                side.number += 1;
            }
            if turn > 0 {
                side.counted += side.number - first;
                side.time += started.elapsed();
            }
        }
    }
    let [one, other] =
        sides.map(|side| f64::from(u32::try_from(side.counted).unwrap_or(u32::MAX)) / side.time.as_secs_f64());
    (one, other)
}

/// How far one side has come.
#[derive(Default)]
struct Side {
    number: usize,
    counted: usize,
    time: Duration,
}

/// Writes and syncs as much as a small user has bytes.
fn synced(path: &std::path::Path) -> impl FnMut(usize) {
    let mut file = File::create(path).expect("file");
    move |_| {
        file.write_all(&[b'x'; 600]).expect("write");
        file.sync_data().expect("sync");
    }
}

/// A running server, ended with the benchmark.
struct Server {
    process: Served,
    url: String,
}

impl Server {
    /// Gives the seconds until it has answered too.
    fn start(arguments: &[&str]) -> (Self, f64) {
        let started = Instant::now();
        let (process, url) = serve_for(TOKEN, &[&["--patch-answer", "204"], arguments].concat());
        let server = Self { process, url };
        assert!(server.client().send("GET", "/Users?count=1", "").starts_with("HTTP/1.1 200"));
        (server, started.elapsed().as_secs_f64())
    }

    fn client(&self) -> Client {
        Client::new(&self.url, TOKEN)
    }

    /// The most memory it had, and what it has now, in MB.
    fn memory(&self) -> (f64, f64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("/proc");
        let kilobytes = |name: &str| {
            let found = status.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB"));
            found.and_then(|text| text.parse::<f64>().ok()).expect("kB")
        };
        (kilobytes("VmHWM:") * 1.024 / 1000.0, kilobytes("VmRSS:") * 1.024 / 1000.0)
    }

    /// Ids and names of people here and there among so many.
    fn sample(&self, among: usize) -> Vec<(String, String)> {
        let mut client = self.client();
        (0..10).flat_map(|part| page(&mut client, part * among / 10 + 1)).collect()
    }

    fn look_ups(&self, among: usize) -> impl FnMut(usize) {
        let (mut client, people) = (self.client(), self.sample(among));
        move |n| {
            let name = people[n * 7919 % people.len()].1.replace('@', "%40");
            let answer =
                client.send("GET", &format!("/Users?filter=userName%20eq%20%22{name}%22&startIndex=1&count=100"), "");
            assert!(answer.contains("\"totalResults\":1,"), "{answer}");
        }
    }

    fn reads(&self, among: usize) -> impl FnMut(usize) {
        let (mut client, people) = (self.client(), self.sample(among));
        move |n| {
            let answer = client.send("GET", &format!("/Users/{}", people[n * 7919 % people.len()].0), "");
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
    }

    fn pages(&self, start: usize) -> impl FnMut(usize) {
        let mut client = self.client();
        move |_| {
            let answer = client.send("GET", &format!("/Users?startIndex={start}&count=100"), "");
            assert!(answer.contains("\"itemsPerPage\":100,"), "{answer}");
        }
    }

    fn creates(&self, prefix: &'static str) -> impl FnMut(usize) {
        let mut client = self.client();
        move |n| {
            create(&mut client, &format!("{prefix}{n}"));
        }
    }

    /// One comes at the end, one goes near the start.
    fn deletes(&self) -> impl FnMut(usize) {
        let (mut client, mut first) = (self.client(), page(&mut self.client(), 1));
        first.reverse();
        move |n| {
            let id = create(&mut client, &format!("deleted{n}"));
            first.insert(0, (id, String::new()));
            let (id, _) = first.pop().expect("somebody");
            let answer = client.send("DELETE", &format!("/Users/{id}"), "");
            assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
        }
    }

    /// One joins a group of this size; and leaves it again, in two calls.
    fn additions(&self, size: usize) -> impl FnMut(usize) {
        let mut client = self.client();
        let ids: Vec<String> = (0..size + 50).map(|n| create(&mut client, &format!("m{size}x{n}"))).collect();
        let mut group = String::new();
        move |n| {
            if n == 0 {
                group = create_group(&mut client, &ids[..size]);
            }
            let id = &ids[size + n / 2 % 50];
            let operation = if n % 2 == 0 {
                format!(r#"{{"op":"add","path":"members","value":[{{"value":"{id}"}}]}}"#)
            } else {
                format!(r#"{{"op":"remove","path":"members[value eq \"{id}\"]"}}"#)
            };
            let body = format!(
                r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{operation}]}}"#
            );
            let answer = client.send("PATCH", &format!("/Groups/{group}"), &body);
            assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
        }
    }
}

/// Ids and names of a hundred people.
fn page(client: &mut Client, start: usize) -> Vec<(String, String)> {
    let answer = client.send("GET", &format!("/Users?startIndex={start}&count=100&attributes=userName"), "");
    let body: serde_json::Value = serde_json::from_str(answer.split_once("\r\n\r\n").expect("body").1).expect("JSON");
    let text = |one: &serde_json::Value, name: &str| one[name].as_str().expect("text").to_owned();
    body["Resources"].as_array().expect("list").iter().map(|one| (text(one, "id"), text(one, "userName"))).collect()
}

fn id_of(answer: &str) -> String {
    let (_, rest) = answer.split_once("\"id\":\"").unwrap_or_else(|| panic!("no id: {answer}"));
    rest.split('"').next().expect("a string").to_owned()
}

fn create(client: &mut Client, name: &str) -> String {
    let body = format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"{name}@example.com","name":{{"givenName":"Ann","familyName":"Lee"}},"emails":[{{"primary":true,"value":"{name}@example.com","type":"work"}}],"displayName":"Ann Lee","active":true}}"#
    );
    id_of(&client.send("POST", "/Users", &body))
}

fn create_group(client: &mut Client, ids: &[String]) -> String {
    let members: Vec<String> = ids.iter().map(|id| format!(r#"{{"value":"{id}"}}"#)).collect();
    let body = format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Of {}","members":[{}]}}"#,
        ids.len(),
        members.join(",")
    );
    id_of(&client.send("POST", "/Groups", &body))
}
