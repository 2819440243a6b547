//! What README and docs tell to type works: every `sh` block is run, page by page, in a folder of its own against a served
//! endpoint; every command named in a sentence exists, with every option.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use support::{folded, serve_for, stderr, stdout};

/// What the pages call the reader's endpoint and credential.
const READERS: [&str; 2] = ["https://app.example.com/scim/v2", "abc…"];

const TOKEN: &str = "token-of-the-pages";

/// Commands that other parts of the gate run, or that take minutes; each stands here as the pages write it.
const ELSEWHERE: [&str; 3] = ["cargo ", "bash .ci/run", "python3 tests/interop/"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages, by their path in the project.
fn pages() -> BTreeMap<String, String> {
    let docs = fs::read_dir(root().join("docs")).expect("docs").map(|e| e.expect("entry").path());
    let pages = docs.filter(|path| path.extension().is_some_and(|e| e == "md"));
    let named = |path: PathBuf| {
        let name = path.strip_prefix(root()).expect("inside").display().to_string();
        (name, fs::read_to_string(path).expect("page"))
    };
    pages
        .chain(["README.md", "CONTRIBUTING.md", "reports/example/README.md"].map(|p| root().join(p)))
        .filter(|path| path.exists())
        .map(named)
        .collect()
}

/// A block of code: its language and its text.
struct Block {
    language: String,
    text: String,
}

/// The blocks of a page, and the code in its sentences.
fn code(page: &str) -> (Vec<Block>, Vec<String>) {
    let (mut blocks, mut spans, mut open) = (Vec::new(), Vec::new(), None);
    for event in Parser::new_ext(page, pulldown_cmark::Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let language = if let CodeBlockKind::Fenced(words) = kind { words.to_string() } else { String::new() };
                open = Some(Block { language, text: String::new() });
            }
            Event::Text(text) => {
                if let Some(block) = &mut open {
                    block.text.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => blocks.extend(open.take()),
            Event::Code(text) => spans.push(text.to_string()),
            _ => {}
        }
    }
    (blocks, spans)
}

/// The commands of a block as a script that stops at the first that does not end as the page says: with 0, or with the
/// number in its comment `# ends with N`.
fn script(block: &str) -> String {
    let mut script = String::new();
    let mut document = None;
    for line in block.lines() {
        let (command, comment) = line.split_once("   # ").unwrap_or((line, ""));
        if let Some(end) = &document {
            script.push_str(line);
            document = if line == end { None } else { document };
        } else if ELSEWHERE.iter().any(|start| command.starts_with(start)) {
            script.push(':');
        } else if let Some(code) = comment.strip_prefix("ends with ") {
            let ends = format!("[ $code = {code} ] || {{ echo \"ended with $code: \"{command:?} >&2; exit 99; }}");
            script.extend(["code=0; ", command, " || code=$?; ", &ends]);
        } else {
            document = command.split_once("<<'").map(|(_, end)| end.trim_end_matches('\'').to_owned());
            script.push_str(command);
        }
        script.push('\n');
    }
    script
}

/// Plays a page; what is wrong with it.
fn played(name: &str, page: &str) -> Vec<String> {
    let (blocks, _) = code(page);
    let lines: String = blocks.iter().filter(|b| b.language == "sh").map(|b| script(&b.text)).collect();
    if lines.lines().all(|line| line == ":") {
        return Vec::new();
    }
    let (_served, url) = serve_for(TOKEN, &["--seed-users", "3"]);
    let folder = tempfile::tempdir().expect("folder");
    let program = Path::new(env!("CARGO_BIN_EXE_scimulate")).parent().expect("folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").expect("PATH"));
    let mut command = Command::new("bash");
    command
        .args(["-e", "-c", &lines.replace(READERS[0], &url).replace(READERS[1], TOKEN)])
        .current_dir(folder.path())
        .env("PATH", path);
    for variable in ["SCIM_BASE_URL", "SCIM_TOKEN", "NO_COLOR", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "CI"] {
        command.env_remove(variable);
    }
    let ended = command.stdin(Stdio::null()).output().expect("bash");
    let told = stdout(&ended);
    if !ended.status.success() {
        return vec![format!("{name}: {}\n{told}\n{}", ended.status, stderr(&ended))];
    }
    // What a page shows as the answer of its commands is in the answer of its commands.
    let told = folded(&told);
    let shown = blocks.iter().filter(|b| b.language == "text").flat_map(|b| b.text.lines());
    let missing = shown.map(folded).filter(|line| !told.contains(line.as_str()));
    missing.map(|line| format!("{name}: no command of the page prints `{line}`")).collect()
}

