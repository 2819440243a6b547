//! Whole-process figures of the main job: `cargo bench --bench whole_run`. Wall time and peak memory of a core run against
//! the reference server, and the time from start to the first request.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: usize = 11;

fn main() {
    println!("{RUNS} runs each, after one to warm up; min / median / max");
    println!("{:<44} {:>28} {:>24}", "", "wall ms", "peak memory MB");
    for app in ["oin", "aiw"] {
        let runs: Vec<(f64, f64)> = (0..=RUNS).map(|_| whole_run(app)).skip(1).collect();
        let (wall, memory): (Vec<f64>, Vec<f64>) = runs.into_iter().unzip();
        println!("{:<44} {:>28} {:>24}", format!("run --reference --app {app}"), spread(wall), spread(memory));
    }
    let first: Vec<f64> = (0..=RUNS).map(|_| first_request()).skip(1).collect();
    println!("{:<44} {:>28}", "start to first request", spread(first));
}

fn spread(mut figures: Vec<f64>) -> String {
    figures.sort_by(f64::total_cmp);
    let (min, max) = (figures[0], figures[figures.len() - 1]);
    format!("{min:.1} / {:.1} / {max:.1}", figures[figures.len() / 2])
}

fn scimulate(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scimulate"));
    command.args(arguments).env_remove("SCIM_BASE_URL").env("SCIM_TOKEN", "Bearer benchmark-token");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Milliseconds and megabytes. The high-water mark is the last one seen before the process ended.
fn whole_run(app: &str) -> (f64, f64) {
    let started = Instant::now();
    let mut child = scimulate(&["run", "--reference", "--no-report", "--app", app]).spawn().expect("run");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0;
    let code = loop {
        if let Ok(Some(code)) = child.try_wait() {
            break code;
        }
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let kilobytes = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak = kilobytes.and_then(|k| k.parse::<f64>().ok()).unwrap_or(peak);
        std::thread::sleep(Duration::from_micros(500));
    };
    assert!(code.success(), "the reference server must be READY");
    (started.elapsed().as_secs_f64() * 1000.0, peak / 1024.0)
}

/// Milliseconds until the first byte of the first request arrives.
fn first_request() -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let url = format!("http://{}/scim", listener.local_addr().expect("address"));
    let started = Instant::now();
    let mut child = scimulate(&["run", "--url", &url, "--no-report"]).spawn().expect("run");
    let (mut stream, _) = listener.accept().expect("accept");
    let mut byte = [0];
    stream.read_exact(&mut byte).expect("request");
    let elapsed = started.elapsed();
    let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    drop(stream);
    let _ = child.wait();
    elapsed.as_secs_f64() * 1000.0
}
