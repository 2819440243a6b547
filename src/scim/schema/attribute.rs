//! One attribute and its characteristics (RFC 7643 §2.2, §7).

use serde_json::{Value, json};

/// The data type of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    String,
    /// true or false.
    Boolean,
    /// A number with a fraction.
    Decimal,
    /// A whole number.
    Integer,
    /// xsd:dateTime text.
    DateTime,
    /// base64 text.
    Binary,
    /// A URI.
    Reference,
    /// An object of sub-attributes.
    Complex,
}

/// Who may change a value, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutability {
    /// The server alone.
    ReadOnly,
    /// Anyone, any time.
    ReadWrite,
    /// Once, while it has no value.
    Immutable,
    /// Anyone, but nobody reads it.
    WriteOnly,
}

/// When a value is part of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// In every answer.
    Always,
    /// Never.
    Never,
    /// Unless excluded or not asked for.
    Default,
    /// Only when asked for.
    Request,
}

/// Among which resources a value may occur once only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uniqueness {
    /// No limit.
    None,
    /// Among the resources of its type.
    Server,
    /// Everywhere.
    Global,
}

/// Each keyword of a characteristic, both ways.
macro_rules! keywords {
    ($type:ident { $($variant:ident = $word:literal),+ }) => {
        impl $type {
            /// The keyword in a schema definition.
            pub fn keyword(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The characteristic a keyword names.
            pub fn from_keyword(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

keywords!(Kind {
    String = "string",
    Boolean = "boolean",
    Decimal = "decimal",
    Integer = "integer",
    DateTime = "dateTime",
    Binary = "binary",
    Reference = "reference",
    Complex = "complex"
});
keywords!(Mutability {
    ReadOnly = "readOnly",
    ReadWrite = "readWrite",
    Immutable = "immutable",
    WriteOnly = "writeOnly"
});
keywords!(Returned { Always = "always", Never = "never", Default = "default", Request = "request" });
keywords!(Uniqueness { None = "none", Server = "server", Global = "global" });

/// One attribute definition.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The name in its canonical case.
    pub name: String,
    /// The data type.
    pub kind: Kind,
    /// Whether it holds an array of values.
    pub multi_valued: bool,
    /// For people.
    pub description: String,
    /// Whether every resource must have a value.
    pub required: bool,
    /// Whether case matters when values are compared.
    pub case_exact: bool,
    /// Who may change it.
    pub mutability: Mutability,
    /// When it is answered.
    pub returned: Returned,
    /// Whether a value may occur twice.
    pub uniqueness: Uniqueness,
    /// Suggested values.
    pub canonical_values: Vec<String>,
    /// What a reference may point to.
    pub reference_types: Vec<String>,
    /// The sub-attributes of a complex attribute.
    pub sub_attributes: Vec<Attribute>,
}

impl Attribute {
    /// An attribute with the defaults of RFC 7643 §2.2.
    pub fn new(name: &str, kind: Kind, description: &str) -> Self {
        Self {
            name: name.into(),
            kind,
            multi_valued: false,
            description: description.into(),
            required: false,
            case_exact: matches!(kind, Kind::Binary | Kind::Reference),
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            canonical_values: Vec::new(),
            reference_types: Vec::new(),
            sub_attributes: Vec::new(),
        }
    }

    /// Whether this is its name, whatever the case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The sub-attribute of this name, whatever the case.
    pub fn sub(&self, name: &str) -> Option<&Attribute> {
        self.sub_attributes.iter().find(|sub| sub.is(name))
    }

    /// The definition as it stands in a Schema resource.
    pub fn to_json(&self) -> Value {
        let mut definition = json!({
            "name": self.name,
            "type": self.kind.keyword(),
            "multiValued": self.multi_valued,
            "description": self.description,
            "required": self.required,
        });
        if matches!(self.kind, Kind::String | Kind::Reference | Kind::Binary) {
            definition["caseExact"] = self.case_exact.into();
        }
        definition["mutability"] = self.mutability.keyword().into();
        definition["returned"] = self.returned.keyword().into();
        if matches!(self.kind, Kind::String | Kind::Reference | Kind::Integer | Kind::Decimal) {
            definition["uniqueness"] = self.uniqueness.keyword().into();
        }
        if !self.canonical_values.is_empty() {
            definition["canonicalValues"] = json!(self.canonical_values);
        }
        if self.kind == Kind::Reference {
            definition["referenceTypes"] = json!(self.reference_types);
        }
        if self.kind == Kind::Complex {
            definition["subAttributes"] = self.sub_attributes.iter().map(Self::to_json).collect();
        }
        definition
    }
}
