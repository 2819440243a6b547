//! What a scenario file must keep besides its grammar, so that its checks can be judged, fail, and be believed.

use std::collections::BTreeSet;

use super::capability::{App, Level};
use super::load::LoadError;
use super::model::{AT_ONCE, BodySource, Check, Count, Expect, Given, Need, Scenario, Step, Test};
use super::template::{expressions, stray};

/// What templates may name of a user.
const USER_FIELDS: [&str; 11] = [
    "id",
    "userName",
    "userNameUpper",
    "givenName",
    "familyName",
    "displayName",
    "email",
    "externalId",
    "password",
    "locale",
    "active",
];

/// What templates may name of a group.
const GROUP_FIELDS: [&str; 2] = ["id", "displayName"];

/// What templates may name of the run.
const RUN_FIELDS: [&str; 3] = ["token", "prefix", "domain"];

/// What templates may name of what was there before, when the scenario needs it.
fn existing_fields(needs: &[Need]) -> impl Iterator<Item = &'static str> {
    needs
        .iter()
        .flat_map(|need| match need {
            Need::ExistingUser => &["userName", "userNameUpper"][..],
            Need::ExistingGroup => &["displayName", "displayNameUpper"],
            _ => &[],
        })
        .copied()
}

/// Looks through a scenario; every fault found is an error with its place.
pub(super) fn lint(scenario: &Scenario, file: &str, text: &str, built_in: bool) -> Vec<LoadError> {
    let mut lint = Lint { scenario, file, text, errors: Vec::new() };
    lint.whole(built_in);
    for app in App::ALL {
        lint.story(app);
    }
    let mut errors = lint.errors;
    errors.dedup();
    errors
}

struct Lint<'a> {
    scenario: &'a Scenario,
    file: &'a str,
    text: &'a str,
    errors: Vec<LoadError>,
}

