//! [`Finding`]: the result of one bug.

use std::fmt;

use crate::{bugs::Bug, suite::SuiteResult};

/// The result of one bug.
#[derive(Debug)]
pub struct Finding<'a> {
    pub bug: &'a Bug,
    /// The results of the laws, or an error when the bug does not compile.
    pub built: Result<SuiteResult, String>,
}

impl Finding<'_> {
    /// Returns whether a law has found the bug.
    pub fn is_killed(&self) -> bool {
        self.built.as_ref().is_ok_and(|result| !result.is_clean())
    }

    /// Returns whether only laws that did not end have found the bug: then the watchdog noticed it,
    /// and no law failed.
    pub fn is_weakly_killed(&self) -> bool {
        let is_weak = |result: &SuiteResult| result.failed.is_empty() && result.died.is_empty();
        self.is_killed() && self.built.as_ref().is_ok_and(is_weak)
    }

    /// Returns the error of a bug that was not killed.
    pub fn complaint(&self) -> String {
        let why = match &self.built {
            Ok(_) => "no law has found it: write a law that does",
            Err(error) => error,
        };
        format!("{}: {why}", self.bug.name)
    }
}

impl fmt::Display for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.built {
            Ok(result) if result.is_clean() => f.write_str("survives"),
            Ok(result) => {
                let SuiteResult { failed, died, unended, .. } = result;
                let [failed, died, unended] = [failed, died, unended].map(Vec::len);
                write!(
                    f,
                    "killed: {failed} laws fail, {died} end the process, {unended} do not end"
                )
            }
            Err(error) => write!(f, "cannot be planted: {error}"),
        }
    }
}
