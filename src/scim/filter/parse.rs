//! The filter grammar of RFC 7644 §3.4.2.2, figure 1, with errata 4670 (precedence), 4690 (no brackets within brackets),
//! 7319 (`not (` and `not(`) and 8924 (`$ref`).

use super::{Filter, FilterFault, Operator};
use crate::scim::path::{AttributePath, is_path_char};
use serde_json::Value;
use winnow::ascii::Caseless;
use winnow::combinator::opt;
use winnow::error::ParserError;
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Location, Stateful, Stream};
use winnow::token::{literal, take_while};

/// Parentheses may nest this deep.
pub const MAX_DEPTH: usize = 32;
/// A filter may hold this many comparisons.
pub const MAX_TERMS: usize = 1000;

#[derive(Clone, Debug, Default)]
struct Budget {
    depth: usize,
    terms: usize,
    in_brackets: bool,
}

type Input<'t> = Stateful<LocatingSlice<&'t str>, Budget>;
type Parsed<T> = Result<T, FilterFault>;

impl<'t> ParserError<Input<'t>> for FilterFault {
    type Inner = Self;

    fn from_input(input: &Input<'t>) -> Self {
        Self { position: input.current_token_start(), problem: "unexpected text".into() }
    }

    fn into_inner(self) -> Result<Self, Self> {
        Ok(self)
    }
}

pub(super) fn filter(text: &str) -> Parsed<Filter> {
    whole(text, Budget::default())
}

pub(super) fn value_filter(text: &str) -> Parsed<Filter> {
    whole(text, Budget { in_brackets: true, ..Budget::default() })
}

fn whole(text: &str, state: Budget) -> Parsed<Filter> {
    let mut input = Stateful { input: LocatingSlice::new(text), state };
    let filter = alternatives(&mut input)?;
    if input.is_empty() {
        return Ok(filter);
    }
    let problem = match input.chars().next() {
        Some(')') => "a ) without its (",
        Some(']') => "a ] without its [",
        _ => "expected the end, or one space and the word and or or",
    };
    Err(here(&input, problem))
}

fn here(input: &Input, problem: impl Into<String>) -> FilterFault {
    FilterFault { position: input.current_token_start(), problem: problem.into() }
}

/// Eats the word, whatever its case, when it comes next.
fn eat<'t>(input: &mut Input<'t>, word: &'static str) -> bool {
    let parsed: Parsed<Option<&'t str>> = opt(literal(Caseless(word))).parse_next(input);
    matches!(parsed, Ok(Some(_)))
}

fn expect(input: &mut Input, word: &'static str, problem: &'static str) -> Parsed<()> {
    if eat(input, word) { Ok(()) } else { Err(here(input, problem)) }
}

fn alternatives(input: &mut Input) -> Parsed<Filter> {
    let mut parts = vec![conjunction(input)?];
    while eat(input, " or ") {
        parts.push(conjunction(input)?);
    }
    Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::Or(parts) })
}

fn conjunction(input: &mut Input) -> Parsed<Filter> {
    let mut parts = vec![term(input)?];
    while eat(input, " and ") {
        parts.push(term(input)?);
    }
    Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::And(parts) })
}

fn term(input: &mut Input) -> Parsed<Filter> {
    let start = input.checkpoint();
    if eat(input, "not") {
        eat(input, " ");
        if eat(input, "(") {
            return Ok(Filter::Not(Box::new(group(input)?)));
        }
        input.reset(&start);
    }
    if eat(input, "(") { group(input) } else { expression(input) }
}

/// What follows an opening parenthesis, with the closing one.
fn group(input: &mut Input) -> Parsed<Filter> {
    input.state.depth += 1;
    if input.state.depth > MAX_DEPTH {
        return Err(here(input, format!("parentheses nest deeper than {MAX_DEPTH} levels")));
    }
    let inner = alternatives(input)?;
    input.state.depth -= 1;
    expect(input, ")", "expected ) or one space and the word and or or")?;
    Ok(inner)
}

