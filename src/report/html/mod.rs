//! The report as one HTML page: no scripts, nothing requested, readable folded or printed. The template gets plain data; every
//! text it prints is made visible and escaped on its way out.

mod compare;
mod features;
mod finding;
mod message;
mod page;
mod played;
mod speed;

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Report;
use super::escape::block;

/// The page, whole.
pub fn render(report: &Report) -> Result<String, Error> {
    let environment = ENVIRONMENT.as_ref().map_err(|error| Error::new(error.kind(), error.to_string()))?;
    environment.get_template("page.html")?.render(Value::from(Serde(page::Page::of(report))))
}

static ENVIRONMENT: LazyLock<Result<Environment<'static>, Error>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(print);
    environment.add_global("style", Value::from_safe_string(include_str!("style.css").to_owned()));
    environment.add_template("page.html", include_str!("page.html"))?;
    Ok(environment)
});

/// Prints a value of the template: whatever is not the template's own is made visible and escaped, for text and quoted
/// attributes alike.
fn print(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(markup) if value.is_safe() => out.write_str(markup)?,
        Some(text) => escaped(out, &block(text))?,
        None if value.is_none() => {}
        None => escaped(out, &value.to_string())?,
    }
    Ok(())
}

fn escaped(out: &mut Output<'_>, text: &str) -> std::fmt::Result {
    let mut kept = 0;
    for (index, byte) in text.bytes().enumerate() {
        let entity = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&#34;",
            b'\'' => "&#39;",
            _ => continue,
        };
        out.write_str(&text[kept..index])?;
        out.write_str(entity)?;
        kept = index + 1;
    }
    out.write_str(&text[kept..])
}

/// What may stand in a fragment as it is.
const FRAGMENT: AsciiSet =
    NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b'@').remove(b':');

/// A link to an element of the page by its id.
fn link(id: &str) -> String {
    format!("#{}", utf8_percent_encode(id, &FRAGMENT))
}

#[cfg(test)]
mod tests;
