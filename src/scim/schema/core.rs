//! The built-in definitions: RFC 7643 §3.1, §4 and §8.7.1 with the verified errata (5368, 6004, 8471, 8472), and Okta's
//! Role and Entitlement.

use super::attribute::{Attribute, Kind, Mutability, Returned, Uniqueness};
use super::{ENTERPRISE_URN, ENTITLEMENT_URN, GROUP_URN, ROLE_URN, ResourceType, Schema, USER_URN};

fn text(name: &str, description: &str) -> Attribute {
    Attribute::new(name, Kind::String, description)
}

fn complex(name: &str, description: &str, sub_attributes: Vec<Attribute>) -> Attribute {
    Attribute { sub_attributes, ..Attribute::new(name, Kind::Complex, description) }
}

fn many(name: &str, description: &str, sub_attributes: Vec<Attribute>) -> Attribute {
    Attribute { multi_valued: true, ..complex(name, description, sub_attributes) }
}

fn reference(name: &str, description: &str, types: &[&str]) -> Attribute {
    let reference_types = types.iter().map(|&name| name.to_owned()).collect();
    Attribute { reference_types, ..Attribute::new(name, Kind::Reference, description) }
}

fn exact(attribute: Attribute) -> Attribute {
    Attribute { case_exact: true, ..attribute }
}

fn required(attribute: Attribute) -> Attribute {
    Attribute { required: true, ..attribute }
}

fn of(attribute: Attribute, values: &[&str]) -> Attribute {
    Attribute { canonical_values: values.iter().map(|&value| value.to_owned()).collect(), ..attribute }
}

/// The attribute and its sub-attributes with this mutability.
fn with(mutability: Mutability, attribute: Attribute) -> Attribute {
    let sub_attributes = attribute.sub_attributes.iter().map(|sub| with(mutability, sub.clone())).collect();
    Attribute { mutability, sub_attributes, ..attribute }
}

/// The default sub-attributes of a multi-valued attribute (RFC 7643 §2.4).
fn plural(value: Attribute, types: &[&str]) -> Vec<Attribute> {
    vec![
        value,
        text("display", "A readable form of the value."),
        of(text("type", "What the value is for."), types),
        Attribute::new("primary", Kind::Boolean, "Whether this is the preferred value; true for one value at most."),
    ]
}

/// The attributes every resource has (RFC 7643 §3, §3.1).
pub fn common() -> Vec<Attribute> {
    let read_only = Mutability::ReadOnly;
    vec![
        Attribute {
            returned: Returned::Always,
            multi_valued: true,
            ..required(exact(text("schemas", "The URIs of the schemas whose attributes the resource may hold.")))
        },
        Attribute {
            returned: Returned::Always,
            uniqueness: Uniqueness::Global,
            ..with(read_only, required(exact(text("id", "The identifier that the server gave the resource."))))
        },
        exact(text("externalId", "The identifier that the client knows the resource by.")),
        with(
            read_only,
            complex(
                "meta",
                "What the server knows about the resource itself.",
                vec![
                    exact(text("resourceType", "The name of the resource type.")),
                    Attribute::new("created", Kind::DateTime, "When the resource was added."),
                    Attribute::new("lastModified", Kind::DateTime, "When the resource was last changed."),
                    reference("location", "Where the resource is found.", &["uri"]),
                    exact(text("version", "The version of this representation.")),
                ],
            ),
        ),
    ]
}

/// The User type with the enterprise extension and these further ones.
pub fn user(extensions: Vec<Schema>) -> ResourceType {
    let mut all = vec![enterprise_user()];
    all.extend(extensions);
    ResourceType::new("User", "/Users", user_schema(), all)
}

