//! What is refused when a file is read, and where it is said to be wrong.

use super::*;

/// What is said about a file that ends in these keys of a step, as `line:column: message`.
fn complaint(step: &str) -> String {
    let text = format!(
        "format = 1\nid = \"users.x\"\ntitle = \"X\"\ncapability = \"create-users\"\nwhy = \"y\"\n\
         [[step]]\nid = \"s\"\ntitle = \"S\"\n{step}"
    );
    let error = read("x.toml", &text, &Fixtures::default()).expect_err("it is wrong");
    format!("{}:{}: {}", error.line, error.column, error.message)
}

fn expect(form: &str) -> String {
    complaint(&format!(
        "send = \"GET /Users\"\n[[step.check]]\nid = \"c\"\nlevel = \"must\"\nspec = [\"RFC\"]\nfix = \"Do.\"\nexpect = {form}\n"
    ))
}

#[test]
fn what_is_no_single_form_is_refused() {
    for (form, words) in [
        ("{ }", "judges nothing"),
        ("{ list = true, no_repeats = true }", "one check has one form"),
        ("{ at = \"/a\" }", "needs exactly one of"),
        ("{ at = \"/a\", present = true, equals = 1 }", "needs exactly one of"),
        ("{ at = \"a\", present = true }", "it starts with `/`"),
        ("{ status = 200, equals = 1 }", "belong to `at` or `header`"),
        ("{ list = true, except = [\"/a\"] }", "belongs to `same_as`"),
        ("{ later_than = \"before\" }", "needs `at`"),
        ("{ at = \"/a\", present = false }", "says nothing"),
        ("{ scim_error = false }", "says nothing"),
        ("{ at = \"/a\", matches = '(' }", "no regular expression"),
        ("{ faster_than = \"soon\" }", "is a duration"),
        ("{ list_total = { at_least = 1, at_most = 2 } }", "a number, or { at_least = number }"),
        ("{ scim_error = { scim_type = \"x\", detail = \"y\" } }", "true, or { scim_type"),
        ("{ status = \"200\" }", "a status code or a list of them"),
    ] {
        assert!(expect(form).contains(words), "{form}: {}", expect(form));
    }
}

#[test]
fn broken_json_in_an_expectation_is_shown_where_it_stands() {
    assert!(
        expect("{ includes = '{ \"a\" 1 }' }").starts_with("15:30: this is not JSON"),
        "{}",
        expect("{ includes = '{ \"a\" 1 }' }")
    );
}

#[test]
fn requests_that_okta_never_sends_are_refused() {
    for (step, words) in [
        ("send = \"FETCH /Users\"\n", "one of GET, POST"),
        ("send = \" /Users\"\n", "`METHOD /path`"),
        ("send = \"GET Users\"\n", "`METHOD /path`"),
        ("send = \"GET /Users\"\nraw = \"x\"\n", "a GET has no body"),
        ("send = \"POST /Users\"\nraw = \"x\"\nbody = '{}'\n", "one of `body`"),
        ("send = \"POST /Users\"\nmerge = '{}'\n", "go together"),
        ("send = \"POST /Users\"\npaginate = { count = 2 }\n", "it goes with GET"),
    ] {
        assert!(complaint(step).contains(words), "{step}: {}", complaint(step));
    }
}
