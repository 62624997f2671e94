//! What a rule has found: all of it in one message.

use std::fmt::Write;

/// Packages that do not keep the rules yet.
const NOT_YET: [&str; 14] = [
    "crates/core/",
    "crates/io/",
    "crates/hosts/event-loop/",
    "crates/hosts/guests/",
    "crates/hosts/may/",
    "crates/styles/",
    "crates/testing/test-kit/",
    "crates/testing/conformance/",
    "crates/testing/ecosystem/",
    "crates/testing/seeded-bugs/",
    "crates/tools/",
    "crates/quadrivium/",
    "examples/",
    "tests/",
];

/// What is wrong, and the files that it is wrong in.
pub struct Finding {
    pub files: Vec<String>,
    pub what: String,
}

impl Finding {
    pub fn new(file: &str, what: impl Into<String>) -> Finding {
        Finding { files: vec![file.into()], what: what.into() }
    }

    fn is_for_later(&self) -> bool {
        self.files.iter().any(|file| NOT_YET.iter().any(|package| file.starts_with(package)))
    }
}

/// Panics with all findings of a rule, unless there is none.
#[track_caller]
pub fn report(rule: &str, remedy: &str, findings: Vec<Finding>) {
    let all = std::env::var_os("QUADRIVIUM_ALL_FINDINGS").is_some();
    let mut message = String::new();
    for finding in findings.iter().filter(|finding| all || !finding.is_for_later()) {
        writeln!(message, "  {}: {}", finding.files.join(", "), finding.what).unwrap();
    }
    assert!(message.is_empty(), "{rule}\n{message}  remedy: {remedy}");
}
