//! Scenario files and fixtures: embedded in the program, the user's folders laid over them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use serde_json::Value;

use super::model::{Case, Scenario};
use super::{file, lint};

static SCENARIOS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");
/// Of the fixtures only the bodies; the vectors beside them are for tests.
static BODIES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures/okta");

/// The order in which areas are played and told.
const AREAS: [&str; 6] = ["connection", "users", "groups", "import", "okta-suites", "protocol"];

/// Everything that can be played.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// All scenarios: by area, then by file name.
    pub scenarios: Vec<Scenario>,
    /// What the user's files replaced, one sentence each.
    pub overridden: Vec<String>,
    fixtures: Fixtures,
}

impl Catalogue {
    /// Has every scenario of volumes told for this one too (`--import-size`).
    pub fn add_volume(&mut self, size: usize) {
        let with_volumes = |s: &&mut Scenario| s.cases.iter().any(|case| case.volume.is_some());
        for scenario in self.scenarios.iter_mut().filter(with_volumes) {
            if !scenario.cases.iter().any(|case| case.volume == Some(size)) {
                scenario.cases.push(Case::of_volume(size));
                // The smaller come first: what is deleted after them proves that the larger can be.
                scenario.cases.sort_by_key(|case| case.volume);
            }
        }
    }

    /// A fixture by its name, e.g. `okta/create-user.json`.
    pub fn fixture(&self, name: &str) -> Option<&Value> {
        self.fixtures.get(name)
    }
}

/// JSON bodies by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Fixtures(BTreeMap<String, Value>);

impl Fixtures {
    /// The body of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Why a scenario or fixture cannot be used, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct LoadError {
    /// The file's name as the user gave it.
    pub file: String,
    /// 1-based line.
    pub line: usize,
    /// 1-based column, in characters.
    pub column: usize,
    /// What is wrong and what is allowed.
    pub message: String,
}

impl LoadError {
    /// An error at a byte offset of a text.
    pub(super) fn at(file: &str, text: &str, offset: usize, message: impl Into<String>) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
        }
    }

    /// What the TOML reader says: its message names the allowed keys.
    pub(super) fn toml(file: &str, text: &str, error: &toml::de::Error) -> Self {
        Self::at(file, text, error.span().map_or(0, |span| span.start), error.message())
    }

    /// An error about a scenario as a whole: it points to its `id` line, or to a word in it.
    pub(super) fn about(file: &str, text: &str, word: &str, message: impl Into<String>) -> Self {
        let offset = text.find(&format!("\"{word}\"")).or_else(|| text.find("id ")).unwrap_or(0);
        Self::at(file, text, offset, message)
    }
}

/// A scenario file as text.
struct Source {
    name: String,
    text: String,
    built_in: bool,
}

