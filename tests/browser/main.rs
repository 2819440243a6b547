//! The HTML report in a real browser: of a healthy, a broken and a hostile target.

mod chromium;
#[path = "../support/mod.rs"]
mod support;

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use chromium::Browser;
use serde_json::Value;
use support::hostile;

/// What the browser asks for itself when its first page is made: a connection to its search engine.
const ITS_OWN: &str = "CONNECT www.google.com:443 HTTP/1.1";

/// A proxy that answers nothing and writes down what it is asked for.
fn listening_proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("address").to_string();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let list = Arc::clone(&list);
            thread::spawn(move || {
                let mut line = String::new();
                let _ = BufReader::new(stream).read_line(&mut line);
                list.lock().expect("list").push(line.trim().to_owned());
            });
        }
    });
    (address, asked)
}

#[test]
fn the_page_is_readable_harmless_and_alone() {
    let (proxy, asked) = listening_proxy();
    let Some(mut browser) = Browser::start(&proxy) else { return };
    let (_served, hostile_url) = hostile::target();
    let few = ["connection.credentials", "users.create", "users.deactivate", "groups.push-now", "import.users"];
    for target in [
        vec!["--reference"],
        vec!["--reference", "--fault", "deactivate_noop", "--fault", "location_wrong_host"],
        vec!["--url", hostile_url.as_str()],
    ] {
        let (_, folder) = support::run(&[&target[..], &few, &["--settle", "0s"]].concat());
        let report = support::report(folder.path());
        let page = folder.path().join("report.html");
        assert!(page.is_file(), "{target:?} wrote no page");
        alone_and_harmless(&mut browser, &page);
        fits(&mut browser, &page);
        is_reached_by_anchors(&mut browser, &page, &report);
        prints_and_darkens(&mut browser);
    }
    let seen = |asked: &Mutex<Vec<String>>| {
        let lines = asked.lock().expect("list").clone();
        lines.into_iter().filter(|line| !line.is_empty() && line != ITS_OWN).collect::<Vec<_>>()
    };
    assert_eq!(seen(&asked), Vec::<String>::new(), "something was requested");
    // And the proxy would have seen it.
    browser.navigate("http://page.invalid/");
    assert!(seen(&asked).iter().any(|line| line == "GET http://page.invalid/ HTTP/1.1"), "{asked:?}");
}

/// Nothing but the page itself is loaded, no dialog opens, and nothing of the server's became an element.
fn alone_and_harmless(browser: &mut Browser, page: &Path) {
    browser.open(page, "");
    let elements = browser.value("document.querySelectorAll('script,img,iframe,object,embed,form,style~style').length");
    assert_eq!(elements, 0, "an element that does not belong there");
    assert_eq!(browser.value("document.querySelectorAll('[onerror],[onclick],[onload]').length"), 0);
    let own = format!("file://{}", page.display());
    for (method, parameters) in &browser.events {
        match method.as_str() {
            "Network.requestWillBeSent" => {
                let url = parameters["request"]["url"].as_str().expect("url");
                assert!(url == own || url.starts_with("data:"), "{url} was requested");
            }
            "Page.javascriptDialogOpening" | "Log.entryAdded" => panic!("{method}: {parameters}"),
            _ => {}
        }
    }
}

/// The page never scrolls sideways, folded or open.
fn fits(browser: &mut Browser, page: &Path) {
    for width in [360, 1280] {
        browser.resize(width);
        browser.open(page, "");
        for all_open in [false, true] {
            if all_open {
                browser.value("document.querySelectorAll('details').forEach(d => d.open = true)");
            }
            let wide = browser.value("document.documentElement.scrollWidth");
            assert!(wide.as_u64().is_some_and(|wide| wide <= width.into()), "{wide} of {width}, all open: {all_open}");
        }
    }
}

/// Every failed check is shown by its anchor, however folded it was.
fn is_reached_by_anchors(browser: &mut Browser, page: &Path, report: &Value) {
    const SHOWN: &str = "(e => !!e && e.checkVisibility({ contentVisibilityAuto: true }) && e.offsetHeight > 0)";
    let checks = support::checks(report);
    let failed: Vec<&str> =
        checks.iter().filter(|c| c["status"] == "failed").filter_map(|c| c["id"].as_str()).collect();
    if let Some(first) = failed.first() {
        browser.open(page, &format!("#{first}"));
        let shown = browser.value(&format!("{SHOWN}(document.getElementById({first:?}))"));
        assert_eq!(shown, true, "{first} is not shown by its link");
        let top = browser.value(&format!("document.getElementById({first:?}).getBoundingClientRect().top"));
        assert!(top.as_f64().is_some_and(|top| (0.0..800.0).contains(&top)), "{first} is at {top}");
    }
    browser.open(page, "");
    for id in &failed {
        browser.value("document.querySelectorAll('details').forEach(d => d.open = false)");
        browser.value(&format!("location.hash = {id:?}"));
        let shown = browser.value(&format!("{SHOWN}(document.getElementById({id:?}))"));
        assert_eq!(shown, true, "{id} is not shown by its anchor");
    }
    for link in browser
        .value("[...document.querySelectorAll('a[href^=\"#\"]')].map(a => decodeURIComponent(a.hash.slice(1)))")
        .as_array()
        .expect("links")
    {
        assert_eq!(browser.value(&format!("!!document.getElementById({link})")), true, "{link} leads nowhere");
    }
}

/// In print all is open; dark is dark.
fn prints_and_darkens(browser: &mut Browser) {
    const HIDDEN: &str = "[...document.querySelectorAll('details > :not(summary)')].filter(e => !e.checkVisibility({ \
                          contentVisibilityAuto: true }) || e.offsetHeight === 0).length";
    browser.value("document.querySelectorAll('details').forEach(d => d.open = false)");
    assert_ne!(browser.value(HIDDEN), 0);
    browser.show_for("print", "light");
    assert_eq!(browser.value(HIDDEN), 0, "something stays folded in print");
    let mut backgrounds = ["light", "dark"].map(|scheme| {
        browser.show_for("screen", scheme);
        browser.value("getComputedStyle(document.body).backgroundColor").to_string()
    });
    backgrounds.sort();
    assert_ne!(backgrounds[0], backgrounds[1]);
    browser.show_for("screen", "light");
}
