//! What a scenario file says, after loading: the structs the engine plays and the judge judges by.
//! Bodies and expected values may still hold templates (`{{ann.id}}`); [`super::template`] fills them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::capability::{App, Capability, Level};

/// One story Okta plays: ordered steps, each a request with captures and checks.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Stable id, `area.name`.
    pub id: String,
    /// One line, what Okta does.
    pub title: String,
    /// The feature its checks count under, unless a check names its own.
    pub capability: Capability,
    /// Free words to select by.
    pub tags: Vec<String>,
    /// Why Okta cares, for reports and `explain`.
    pub why: String,
    /// The dialects it is played under.
    pub apps: Vec<App>,
    /// What the target must offer, else the scenario is skipped.
    pub needs: Vec<Need>,
    /// Played alone: it counts over the whole directory.
    pub exclusive: bool,
    /// Who and what exists before the story starts, by name; people first, then groups.
    pub given: Vec<(String, Given)>,
    /// Somebody Okta knows and the target does not yet, by name.
    pub people: Vec<(String, Person)>,
    /// The story is told once per case; one unnamed case when the file has none. A file's volumes are cases too.
    pub cases: Vec<Case>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// Where it came from: `builtin` or the path of the user's file.
    pub source: String,
}

/// What a target may lack without being wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// `GET /Groups` is not answered 404 or 501.
    Groups,
    /// `GET /ResourceTypes` names a role or entitlement resource.
    Entitlements,
    /// A `DELETE` of a user is not answered 403, 405 or 501.
    Deletes,
    /// A group that was created with a member shows it when read: membership can be seen at all.
    Members,
    /// The operator names a user that was there before (`--existing-user`).
    ExistingUser,
    /// The operator names a group that was there before (`--existing-group`).
    ExistingGroup,
}

/// People or groups that exist before the story starts; created as Okta creates them.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// A user.
    User {
        /// Deactivated after its creation when false.
        active: bool,
        /// How many; `{{crowd.0.id}}` names one of them.
        count: Count,
        /// Attributes written over Okta's create body (deep merge).
        with: Option<Value>,
    },
    /// A group.
    Group {
        /// Names of given users that are its members.
        members: Vec<String>,
        /// How many.
        count: Count,
    },
}

impl Given {
    /// How many of it there are.
    pub const fn count(&self) -> Count {
        match self {
            Self::User { count, .. } | Self::Group { count, .. } => *count,
        }
    }
}

/// More resources than this at once are a volume: they are made only where that is allowed.
pub const AT_ONCE: usize = 20;

/// How many of a given there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Always this many.
    Fixed(usize),
    /// As many as the volume of the case says.
    Volume,
}

impl Count {
    /// The number in this case.
    pub fn of(self, case: &Case) -> usize {
        match self {
            Self::Fixed(count) => count,
            Self::Volume => case.volume.unwrap_or_default(),
        }
    }
}

/// Parts of an identity the file fixes; the rest is made from the seed. Values may hold case templates.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Person {
    /// First name.
    pub given_name: Option<String>,
    /// Last name.
    pub family_name: Option<String>,
    /// Display name; first and last name when absent.
    pub display_name: Option<String>,
    /// The part of userName before the run token, e.g. `o'brien` or `ann+test`.
    pub local_part: Option<String>,
}

/// One row of a scenario's table of values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Case {
    /// Suffix of its step and check ids (`check@id`); empty for the unnamed case.
    pub id: String,
    /// Values, as `{{case.name}}`.
    pub values: BTreeMap<String, Value>,
    /// How many resources there are in it, where the scenario is told for several volumes.
    pub volume: Option<usize>,
}

impl Case {
    /// The case of a volume, named by its number.
    pub fn of_volume(size: usize) -> Self {
        Self { id: size.to_string(), values: BTreeMap::new(), volume: Some(size) }
    }
}

/// One request and what is expected of its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Id, unique in the scenario and app.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// The dialects it is sent under.
    pub apps: Vec<App>,
    /// HTTP method.
    pub method: String,
    /// Path and query template after the base URL, as one reads it (unencoded).
    pub path: String,
    /// The given or person that `{{user.*}}` names in the body.
    pub actor: Option<String>,
    /// What is sent as body.
    pub body: BodySource,
    /// Which credential is sent.
    pub credential: StepCredential,
    /// Header fields that replace the client's own; an empty value removes one.
    pub headers: Vec<(String, String)>,
    /// Consecutive steps with the same word are sent at once.
    pub together: Option<String>,
    /// Walk a list in pages of this count; checks see the pages joined.
    pub paginate: Option<usize>,
    /// Values taken from the answer: name -> JSON Pointer.
    pub captures: Vec<(String, String)>,
    /// How the answer is judged.
    pub checks: Vec<Check>,
}

