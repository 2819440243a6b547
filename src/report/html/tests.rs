//! What the page holds, and what it must never hold.

use serde_json::Value as Json;

use super::*;
use crate::report::sample;

/// Text that would be markup, script, a control sequence or a text direction anywhere it is not escaped.
const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&lt;\u{1b}[31m\u{202e}\u{0}``` ]]>";

/// The report with every string in it replaced that is neither a word of the format nor a number.
fn hostile() -> Report {
    fn poison(value: &mut Json, name: &str) {
        const WORDS: [&str; 7] = ["capability", "level", "status", "kind", "verdict", "app", "features"];
        match value {
            Json::String(text) if !WORDS.contains(&name) => *text = HOSTILE.to_owned(),
            Json::Array(items) => items.iter_mut().for_each(|item| poison(item, name)),
            Json::Object(members) => {
                let capability = members.contains_key("feature");
                for (name, member) in members.iter_mut().filter(|(name, _)| !(capability && *name == "id")) {
                    poison(member, name);
                }
            }
            _ => {}
        }
    }
    let mut value = serde_json::to_value(sample::failing()).unwrap();
    poison(&mut value, "");
    serde_json::from_value(value).unwrap()
}

#[test]
fn the_page_tells_the_run() {
    let page = render(&sample::failing()).unwrap();
    for part in [
        "Not ready for Okta",
        "Deactivate Users would break.",
        "Provisioning › To App",
        "id=\"users.deactivate/persisted\"",
        "href=\"#users.deactivate/persisted\"",
        "<mark>false</mark>",
        "<mark>&#34;active&#34;: true</mark>",
        "https://www.rfc-editor.org/rfc/rfc7644#section-3.5.2.3",
        "scimulate-k3v9-07@example.com",
        "groups come in May",
        "100 × passed weight / applicable weight",
        "--seed 4711",
    ] {
        assert!(page.contains(part), "{part} is missing");
    }
    assert!(render(&sample::cannot_start()).unwrap().contains("Cannot start"));
    assert!(render(&sample::ok()).unwrap().contains("Ready for Okta"));
}

#[test]
fn nothing_is_requested_and_nothing_runs() {
    for page in [render(&sample::ok()), render(&sample::failing())].map(Result::unwrap) {
        assert!(page.starts_with("<!doctype html>"));
        for word in ["<script", "<link rel=\"stylesheet", "src=", "url(", "@import", "<iframe", "<form"] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("default-src 'none'"));
    }
}

#[test]
fn a_hostile_report_stays_text() {
    let page = render(&hostile()).unwrap();
    for word in ["<script", "<img", "onerror=alert(1)>", "\u{1b}", "\u{202e}", "\u{0}", "javascript:"] {
        assert!(!page.contains(word), "{word:?}");
    }
    assert!(page.contains(r"&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&gt;"));
    assert!(page.contains(r"\u{1b}[31m\u{202e}\u{0}"));
}

#[test]
fn links_lead_only_to_the_web_or_to_the_page() {
    let mut report = sample::failing();
    let check = &mut report.scenarios[3].steps[2].checks[0];
    check.spec[0].url = Some("javascript:alert(1)".to_owned());
    assert!(!render(&report).unwrap().contains("javascript:"));
    assert_eq!(link("users.create/x@case"), "#users.create/x@case");
    assert_eq!(link("a b\"%"), "#a%20b%22%25");
}
