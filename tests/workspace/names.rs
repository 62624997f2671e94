//! Names: one type has one name, and one name means one type.

use std::collections::BTreeMap;

use crate::{
    modules::{modules, roots},
    report::{Finding, report},
    sources::all_sources,
    words::{Token, tokens},
};

/// Names that several types have, and why that confuses nobody.
const EXCEPTIONS: [(&str, &str); 0] = [];

/// The folders whose private types have names that no other type may have.
const LIBRARY: [&str; 6] = [
    "crates/core/",
    "crates/styles/",
    "crates/io/",
    "crates/hosts/",
    "crates/testing/test-kit/",
    "crates/quadrivium/",
];

/// A type that a file defines: a struct, an enum, a union, a trait or an alias.
#[derive(Clone, Debug)]
struct Defined {
    name: String,
    is_private: bool,
    file: String,
    line: usize,
}

impl Defined {
    fn is_of_the_library(&self) -> bool {
        LIBRARY.iter().any(|folder| self.file.starts_with(folder))
    }

    /// Whether another type of the same name would confuse a reader. A private type of a law or of
    /// a program is seen in its file alone; so it must only not look like a type of the library.
    fn confuses(&self, other: &Defined) -> bool {
        let is_local = |it: &Defined| it.is_private && !it.is_of_the_library();
        let is_public = |it: &Defined| !it.is_private;
        match (is_local(self), is_local(other)) {
            (false, false) => true,
            (true, false) => other.is_of_the_library() && is_public(other),
            (false, true) => self.is_of_the_library() && is_public(self),
            (true, true) => false,
        }
    }
}

/// The types that stand in a file outside of functions, in the order of their lines.
fn types(file: &str, tokens: &[Token]) -> Vec<Defined> {
    let mut found = Vec::new();
    // Whether each open block hides what it defines, as those of functions do.
    let mut blocks: Vec<bool> = Vec::new();
    for (at, Token { text, line }) in tokens.iter().enumerate() {
        let before = |n: usize| at.checked_sub(n).map_or("", |at| tokens[at].text.as_str());
        match text.as_str() {
            // A module, or what a macro makes items of.
            "{" => blocks.push(before(2) != "mod" && before(1) != "!"),
            "}" => _ = blocks.pop(),
            "struct" | "enum" | "union" | "trait" | "type" if !blocks.contains(&true) => {
                let Some(name) = tokens.get(at + 1).filter(|name| name.is_word()) else { continue };
                let is_private = !["pub", ")"].contains(&before(1));
                let (name, file) = (name.text.clone(), file.to_string());
                found.push(Defined { name, is_private, file, line: *line });
            }
            _ => {}
        }
    }
    found
}

/// The types of the crates and of the examples, by name; those of tests are not among them.
fn all_types() -> BTreeMap<String, Vec<Defined>> {
    let files = all_sources();
    let counts = |root: &&str| root.starts_with("examples/") || root.contains("/src/");
    let mut found: BTreeMap<String, Vec<Defined>> = BTreeMap::new();
    for root in roots(&files).into_iter().filter(counts) {
        for module in modules(root, &files) {
            for defined in types(&module.file, &module.tokens) {
                found.entry(defined.name.clone()).or_default().push(defined);
            }
        }
    }
    found
}

#[test]
fn one_name_means_one_type() {
    let mut findings = Vec::new();
    for (name, all) in all_types() {
        let mut of_one: Vec<_> = all
            .iter()
            .filter(|it| all.iter().any(|other| it.file != other.file && it.confuses(other)))
            .collect();
        of_one.dedup_by_key(|it| &it.file);
        let is_excepted = EXCEPTIONS.iter().any(|(excepted, _)| *excepted == name);
        if of_one.len() > 1 && !is_excepted {
            let files = of_one.iter().map(|it| format!("{}:{}", it.file, it.line)).collect();
            findings.push(Finding { files, what: name });
        }
    }
    report(
        "One name stands for several types:",
        "name each after what it is, or add the name and a reason to EXCEPTIONS in this test",
        findings,
    );
}

#[test]
fn exceptions_are_needed() {
    let types = all_types();
    for (name, why) in EXCEPTIONS {
        let several = types.get(name).is_some_and(|all| all.len() > 1);
        assert!(several, "{name} ({why}) is the name of one type now: take it out of EXCEPTIONS");
    }
}

#[test]
fn types_are_found_outside_of_functions() {
    let text = "pub struct A; mod inner { enum B {} } fn f() { struct Hidden; } trait C { type H; }
        leaf! { pub(crate) struct D(u8); } macro_rules! m { ($a:ident) => { struct H; } } type E = u8;
        impl A { type H = u8; }";
    let found = types("x.rs", &tokens(text));
    let names: Vec<_> = found.iter().map(|it| (it.name.as_str(), it.is_private)).collect();
    assert_eq!(names, [("A", false), ("B", true), ("C", true), ("D", false), ("E", true)]);
}
