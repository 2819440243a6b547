//! Parse the command line, call the verb, turn the outcome into an exit code.

fn main() {}
