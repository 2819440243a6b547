//! Every exit code of the program. Scripts depend on them; they change only by adding.

use std::process::ExitCode;

/// How the program ends. Several at once: the first of bug, interrupted, invalid input, nothing selected, cannot test,
/// report not written, gate failed, passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The gate passed.
    Passed = 0,
    /// The gate failed, or the run could not be completed (deadline, request budget).
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The target cannot be tested: no connection, TLS, credential refused, redirect, not SCIM.
    CannotTest = 3,
    /// A scenario, fixture, known-failures or saved report file is invalid.
    InvalidInput = 4,
    /// The selection matches no scenario.
    NothingSelected = 5,
    /// A report could not be written.
    ReportNotWritten = 6,
    /// A bug in the tool.
    Bug = 70,
    /// Interrupted: cleaned up, partial report written.
    Interrupted = 130,
}

impl Exit {
    /// The more important of two, in the order of the type's description.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        const ORDER: [Exit; 9] = [
            Exit::Bug,
            Exit::Interrupted,
            Exit::Usage,
            Exit::InvalidInput,
            Exit::NothingSelected,
            Exit::CannotTest,
            Exit::ReportNotWritten,
            Exit::Failed,
            Exit::Passed,
        ];
        ORDER.into_iter().find(|e| *e == self || *e == other).unwrap_or(other)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_important_code_wins_from_either_side() {
        assert_eq!(Exit::Failed.worst(Exit::CannotTest), Exit::CannotTest);
        assert_eq!(Exit::CannotTest.worst(Exit::Failed), Exit::CannotTest);
        assert_eq!(Exit::Interrupted.worst(Exit::InvalidInput), Exit::Interrupted);
        assert_eq!(Exit::Passed.worst(Exit::Failed), Exit::Failed);
    }
}
