//! Faults about characters: escapes, scripts, what looks like syntax and is data.

use super::{Action, Change, Fault, Occasion, fault};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::{Filter, Operator};
use crate::scim::path::AttributePath;
use crate::server::message::{Answer, Request};
use crate::server::query::Query;
use crate::server::types::Kind;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

/// Rewrites each text a filter compares with.
fn values(query: &mut Query, rewrite: impl Fn(&str) -> String) {
    let Some(filter) = &mut query.filter else { return };
    filter.each_term(&mut |term| {
        if let Filter::Compare(_, _, Value::String(text)) = term {
            *text = rewrite(text);
        }
    });
}

/// Cuts each text a filter compares with at the first of this character.
fn cut_at(query: &mut Query, mark: char) {
    values(query, |text| text.split(mark).next().unwrap_or_default().to_owned());
}

/// Lets each of these characters of an `eq` value stand for any text.
fn wildcards(query: &mut Query, marks: &[char]) {
    let Some(filter) = &mut query.filter else { return };
    filter.each_term(&mut |term| {
        if let Filter::Compare(path, Operator::Eq, Value::String(text)) = &*term
            && text.contains(marks)
        {
            *term = like(path, text, marks);
        }
    });
}

fn like(path: &AttributePath, pattern: &str, marks: &[char]) -> Filter {
    let pieces: Vec<&str> = pattern.split(marks).collect();
    let last = pieces.len() - 1;
    let part = |(index, piece): (usize, &&str)| {
        let operator = match index {
            0 => Operator::Sw,
            index if index == last => Operator::Ew,
            _ => Operator::Co,
        };
        Filter::Compare(path.clone(), operator, json!(piece))
    };
    Filter::And(pieces.iter().enumerate().map(part).collect())
}

/// Rewrites every text in a value.
fn texts(value: &mut Value, rewrite: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = rewrite(text),
        Value::Array(items) => items.iter_mut().for_each(|item| texts(item, rewrite)),
        Value::Object(members) => members.values_mut().for_each(|member| texts(member, rewrite)),
        _ => {}
    }
}

/// Rewrites what people and groups are called, as it is stored.
fn names(change: &mut Change, rewrite: &dyn Fn(&str) -> String) {
    for attribute in ["name", "displayName"] {
        if let Some(value) = change.after.get_mut(attribute) {
            texts(value, rewrite);
        }
    }
}

/// Whether a text anywhere in what people and groups are called is of this kind.
fn called(body: &Value, is: &dyn Fn(&str) -> bool) -> bool {
    let parts = body["name"].as_object().into_iter().flat_map(Map::values);
    parts.chain([&body["displayName"]]).filter_map(Value::as_str).any(is)
}

/// Refuses a create or replacement when it holds.
fn refuse(occasion: &Occasion, status: u16, detail: &str, holds: bool) -> Result<(), ScimError> {
    let writes = matches!(occasion.action, Action::Create | Action::Replace);
    match status {
        _ if !writes || !holds => Ok(()),
        400 => Err(ScimError::bad(ScimType::InvalidValue, detail)),
        status => Err(ScimError::plain(status, detail)),
    }
}

/// Whether a name has other characters than letters, digits, dots, hyphens and the at sign, all of them ASCII.
fn is_odd(name: &str) -> bool {
    name.contains(|letter: char| !letter.is_ascii_alphanumeric() && !".-@".contains(letter))
}