fn expression(input: &mut Input) -> Parsed<Filter> {
    let path = attribute(input)?;
    if eat(input, "[") {
        if input.state.in_brackets {
            return Err(here(input, "brackets cannot stand inside brackets"));
        }
        input.state.in_brackets = true;
        let inner = alternatives(input)?;
        input.state.in_brackets = false;
        expect(input, "]", "expected ] or one space and the word and or or")?;
        return Ok(Filter::Within(path, Box::new(inner)));
    }
    input.state.terms += 1;
    if input.state.terms > MAX_TERMS {
        return Err(here(input, format!("more than {MAX_TERMS} comparisons; ask in several requests")));
    }
    expect(input, " ", "expected one space and an operator (eq ne co sw ew gt ge lt le pr)")?;
    let start = here(input, "");
    let word: Parsed<&str> = take_while(1.., |next: char| next.is_ascii_alphanumeric()).parse_next(input);
    let word = word.unwrap_or_default();
    if word.eq_ignore_ascii_case("pr") {
        return Ok(Filter::Present(path));
    }
    let Some((_, operator)) = Operator::ALL.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(word)) else {
        let problem =
            format!("{word:?} is no operator; there are eq ne co sw ew gt ge lt le pr, after exactly one space");
        return Err(FilterFault { problem, ..start });
    };
    expect(input, " ", "expected one space and a value")?;
    Ok(Filter::Compare(path, operator, comparison_value(input)?))
}

fn attribute(input: &mut Input) -> Parsed<AttributePath> {
    let start = here(input, "expected an attribute name");
    let token: Parsed<&str> = take_while(1.., is_path_char).parse_next(input);
    let Ok(token) = token else {
        return Err(start);
    };
    AttributePath::parse(token).map_err(|problem| FilterFault { problem, ..start })
}

/// A JSON string, number, true, false or null.
fn comparison_value(input: &mut Input) -> Parsed<Value> {
    let start = here(input, "expected a value: text in double quotes, a number, true, false or null");
    let length = if input.starts_with('"') {
        let mut escaped = false;
        let end = input.char_indices().skip(1).find(|&(_, character)| {
            let closes = character == '"' && !escaped;
            escaped = character == '\\' && !escaped;
            closes
        });
        match end {
            Some((position, _)) => position + 1,
            None => return Err(FilterFault { problem: "the closing double quote is missing".into(), ..start }),
        }
    } else {
        input.find([' ', ')', ']']).unwrap_or(input.len())
    };
    let token = input.next_slice(length);
    match serde_json::from_str(token) {
        Ok(Value::Array(_) | Value::Object(_)) | Err(_) => Err(start),
        Ok(value) => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> FilterFault {
        filter(text).unwrap_err()
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let Filter::Or(parts) = filter("a pr or b pr and c pr").unwrap() else { panic!("an or") };
        assert!(matches!(parts[1], Filter::And(_)));
    }

    #[test]
    fn a_fault_names_its_place() {
        assert_eq!(fault("userName eq x").position, 12);
        assert_eq!(fault("userName regex \"x\"").position, 9);
        assert_eq!(fault("a pr and (b pr").position, 14);
        assert!(fault("userName eq \"x").problem.contains("quote"));
        assert!(fault("emails[a[b pr]]").problem.contains("brackets"));
        assert!(fault("a pr)").problem.contains("without"));
    }

    #[test]
    fn nesting_and_length_are_bounded() {
        let deep = format!("{}a pr{}", "(".repeat(100_000), ")".repeat(100_000));
        assert!(fault(&deep).problem.contains("deeper"));
        let long = vec!["a pr"; 50_000].join(" or ");
        assert!(fault(&long).problem.contains("comparisons"));
        assert!(filter(&vec!["a pr"; MAX_TERMS].join(" or ")).is_ok());
    }

    #[test]
    fn an_attribute_may_begin_with_not() {
        assert!(matches!(filter("notes pr").unwrap(), Filter::Present(_)));
        assert!(matches!(filter("not(a pr)").unwrap(), Filter::Not(_)));
        assert!(matches!(filter("NOT (a pr)").unwrap(), Filter::Not(_)));
    }

    #[test]
    fn what_is_printed_parses_to_the_same_filter() {
        for text in [
            "(a pr or b pr) and not (c pr or d pr)",
            "a eq \"x y ) ( ] \\\" \\u00e4\" or (b gt -1.5 or c eq null)",
            "emails[type eq \"work\" and (value co \"a\" or value co \"b\")] and active eq true",
            "urn:x:y:1.0:User:manager.displayName sw \"L\"",
        ] {
            let parsed = filter(text).unwrap();
            assert_eq!(filter(&parsed.to_string()).unwrap(), parsed, "{text}");
        }
    }
}
