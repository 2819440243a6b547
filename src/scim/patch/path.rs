//! The path of an operation: `attribute`, `attribute.sub`, `attribute[filter]`, `attribute[filter].sub`.

use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::Filter;
use crate::scim::path::AttributePath;
use std::fmt;

/// Where an operation acts.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchPath {
    /// The attribute; without brackets also its sub-attribute.
    pub attribute: AttributePath,
    /// Which values of it.
    pub filter: Option<Filter>,
    /// The sub-attribute after the brackets.
    pub sub: Option<String>,
}

impl PatchPath {
    /// Reads a path. What is wrong inside the brackets is refused as invalidFilter, all else as invalidPath.
    pub fn parse(text: &str) -> Result<Self, ScimError> {
        let refuse = |problem: &str| ScimError::bad(ScimType::InvalidPath, format!("The path {text:?}: {problem}"));
        let Some(open) = text.find('[') else {
            let attribute = AttributePath::parse(text).map_err(|problem| refuse(&problem))?;
            return Ok(Self { attribute, filter: None, sub: None });
        };
        let attribute = AttributePath::parse(&text[..open]).map_err(|problem| refuse(&problem))?;
        if attribute.sub.is_some() {
            return Err(refuse("brackets follow the attribute, not a sub-attribute"));
        }
        let close = text.rfind(']').filter(|close| *close > open).ok_or_else(|| refuse("the ] is missing"))?;
        let sub = match &text[close + 1..] {
            "" => None,
            rest => Some(rest.strip_prefix('.').ok_or_else(|| refuse("only .subAttribute may follow the brackets"))?),
        };
        if let Some(sub) = sub
            && (sub.contains(['.', ':']) || AttributePath::parse(sub).is_err())
        {
            return Err(refuse(&format!("{sub:?} is no sub-attribute name")));
        }
        let filter = Filter::parse_value_filter(&text[open + 1..close])?;
        Ok(Self { attribute, filter: Some(filter), sub: sub.map(str::to_owned) })
    }
}

impl fmt::Display for PatchPath {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}", self.attribute)?;
        if let Some(filter) = &self.filter {
            write!(formatter, "[{filter}]")?;
        }
        if let Some(sub) = &self.sub {
            write!(formatter, ".{sub}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_printed() {
        for text in [
            "members",
            "name.familyName",
            "members[value eq \"u-1\"]",
            "addresses[type eq \"wo]rk\" and country pr].streetAddress",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
        ] {
            assert_eq!(PatchPath::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn the_bracket_content_is_a_filter_fault_and_the_rest_a_path_fault() {
        let keyword = |text: &str| PatchPath::parse(text).unwrap_err().scim_type.unwrap();
        for text in
            ["", "name..x", "a.b.c", "1title", "emails[type eq \"w\"", "emails[a pr]x", "emails[a pr].b.c", "a.b[c pr]"]
        {
            assert_eq!(keyword(text), ScimType::InvalidPath, "{text}");
        }
        for text in ["emails[]", "emails[0].value", "emails[type regex \"w\"]"] {
            assert_eq!(keyword(text), ScimType::InvalidFilter, "{text}");
        }
    }
}
