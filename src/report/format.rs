//! The formats a report is written in: their names, their files, and what goes into them.

use super::{Report, har, html, json, junit, markdown, repro};

/// A format of `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Format {
    /// report.json, from which all the others can be made again
    Json,
    /// report.html, one file to read, send or print
    Html,
    /// junit.xml, for the dashboards of CI
    Junit,
    /// report.md, for summaries and tickets
    Md,
    /// exchanges.har, for the tools that show HTTP
    Har,
}

/// Why a report could not be rendered; a bug of the program, not of the report.
#[derive(Debug, thiserror::Error)]
#[error("{file} could not be rendered: {why}")]
pub struct NotRendered {
    file: &'static str,
    why: String,
}

impl Format {
    /// What is written when nothing is asked for.
    pub const DEFAULT: [Self; 2] = [Self::Json, Self::Html];

    /// The name of its file.
    pub const fn file(self) -> &'static str {
        match self {
            Self::Json => "report.json",
            Self::Html => "report.html",
            Self::Junit => "junit.xml",
            Self::Md => "report.md",
            Self::Har => "exchanges.har",
        }
    }

    /// The report in this format: the same report gives the same bytes.
    pub fn render(self, report: &Report) -> Result<Vec<u8>, NotRendered> {
        let rendered = match self {
            Self::Json => {
                let mut bytes = Vec::new();
                json::write(report, &mut bytes).map(|()| bytes).map_err(|e| e.to_string())
            }
            Self::Html => html::render(report).map(String::into_bytes).map_err(|e| e.to_string()),
            Self::Junit => junit::render(report).map(String::into_bytes).map_err(|e| e.to_string()),
            Self::Md => Ok(markdown::render(report, markdown::LIMIT).into_bytes()),
            Self::Har => Ok(har::render(report).into_bytes()),
        };
        rendered.map_err(|why| NotRendered { file: self.file(), why })
    }
}

/// The files of a report in these formats, each once and one after the other, as names and contents; with `repro.sh` when a
/// check failed.
pub fn files<'a>(
    report: &'a Report,
    formats: &[Format],
) -> impl Iterator<Item = Result<(&'static str, Vec<u8>), NotRendered>> + use<'a> {
    let mut formats = formats.to_vec();
    formats.sort_unstable();
    formats.dedup();
    let rendered = formats.into_iter().map(|format| Ok((format.file(), format.render(report)?)));
    rendered.chain(repro::render(report).map(|script| Ok((repro::FILE, script.into_bytes()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn each_format_is_written_once_and_commands_only_for_findings() {
        let names = |report: &Report, formats: &[Format]| -> Vec<&str> {
            files(report, formats).map(|file| file.unwrap().0).collect()
        };
        assert_eq!(names(&sample::ok(), &[Format::Html, Format::Json, Format::Html]), ["report.json", "report.html"]);
        assert_eq!(names(&sample::failing(), &[Format::Har]), ["exchanges.har", "repro.sh"]);
        assert_eq!(names(&sample::cannot_start(), &[Format::Md]), ["report.md"]);
    }
}
