//! How text is laid out: colour, marks, wrapping. Colour is never the only sign.

use anstyle::{AnsiColor, Style as Ansi};
use serde_json::Value;

use crate::report::escape::escape;

/// What the terminal can show and the user wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
    /// Marks and lines beyond ASCII.
    pub unicode: bool,
    /// Columns; commands and the last line are never broken.
    pub width: usize,
    /// Line-oriented output for logs.
    pub ci: bool,
    /// Every finding in full.
    pub all: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, unicode: true, width: 80, ci: false, all: false }
    }
}

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Good,
    Bad,
    Warn,
    Faint,
    Strong,
}

impl Style {
    /// The text in its role's colour.
    pub(crate) fn paint(self, role: Role, text: &str) -> String {
        if !self.color {
            return text.to_owned();
        }
        let ansi = match role {
            Role::Good => Ansi::new().fg_color(Some(AnsiColor::Green.into())),
            Role::Bad => Ansi::new().fg_color(Some(AnsiColor::Red.into())).bold(),
            Role::Warn => Ansi::new().fg_color(Some(AnsiColor::Yellow.into())),
            Role::Faint => Ansi::new().dimmed(),
            Role::Strong => Ansi::new().bold(),
        };
        format!("{ansi}{text}{ansi:#}")
    }

    /// One of our own signs.
    pub(crate) fn sign(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }

    /// The mark of a role, painted: passed, failed, warned, blocked, skipped.
    pub(crate) fn mark(self, role: Role) -> String {
        let sign = match role {
            Role::Good => self.sign("✓", "+"),
            Role::Bad => self.sign("✗", "x"),
            Role::Warn => "!",
            Role::Strong => "-",
            Role::Faint => self.sign("·", "."),
        };
        self.paint(role, sign)
    }

    /// Between parts of a line.
    pub(crate) fn dot(self) -> &'static str {
        self.sign(" · ", " - ")
    }

    pub(crate) fn arrow(self) -> &'static str {
        self.sign("→", "->")
    }

    /// Text that is not ours, made safe to show; plain ASCII where nothing else can be shown.
    pub(crate) fn text(self, text: &str) -> String {
        let safe = escape(text);
        if self.unicode || safe.is_ascii() {
            return safe.into_owned();
        }
        safe.chars().fold(String::new(), |mut out, c| {
            match c {
                '§' => out.push_str("section "),
                '…' => out.push_str("..."),
                '→' => out.push_str("->"),
                '›' => out.push('>'),
                '‘' | '’' => out.push('\''),
                '“' | '”' => out.push('"'),
                '·' | '–' | '—' => out.push('-'),
                ascii if ascii.is_ascii() => out.push(ascii),
                other => out.extend(other.escape_unicode()),
            }
            out
        })
    }

    /// Text of a scenario or known-failures file: its line breaks mean nothing.
    pub(crate) fn prose(self, text: &str) -> String {
        self.text(&text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// A JSON value on one line, at most about 160 characters; absent values by that word.
    pub(crate) fn value(self, value: Option<&Value>) -> String {
        value.map_or_else(|| "(absent)".to_owned(), |v| self.shorten(&self.text(&v.to_string()), 160))
    }

    /// The text, cut at its end to this many characters.
    pub(crate) fn shorten(self, text: &str, width: usize) -> String {
        if text.chars().count() <= width {
            return text.to_owned();
        }
        let more = self.sign("…", "...");
        let kept: String = text.chars().take(width.saturating_sub(more.chars().count())).collect();
        kept + more
    }

    /// Adds `text` after `label`, wrapped, with what follows the first line below its beginning.
    pub(crate) fn row(self, out: &mut String, label: &str, text: &str) {
        let indent = label.chars().count();
        for (index, line) in wrap(text, self.width.saturating_sub(indent)).into_iter().enumerate() {
            if index == 0 {
                out.push_str(label);
            } else {
                out.extend(std::iter::repeat_n(' ', indent));
            }
            out.push_str(&line);
            out.push('\n');
        }
    }

    /// A ruler with a word at its left and one at its right.
    pub(crate) fn ruler(self, left: &str, right: &str, role: Role) -> String {
        let dash = self.sign("─", "-");
        let (three, right) =
            (dash.repeat(3), if right.is_empty() { String::new() } else { format!(" {right} {}", dash.repeat(3)) });
        let used = 4 + left.chars().count() + 1 + right.chars().count();
        let fill = dash.repeat(self.width.saturating_sub(used).max(3));
        format!("{three} {} {fill}{right}\n", self.paint(role, left))
    }
}

/// Breaks text at single spaces into lines of at most `width` characters; words are never broken, so that ids, addresses
/// and commands stay whole, and no other space is lost. At least one line.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_and_never_broken() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("https://www.rfc-editor.org a", 4), ["https://www.rfc-editor.org", "a"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("a  b", 9), ["a  b"], "a difference in spaces must stay visible");
    }

    #[test]
    fn plain_ascii_keeps_nothing_else() {
        let style = Style { unicode: false, ..Style::default() };
        assert_eq!(style.text("RFC 7644 §3.5 – Zoë…"), "RFC 7644 section 3.5 - Zo\\u{eb}...");
        assert_eq!(style.shorten("abcdefgh", 6), "abc...");
    }

    #[test]
    fn values_are_one_short_line() {
        let style = Style::default();
        assert_eq!(style.value(None), "(absent)");
        assert_eq!(style.value(Some(&serde_json::json!("a\u{7f}\n"))), r#""a\u{7f}\n""#);
        assert_eq!(style.value(Some(&serde_json::json!("x".repeat(500)))).chars().count(), 160);
    }
}
