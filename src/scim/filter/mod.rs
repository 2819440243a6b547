//! Filters (RFC 7644 §3.4.2.2): the syntax tree, its text form; parsing and evaluation in the submodules.

mod condition;
mod parse;

pub use condition::{Condition, Lookup, Unknown};
pub use parse::{MAX_DEPTH, MAX_TERMS};

use super::error::{ScimError, ScimType};
use super::path::AttributePath;
use serde_json::Value;
use std::fmt;

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal; also true of a missing value.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater than.
    Gt,
    /// Greater than or equal.
    Ge,
    /// Less than.
    Lt,
    /// Less than or equal.
    Le,
}

impl Operator {
    /// All operators with the word that stands for each.
    pub const ALL: [(&'static str, Operator); 9] = [
        ("eq", Self::Eq),
        ("ne", Self::Ne),
        ("co", Self::Co),
        ("sw", Self::Sw),
        ("ew", Self::Ew),
        ("gt", Self::Gt),
        ("ge", Self::Ge),
        ("lt", Self::Lt),
        ("le", Self::Le),
    ];

    /// The word in a filter.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, operator)| *operator == self).map_or("", |(word, _)| word)
    }

    /// Whether it asks for an order.
    pub fn is_ordering(self) -> bool {
        matches!(self, Self::Gt | Self::Ge | Self::Lt | Self::Le)
    }
}

/// A filter as it was written.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// One of these holds; two or more.
    Or(Vec<Filter>),
    /// All of these hold; two or more.
    And(Vec<Filter>),
    /// This does not hold.
    Not(Box<Filter>),
    /// The attribute has a value.
    Present(AttributePath),
    /// The attribute has a value that compares to the literal (text, number, boolean or null).
    Compare(AttributePath, Operator, Value),
    /// One value of the multi-valued attribute satisfies the whole inner filter.
    Within(AttributePath, Box<Filter>),
}

/// Where a filter stops making sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {}: {problem}", position + 1)]
pub struct FilterFault {
    /// The byte offset in the text.
    pub position: usize,
    /// What was expected or is wrong there.
    pub problem: String,
}

impl From<FilterFault> for ScimError {
    fn from(fault: FilterFault) -> Self {
        Self::bad(ScimType::InvalidFilter, format!("The filter cannot be read {fault}"))
    }
}

impl Filter {
    /// Reads a whole filter.
    pub fn parse(text: &str) -> Result<Self, FilterFault> {
        parse::filter(text)
    }

    /// Reads what stands in the brackets of a value path: a filter without further brackets.
    pub fn parse_value_filter(text: &str) -> Result<Self, FilterFault> {
        parse::value_filter(text)
    }

    /// Visits every `Present` and `Compare` in it.
    pub fn each_term(&mut self, visit: &mut dyn FnMut(&mut Filter)) {
        match self {
            Self::Or(parts) | Self::And(parts) => parts.iter_mut().for_each(|part| part.each_term(visit)),
            Self::Not(inner) | Self::Within(_, inner) => inner.each_term(visit),
            Self::Present(_) | Self::Compare(..) => visit(self),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let list = |formatter: &mut fmt::Formatter, parts: &[Filter], word: &str| {
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    write!(formatter, " {word} ")?;
                }
                let grouped = matches!(part, Filter::Or(_)) || (word == "and" && matches!(part, Filter::And(_)));
                if grouped { write!(formatter, "({part})")? } else { write!(formatter, "{part}")? }
            }
            Ok(())
        };
        match self {
            Self::Or(parts) => list(formatter, parts, "or"),
            Self::And(parts) => list(formatter, parts, "and"),
            Self::Not(inner) => write!(formatter, "not ({inner})"),
            Self::Present(path) => write!(formatter, "{path} pr"),
            Self::Compare(path, operator, value) => write!(formatter, "{path} {} {value}", operator.word()),
            Self::Within(path, inner) => write!(formatter, "{path}[{inner}]"),
        }
    }
}