impl Lint<'_> {
    fn say(&mut self, word: &str, message: String) {
        let error = LoadError::about(self.file, self.text, word, message);
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    fn whole(&mut self, built_in: bool) {
        let scenario = self.scenario;
        let parts: Vec<&str> = scenario.id.split('.').collect();
        if parts.len() != 2 || !parts.iter().all(|p| is_word(p)) {
            self.say(
                &scenario.id,
                format!("the id `{}` is not `area.name` in lower-case letters, digits and `-`", scenario.id),
            );
        }
        if built_in {
            let folder = self.file.split('/').next().unwrap_or_default();
            if parts.first() != Some(&folder) {
                self.say(&scenario.id, format!("`{}` does not belong into the folder {folder}/", scenario.id));
            }
        }
        if scenario.why.is_empty() {
            self.say(&scenario.id, "`why` is empty: say why Okta cares".into());
        }
        let mut cases = BTreeSet::new();
        for case in &scenario.cases {
            if !cases.insert(&case.id) {
                self.say(&case.id, format!("the case `{}` is there twice", case.id));
            }
        }
        if scenario.title.trim().is_empty() {
            self.say(&scenario.id, "`title` is empty: say what Okta does".into());
        }
        self.names();
        self.volumes();
        for step in &scenario.steps {
            if let Some(app) = step.apps.iter().find(|app| !scenario.apps.contains(app)) {
                self.say(
                    &step.id,
                    format!("the scenario of the step `{}` is not played under --app {}", step.id, app.id()),
                );
            }
            if let Some(check) = step.checks.iter().find(|c| c.apps.iter().any(|app| !step.apps.contains(app))) {
                self.say(&check.id, format!("the check `{}` is for an app its step is not sent under", check.id));
            }
        }
        for (name, given) in &scenario.given {
            if let Given::Group { members, .. } = given {
                for member in members {
                    if !scenario.given.iter().any(|(n, g)| n == member && matches!(g, Given::User { .. })) {
                        self.say(name, format!("the group `{name}` has a member `{member}` that is no given user"));
                    }
                }
            }
        }
    }

    /// Givens and people have names of their own, and people are made from nothing but cases and the run.
    fn names(&mut self) {
        let scenario = self.scenario;
        let mut taken = BTreeSet::from(["user", "case", "run", "existing"]);
        for name in scenario.given.iter().map(|(n, _)| n).chain(scenario.people.iter().map(|(n, _)| n)) {
            if !taken.insert(name) {
                self.say(name, format!("the name `{name}` is already taken"));
            }
        }
        for (name, person) in &scenario.people {
            let parts = [&person.given_name, &person.family_name, &person.display_name, &person.local_part];
            for text in parts.into_iter().flatten() {
                self.templates(name, text, false, &BTreeSet::new());
            }
        }
    }

    /// What is many is said to be: as `volume`, played alone, so that the engine can leave it out or remove it at once.
    fn volumes(&mut self) {
        let scenario = self.scenario;
        let volume = scenario.cases.iter().any(|case| case.volume.is_some());
        let wants = scenario.given.iter().any(|(_, given)| given.count() == Count::Volume);
        if volume != wants {
            self.say("volume", "`volume = [N, …]` and a given with `count = \"volume\"` go together".into());
        }
        if volume && !scenario.exclusive {
            self.say("volume", "a scenario with a `volume` is played alone: `exclusive = true`".into());
        }
        for (name, given) in &scenario.given {
            if matches!(given.count(), Count::Fixed(count) if count > AT_ONCE) {
                self.say(name, format!("`{name}` is more than {AT_ONCE} at once: make it a `volume`"));
            }
        }
    }

    /// One dialect's story, step by step.
    fn story(&mut self, app: App) {
        let scenario = self.scenario;
        let steps: Vec<&Step> = scenario.steps.iter().filter(|s| s.apps.contains(&app)).collect();
        let (mut step_ids, mut check_ids, mut captured) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut halting = None;
        for (index, step) in steps.iter().enumerate() {
            if !step_ids.insert(step.id.as_str()) {
                self.say(&step.id, format!("the step `{}` is there twice under --app {}", step.id, app.id()));
            }
            self.step(step, &step_ids, &captured);
            for name in step.captures.iter().map(|(name, _)| name.as_str()) {
                if self.variable(name, &BTreeSet::new()) || matches!(name, "user" | "case" | "run" | "existing") {
                    self.say(name, format!("the capture `{name}` hides a given, a person or a name of the engine"));
                }
                captured.insert(name.to_owned());
            }
            if let Some((name, pointer)) = step.captures.iter().find(|(_, p)| !p.is_empty() && !p.starts_with('/')) {
                self.say(name, format!("the capture `{name}` is no JSON Pointer: `{pointer}` does not start with `/`"));
            }
            let checks: Vec<&Check> =
                step.checks.iter().filter(|c| c.apps.is_empty() || c.apps.contains(&app)).collect();
            if let Some(first) = checks.first()
                && !matches!(first.expect, Expect::Status(_))
            {
                self.say(&first.id, format!("the first check of the step `{}` must be of its status", step.id));
            }
            for check in &checks {
                let odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
                if check.id.is_empty() || check.id.contains(odd) || check.id.starts_with("always.") {
                    self.say(
                        &check.id,
                        format!("the check id `{}` is no word of letters, digits, `-` and `.`", check.id),
                    );
                }
            }
            let allows_204 = checks.iter().any(|c| matches!(&c.expect, Expect::Status(s) if s.contains(&204)));
            let later = &steps[index + 1..];
            for check in &checks {
                if !check_ids.insert(check.id.clone()) {
                    self.say(&check.id, format!("the check `{}` is there twice under --app {}", check.id, app.id()));
                }
                self.check(check, &step_ids, &captured);
                let feature = check.capability.unwrap_or(scenario.capability).is_feature();
                if let Some(halting) = halting.filter(|_| feature && check.level == Level::Must) {
                    self.say(
                        &check.id,
                        format!("`{}` is a must, but `{halting}` stops the story and is none", check.id),
                    );
                }
                if check.stop && check.level != Level::Must {
                    halting = halting.or(Some(check.id.as_str()));
                }
                let twin = later.iter().filter(|s| s.method == "GET").flat_map(|s| &s.checks).any(|other| {
                    (other.apps.is_empty() || other.apps.contains(&app)) && judges_same(&check.expect, &other.expect)
                });
                if allows_204 && judges_body(&check.expect) && !twin {
                    self.say(&check.id, format!("`{}` is skipped on a 204; judge it on a later read too", check.id));
                }
            }
        }
        if check_ids.is_empty() && scenario.apps.contains(&app) {
            self.say(&scenario.id, format!("under --app {} nothing is judged: there is no check", app.id()));
        }
    }

    fn step(&mut self, step: &Step, known_steps: &BTreeSet<&str>, captured: &BTreeSet<String>) {
        if let BodySource::Merge { from, .. } = &step.body
            && (!known_steps.contains(from.as_str()) || *from == step.id)
        {
            self.say(from, format!("`from = \"{from}\"` of the step `{}` is no earlier step", step.id));
        }
        if !is_word(&step.id) || step.title.trim().is_empty() {
            self.say(&step.id, format!("the step `{}` needs a lower-case word as id and a title", step.id));
        }
        if let Some(actor) = &step.actor
            && !self.scenario.people.iter().any(|(name, _)| name == actor)
            && !matches!(self.given(actor), Some(Given::User { count: Count::Fixed(1), .. }))
        {
            self.say(
                actor,
                format!("`as = \"{actor}\"` of the step `{}` is no person and no single given user", step.id),
            );
        }
        let mut texts = vec![step.path.clone()];
        texts.extend(step.headers.iter().map(|(_, value)| value.clone()));
        match &step.body {
            BodySource::Json(body) | BodySource::Merge { over: body, .. } => texts.push(body.to_string()),
            // A broken body may well open braces that name nothing.
            BodySource::Raw(raw) if stray(raw).is_none() => texts.push(raw.clone()),
            BodySource::Raw(_) | BodySource::None => {}
        }
        for text in &texts {
            self.templates(&step.id, text, step.actor.is_some(), captured);
        }
    }

    fn check(&mut self, check: &Check, known_steps: &BTreeSet<&str>, captured: &BTreeSet<String>) {
        if check.spec.is_empty() || check.spec.iter().any(|s| s.trim().is_empty()) {
            self.say(&check.id, format!("`{}` has no `spec`: whose authority does it rest on?", check.id));
        }
        if check.fix.trim().is_empty() {
            self.say(&check.id, format!("`{}` has no `fix`: what should the server's developer change?", check.id));
        }
        let form = if let Expect::Each(inner) = &check.expect { inner } else { &check.expect };
        if let Expect::SameAs { step, .. } | Expect::LaterThan { step, .. } | Expect::SameOrderAs(step) = form
            && !known_steps.contains(step.as_str())
        {
            self.say(&check.id, format!("the step `{step}` that `{}` compares with is no earlier step", check.id));
        }
        match &check.expect {
            Expect::FasterThan(_) if check.level == Level::Must => {
                self.say(&check.id, format!("`{}`: `faster_than` is never a must", check.id));
            }
            Expect::Lists(name) if !self.scenario.given.iter().any(|(n, _)| n == name) => {
                self.say(&check.id, format!("`lists = \"{name}\"` of `{}` is no given", check.id));
            }
            Expect::Each(inner) if !looks_at_values(inner) && !matches!(**inner, Expect::SameAs { .. }) => {
                self.say(&check.id, format!("`each` of `{}` takes `at`, `includes` or `same_as`", check.id));
            }
            Expect::AnyOf(forms) if forms.len() < 2 || !forms.iter().all(looks_at_values) => {
                self.say(&check.id, format!("`any_of` of `{}` takes two or more of `at` and `includes`", check.id));
            }
            _ => {}
        }
        let texts = expected_texts(&check.expect);
        for text in &texts {
            self.templates(&check.id, text, false, captured);
        }
    }

    /// Every template of a text names something that is there.
    fn templates(&mut self, word: &str, text: &str, has_actor: bool, captured: &BTreeSet<String>) {
        if let Some(found) = stray(text) {
            let found: String = found.chars().take(20).collect();
            self.say(word, format!("`{found}` in `{word}` is no template: write {{{{name.member}}}}"));
        }
        for expression in expressions(text) {
            let (name, field) = expression.split_once('.').unwrap_or((expression, ""));
            let first = field.split('.').find(|f| f.parse::<usize>().is_err()).unwrap_or_default();
            let known = match name {
                "user" => has_actor && USER_FIELDS.contains(&first),
                "run" => RUN_FIELDS.contains(&first),
                "existing" => existing_fields(&self.scenario.needs).any(|known| known == first),
                "case" => self.scenario.cases.iter().all(|case| case.values.contains_key(first)),
                _ if captured.contains(name) => true,
                _ => self.variable(name, captured) && self.in_count(name, field) && self.field(name, first),
            };
            if !known {
                self.say(word, format!("`{{{{{expression}}}}}` in `{word}` names nothing that is known there"));
            }
        }
    }

    fn given(&self, name: &str) -> Option<&Given> {
        self.scenario.given.iter().find(|(n, _)| n == name).map(|(_, given)| given)
    }

    /// Several given are named by number, one is not.
    fn in_count(&self, name: &str, field: &str) -> bool {
        let number = field.split('.').next().and_then(|number| number.parse::<usize>().ok());
        match self.given(name).map(Given::count) {
            Some(Count::Fixed(count)) if count > 1 => number.is_some_and(|number| number < count),
            // In the smallest volume there is nobody to name.
            Some(Count::Volume) => false,
            _ => number.is_none(),
        }
    }

    fn variable(&self, name: &str, captured: &BTreeSet<String>) -> bool {
        captured.contains(name)
            || self.scenario.given.iter().any(|(n, _)| n == name)
            || self.scenario.people.iter().any(|(n, _)| n == name)
    }

    fn field(&self, name: &str, field: &str) -> bool {
        match self.given(name) {
            Some(Given::Group { .. }) => GROUP_FIELDS.contains(&field),
            Some(Given::User { .. }) => USER_FIELDS.contains(&field),
            // A person Okta knows and the target does not has no id yet.
            None => field != "id" && USER_FIELDS.contains(&field),
        }
    }
}

