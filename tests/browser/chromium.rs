//! A headless Chromium, driven over a pipe by the DevTools protocol: messages are JSON, each ended by a NUL.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// One browser with one page; it ends with the test.
pub(crate) struct Browser {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    session: Option<String>,
    sent: u64,
    /// What happened since [`Browser::open`]: method and parameters.
    pub(crate) events: Vec<(String, Value)>,
    _profile: tempfile::TempDir,
}

/// The browser of this machine, if there is one.
fn installed() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&folders).collect();
    PROGRAMS.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|path| path.is_file())
}

impl Browser {
    /// Starts the browser with every request of its page going to `proxy`. None, with a word on stderr, where there is no browser;
    /// under CI that is a failure.
    pub(crate) fn start(proxy: &str) -> Option<Self> {
        let Some(program) = installed() else {
            assert!(std::env::var_os("CI").is_none(), "no browser: install one of {PROGRAMS:?}");
            eprintln!("SKIPPED: no browser is installed (one of {PROGRAMS:?}), so the pages were not looked at");
            return None;
        };
        let profile = tempfile::tempdir().expect("folder");
        // No connections are made on the guess that somebody may need them.
        let preferences = profile.path().join("Default/Preferences");
        fs::create_dir_all(preferences.with_file_name("")).expect("folder");
        fs::write(preferences, r#"{"net":{"network_prediction_options":2}}"#).expect("write");
        // The browser reads file descriptor 3 and writes to 4.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null 2>/dev/null"])
            .arg(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe"])
            .args(["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"])
            // What the browser asks for itself goes nowhere.
            .args(["--hide-scrollbars", "--proxy-bypass-list=<-loopback>", "--proxy-server=127.0.0.1:9"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("browser");
        let (input, output) = (child.stdin.take().expect("stdin"), child.stdout.take().expect("stdout"));
        let output = BufReader::new(output);
        let mut browser = Self { child, input, output, session: None, sent: 0, events: Vec::new(), _profile: profile };
        let context = json!({ "proxyServer": proxy, "proxyBypassList": "<-loopback>" });
        let context = browser.call("Target.createBrowserContext", &context)["browserContextId"].clone();
        let page = json!({ "url": "about:blank", "browserContextId": context });
        let page = browser.call("Target.createTarget", &page)["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", &json!({ "targetId": page, "flatten": true }));
        browser.session = Some(attached["sessionId"].as_str().expect("session").to_owned());
        for domain in ["Page.enable", "Network.enable", "Log.enable"] {
            browser.call(domain, &json!({}));
        }
        Some(browser)
    }

    /// Sends a command and gives its result; events that come before it are kept.
    pub(crate) fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.sent += 1;
        let mut message = json!({ "id": self.sent, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.input.write_all(format!("{message}\0").as_bytes()).expect("write to the browser");
        loop {
            let answer = self.read();
            if answer["id"] == self.sent {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    fn read(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.output.read_until(0, &mut bytes).expect("read from the browser");
        assert_eq!(bytes.pop(), Some(0), "the browser has gone");
        let message: Value = serde_json::from_slice(&bytes).expect("JSON");
        if let Some(method) = message["method"].as_str() {
            self.events.push((method.to_owned(), message["params"].clone()));
        }
        message
    }

    /// Opens a file, at a fragment if one is given, and waits until it is there.
    pub(crate) fn open(&mut self, file: &Path, fragment: &str) {
        // From another page, since a fragment of the same one would not load it again.
        self.navigate("about:blank");
        self.navigate(&format!("file://{}{fragment}", file.display()));
    }

    /// Goes to an address and waits until the page is there, or the one that says why it is not.
    pub(crate) fn navigate(&mut self, url: &str) {
        self.events.clear();
        self.call("Page.navigate", &json!({ "url": url }));
        while !self.events.iter().any(|(method, _)| method == "Page.loadEventFired") {
            self.read();
        }
    }

    /// The value of an expression within the page.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let question = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let result = self.call("Runtime.evaluate", &question);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {result}");
        result["result"]["value"].clone()
    }

    /// The width of the window, in pixels of the page.
    pub(crate) fn resize(&mut self, width: u32) {
        let size = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", &size);
    }

    /// The medium (`screen`, `print`) and colour scheme (`light`, `dark`) to show the page for.
    pub(crate) fn show_for(&mut self, medium: &str, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", &json!({ "media": medium, "features": features }));
        // It is shown so from the next frame on.
        self.value("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
