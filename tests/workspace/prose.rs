//! Prose: comments, messages and pages have no phrase that makes a reader read twice.

use quadrivium_tests::prose::{all_paragraphs, phrases::phrases_in};

use crate::report::{Finding, report};

/// Files that may have the phrases, and why.
const EXCEPTIONS: [(&str, &str); 1] =
    [("tests/prose/phrases.rs", "it lists the phrases and tests that they are found")];

/// Returns the phrases in all files, with file and line.
fn findings() -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, paragraph) in all_paragraphs() {
        for (at, phrase) in phrases_in(&paragraph) {
            let place = format!("{file}:{}", paragraph.line_at(at));
            let what = format!("\"{}\": {}", phrase.text, phrase.instead);
            findings.push(Finding::new(&place, what));
        }
    }
    findings
}

fn is_in(finding: &Finding, file: &str) -> bool {
    finding.files[0].starts_with(&format!("{file}:"))
}

#[test]
fn no_phrase_has_to_be_read_twice() {
    let mut findings = findings();
    findings.retain(|it| !EXCEPTIONS.iter().any(|(file, _)| is_in(it, file)));
    report(
        "Sentences have to be read twice:",
        "write each sentence anew from what it means, with a noun as its subject and one idea; \
         `cargo run -q -p quadrivium-tests --bin sentences` lists the long ones",
        findings,
    );
}

#[test]
fn exceptions_are_needed() {
    let findings = findings();
    for (file, why) in EXCEPTIONS {
        let is_needed = findings.iter().any(|finding| is_in(finding, file));
        assert!(is_needed, "{file} ({why}) has no such phrase now: take it out of EXCEPTIONS");
    }
}