#[test]
fn what_the_pages_tell_to_type_works() {
    let pages = pages();
    assert!(pages.len() > 10, "{:?}", pages.keys());
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = pages.iter().map(|(name, page)| scope.spawn(|| played(name, page))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("page")).collect()
    });
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_page_that_is_wrong_is_seen() {
    let page = |code: &str| format!("# Page\n\n```sh\n{code}\n```\n");
    assert_eq!(played("good", &page("scimulate explain 3   # a comment\nfalse   # ends with 1")), Vec::<String>::new());
    let wrong = ["scimulate explain nothing-of-that-name", "true   # ends with 1", "scimulate run --no-such"];
    for code in wrong {
        assert!(!played("wrong", &page(code)).is_empty(), "{code}");
    }
    let shown = page("scimulate explain 3") + "\n```text\nnobody prints this\n```\n";
    assert_eq!(played("shown", &shown).len(), 1);
}

/// The help of a verb, or of the program.
fn help(verb: &str) -> String {
    let mut command = support::scimulate();
    if !verb.is_empty() {
        command.arg(verb);
    }
    let output = command.arg("--help").output().expect("help");
    assert!(output.status.success(), "there is no verb `{verb}`");
    stdout(&output)
}

#[test]
fn the_commands_in_the_sentences_exist() {
    let program = help("");
    let words = |text: &str| -> BTreeSet<String> {
        let option = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
        text.split(option).filter(|word| word.starts_with("--")).map(str::to_owned).collect()
    };
    let (_, verbs) = program.split_once("Commands:").expect("commands");
    let verbs = verbs.lines().skip(1).take_while(|line| !line.is_empty());
    // Deeper lines go on with a description.
    let verbs = verbs.filter_map(|line| line.strip_prefix("  ").filter(|verb| !verb.starts_with(' ')));
    let verbs: BTreeSet<&str> =
        verbs.filter_map(|line| line.split_whitespace().next()).filter(|verb| *verb != "help").collect();
    let options: BTreeMap<&str, BTreeSet<String>> = verbs.iter().map(|verb| (*verb, words(&help(verb)))).collect();
    let mut wrong = Vec::new();
    for (name, page) in pages() {
        let (blocks, mut spans) = code(&page);
        // Indented blocks have no language.
        let commands = blocks.iter().filter(|b| ["sh", "console", ""].contains(&b.language.as_str()));
        spans.extend(commands.flat_map(|b| b.text.lines()).map(str::to_owned));
        for span in spans {
            for command in span.split("scimulate ").skip(1).filter(|_| span.contains("scimulate ")) {
                let verb = command.split([' ', '|', ';', '`']).next().unwrap_or_default();
                let Some(known) = options.get(verb) else {
                    if verb.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !verb.is_empty() {
                        wrong.push(format!("{name}: `{span}`: no verb {verb}"));
                    }
                    continue;
                };
                let given = words(command.split("   # ").next().unwrap_or_default());
                wrong.extend(given.difference(known).map(|option| format!("{name}: `{span}`: no {option}")));
            }
            // An option alone: some verb has it.
            let option = span.split([' ', '=']).next().filter(|word| word.len() > 2 && word.starts_with("--"));
            if let Some(option) = option.filter(|option| !options.values().any(|known| known.contains(*option))) {
                wrong.push(format!("{name}: no verb has {option}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
