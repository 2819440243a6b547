//! The parameters of a request, from its URL or a `SearchRequest` (RFC 7644 §3.4.2, §3.4.3).

use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::Filter;
use crate::scim::path::AttributePath;
use crate::scim::projection::Projection;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// The URN of a `SearchRequest`.
const SEARCH_URN: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// Resources in a list that asks for no number.
pub(super) const DEFAULT_PAGE: usize = 100;
/// Resources in a list at most; told as `filter.maxResults`.
pub(super) const MAX_PAGE: usize = 1000;

/// What a client wants of a list.
#[derive(Clone, Debug)]
pub struct Query {
    /// Which resources.
    pub filter: Option<Filter>,
    /// The position of the first to show, from 1.
    pub start_index: usize,
    /// The cursor of the page, empty for the first; `None` when pages are counted (RFC 9865).
    pub cursor: Option<String>,
    /// How many to show at most; as asked, before the server's own limit.
    pub count: Option<usize>,
    /// The server's own limit.
    pub limit: usize,
    /// What to order by.
    pub sort_by: Option<AttributePath>,
    /// Whether the order is reversed.
    pub descending: bool,
    /// What to show of each.
    pub projection: Projection,
}

impl Query {
    /// How many resources a page may hold.
    pub fn page_size(&self) -> usize {
        self.count.unwrap_or(DEFAULT_PAGE).min(self.limit)
    }

    pub(super) fn from_url(parameters: &Parameters) -> Result<Self, ScimError> {
        let number = |name: &str| parameters.get(name).map(|text| whole_number(name, text)).transpose();
        let page = Page { cursor: parameters.get("cursor"), start_index: number("startIndex"), count: number("count") };
        Self::new(
            parameters.get("filter"),
            &page,
            parameters.get("sortBy"),
            parameters.get("sortOrder"),
            parameters.projection()?,
        )
    }

    /// From the body of a POST to `.search`.
    pub(super) fn from_search(body: &Value) -> Result<Self, ScimError> {
        let syntax = |detail: String| ScimError::bad(ScimType::InvalidSyntax, detail);
        let fields =
            body.as_object().ok_or_else(|| syntax("The body must be a JSON object, a SearchRequest".into()))?;
        let get = |name: &str| {
            let found = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
            found.filter(|value| !value.is_null())
        };
        let names_message = get("schemas").and_then(Value::as_array);
        if !names_message.is_some_and(|urns| urns.iter().any(|urn| urn.as_str() == Some(SEARCH_URN))) {
            return Err(syntax(format!("schemas must hold {SEARCH_URN:?}")));
        }
        let text = |name: &str| match get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(other) => Err(ScimError::value(format!("{name} must be text, not {other}"))),
        };
        let number = |name: &str| get(name).map(|value| whole_number(name, &value.to_string())).transpose();
        let names = |name: &str| match get(name) {
            None => Ok(None),
            Some(Value::Array(list)) if list.iter().all(Value::is_string) => {
                Ok(Some(list.iter().filter_map(Value::as_str)))
            }
            Some(_) => Err(ScimError::value(format!("{name} must be an array of names"))),
        };
        let page = Page { cursor: text("cursor")?, start_index: number("startIndex"), count: number("count") };
        Self::new(
            text("filter")?,
            &page,
            text("sortBy")?,
            text("sortOrder")?,
            Projection::new(names("attributes")?, names("excludedAttributes")?)?,
        )
    }

    fn new(
        filter: Option<&str>,
        page: &Page,
        sort_by: Option<&str>,
        sort_order: Option<&str>,
        projection: Projection,
    ) -> Result<Self, ScimError> {
        let (start_index, count) = page.numbers()?;
        let sort_by = sort_by
            .map(|text| AttributePath::parse(text).map_err(|problem| ScimError::value(format!("sortBy: {problem}"))));
        let descending = match sort_order {
            None => false,
            Some(word) if word.eq_ignore_ascii_case("ascending") => false,
            Some(word) if word.eq_ignore_ascii_case("descending") => true,
            Some(word) => {
                return Err(ScimError::value(format!("sortOrder must be ascending or descending, not {word:?}")));
            }
        };
        Ok(Self {
            filter: filter.map(Filter::parse).transpose()?,
            start_index,
            cursor: page.cursor.map(str::to_owned),
            count,
            limit: MAX_PAGE,
            sort_by: sort_by.transpose()?,
            descending,
            projection,
        })
    }
}