pub(super) const FAULTS: &[Fault] = &[
    fault! {
        id: "filter_space_breaks",
        title: "The value of a filter ends at its first space",
        story: "A group called Night Shift is never found, so Okta pushes it again each time.",
        source: "audriga/scim-server-php#1",
        case: "B162",
        fn query(&self, _: &Occasion, query: &mut Query) {
            cut_at(query, ' ');
        }
    },
    fault! {
        id: "filter_apostrophe_cut",
        title: "The value of a filter ends at its first apostrophe",
        story: "Okta looks o'neil up and is given the account of whoever is called o.",
        source: "wso2/product-is#6631",
        case: "B163",
        fn query(&self, _: &Occasion, query: &mut Query) {
            cut_at(query, '\'');
        }
    },
    fault! {
        id: "filter_punctuation_cut",
        title: "The value of a filter ends at its first plus sign, quotation mark, backslash, slash, ampersand or the like",
        story: "Okta looks ann+payroll up and is given the account of ann.",
        source: "derived from wso2/product-is#6631",
        case: "B163c",
        fn query(&self, _: &Occasion, query: &mut Query) {
            values(query, |text| text.split(['+', '"', '\\', '/', '&', '#', ';']).next().unwrap_or_default().to_owned());
        }
    },
    fault! {
        id: "filter_quote_kept_escaped",
        title: "Escapes in the value of a filter are taken as they are written",
        story: "A group with a quotation mark in its name is never found and pushed again each time.",
        source: "derived from wso2/product-is#6631",
        case: "B163a",
        fn query(&self, _: &Occasion, query: &mut Query) {
            values(query, |text| text.replace('\\', "\\\\").replace('"', "\\\""));
        }
    },
    fault! {
        id: "filter_accents_folded",
        title: "Letters with accents equal the plain ones in a filter",
        story: "Okta looks zoë up and is given the account of zoe, who is somebody else.",
        source: "derived from wso2/product-is#6631: a database collation that ignores accents",
        case: "B163b",
        fn query(&self, _: &Occasion, query: &mut Query) {
            let Some(filter) = &mut query.filter else { return };
            let plain = |text: &str| text.replace(['à', 'á', 'â', 'ä'], "a").replace(['è', 'é', 'ê', 'ë'], "e");
            filter.each_term(&mut |term| {
                if let Filter::Compare(path, Operator::Eq, Value::String(text)) = &*term {
                    let folded = Filter::Compare(path.clone(), Operator::Eq, plain(text).into());
                    *term = Filter::Or(vec![term.clone(), folded]);
                }
            });
        }
    },
    fault! {
        id: "name_charset_400",
        title: "Names with letters beyond ASCII are refused",
        story: "Everybody called Zoë or 美咲 is left without an account.",
        source: "developers.mural.co changelog",
        case: "B164",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            refuse(occasion, 400, "A name has characters that are not allowed", called(body, &|name| !name.is_ascii()))
        }
    },
    fault! {
        id: "name_punctuation_400",
        title: "Names with other characters than letters, spaces, apostrophes and hyphens are refused",
        story: "Everybody with a dot, a digit or a quotation mark in the name is left without an account.",
        source: "derived from developers.mural.co changelog",
        case: "B164a",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            let odd = |letter: char| letter.is_ascii() && !letter.is_ascii_alphabetic() && !" '-".contains(letter);
            let name = body["name"].as_object().is_some_and(|name| {
                name.values().filter_map(Value::as_str).any(|part| part.contains(odd))
            });
            refuse(occasion, 400, "A name has characters that are not allowed", name)
        }
    },
    fault! {
        id: "name_cut",
        title: "Names are cut after 40 characters",
        story: "People with long names come back with others, and Okta pushes the right ones again for ever.",
        source: "derived from developers.mural.co changelog",
        case: "B164b",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            names(change, &|text| text.chars().take(40).collect());
            Ok(())
        }
    },
    fault! {
        id: "username_plus_400",
        title: "A userName with a plus sign is refused",
        story: "Whoever uses a plus address is left without an account.",
        source: "derived from developers.mural.co changelog",
        case: "B164c",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            let plus = body["userName"].as_str().is_some_and(|name| name.contains('+'));
            refuse(occasion, 400, "userName is no e-mail address", plus)
        }
    },
    fault! {
        id: "body_latin1",
        title: "Answers to reads are written in ISO-8859-1",
        story: "Okta cannot read the answer about anybody with an accent in the name.",
        source: "GluuFederation/oxTrust#372",
        case: "B165",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if let Ok(text) = std::str::from_utf8(&answer.body)
                && request.method == "GET"
            {
                answer.body = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')).collect();
            }
        }
    },
    fault! {
        id: "body_encoded_twice",
        title: "Answers to reads are encoded in UTF-8 twice",
        story: "Zoë comes back as ZoÃ«, and an import writes that into Okta's own profile.",
        source: "derived from GluuFederation/oxTrust#372",
        case: "B165a",
        fn answer(&self, request: &Request, answer: &mut Answer) {
            if request.method == "GET" {
                let text: String = answer.body.iter().map(|byte| char::from(*byte)).collect();
                answer.body = text.into_bytes();
            }
        }
    },
    fault! {
        id: "name_question_marks",
        title: "Names are stored in a character set without most scripts",
        story: "美咲 comes back as question marks, and nobody can tell two such people apart.",
        source: "derived from GluuFederation/oxTrust#372",
        case: "B165b",
        fn change(&self, change: &mut Change) -> Result<(), ScimError> {
            names(change, &|text| text.chars().map(|letter| if u32::from(letter) > 255 { '?' } else { letter }).collect());
            Ok(())
        }
    },
    fault! {
        id: "name_beyond_bmp_500",
        title: "A character of four bytes makes the write fail",
        story: "People with a rare ideograph in the name cannot be created: the column holds three bytes a letter.",
        source: "derived from GluuFederation/oxTrust#372",
        case: "B165c",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            let rare = called(body, &|name| name.chars().any(|letter| u32::from(letter) > 0xFFFF));
            refuse(occasion, 500, "Incorrect string value", rare)
        }
    },
    fault! {
        id: "filter_plus_space",
        title: "The query is decoded twice, so that a plus sign becomes a space",
        story: "Whoever uses a plus address is never found, and Okta's create meets a conflict.",
        source: "okta/okta-sdk-java#839; wso2/product-is#15163",
        case: "B166",
        fn query(&self, _: &Occasion, query: &mut Query) {
            values(query, |text| text.replace('+', " "));
        }
    },
    fault! {
        id: "filter_percent_twice",
        title: "Percent signs in the value of a filter are decoded once more",
        story: "Okta looks a%2Db up and is given the account of a-b.",
        source: "derived from wso2/product-is#15163",
        case: "B166a",
        fn query(&self, _: &Occasion, query: &mut Query) {
            values(query, |text| percent_decode_str(text).decode_utf8_lossy().into_owned());
        }
    },
    fault! {
        id: "username_slash_404",
        title: "A slash in the value of a filter leads to a page that is not there",
        story: "Okta looks dom/user or 24/7 Support up and takes the 404 for nobody: it creates what is there already.",
        source: "derived; support.okta.com on slashes in user names",
        case: "B167",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let slash = request.parameter("filter")?.contains('/');
            slash.then(|| Answer::refusal(&ScimError::plain(404, "No such page")))
        }
    },
    fault! {
        id: "filter_ampersand_cut",
        title: "The query is decoded before it is split, so that a value ends at an ampersand",
        story: "A group called R&D cannot be looked up, so it is never pushed.",
        source: "derived from support.okta.com on slashes in user names",
        case: "B167a",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let filter = request.parameter("filter")?;
            if let Some((start, _)) = filter.split_once('&') {
                request.set_parameter("filter", Some(start));
            }
            None
        }
    },
    fault! {
        id: "filter_param_order",
        title: "The filter is read only where it comes first in the query",
        story: "A client that writes startIndex before the filter is given everybody, and takes the first.",
        source: "andreihava-okta/sample-node-scim-server#1",
        case: "B168",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if request.parameter_names().next() != Some("filter") {
                request.set_parameter("filter", None);
            }
            None
        }
    },
    fault! {
        id: "count_param_order",
        title: "startIndex and count are read only in this order",
        story: "Okta's published test writes count first and is given the whole list.",
        source: "derived from andreihava-okta/sample-node-scim-server#1",
        case: "B168a",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            if request.parameter_names().last() != Some("count") {
                request.set_parameter("count", None);
            }
            None
        }
    },
    fault! {
        id: "filter_sql_wildcards",
        title: "Underscores and percent signs of a filter stand for any text",
        story: "Okta looks a_c up and is given the account of abc.",
        source: "cloudfoundry/uaa#596",
        case: "B169",
        fn query(&self, _: &Occasion, query: &mut Query) {
            wildcards(query, &['_', '%']);
        }
    },
    fault! {
        id: "filter_asterisk_wildcard",
        title: "An asterisk of a filter stands for any text, as in a directory",
        story: "Okta looks a*c up and is given the account of abc.",
        source: "derived from cloudfoundry/uaa#596",
        case: "B169a",
        fn query(&self, _: &Occasion, query: &mut Query) {
            wildcards(query, &['*']);
        }
    },
    fault! {
        id: "filter_dot_wildcard",
        title: "A dot of a filter stands for any character, as in a regular expression",
        story: "Okta looks a.c up and is given the account of abc.",
        source: "derived from cloudfoundry/uaa#596",
        case: "B169b",
        fn query(&self, _: &Occasion, query: &mut Query) {
            wildcards(query, &['.']);
        }
    },
    fault! {
        id: "username_letters_only_400",
        title: "A userName with other characters than letters, digits, dots, hyphens and one @ is refused",
        story: "Whoever has an apostrophe, a plus sign or an accent in the userName is left without an account.",
        source: "derived: no report is known",
        case: "own",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            refuse(occasion, 400, "userName is no e-mail address", body["userName"].as_str().is_some_and(is_odd))
        }
    },
    fault! {
        id: "username_capitals_400",
        title: "A userName with capital letters is refused",
        story: "People whose directory writes them with capitals are left without an account.",
        source: "derived: no report is known",
        case: "own",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            let capital = |name: &str| name.contains(char::is_uppercase);
            refuse(occasion, 400, "userName must be in small letters", body["userName"].as_str().is_some_and(capital))
        }
    },
    fault! {
        id: "username_shown_cleaned",
        title: "A userName is read back without its unusual characters",
        story: "Okta sees another name than it pushed and pushes it again for ever.",
        source: "derived: no report is known",
        case: "own",
        fn resource(&self, occasion: &Occasion, resource: &mut Map<String, Value>) {
            if occasion.action == Action::Read
                && let Some(Value::String(name)) = resource.get_mut("userName")
            {
                name.retain(|letter| !is_odd(letter.encode_utf8(&mut [0; 4])));
            }
        }
    },
    fault! {
        id: "filter_odd_400",
        title: "A look-up of a name with unusual characters is refused",
        story: "Whoever has one in the name can be neither found nor created.",
        source: "derived: no report is known",
        case: "own",
        fn request(&self, request: &mut Request) -> Option<Answer> {
            let odd = request.parameter("filter")?.split_once('"').is_some_and(|(_, value)| {
                is_odd(value.strip_suffix('"').unwrap_or(value))
            });
            odd.then(|| Answer::refusal(&ScimError::bad(ScimType::InvalidFilter, "The value has forbidden characters")))
        }
    },
    fault! {
        id: "group_name_space_400",
        title: "A displayName of a group with a space is refused",
        story: "Nearly every group has a name of two words, and none of them can be pushed.",
        source: "derived: no report is known",
        case: "own",
        fn body(&self, occasion: &Occasion, body: &mut Value) -> Result<(), ScimError> {
            let space = occasion.kind == Kind::Group && body["displayName"].as_str().is_some_and(|name| name.contains(' '));
            refuse(occasion, 400, "displayName must be one word", space)
        }
    },
];
