//! [`Finding`]: what came of one bug.

use std::fmt;

use crate::{bugs::Bug, suite::SuiteResult};

/// What came of one bug.
#[derive(Debug)]
pub struct Finding<'a> {
    pub bug: &'a Bug,
    /// What the laws said; an error when the bug does not compile.
    pub built: Result<SuiteResult, String>,
}

impl Finding<'_> {
    /// Whether a law has seen the bug.
    pub fn is_killed(&self) -> bool {
        self.built.as_ref().is_ok_and(|outcome| !outcome.is_clean())
    }

    /// Whether it was seen only by laws that did not end, and so by the watchdog rather than by
    /// what the law says.
    pub fn is_weakly_killed(&self) -> bool {
        let is_weak = |outcome: &SuiteResult| outcome.failed.is_empty() && outcome.died.is_empty();
        self.is_killed() && self.built.as_ref().is_ok_and(is_weak)
    }

    /// What is wrong with a bug that was not killed.
    pub fn complaint(&self) -> String {
        let why = match &self.built {
            Ok(_) => "no law has seen it: write the one that does",
            Err(error) => error,
        };
        format!("{}: {why}", self.bug.name)
    }
}

impl fmt::Display for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.built {
            Ok(outcome) if outcome.is_clean() => f.write_str("survives"),
            Ok(outcome) => {
                let SuiteResult { failed, died, unended, .. } = outcome;
                let [failed, died, unended] = [failed, died, unended].map(Vec::len);
                write!(f, "killed: {failed} laws fail, {died} end it all, {unended} do not end")
            }
            Err(error) => write!(f, "cannot be planted: {error}"),
        }
    }
}
