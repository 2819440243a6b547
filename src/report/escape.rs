//! Makes text that came from the server safe to show: whatever a terminal would obey or hide becomes visible.

use std::borrow::Cow;

/// The text with control characters (ANSI and OSC sequences, line breaks), bidirectional overrides and invisible
/// characters replaced by their `\u{1b}` form. The result is one line.
pub fn escape(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unsafe) {
        Cow::Owned(text.chars().fold(String::with_capacity(text.len() + 16), |mut out, c| {
            match c {
                bad if is_unsafe(bad) => out.extend(bad.escape_unicode()),
                good => out.push(good),
            }
            out
        }))
    } else {
        Cow::Borrowed(text)
    }
}

/// True for characters that act on the terminal or cannot be seen.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fff9}'..='\u{fffb}'
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
    fn ordinary_text_of_any_language_stays() {
        assert!(matches!(escape("Zoë Müller 山田 🙂"), Cow::Borrowed(_)));
    }
}
