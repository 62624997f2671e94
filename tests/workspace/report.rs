//! The findings of a rule, in one message.

use std::fmt::Write;

/// A violation of a rule, and the files that violate it.
pub struct Finding {
    pub files: Vec<String>,
    /// The violation.
    pub what: String,
}

impl Finding {
    pub fn new(file: &str, what: impl Into<String>) -> Finding {
        Finding { files: vec![file.into()], what: what.into() }
    }
}

/// Panics with all findings of a rule, unless there is none.
#[track_caller]
pub fn report(rule: &str, remedy: &str, findings: Vec<Finding>) {
    let mut message = String::new();
    for Finding { files, what } in findings {
        writeln!(message, "  {}: {what}", files.join(", ")).unwrap();
    }
    assert!(message.is_empty(), "{rule}\n{message}  remedy: {remedy}");
}
