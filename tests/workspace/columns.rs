//! Columns: a line fits on a screen. In `examples/`, two files fit beside each other.

use quadrivium_tests::{sources::all_sources, words::without_strings};

use crate::report::{Finding, report};

const MOST: usize = 100;

/// Returns whether a line is a row of a table in a comment.
fn is_table(line: &str) -> bool {
    let line = line.trim_start();
    let comment = ["//!", "///", "//"].iter().find_map(|start| line.strip_prefix(start));
    comment.is_some_and(|comment| comment.trim_start().starts_with('|'))
}

/// Some lines may be longer: a line with a string, which rustfmt does not break, and a row of a
/// table in a comment.
#[test]
fn lines_fit_on_a_screen() {
    let mut findings = Vec::new();
    for (file, text) in all_sources() {
        let most = if file.starts_with("examples/") { 80 } else { MOST };
        let short = without_strings(&text);
        for (at, (line, short)) in text.lines().zip(short.lines()).enumerate() {
            let columns = line.chars().count();
            if columns > most && short.chars().count() > most && !is_table(line) {
                findings.push(Finding::new(
                    &format!("{file}:{}", at + 1),
                    format!("{columns} columns of {most}"),
                ));
            }
        }
    }
    report("Lines are too long:", "run `cargo fmt`, and wrap comments by hand", findings);
}
