//! Who plays it: the simulated client: app kind, credentials, wire headers, identities, sending.
