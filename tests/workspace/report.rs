//! What a rule has found: all of it in one message.

use std::fmt::Write;

/// What is wrong, and the files that it is wrong in.
pub struct Finding {
    pub files: Vec<String>,
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
