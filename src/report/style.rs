//! How text looks on this terminal. Colour is never the only sign.

use anstyle::{AnsiColor, Style as Ansi};

/// What the terminal can show. Resolved once by the command line; everything below is a pure function of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
    /// ✓ ✗ ─ instead of plain ASCII.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
    /// Every finding in full.
    pub all: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, unicode: true, width: 80, all: false }
    }
}

/// What a mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It holds.
    Good,
    /// A must failed.
    Bad,
    /// Worth fixing, or could not be judged.
    Warn,
    /// Does not apply.
    None,
}

impl Style {
    /// The sign of a mark, coloured.
    pub fn mark(&self, mark: Mark) -> String {
        let sign = match (mark, self.unicode) {
            (Mark::Good, true) => "✓",
            (Mark::Good, false) => "+",
            (Mark::Bad, true) => "✗",
            (Mark::Bad, false) => "x",
            (Mark::Warn, _) => "!",
            (Mark::None, true) => "·",
            (Mark::None, false) => "-",
        };
        self.paint(mark, sign)
    }

    /// Text in the colour of a mark.
    pub fn paint(&self, mark: Mark, text: &str) -> String {
        let color = match mark {
            Mark::Good => AnsiColor::Green,
            Mark::Bad => AnsiColor::Red,
            Mark::Warn => AnsiColor::Yellow,
            Mark::None => AnsiColor::BrightBlack,
        };
        self.wrap(Ansi::new().fg_color(Some(color.into())), text)
    }

    /// Bold text.
    pub fn bold(&self, text: &str) -> String {
        self.wrap(Ansi::new().bold(), text)
    }

    /// Text that may be overlooked.
    pub fn dim(&self, text: &str) -> String {
        self.wrap(Ansi::new().dimmed(), text)
    }

    /// A horizontal rule with words in it: `─── 1 ─ id ──── must ───`.
    pub fn rule(&self, left: &str, right: &str) -> String {
        let line = if self.unicode { '─' } else { '-' };
        let lead: String = std::iter::repeat_n(line, 3).collect();
        let used = 3 + 1 + left.chars().count() + 1 + 1 + right.chars().count() + 1 + 3;
        let fill: String = std::iter::repeat_n(line, self.width.saturating_sub(used).max(3)).collect();
        format!("{lead} {} {fill} {right} {lead}", self.bold(left))
    }

    /// The sign between parts of a line.
    pub const fn dot(&self) -> &'static str {
        if self.unicode { "·" } else { "|" }
    }

    /// The sign for "leads to".
    pub const fn arrow(&self) -> &'static str {
        if self.unicode { "→" } else { "->" }
    }

    fn wrap(&self, style: Ansi, text: &str) -> String {
        if self.color && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// Breaks text into lines of at most `width` columns, each after the first indented.
pub fn fill(text: &str, width: usize, indent: usize) -> String {
    let room = width.saturating_sub(indent).max(20);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

/// `1 check`, `2 checks`.
pub fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_there_is_no_escape_character() {
        let style = Style::default();
        assert_eq!(style.mark(Mark::Bad), "✗");
        assert_eq!(Style { unicode: false, ..style }.mark(Mark::Bad), "x");
        assert!(Style { color: true, ..style }.mark(Mark::Bad).contains('\u{1b}'));
    }

    #[test]
    fn rules_and_paragraphs_keep_the_width() {
        let style = Style { width: 60, ..Style::default() };
        assert_eq!(style.rule("1 - users.create/id", "must").chars().count(), 60);
        assert!(fill(&"word ".repeat(40), 40, 4).lines().all(|line| line.chars().count() <= 40));
    }
}
