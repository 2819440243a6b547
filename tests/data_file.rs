//! The file of `serve --data`: what it keeps, who may use it, and what is said of one that cannot be used. A file that is
//! refused is byte for byte what it was.

#![cfg(unix)]

#[path = "support/bare.rs"]
mod bare;
mod support;

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use bare::Client;
use serde_json::{Value, json};
use support::{directory, folded, report, run, scimulate, serve, stderr, stdout};

const TOKEN: &str = "secret-token-0815";

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// What a server says that does not start with this file.
fn refused(command: &mut Command) -> (Option<i32>, String) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("serve");
    let started = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().expect("wait") {
            break status.code();
        }
        if started.elapsed() > Duration::from_secs(20) {
            child.kill().expect("kill");
            panic!("it serves");
        }
        std::thread::park_timeout(Duration::from_millis(2));
    };
    let mut told = String::new();
    child.stderr.take().expect("stderr").read_to_string(&mut told).expect("text");
    (code, folded(&told))
}

fn serving(file: &Path) -> Command {
    let mut command = scimulate();
    command.args(["serve", "--token", TOKEN, "--data", text(file)]);
    command
}

/// A directory of a few people, a group and a role; gives everything that is told of it but the port.
fn content(url: &str) -> String {
    without_port(&directory(url), url)
}

