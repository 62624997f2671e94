//! Names: one type has one name, and one name means one type.

use std::collections::BTreeMap;

use quadrivium_tests::{
    sources::all_sources,
    words::{Token, tokens},
};

use crate::{
    modules::{modules, roots},
    report::{Finding, report},
};

/// Names that several types have, and why this confuses no reader.
const EXCEPTIONS: [(&str, &str); 20] = [
    ("Builder", "std's own name: `green::Builder`, `thread::Builder`"),
    ("Callback", "the style, and the handle that its tasks have"),
    ("CallbackTask", "its module goes before it: `callback::send::CallbackTask`"),
    ("Cancelled", "of green threads on the loop and on may, which mirror each other"),
    ("Closed", "its module goes before it: `oneshot::Closed`, `watch::Closed`"),
    ("Co", "its module goes before it: `generator::send::Co`"),
    ("Connection", "its module goes before it: `test::Connection`, `server::Connection`"),
    ("Executor", "hyper's own name: `quadrivium::hyper::Executor`"),
    ("GeneratorTask", "its module goes before it: `generator::send::GeneratorTask`"),
    ("GreenTask", "its module goes before it: `may::green::GreenTask`"),
    ("GreenThread", "of green threads on the loop and on may, which mirror each other"),
    ("JoinHandle", "std's own name: `thread::JoinHandle`"),
    ("Receiver", "its module goes before it: `oneshot::Receiver`, `watch::Receiver`"),
    ("Recv", "a leaf named after the method of such a `Receiver`"),
    ("RecvError", "the error of such a `Recv`"),
    ("RunningBody", "of green threads on the loop and on may, which mirror each other"),
    ("Sender", "its module goes before it: `oneshot::Sender`, `watch::Sender`"),
    ("State", "private: the state of the type that its file is named after"),
    ("Style", "its module goes before it: `inspect::Style`, `conformance::Style`"),
    ("TryRecvError", "the error of `try_recv` of such a `Receiver`"),
];

/// The folders in which even a private type has a name of its own.
const LIBRARY: [&str; 7] = [
    "crates/core/",
    "crates/hooks/",
    "crates/styles/",
    "crates/io/",
    "crates/hosts/",
    "crates/testing/test-kit/",
    "crates/quadrivium/",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visibility {
    Public,
    /// `pub(crate)` or similar.
    Within,
    Private,
}

/// A type that a file defines: a struct, an enum, a union, a trait or an alias.
#[derive(Clone, Debug)]
struct TypeDefinition {
    name: String,
    visibility: Visibility,
    file: String,
    line: usize,
}

impl TypeDefinition {
    fn is_of_the_library(&self) -> bool {
        LIBRARY.iter().any(|folder| self.file.starts_with(folder))
    }

    /// Whether only its file uses it, as a helper of one law or of one program.
    fn is_local(&self) -> bool {
        self.visibility == Visibility::Private && !self.is_of_the_library()
    }

    /// Whether another type of the same name would confuse a reader. A local type may share its
    /// name with any type except a public one of the library.
    fn confuses(&self, other: &TypeDefinition) -> bool {
        let is_for_users =
            |it: &TypeDefinition| it.is_of_the_library() && it.visibility == Visibility::Public;
        match (self.is_local(), other.is_local()) {
            (false, false) => true,
            (true, _) => is_for_users(other),
            (false, true) => is_for_users(self),
        }
    }
}

/// Returns the types that a file defines outside of functions, in the order of their lines.
fn types(file: &str, tokens: &[Token]) -> Vec<TypeDefinition> {
    let mut found = Vec::new();
    // Whether each open block hides its types, as the block of a function does.
    let mut blocks: Vec<bool> = Vec::new();
    for (at, Token { text, line }) in tokens.iter().enumerate() {
        let before = |n: usize| at.checked_sub(n).map_or("", |at| tokens[at].text.as_str());
        match text.as_str() {
            // A module, or the input of a macro, does not hide its types.
            "{" => blocks.push(before(2) != "mod" && before(1) != "!"),
            "}" => _ = blocks.pop(),
            "struct" | "enum" | "union" | "trait" | "type" if !blocks.contains(&true) => {
                let Some(name) = tokens.get(at + 1).filter(|name| name.is_word()) else { continue };
                let visibility = match before(1) {
                    "pub" => Visibility::Public,
                    ")" => Visibility::Within,
                    _ => Visibility::Private,
                };
                let (name, file) = (name.text.clone(), file.to_string());
                found.push(TypeDefinition { name, visibility, file, line: *line });
            }
            _ => {}
        }
    }
    found
}

/// Returns the types of the crates and of the examples, by name. Types of tests are left out.
fn all_types() -> BTreeMap<String, Vec<TypeDefinition>> {
    let files = all_sources();
    let counts = |root: &&str| root.starts_with("examples/") || root.contains("/src/");
    let mut found: BTreeMap<String, Vec<TypeDefinition>> = BTreeMap::new();
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
        let is_public_state =
            name == "State" && all.iter().any(|it| it.visibility == Visibility::Public);
        let is_excepted =
            !is_public_state && EXCEPTIONS.iter().any(|(excepted, _)| *excepted == name);
        if of_one.len() > 1 && !is_excepted {
            let files = of_one.iter().map(|it| format!("{}:{}", it.file, it.line)).collect();
            findings.push(Finding { files, what: name });
        }
    }
    report(
        "Several types have one name:",
        "give each a name that says what it is, or add the name and a reason to EXCEPTIONS in this test",
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
    let names: Vec<_> = found.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["A", "B", "C", "D", "E"]);
    let visibilities = [Visibility::Public, Visibility::Private, Visibility::Within];
    assert_eq!([0, 1, 3].map(|at| found[at].visibility), visibilities);
}