fn user_schema() -> Schema {
    let address = vec![
        text("formatted", "The whole address, ready for display or a label."),
        text("streetAddress", "Street, house number, post box."),
        text("locality", "City or town."),
        text("region", "State or region."),
        text("postalCode", "Postal code."),
        text("country", "Country as an ISO 3166-1 alpha-2 code."),
        of(text("type", "What the address is for."), &["work", "home", "other"]),
        Attribute::new("primary", Kind::Boolean, "Whether this is the preferred address; true for one value at most."),
    ];
    let name = vec![
        text("formatted", "The whole name, ready for display."),
        text("familyName", "Family name."),
        text("givenName", "Given name."),
        text("middleName", "Middle names."),
        text("honorificPrefix", "What stands before the name."),
        text("honorificSuffix", "What stands after the name."),
    ];
    let groups = vec![
        exact(text("value", "The id of the group.")),
        reference("$ref", "The URI of the group.", &["Group"]),
        text("display", "The name of the group."),
        of(text("type", "How the membership came about."), &["direct", "indirect"]),
    ];
    let chat = ["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"];
    let phone = ["work", "home", "mobile", "fax", "pager", "other"];
    Schema {
        id: USER_URN.into(),
        name: "User".into(),
        description: "User account".into(),
        attributes: vec![
            Attribute {
                uniqueness: Uniqueness::Server,
                ..required(text("userName", "What the person signs in with; unique whatever its case."))
            },
            complex("name", "The parts of the person's name.", name),
            text("displayName", "The name to show for the person."),
            text("nickName", "What the person is called informally."),
            reference("profileUrl", "A page about the person.", &["external"]),
            text("title", "The person's job title."),
            text("userType", "How the person relates to the organization, such as Employee."),
            text("preferredLanguage", "The language the person prefers, as in Accept-Language."),
            text("locale", "The person's locale for numbers, dates and currency, such as en-US."),
            text("timezone", "The person's time zone, such as Europe/Lisbon."),
            Attribute::new("active", Kind::Boolean, "Whether the account may be used."),
            Attribute {
                returned: Returned::Never,
                ..with(Mutability::WriteOnly, text("password", "A new password; accepted, never answered."))
            },
            many("emails", "E-mail addresses.", plural(text("value", "The address."), &["work", "home", "other"])),
            many("phoneNumbers", "Telephone numbers.", plural(text("value", "The number."), &phone)),
            many("ims", "Instant messaging addresses.", plural(text("value", "The address."), &chat)),
            many(
                "photos",
                "Pictures of the person.",
                plural(reference("value", "Where the picture is.", &["external"]), &["photo", "thumbnail"]),
            ),
            many("addresses", "Postal addresses.", address),
            with(Mutability::ReadOnly, many("groups", "The groups the person belongs to.", groups)),
            many("entitlements", "What the person is entitled to.", plural(text("value", "The entitlement."), &[])),
            many("roles", "The person's roles.", plural(text("value", "The role."), &[])),
            many(
                "x509Certificates",
                "Certificates of the person.",
                plural(Attribute::new("value", Kind::Binary, "One DER certificate in base64."), &[]),
            ),
        ],
    }
}

/// The enterprise extension of User (RFC 7643 §4.3).
pub fn enterprise_user() -> Schema {
    let manager = vec![
        exact(text("value", "The id of the manager's User resource.")),
        reference("$ref", "The URI of the manager's User resource.", &["User"]),
        with(Mutability::ReadOnly, text("displayName", "The manager's name.")),
    ];
    Schema {
        id: ENTERPRISE_URN.into(),
        name: "EnterpriseUser".into(),
        description: "Enterprise User".into(),
        attributes: vec![
            text("employeeNumber", "The number the organization gave the person."),
            text("costCenter", "The person's cost center."),
            text("organization", "The person's organization."),
            text("division", "The person's division."),
            text("department", "The person's department."),
            complex("manager", "The person's manager.", manager),
        ],
    }
}

/// The Group type (RFC 7643 §4.2).
pub fn group() -> ResourceType {
    let member = vec![
        exact(text("value", "The id of the member.")),
        reference("$ref", "The URI of the member.", &["User", "Group"]),
        of(text("type", "The resource type of the member."), &["User", "Group"]),
        text("display", "The name of the member."),
    ];
    let mut members = with(Mutability::Immutable, many("members", "The members of the group.", member));
    members.mutability = Mutability::ReadWrite;
    let schema = Schema {
        id: GROUP_URN.into(),
        name: "Group".into(),
        description: "Group".into(),
        attributes: vec![required(text("displayName", "The name of the group.")), members],
    };
    ResourceType::new("Group", "/Groups", schema, Vec::new())
}

/// Okta's Role type: what a user's `roles` may name.
pub fn role() -> ResourceType {
    let schema = Schema {
        id: ROLE_URN.into(),
        name: "Role".into(),
        description: "A role that users can be given".into(),
        attributes: vec![
            required(text("displayName", "The name of the role.")),
            text("description", "What the role is for."),
        ],
    };
    ResourceType::new("Role", "/Roles", schema, Vec::new())
}

/// Okta's Entitlement type: what a user's `entitlements` may name.
pub fn entitlement() -> ResourceType {
    let schema = Schema {
        id: ENTITLEMENT_URN.into(),
        name: "Entitlement".into(),
        description: "An entitlement that users can be given".into(),
        attributes: vec![
            required(text("displayName", "The name of the entitlement.")),
            text("type", "The kind of entitlement."),
            text("description", "What the entitlement is for."),
        ],
    };
    ResourceType::new("Entitlement", "/Entitlements", schema, Vec::new())
}