/// Which credential a step sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepCredential {
    /// The one the run was given.
    #[default]
    Given,
    /// The same with the name of its scheme in lower case.
    LowerScheme,
    /// A made-up one of the same form.
    Wrong,
    /// No Authorization header.
    None,
}

/// Where a step's body comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum BodySource {
    /// No body.
    None,
    /// JSON with templates in its strings.
    Json(Value),
    /// Bytes sent as they are, templates filled as text: a deliberately broken body.
    Raw(String),
    /// Okta's update: the body an earlier step read, with this written over it.
    Merge {
        /// The earlier step's id.
        from: String,
        /// Deep-merged over it: objects member by member, everything else replaced.
        over: Value,
    },
}

/// One judged expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Id within the scenario.
    pub id: String,
    /// What must hold.
    pub expect: Expect,
    /// How much a failure weighs.
    pub level: Level,
    /// Its own capability, when not the scenario's.
    pub capability: Option<Capability>,
    /// Whose authority: RFC section or Okta document.
    pub spec: Vec<String>,
    /// What the server's developer changes.
    pub fix: String,
    /// Why it matters, when the scenario's `why` does not say it.
    pub why: Option<String>,
    /// What follows is blocked when this fails.
    pub stop: bool,
    /// The dialects it is judged under; the step's when empty.
    pub apps: Vec<App>,
    /// What the target must offer, else the check is skipped.
    pub needs: Vec<Need>,
}

/// The closed vocabulary of expectations. Each form is judged by one function under `check/`.
#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    /// The status code is one of these.
    Status(Vec<u16>),
    /// A header field passes the test (its value as a string).
    Header {
        /// Field name, compared without case.
        name: String,
        /// What its value must be.
        test: Test,
    },
    /// The value at a JSON Pointer passes the test.
    At {
        /// JSON Pointer into the body (`""` is the whole body).
        at: String,
        /// What the value must be.
        test: Test,
    },
    /// The value at `at` includes this subset: objects member by member, arrays by content and not by position.
    Includes {
        /// JSON Pointer to start from, `""` for the whole body.
        at: String,
        /// The expected subset.
        expected: Value,
    },
    /// The body equals an earlier step's, apart from these pointers.
    SameAs {
        /// The earlier step's id.
        step: String,
        /// JSON Pointers (with everything below them) that may differ; absent, null and `[]` are the same.
        except: Vec<String>,
    },
    /// The dateTime at `at` is later than the one there in an earlier step's body.
    LaterThan {
        /// JSON Pointer.
        at: String,
        /// The earlier step's id.
        step: String,
    },
    /// The body is a ListResponse: integer totalResults, Resources an array of objects (absent only at 0).
    List,
    /// totalResults is this many.
    ListTotal(Total),
    /// Each of the named given's resources is listed exactly once (by id).
    Lists(String),
    /// This expectation holds on every listed resource (pointers start at the resource).
    Each(Box<Expect>),
    /// At least one of these holds.
    AnyOf(Vec<Expect>),
    /// No id is listed twice.
    NoRepeats,
    /// As many resources are listed, over all pages, as totalResults says.
    Complete,
    /// The same ids are listed in the same order as by an earlier step.
    SameOrderAs(String),
    /// The body is a SCIM Error: schemas, status as the HTTP status, a non-empty detail.
    ScimError {
        /// The scimType it must name.
        scim_type: Option<String>,
    },
    /// The answer came within this time.
    FasterThan(Duration),
}

impl Expect {
    /// Whether it counts over a directory that somebody else may be changing at the same time.
    pub const fn counts(&self) -> bool {
        matches!(
            self,
            Self::SameAs { .. }
                | Self::ListTotal(_)
                | Self::Lists(_)
                | Self::NoRepeats
                | Self::Complete
                | Self::SameOrderAs(_)
        )
    }
}

/// A number of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// Exactly this many.
    Exactly(u64),
    /// At least this many.
    AtLeast(u64),
}

/// What one value must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Equal as JSON; numbers by value, strings exactly.
    Equals(Value),
    /// Equal to one of these.
    OneOf(Vec<Value>),
    /// Of this type.
    Is(Kind),
    /// There and not null.
    Present,
    /// Not there, or null.
    Absent,
    /// A string contains this text; an array has an element that equals this or, for an object, includes it.
    Contains(Value),
    /// A string matches this regular expression (unanchored).
    Matches(String),
}

/// Types a value can be tested for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A JSON string.
    String,
    /// A JSON string that is not empty.
    NonEmptyString,
    /// Anything but null, `""`, `[]` and `{}`: the loosest way to be there (Okta's suites say `not_empty`).
    NotEmpty,
    /// A JSON number without fraction.
    Integer,
    /// A JSON number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A JSON array.
    Array,
    /// A JSON array that is not empty.
    NonEmptyArray,
    /// A JSON object.
    Object,
    /// An RFC 3339 / xsd:dateTime string.
    DateTime,
    /// An absolute URI, or a relative one that starts with `/`.
    Uri,
}
