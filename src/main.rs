//! Parse the command line, call the verb, turn the outcome into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    scimulate::cli::main().into()
}
