//! A target that puts into every text of its answers what could be markup, a script or a command somewhere.

use serde_json::Value;

use super::{Served, between, parted, serve};

/// Markup, script, shell, Markdown, XML, workflow commands, terminal sequences, text direction.
pub(crate) const TEXT: &str = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'`$(touch pwned)`';touch pwned;'\
                               ```]]>&amp;[x](http://127.0.0.1:9/)@all\n::error::x\n\u{1b}]0;x\u{7}\u{1b}[2J\u{202e}\u{0}\u{ffff}";

/// The reference server behind a middle man who poisons its answers. Ids and schemas stay, so that the run goes on.
pub(crate) fn target() -> (Served, String) {
    let (served, url) = serve(&["--seed-users", "2"]);
    let own = between(&url, |request, server| {
        let answer = server(request);
        let Some((head, body)) = parted(&answer) else { return answer };
        let head = String::from_utf8_lossy(head);
        let Ok(mut body) = serde_json::from_slice(body) else { return answer };
        poison(&mut body, "");
        let body = body.to_string();
        let fields = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("content-length"));
        let head = fields.collect::<Vec<_>>().join("\r\n");
        let odd = "X-Odd: <script>alert(2)</script>```]]>'";
        format!("{head}\r\n{odd}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    });
    (served, own)
}

fn poison(value: &mut Value, name: &str) {
    match value {
        Value::String(text) if !matches!(name, "schemas" | "id") => text.push_str(TEXT),
        Value::Array(items) => items.iter_mut().for_each(|item| poison(item, name)),
        Value::Object(members) => members.iter_mut().for_each(|(name, member)| poison(member, name)),
        _ => {}
    }
}
