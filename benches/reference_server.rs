//! Requests per second of the reference server beside PyPI scim2-server, in one run: `cargo bench --bench
//! reference_server`. One keep-alive client, one request at a time. The second server is started by its script under
//! `tests/interop/servers/`; without Python only our own figures are shown.

#[path = "../tests/support/bare.rs"]
mod bare;

use bare::Client;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long each measurement lasts.
const TIME: Duration = Duration::from_millis(1500);

fn main() {
    println!("| operation | reference server, requests/s | scim2-server 0.8.3, requests/s | ratio |");
    println!("|---|---|---|---|");
    let ours = Server::ours();
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

fn user(name: &str) -> String {
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"{name}@example.com","name":{{"givenName":"Ann","familyName":"Lee"}},"emails":[{{"primary":true,"value":"{name}@example.com","type":"work"}}],"displayName":"Ann Lee","active":true}}"#
    )
}

fn id(answer: &str) -> String {
    let (_, rest) = answer.split_once("\"id\":").expect("an id");
    rest.split('"').nth(1).expect("a string").to_owned()
}

/// A running server, ended with the benchmark.
struct Server {
    url: String,
    token: String,
    ends: Ends,
}

enum Ends {
    Child(Child),
    Pid(String),
}

impl Server {
    fn ours() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_scimulate"))
            .args(["serve", "--port", "0", "--token", "benchmark", "--patch-answer", "204"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("serve");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout")).read_line(&mut line).expect("line");
        let url = line.trim().strip_prefix("listening on ").expect("listening").to_owned();
        Self { url, token: "benchmark".into(), ends: Ends::Child(child) }
    }

    fn client(&self) -> Client {
        Client::new(&self.url, &self.token)
    }

    fn theirs() -> Option<Self> {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/interop/servers/scim2-server/start.sh");
        let folder = std::env::temp_dir().join("scimulate-interop/scim2-server");
        let port = std::net::TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let output = Command::new("bash").arg(script).arg(folder).arg(port.to_string()).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let said = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        Some(Self { url: said("BASE_URL=")?, token: said("TOKEN=")?, ends: Ends::Pid(said("PID=")?) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        match &mut self.ends {
            Ends::Child(child) => {
                let _ = child.kill();
                let _ = child.wait();
            }
            Ends::Pid(pid) => {
                let _ = Command::new("kill").arg(pid).status();
            }
        }
    }
}
