//! Makes text that came from the server safe to show: whatever a terminal would obey or hide becomes visible, and nothing is
//! left that XML cannot hold.

use std::borrow::Cow;

/// The text with control characters (ANSI and OSC sequences, line breaks), bidirectional overrides and invisible
/// characters replaced by their `\u{1b}` form. The result is one line.
pub fn escape(text: &str) -> Cow<'_, str> {
    replaced(text, is_unsafe)
}

/// The same for text of several lines: line feeds and tabs stay.
pub fn block(text: &str) -> Cow<'_, str> {
    replaced(text, |c| is_unsafe(c) && !matches!(c, '\n' | '\t'))
}

fn replaced(text: &str, bad: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&bad) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().fold(String::with_capacity(text.len() + 16), |mut out, c| {
        if bad(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
        out
    }))
}

/// True for characters that act on the terminal or cannot be seen.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_or_hides_becomes_visible() {
        assert_eq!(escape("a\u{1b}[31mb\u{7}\u{9b}"), r"a\u{1b}[31mb\u{7}\u{9b}");
        assert_eq!(escape("x\u{202e}y\u{2066}z\u{200b}"), r"x\u{202e}y\u{2066}z\u{200b}");
        assert_eq!(escape("one\r\ntwo\t"), r"one\u{d}\u{a}two\u{9}");
    }

    #[test]
    fn blocks_keep_their_lines() {
        assert_eq!(block("one\n\ttwo\r\u{1b}\u{ffff}"), "one\n\ttwo\\u{d}\\u{1b}\\u{ffff}");
    }

    #[test]
    fn ordinary_text_of_any_language_stays() {
        assert!(matches!(escape("Zoë Müller 山田 🙂"), Cow::Borrowed(_)));
    }
}
