//! Imports: all files order and group them alike.

use quadrivium_tests::{
    sources::all_sources,
    words::{Token, tokens},
};

use crate::report::{Finding, report};

/// A private `use` at the top of a file.
struct Use {
    /// The crate that it imports from, or `crate`, `super` or `self`.
    root: String,
    /// Its first and its last line.
    lines: (usize, usize),
}

impl Use {
    /// Returns its place among the groups: the standard library, other crates, this crate.
    fn group(&self) -> usize {
        match self.root.as_str() {
            "std" | "core" | "alloc" => 0,
            "crate" | "super" | "self" => 2,
            _ => 1,
        }
    }
}

/// Returns the `use` lines of a file that are neither public nor under an attribute. A `use` of the
/// variants of an enum begins with a capital. It is below the enum and does not count.
fn uses(tokens: &[Token]) -> Vec<Use> {
    let mut found = Vec::new();
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        let is_plain = at.checked_sub(1).is_none_or(|at| [";", "}"].contains(&&*tokens[at].text));
        match token.text.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            "use" if depth == 0 && is_plain => {
                let rest = &tokens[at + 1..];
                let Some(root) = rest.iter().find(|token| token.is_word()) else { continue };
                if root.text.starts_with(char::is_uppercase) {
                    continue;
                }
                let end = rest.iter().find(|token| token.text == ";").unwrap();
                found.push(Use { root: root.text.clone(), lines: (token.line, end.line) });
            }
            _ => {}
        }
    }
    found
}

/// Returns the mistakes in the imports of a file, each with its line.
fn mistakes(text: &str) -> Vec<(usize, String)> {
    let uses = uses(&tokens(text));
    let lines: Vec<_> = text.lines().collect();
    let mut found = Vec::new();
    for (at, it) in uses.iter().enumerate() {
        let line = it.lines.0;
        if uses[..at].iter().any(|earlier| earlier.root == it.root) {
            found.push((line, format!("a second `use` of `{}`", it.root)));
        }
        let Some(before) = at.checked_sub(1).map(|at| &uses[at]) else { continue };
        let is_apart = lines[before.lines.1..line - 1].iter().any(|line| line.trim().is_empty());
        if before.group() > it.group() {
            found.push((line, format!("`{}` after `{}`", it.root, before.root)));
        } else if before.group() < it.group() && !is_apart {
            found.push((line, format!("no empty line before `use {}`", it.root)));
        } else if before.group() == it.group() && is_apart && it.root != "self" {
            found.push((line, format!("an empty line before `use {}`", it.root)));
        }
    }
    found
}

#[test]
fn imports_have_one_style() {
    let mut findings = Vec::new();
    for (file, text) in all_sources() {
        for (line, what) in mistakes(&text) {
            findings.push(Finding::new(&format!("{file}:{line}"), what));
        }
    }
    report(
        "Imports are not in the style of the others:",
        "one `use` for each crate; first `std`, then other crates, then `crate` or `super`, with an \
         empty line between these groups (`cargo +nightly fmt -- --config \
         imports_granularity=Crate,group_imports=StdExternalCrate` does it)",
        findings,
    );
}

#[test]
fn wrong_imports_are_found() {
    let good = "//! A file.\n\nuse std::{fmt, io};\n\nuse a::b;\nuse c::{\n    d,\n};\n\nuse crate::e;\n\n\
        pub use std::mem;\n#[cfg(x)]\nuse std::x;\nmod m {\n    use std::y;\n}\n";
    assert_eq!(mistakes(good), []);
    let of = |text| mistakes(text).into_iter().map(|(line, what)| format!("{line}: {what}"));
    let found: Vec<_> =
        of("use std::a;\nuse b::c;\n\nuse d::e;\n\nuse std::f;\nuse crate::g;").collect();
    let expected = [
        "2: no empty line before `use b`",
        "4: an empty line before `use d`",
        "6: a second `use` of `std`",
        "6: `std` after `d`",
        "7: no empty line before `use crate`",
    ];
    assert_eq!(found, expected);
}