/// An answer without what another port makes another: addresses, and the versions of what shows addresses.
fn without_port(answer: &str, url: &str) -> String {
    let versions = regex_lite::Regex::new(r#""version":"W/\\"[0-9a-f]+\\"""#).expect("pattern");
    versions.replace_all(&answer.replace(&support::host(url), "HOST"), r#""version":"…""#).into_owned()
}

/// A data file with 40 people and a group, after its server has ended well or was killed.
fn made(folder: &Path, well: bool) -> (PathBuf, String) {
    let file = folder.join("directory.redb");
    let (served, url) = serve(&["--data", text(&file), "--seed-users", "40"]);
    let mut client = Client::new(&url, TOKEN);
    let people = client.send("GET", "/Users?count=9&attributes=id", "");
    let people: Value = serde_json::from_str(people.split_once("\r\n\r\n").expect("body").1).expect("JSON");
    let members: Vec<Value> =
        people["Resources"].as_array().expect("list").iter().map(|one| json!({"value":one["id"]})).collect();
    let group =
        json!({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Nine","members":members});
    let answer = client.send("POST", "/Groups", &group.to_string());
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let told = content(&url);
    if well {
        served.stop();
    } else {
        drop(served);
    }
    (file, told)
}

#[test]
fn a_directory_is_the_same_after_a_restart_and_is_filled_once() {
    let folder = tempfile::tempdir().expect("folder");
    for well in [true, false] {
        let place = folder.path().join(well.to_string());
        fs::create_dir(&place).expect("folder");
        let (file, told) = made(&place, well);
        assert!(told.contains("lastModified") && told.contains("Nine"), "{told}");
        for _ in 0..2 {
            let (_served, url) = serve(&["--data", text(&file), "--seed-users", "7"]);
            assert_eq!(content(&url), told);
        }
        let bytes = fs::read(&file).expect("file");
        assert!(!bytes.windows(TOKEN.len()).any(|part| part == TOKEN.as_bytes()), "the token is in the file");
        let mode = fs::metadata(&file).expect("file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "people are in it");
    }
}

#[test]
fn roles_are_added_once_to_a_directory_that_had_none() {
    let folder = tempfile::tempdir().expect("folder");
    let (file, told) = made(folder.path(), true);
    let mut seen = Vec::new();
    for _ in 0..2 {
        let (_served, url) = serve(&["--data", text(&file), "--entitlements"]);
        let answer = support::ask(&url, "GET", "/Roles", "");
        seen.push(without_port(answer.split_once("\r\n\r\n").expect("body").1, &url));
    }
    assert!(seen[0].contains("\"totalResults\":3") && seen[0] == seen[1], "{seen:?}");
    let (_served, url) = serve(&["--data", text(&file)]);
    assert_eq!(content(&url), told);
}

#[test]
fn reads_that_lag_show_what_was_kept() {
    let folder = tempfile::tempdir().expect("folder");
    let (file, told) = made(folder.path(), true);
    let (_served, url) = serve(&["--data", text(&file), "--variant", "reads_lag"]);
    assert_eq!(content(&url), told);
}

#[test]
fn a_file_in_use_is_not_shared() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("directory.redb");
    let (_served, url) = serve(&["--data", text(&file), "--seed-users", "2"]);
    let (code, told) = refused(&mut serving(&file));
    assert_eq!(code, Some(2));
    assert!(told.contains(text(&file)) && told.contains("in use") && told.contains("stop that one"), "{told}");
    assert!(directory(&url).contains("\"totalResults\":2"));
}

/// Refused, with these words and the bytes as they were; or, where that is allowed, all that was told is told still.
fn judged(file: &Path, bytes: &[u8], words: &[&str], told: Option<&str>) -> bool {
    fs::write(file, bytes).expect("file");
    let mut child = serving(file).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("serve");
    let mut line = String::new();
    let out = child.stdout.take().expect("stdout");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).expect("line");
    if let Some(url) = line.trim().strip_prefix("listening on ") {
        let seen = content(url);
        child.kill().expect("kill");
        child.wait().expect("wait");
        assert_eq!(Some(seen.as_str()), told, "a damaged file was served");
        return false;
    }
    let mut said = String::new();
    child.stderr.take().expect("stderr").read_to_string(&mut said).expect("text");
    let (code, said) = (child.wait().expect("wait").code(), folded(&said));
    assert_eq!(code, Some(4), "{said}");
    assert!(!said.contains("panicked") && said.contains(text(file)), "{said}");
    assert!(words.is_empty() || words.iter().any(|word| said.contains(word)), "{said}");
    assert!(fs::read(file).expect("file") == bytes, "a refused file was changed: {said}");
    true
}

#[test]
fn a_file_that_is_cut_off_or_damaged_is_refused_and_left_as_it_was() {
    let folder = tempfile::tempdir().expect("folder");
    for well in [true, false] {
        let place = folder.path().join(well.to_string());
        fs::create_dir(&place).expect("folder");
        let (file, told) = made(&place, well);
        let whole = fs::read(&file).expect("file");
        let words = ["damaged or cut off", "is empty", "no data file"];
        let mut refusals = 0;
        let cuts = [0, 1, 9, 64, 319, 320, 4_095, 4_096, 8_192, whole.len() / 2, whole.len() / 3];
        for cut in cuts {
            refusals += usize::from(judged(&file, &whole[..cut], &words, None));
        }
        assert_eq!(refusals, cuts.len());
        // Of the end, and of any page, it depends on what is there: what is served has lost nothing.
        for cut in [1, 100, 4_096, 5_000, 20_000] {
            refusals += usize::from(judged(&file, &whole[..whole.len() - cut], &words, Some(&told)));
        }
        for page in 1..whole.len() / 4_096 {
            let mut bytes = whole.clone();
            let at = page * 4_096 + (page * 37) % 200;
            bytes[at..at + 16].iter_mut().for_each(|byte| *byte ^= 0x5a);
            refusals += usize::from(judged(&file, &bytes, &words, Some(&told)));
        }
        assert!(refusals > cuts.len() + 5, "only {refusals} were refused");
        assert!(!judged(&file, &whole, &[], Some(&told)), "the whole file is good");
    }
}

#[test]
fn a_file_of_another_kind_or_version_is_refused_and_left_as_it_was() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("other");
    let noise: Vec<u8> = (0..100_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    for bytes in [noise.as_slice(), b"{\"people\":[]}\n", &vec![0; 70_000]] {
        assert!(judged(&file, bytes, &["no data file of scimulate serve"], None));
    }
    let rows = [("counts", "x", 1, "something else than a directory"), ("format", "version", 2, "has format 2")];
    for (table, key, value, words) in rows {
        let path = folder.path().join(table);
        let database = redb::Database::create(&path).expect("redb");
        let write = database.begin_write().expect("write");
        let definition: redb::TableDefinition<&str, u64> = redb::TableDefinition::new(table);
        write.open_table(definition).expect("table").insert(key, value).expect("insert");
        write.commit().expect("commit");
        drop(database);
        let bytes = fs::read(&path).expect("file");
        assert!(judged(&path, &bytes, &[words], None));
    }
}

#[test]
fn each_tenant_has_a_file_of_its_own() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("directory.redb");
    let tenants = ["--data", text(&file), "--tenant", "north west=token-of-the-north"];
    let people = |url: &str, token: &str, create: bool| {
        let mut client = Client::new(url, token);
        if create {
            let body = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann@x.example"}"#;
            assert!(client.send("POST", "/Users", body).contains(" 201 "));
        }
        let answer = client.send("GET", "/Users", "");
        ["\"totalResults\":0", "\"totalResults\":1"].iter().position(|count| answer.contains(count))
    };
    {
        let (_served, url) = serve(&tenants);
        assert_eq!(people(&url, "token-of-the-north", true), Some(1));
    }
    assert!(folder.path().join("directory.redb.north%20west").exists());
    let (_served, url) = serve(&tenants);
    assert_eq!((people(&url, "token-of-the-north", false), people(&url, TOKEN, false)), (Some(1), Some(0)));
}

#[test]
fn a_file_that_may_not_be_written_is_told() {
    let folder = tempfile::tempdir().expect("folder");
    let (file, _) = made(folder.path(), true);
    let bytes = fs::read(&file).expect("file");
    let everybody = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("mode");
    // Permissions do not hold for root: the server is started as nobody then.
    let root = fs::write(folder.path().join("probe"), "").is_ok() && {
        everybody(folder.path(), 0o555);
        fs::write(folder.path().join("probe2"), "").is_ok()
    };
    everybody(folder.path(), 0o555);
    everybody(&file, 0o444);
    let binary = if root { folder.path().join("scimulate") } else { env!("CARGO_BIN_EXE_scimulate").into() };
    if root {
        fs::copy(env!("CARGO_BIN_EXE_scimulate"), &binary).expect("copy");
    }
    for (path, words) in [
        (file.clone(), "Permission denied"),
        (folder.path().join("new.redb"), "Permission denied"),
        (folder.path().join("missing/new.redb"), "No such file or directory"),
        (folder.path().to_path_buf(), "directory"),
    ] {
        let mut command = Command::new(if root { "setpriv".as_ref() } else { binary.as_os_str() });
        if root {
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups", text(&binary)]);
        }
        let (code, told) = refused(command.args(["serve", "--token", TOKEN, "--data", text(&path)]));
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains(words) && told.contains(text(&path)) && told.contains("may read and write"), "{told}");
    }
    assert!(fs::read(&file).expect("file") == bytes);
    everybody(folder.path(), 0o755);
}

#[test]
fn a_full_disk_changes_nothing_and_is_got_over() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("directory.redb");
    // The system refuses to let the file grow beyond 300 KiB, as a full disk does, until the limit is taken away.
    let script = "trap '' XFSZ; ulimit -S -f 300; exec \"$0\" serve --port 0 --token secret-token-0815 --data \"$1\"";
    let mut child = Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_scimulate"), text(&file)])
        .stdout(Stdio::piped())
        .spawn()
        .expect("serve");
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().expect("stdout")), &mut line)
        .expect("line");
    let url = line.trim().strip_prefix("listening on ").expect("listening on").to_owned();
    let mut client = Client::new(&url, TOKEN);
    let user = |n: usize| {
        let note = "x".repeat(2_000);
        json!({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":format!("full{n}"),"title":note})
            .to_string()
    };
    let (mut made, mut failures, mut before) = (0, 0, directory(&url));
    // After a failure there may be room for a few more: redb finds pages that are free again.
    for n in 0..500 {
        let answer = client.send("POST", "/Users", &user(n));
        if answer.starts_with("HTTP/1.1 201") {
            made += 1;
            before = directory(&url);
        } else {
            assert!(answer.starts_with("HTTP/1.1 500") && answer.contains("Nothing was changed"), "{answer}");
            assert_eq!(directory(&url), before);
            failures += 1;
        }
        if failures == 3 {
            break;
        }
    }
    assert_eq!(failures, 3, "a limit that does not hold tests nothing");
    assert!(before.contains(&format!("\"totalResults\":{made},")), "{made}");
    let id = child.id().to_string();
    let freed = Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited"]).status().expect("prlimit");
    assert!(freed.success());
    for n in 500..505 {
        let answer = client.send("POST", "/Users", &user(n));
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }
    let after = content(&url);
    child.kill().expect("kill");
    child.wait().expect("wait");
    let (_served, url) = serve(&["--data", text(&file)]);
    assert_eq!(content(&url), after);
}

#[test]
fn the_catalogue_is_ready_on_a_file() {
    // Thousands of writes, each synced twice: a file system in memory does that at once.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("folder");
    let file = folder.path().join("directory.redb");
    let (_served, url) = serve(&["--data", text(&file), "--seed-users", "3", "--entitlements"]);
    let (output, reports): (Output, _) = run(&["--url", &url]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert_eq!(report(reports.path())["score"]["value"], 100, "{}", stdout(&output));
}
