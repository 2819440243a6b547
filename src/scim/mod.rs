//! The SCIM protocol as pure functions: schema, attribute path, filter, patch, resource, error. No I/O, no clock.
