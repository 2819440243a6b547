//! Completions and manual pages: what they say is what the program takes.

mod support;

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use support::{scimulate, stderr, stdout};

const VERBS: [&str; 11] =
    ["run", "serve", "self-test", "list", "explain", "report", "diff", "cleanup", "completions", "man", "compare-wire"];

fn told(arguments: &[&str]) -> String {
    let output = scimulate().args(arguments).output().expect("run");
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    stdout(&output)
}

/// The long options that the help of a verb names at the beginning of a line.
fn options(verb: &str) -> Vec<String> {
    let help = told(&[verb, "--help"]);
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let words = lines.filter_map(|line| line.split_whitespace().find(|word| word.starts_with("--")));
    let name = |word: &str| word.trim_end_matches(',').split(['=', '[']).next().unwrap_or_default().to_owned();
    let options: Vec<String> = words.map(name).collect();
    assert!(options.contains(&"--help".to_owned()), "{help}");
    options
}

#[test]
fn every_shell_completes_every_verb() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = told(&["completions", shell]);
        for word in VERBS.iter().copied().chain(["--last-failed", "--write-known"]) {
            assert!(script.contains(word.trim_start_matches('-')), "{shell}: {word}");
        }
    }
    assert_eq!(scimulate().args(["completions", "tcsh"]).output().expect("run").status.code(), Some(2));
}

#[test]
fn bash_takes_the_script_and_completes_by_it() {
    let script = told(&["completions", "bash"]);
    // What the shell itself would offer behind `scimulate run --last`.
    let ask =
        "COMP_WORDS=(scimulate run --last); COMP_CWORD=2\n_scimulate scimulate --last run; echo \"${COMPREPLY[@]}\"\n";
    let mut bash = match Command::new("bash").arg("-e").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() {
        Ok(bash) => bash,
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "bash: {error}");
            eprintln!("skipped: there is no bash");
            return;
        }
    };
    write!(bash.stdin.take().expect("stdin"), "{script}\n{ask}").expect("write");
    let output = bash.wait_with_output().expect("bash");
    assert_eq!((output.status.code(), stdout(&output).trim()), (Some(0), "--last-failed"));
}

#[test]
fn there_is_a_page_for_each_verb_with_each_of_its_options() {
    let folder = tempfile::tempdir().expect("folder");
    let listed = told(&["man", "--dir", folder.path().to_str().expect("UTF-8")]);
    assert_eq!(listed.lines().count(), VERBS.len() + 1, "{listed}");
    let page = |name: &str| fs::read_to_string(folder.path().join(name)).expect("page").replace("\\-", "-");
    let program = page("scimulate.1");
    assert_eq!(program, told(&["man"]).replace("\\-", "-"));
    for verb in VERBS {
        assert!(program.contains(&format!("scimulate-{verb}(1)")), "{verb}");
        let text = page(&format!("scimulate-{verb}.1"));
        assert!(text.contains(&format!(".TH scimulate-{verb} 1")), "{text}");
        for option in options(verb) {
            assert!(text.contains(&format!("\\fB{option}\\fR")), "{verb} {option}");
        }
    }
    // Where there is a formatter, it takes the page without a complaint.
    let formatter =
        [("mandoc", ["-T", "lint"]), ("groff", ["-man", "-Tutf8"])].into_iter().find_map(|(name, arguments)| {
            let file = folder.path().join("scimulate-run.1");
            Command::new(name).args(arguments).arg(file).output().ok().map(|output| (name, output))
        });
    match formatter {
        Some((name, output)) => assert!(output.status.success(), "{name}: {}", stderr(&output)),
        None => eprintln!("not formatted: there is no mandoc and no groff"),
    }
}

#[test]
fn pages_that_cannot_be_written_are_told() {
    let file = tempfile::NamedTempFile::new().expect("file");
    let output = scimulate().args(["man", "--dir"]).arg(file.path()).output().expect("run");
    assert_eq!(output.status.code(), Some(6));
    assert!(stderr(&output).contains("could not be written"), "{}", stderr(&output));
}