/// Which page is asked for. The numbers were read and may be none.
struct Page<'p> {
    cursor: Option<&'p str>,
    start_index: Result<Option<usize>, ScimError>,
    count: Result<Option<usize>, ScimError>,
}

impl Page<'_> {
    /// The start index, from 1, and the count. With a cursor a bad count has a keyword of its own (RFC 9865 §2.1), and a
    /// start index would name another page.
    fn numbers(&self) -> Result<(usize, Option<usize>), ScimError> {
        let start_index = self.start_index.clone()?;
        let count = self.count.clone().map_err(|error| match self.cursor {
            Some(_) => ScimError::bad(ScimType::InvalidCount, error.detail),
            None => error,
        })?;
        if self.cursor.is_some() && start_index.is_some() {
            return Err(ScimError::value("startIndex and cursor name two pages: send one of them"));
        }
        Ok((start_index.unwrap_or(1).max(1), count))
    }
}

/// A whole number of any size; what is below zero counts as zero (RFC 7644 §3.4.2.4).
fn whole_number(name: &str, text: &str) -> Result<usize, ScimError> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(ScimError::value(format!("{name} must be a whole number, not {text:?}")));
    }
    Ok(if text.starts_with('-') { 0 } else { digits.parse().unwrap_or(usize::MAX) })
}

/// Decoded URL parameters.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Decodes `a=b&c=d`, with `+` and `%20` as a space. Refuses what is not UTF-8 and a SCIM parameter given twice.
    pub(super) fn parse(query: &str) -> Result<Self, ScimError> {
        let decode = |text: &str| {
            let text = text.replace('+', " ");
            percent_decode_str(&text).decode_utf8().map(std::borrow::Cow::into_owned)
        };
        let mut list: Vec<(String, String)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Ok(name), Ok(value)) = (decode(name), decode(value)) else {
                return Err(ScimError::bad(ScimType::InvalidSyntax, "The query is not UTF-8 once percent-decoded"));
            };
            if list.iter().any(|(known, _)| *known == name) {
                return Err(ScimError::value(format!("The parameter {name} is given twice")));
            }
            list.push((name, value));
        }
        Ok(Self(list))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// `attributes` and `excludedAttributes`.
    pub(super) fn projection(&self) -> Result<Projection, ScimError> {
        let names = |name: &str| self.get(name).map(|list| list.split(',').filter(|name| !name.is_empty()));
        Projection::new(names("attributes"), names("excludedAttributes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn query(text: &str) -> Result<Query, ScimError> {
        Query::from_url(&Parameters::parse(text)?)
    }

    #[test]
    fn spaces_are_read_in_both_spellings_and_an_encoded_plus_stays() {
        for text in ["filter=userName%20eq%20%22a%2Bb%40x%22", "filter=userName+eq+%22a%2Bb@x%22"] {
            assert_eq!(query(text).unwrap().filter.unwrap().to_string(), "userName eq \"a+b@x\"");
        }
    }

    #[test]
    fn numbers_of_any_size_are_taken_and_bounded() {
        let asked = query("startIndex=-5&count=99999999999999999999999").unwrap();
        assert_eq!((asked.start_index, asked.page_size()), (1, MAX_PAGE));
        assert_eq!(query("count=-1").unwrap().page_size(), 0);
        assert_eq!(query("").unwrap().page_size(), DEFAULT_PAGE);
        for text in ["count=abc", "startIndex=1.5", "count=", "sortOrder=up", "a=1&a=2", "filter=%ff", "filter="] {
            assert_eq!(query(text).unwrap_err().status, 400, "{text}");
        }
    }

    #[test]
    fn a_search_request_says_the_same_as_a_url() {
        let body = json!({"schemas":[SEARCH_URN],"filter":"title pr","startIndex":2,"count":0,"sortBy":"userName",
            "sortOrder":"descending","attributes":["userName"]});
        let asked = Query::from_search(&body).unwrap();
        assert_eq!((asked.start_index, asked.page_size(), asked.descending), (2, 0, true));
        assert_eq!(asked.projection, query("attributes=userName").unwrap().projection);
        assert!(Query::from_search(&json!({"filter":"title pr"})).is_err());
        assert!(Query::from_search(&json!({"schemas":[SEARCH_URN],"count":"2"})).is_err());
    }
}
