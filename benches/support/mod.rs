//! What benchmarks of a server share: the served process and a bare client.

#![allow(dead_code, reason = "each benchmark uses its own part")]

#[path = "../../tests/support/bare.rs"]
mod bare;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

pub(crate) use bare::Client;

/// A create body.
pub(crate) fn user(name: &str) -> String {
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"{name}@example.com","name":{{"givenName":"Ann","familyName":"Lee"}},"emails":[{{"primary":true,"value":"{name}@example.com","type":"work"}}],"displayName":"Ann Lee","active":true}}"#
    )
}

/// The id in an answer.
pub(crate) fn id(answer: &str) -> String {
    let (_, rest) = answer.split_once("\"id\":").expect("an id");
    rest.split('"').nth(1).expect("a string").to_owned()
}

/// A running server, ended with the benchmark.
pub(crate) struct Server {
    url: String,
    token: String,
    ends: Ends,
}

enum Ends {
    Child(Child),
    Pid(String),
}

impl Server {
    pub(crate) fn ours(users: usize) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_scimulate"))
            .args(["serve", "--port", "0", "--token", "benchmark", "--patch-answer", "204", "--seed-users"])
            .arg(users.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("serve");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout")).read_line(&mut line).expect("line");
        let url = line.trim().strip_prefix("listening on ").expect("listening").to_owned();
        Self { url, token: "benchmark".into(), ends: Ends::Child(child) }
    }

    pub(crate) fn theirs() -> Option<Self> {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/interop/servers/scim2-server/start.sh");
        let folder = std::env::temp_dir().join("scimulate-interop/scim2-server");
        let port = std::net::TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let output = Command::new("bash").arg(script).arg(folder).arg(port.to_string()).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let said = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        Some(Self { url: said("BASE_URL=")?, token: said("TOKEN=")?, ends: Ends::Pid(said("PID=")?) })
    }
}

impl Server {
    /// A client of it.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url, &self.token)
    }

    /// Megabytes of memory that it has now, where the system tells it.
    pub(crate) fn memory(&self) -> Option<f64> {
        let Ends::Child(child) = &self.ends else { return None };
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? / 1024.0)
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