/// Loads and lints everything. A user's scenario with a built-in id, or a fixture with a built-in name, replaces it. All
/// errors are collected.
pub fn load(scenarios: Option<&Path>, fixtures: Option<&Path>) -> Result<Catalogue, Vec<LoadError>> {
    let mut errors = Vec::new();
    let mut overridden = Vec::new();
    let fixtures = load_fixtures(fixtures, &mut overridden, &mut errors);
    let mut sources = Vec::new();
    collect(&SCENARIOS, "toml", &mut |path, text| {
        sources.push(Source { name: path.to_owned(), text: text.to_owned(), built_in: true });
    });
    if let Some(folder) = scenarios {
        for path in user_files(folder, "toml", &mut errors) {
            match fs::read_to_string(&path) {
                Ok(text) => sources.push(Source { name: path.display().to_string(), text, built_in: false }),
                Err(error) => errors.push(LoadError::at(&path.display().to_string(), "", 0, error.to_string())),
            }
        }
    }
    let mut loaded: Vec<(Scenario, &Source)> = Vec::new();
    for source in &sources {
        let mut scenario = match file::read(&source.name, &source.text, &fixtures) {
            Ok(scenario) => scenario,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        errors.extend(lint::lint(&scenario, &source.name, &source.text, source.built_in));
        if source.built_in {
            "builtin".clone_into(&mut scenario.source);
        }
        match loaded.iter_mut().find(|(other, _)| other.id == scenario.id) {
            None => loaded.push((scenario, source)),
            Some(other) if other.1.built_in && !source.built_in => {
                overridden.push(format!("{} replaces the built-in scenario {}.", source.name, scenario.id));
                *other = (scenario, source);
            }
            Some((_, other)) => errors.push(LoadError::about(
                &source.name,
                &source.text,
                &scenario.id,
                format!("the id `{}` is already taken by {}", scenario.id, other.name),
            )),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let area = |id: &str| {
        let area = id.split('.').next().unwrap_or_default();
        AREAS.iter().position(|a| *a == area).unwrap_or(AREAS.len())
    };
    let mut scenarios: Vec<Scenario> = loaded.into_iter().map(|(scenario, _)| scenario).collect();
    // Within an area the files' order tells: `01-create.toml` is played before `02-create-duplicate.toml`.
    scenarios.sort_by_key(|scenario| area(&scenario.id));
    Ok(Catalogue { scenarios, overridden, fixtures })
}

fn load_fixtures(folder: Option<&Path>, overridden: &mut Vec<String>, errors: &mut Vec<LoadError>) -> Fixtures {
    let mut fixtures = Fixtures::default();
    let mut add = |name: String, file: &str, text: &str, errors: &mut Vec<LoadError>| match serde_json::from_str(text) {
        Ok(value) => fixtures.0.insert(name, value).is_some(),
        Err(error) => {
            let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
            let at = before + error.column().saturating_sub(1);
            errors.push(LoadError::at(file, text, at, format!("this is not JSON: {error}")));
            false
        }
    };
    collect(&BODIES, "json", &mut |path, text| {
        let name = format!("okta/{path}");
        add(name.clone(), &name, text, errors);
    });
    if let Some(folder) = folder {
        for path in user_files(folder, "json", errors) {
            let file = path.display().to_string();
            let inside = path.strip_prefix(folder).unwrap_or(&path);
            let name = inside.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
            match fs::read_to_string(&path) {
                Ok(text) => {
                    if add(name.clone(), &file, &text, errors) {
                        overridden.push(format!("{file} replaces the built-in fixture {name}."));
                    }
                }
                Err(error) => errors.push(LoadError::at(&file, "", 0, error.to_string())),
            }
        }
    }
    fixtures
}

/// Every embedded file with this extension, in the order of its path.
fn collect(folder: &Dir<'_>, extension: &str, found: &mut impl FnMut(&str, &str)) {
    fn walk<'d>(folder: &'d Dir<'d>, all: &mut Vec<&'d include_dir::File<'d>>) {
        all.extend(folder.files());
        folder.dirs().for_each(|sub| walk(sub, all));
    }
    let mut all = Vec::new();
    walk(folder, &mut all);
    all.sort_by_key(|file| file.path());
    for file in all {
        if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8())
            && file.path().extension().is_some_and(|e| e == extension)
        {
            found(path, text);
        }
    }
}

/// The files of a user's folder with this extension, at any depth, sorted. Links to folders are not followed.
fn user_files(folder: &Path, extension: &str, errors: &mut Vec<LoadError>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                errors.push(LoadError::at(
                    &folder.display().to_string(),
                    "",
                    0,
                    format!("the folder cannot be read: {error}"),
                ));
                continue;
            }
        };
        for entry in entries.flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|t| t.is_dir()) {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_from_one_in_characters() {
        let error = LoadError::at("x.toml", "a = 1\nü = 'é' x", "a = 1\nü = 'é' ".len(), "no");
        assert_eq!(error.to_string(), "x.toml:2:9: no");
    }

    #[test]
    fn everything_embedded_loads_and_passes_the_lint() {
        let catalogue = load(None, None).unwrap_or_else(|errors| {
            panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
        });
        assert!(!catalogue.scenarios.is_empty());
        assert!(catalogue.scenarios.iter().all(|s| s.source == "builtin"));
        assert!(catalogue.fixture("okta/create-user.json").is_some());
    }

    #[test]
    fn a_users_file_replaces_a_built_in_one_and_says_so() {
        let folder = tempfile::tempdir().expect("folder");
        let id = &load(None, None).expect("built-in").scenarios[0].id;
        let text = format!(
            "format = 1\nid = \"{id}\"\ntitle = \"Mine\"\ncapability = \"create-users\"\nwhy = \"x\"\n\
             [[step]]\nid = \"list\"\ntitle = \"List\"\nsend = \"GET /Users\"\n\
             [[step.check]]\nid = \"ok\"\nexpect = {{ status = 200 }}\nlevel = \"must\"\nspec = [\"RFC 7644 §3.4.2\"]\nfix = \"Answer.\"\n"
        );
        fs::write(folder.path().join("mine.toml"), text).expect("write");
        let catalogue = load(Some(folder.path()), None).expect("catalogue");
        assert!(catalogue.overridden[0].contains(id.as_str()), "{:?}", catalogue.overridden);
        let mine = catalogue.scenarios.iter().find(|s| &s.id == id).expect("mine");
        assert!(mine.source.ends_with("mine.toml") && mine.title == "Mine");
    }

    #[test]
    fn the_documented_example_loads_and_passes_the_lint() {
        let page = include_str!("../../docs/scenario-format.md");
        let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("example");
        let folder = tempfile::tempdir().expect("folder");
        fs::write(folder.path().join("nickname.toml"), example).expect("write");
        let catalogue = load(Some(folder.path()), None).expect("catalogue");
        assert!(catalogue.scenarios.iter().any(|s| s.id == "users.nickname"));
    }

    #[test]
    fn errors_name_file_line_column_and_allowed_keys() {
        let folder = tempfile::tempdir().expect("folder");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("write");
        write(
            "a.toml",
            "format = 1\nid = \"x.a\"\ntitle = \"A\"\ncapability = \"create-users\"\nwhy = \"x\"\nwhat = 1\n",
        );
        write(
            "b.toml",
            "format = 1\nid = \"x.b\"\ntitle = \"B\"\ncapability = \"create-users\"\nwhy = \"x\"\n[[step]]\nid = \"s\"\n\
             title = \"S\"\nsend = \"POST /Users\"\nbody = '''\n{ \"a\": 1,\n  b }\n'''\n",
        );
        let errors = load(Some(folder.path()), None).unwrap_err();
        let text: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert!(text[0].contains("a.toml:6:1: unknown field `what`") && text[0].contains("`capability`"), "{text:?}");
        assert!(text[1].contains("b.toml:12:3: this is not JSON"), "{text:?}");
    }
}