/// Forms that can stand inside another.
fn looks_at_values(expect: &Expect) -> bool {
    matches!(expect, Expect::At { .. } | Expect::Includes { .. })
}

/// Forms that look into a body, and so do not apply to a 204.
fn judges_body(expect: &Expect) -> bool {
    !matches!(expect, Expect::Status(_) | Expect::Header { .. } | Expect::FasterThan(_))
}

/// Whether a later check judges what this one would have judged in a body that was not there.
fn judges_same(check: &Expect, later: &Expect) -> bool {
    match (check, later) {
        (Expect::At { at, .. }, Expect::At { at: other, .. }) => at == other,
        (Expect::At { at, .. } | Expect::Includes { at, .. }, Expect::Includes { at: base, expected }) => {
            at.strip_prefix(base.as_str()).is_some_and(|rest| expected.pointer(rest).is_some())
        }
        (check, later) => std::mem::discriminant(check) == std::mem::discriminant(later),
    }
}

/// Lower-case letters, digits and `-`: safe in a check id, on a command line and in a file name.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn expected_texts(expect: &Expect) -> Vec<String> {
    let test = |test: &Test| match test {
        Test::Equals(value) | Test::Contains(value) => vec![value.to_string()],
        Test::OneOf(values) => values.iter().map(ToString::to_string).collect(),
        Test::Matches(pattern) => vec![pattern.clone()],
        Test::Is(_) | Test::Present | Test::Absent => vec![],
    };
    match expect {
        Expect::Header { test: t, .. } => test(t),
        Expect::At { at, test: t } => [vec![at.clone()], test(t)].concat(),
        Expect::Includes { at, expected } => vec![at.clone(), expected.to_string()],
        Expect::Each(inner) => expected_texts(inner),
        Expect::AnyOf(forms) => forms.iter().flat_map(expected_texts).collect(),
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::super::load::Fixtures;
    use super::*;

    fn errors(body: &str) -> Vec<String> {
        let text =
            format!("format = 1\nid = \"users.x\"\ntitle = \"X\"\ncapability = \"create-users\"\nwhy = \"y\"\n{body}");
        let scenario = file::read("x.toml", &text, &Fixtures::default()).expect("grammar");
        lint(&scenario, "users/x.toml", &text, true).into_iter().map(|e| e.message).collect()
    }

    fn step(rest: &str) -> String {
        format!("[[step]]\nid = \"s\"\ntitle = \"S\"\nsend = \"GET /Users\"\n{rest}")
    }

    const STATUS: &str =
        "[[step.check]]\nid = \"ok\"\nexpect = { status = [200] }\nlevel = \"must\"\nspec = [\"RFC\"]\nfix = \"Do.\"\n";

    #[test]
    fn a_good_one_has_no_errors() {
        assert_eq!(errors(&step(STATUS)), Vec::<String>::new());
    }

    #[test]
    fn each_rule_is_told() {
        let check = |expect: &str, more: &str| {
            format!("{STATUS}[[step.check]]\nid = \"c\"\nexpect = {expect}\nlevel = \"must\"\nspec = [\"RFC\"]\n{more}")
        };
        let cases = [
            (step(&check("{ faster_than = \"1s\" }", "fix = \"Do.\"\n")), "never a must"),
            (step(&check("{ same_as = \"no\" }", "fix = \"Do.\"\n")), "no earlier step"),
            (step(&check("{ same_order_as = \"no\" }", "fix = \"Do.\"\n")), "no earlier step"),
            (step(&check("{ lists = \"no\" }", "fix = \"Do.\"\n")), "is no given"),
            (format!("volume = [1]\nexclusive = true\n{}", step(STATUS)), "go together"),
            (
                format!("volume = [1]\n[given.all]\nresource = \"user\"\ncount = \"volume\"\n{}", step(STATUS)),
                "played alone",
            ),
            (format!("[given.all]\nresource = \"user\"\ncount = 21\n{}", step(STATUS)), "make it a `volume`"),
            (step(&check("{ at = \"/a\", equals = \"{{bob.x}}\" }", "fix = \"Do.\"\n")), "names nothing"),
            (step(&check("{ at = \"/a\", present = true }", "fix = \" \"\n")), "no `fix`"),
            (step(&STATUS.replace("{ status = [200] }", "{ list = true }")), "must be of its status"),
            (step(&format!("{STATUS}{STATUS}")), "there twice"),
            (format!("{}{}", step(STATUS), step("")), "the step `s` is there twice"),
            (
                step(&check("{ at = \"/a\", present = true }", "fix = \"Do.\"\n").replace("[200]", "[200, 204]")),
                "later read",
            ),
            ("[given.g]\nresource = \"group\"\nmembers = [\"ann\"]\n".to_owned() + &step(STATUS), "no given user"),
            (step(STATUS).replace("GET /Users", "GET /Users/{{ann.id}}"), "names nothing"),
            (step(STATUS).replace("GET /Users", "GET /Users/{{ run.token }}"), "is no template"),
            (step(STATUS).replace("GET /Users", "GET /Users?filter={{existing.userName}}"), "names nothing"),
            (step("headers = { Accept = \"{{ann.id}}\" }\n"), "names nothing"),
            (step("capture = { new = \"id\" }\n"), "does not start with `/`"),
            (step(STATUS).replace("\"s\"", "\"S/1\""), "lower-case word as id"),
            (step(&STATUS.replace("\"ok\"", "\"ok@1\"")), "no word of letters"),
            (
                step(&check("{ at = \"/a\", present = true }", "fix = \"Do.\"\n").replacen(
                    "\"must\"",
                    "\"should\"\nstop = true",
                    1,
                )),
                "is a must, but `ok` stops",
            ),
            (step(""), "nothing is judged"),
            (
                format!("apps = [\"oin\"]\n{}", step(&format!("apps = [\"aiw\"]\n{STATUS}"))),
                "not played under --app aiw",
            ),
            (step(&format!("apps = [\"oin\"]\n{STATUS}apps = [\"aiw\"]\n")), "an app its step is not sent under"),
            (format!("[given.ann]\nresource = \"user\"\n[person.ann]\n{}", step(STATUS)), "already taken"),
            (format!("[person.bob]\ngivenName = \"{{{{case.x}}}}\"\n{}", step(STATUS)), "names nothing"),
            (
                format!("[given.team]\nresource = \"group\"\n{}", step(&format!("as = \"team\"\n{STATUS}"))),
                "no single given user",
            ),
            (
                format!("[given.ann]\nresource = \"user\"\ncount = 2\n{}", step(STATUS))
                    .replace("GET /Users", "GET /Users/{{ann.2.id}}"),
                "names nothing",
            ),
        ];
        for (text, words) in cases {
            assert!(errors(&text).iter().any(|e| e.contains(words)), "{words}: {:?}\n{text}", errors(&text));
        }
    }
}
