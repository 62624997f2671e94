//! Import circles: at most three files may import each other in a circle.
//!
//! A file imports another one when its code names an item that the other one defines, in a `use` or
//! in a path. A name that is re-exported counts as an import of the file that defines it. So a
//! `lib.rs` or `mod.rs` that declares its children and re-exports their items does not import them.
//! It imports a child only when its own code names an item that it re-exports. Methods are called
//! on values without an import, so they do not count. Tests do not count either.
//!
//! Files are in one circle when imports lead from each of them to each other one. One file may be
//! the only connection between several parts, such as a `main.rs` that chooses between its
//! children. Then a reader needs that file and only one of the parts. So each part is a circle with
//! that file.

use std::collections::{BTreeMap, BTreeSet};

use quadrivium_tests::{sources::all_sources, words::Token};

use crate::{
    modules::{Module, modules, roots},
    report::{Finding, report},
};

/// The largest number of files that may be in a circle.
const MOST: usize = 3;

/// A name that a `use` brings into a module, and the path that it stands for.
struct Import {
    name: String,
    path: Vec<String>,
    is_public: bool,
}

/// The files of a crate, and the imports of each.
struct Crate {
    modules: Vec<Module>,
    imports: Vec<Vec<Import>>,
}

impl Crate {
    fn new(root: &str, files: &BTreeMap<String, String>) -> Crate {
        let modules = modules(root, files);
        let imports = modules.iter().map(|module| imports(&module.tokens)).collect();
        Crate { modules, imports }
    }

    fn module(&self, path: &[String]) -> Option<usize> {
        self.modules.iter().position(|module| module.path == path)
    }

    /// Returns the module that defines the item of a path in another module, or `None` if the item
    /// is in another crate.
    fn defines(&self, from: usize, path: &[String], rest: usize) -> Option<usize> {
        let mut at = from;
        let mut names = path.iter().peekable();
        match names.peek()?.as_str() {
            "crate" => (at, _) = (0, names.next()),
            "self" => _ = names.next(),
            "super" => {
                while names.next_if(|name| *name == "super").is_some() {
                    at = self.module(self.modules[at].path.split_last()?.1)?;
                }
            }
            name if self.child(at, name).is_none() => return None,
            _ => {}
        }
        while let Some(name) = names.next() {
            if let Some(child) = self.child(at, name) {
                at = child;
            } else if name == "*" {
                return Some(at);
            } else {
                let path: Vec<_> = [name].into_iter().chain(names).cloned().collect();
                return Some(self.re_exported(at, &path, rest).unwrap_or(at));
            }
        }
        Some(at)
    }

    fn child(&self, module: usize, name: &str) -> Option<usize> {
        self.module(&[&self.modules[module].path[..], &[name.to_string()]].concat())
    }

    /// Returns the module that defines the item that a module re-exports under the first of these
    /// names. Gives up after `rest` re-exports of re-exports.
    fn re_exported(&self, module: usize, names: &[String], rest: usize) -> Option<usize> {
        let rest = rest.checked_sub(1)?;
        self.imports[module].iter().find_map(|Import { name, path, .. }| {
            let (last, parents) = path.split_last()?;
            let path = match name.as_str() {
                "*" if last == "*" => [parents, names].concat(),
                name if name == names[0] => [path, &names[1..]].concat(),
                _ => return None,
            };
            let found = self.defines(module, &path, rest)?;
            (name != "*" || self.has(found, names.last()?)).then_some(found)
        })
    }

    /// Returns whether a module defines an item of this name.
    fn has(&self, module: usize, name: &str) -> bool {
        let starts = ["struct", "enum", "trait", "type", "fn", "const", "static", "union", "mod"];
        let tokens = &self.modules[module].tokens;
        tokens.windows(2).any(|two| starts.contains(&&*two[0].text) && two[1].text == name)
    }

    /// Returns the modules that a module imports.
    fn imported(&self, module: usize) -> BTreeSet<usize> {
        let tokens = &self.modules[module].tokens;
        let code = without_uses(tokens);
        let is_named = |name: &String| code.iter().any(|token| token.text == *name);
        let uses = self.imports[module].iter();
        let uses = uses.filter(|it| !it.is_public || is_named(&it.name)).map(|it| it.path.clone());
        let found = uses.chain(paths(&code)).filter_map(|path| self.defines(module, &path, 9));
        found.filter(|found| *found != module).collect()
    }

    /// Returns the circles of files, the longest first.
    fn circles(&self) -> Vec<Vec<&str>> {
        let imported: Vec<_> = (0..self.modules.len()).map(|it| self.imported(it)).collect();
        let reached: Vec<_> = (0..imported.len()).map(|from| reached(from, &imported)).collect();
        let together = |from: usize| {
            let returns = |to: &usize| reached[*to].contains(&from);
            reached[from].iter().copied().filter(returns).collect::<BTreeSet<_>>()
        };
        let all: BTreeSet<_> = (0..imported.len()).map(together).collect();
        let mut circles: Vec<_> = all.iter().flat_map(|files| parts(files, &imported)).collect();
        circles.retain(|circle| circle.len() > 1);
        circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
        let name = |circle: BTreeSet<usize>| {
            circle.into_iter().map(|file| self.modules[file].file.as_str()).collect()
        };
        circles.into_iter().map(name).collect()
    }

    /// Returns each file of a circle, with the files of that circle that it imports.
    fn imports_within<'a>(&'a self, circle: &[&'a str]) -> Vec<(&'a str, String)> {
        let file = |module: usize| self.modules[module].file.as_str();
        let within = (0..self.modules.len()).filter(|module| circle.contains(&file(*module)));
        let imported = |module| {
            let imported = self.imported(module).into_iter().map(file);
            imported.filter(|file| circle.contains(file)).collect::<Vec<_>>().join(", ")
        };
        within.map(|module| (file(module), imported(module))).collect()
    }
}

/// Splits the files into parts that one file alone connects. That file is in each part.
fn parts(files: &BTreeSet<usize>, imported: &[BTreeSet<usize>]) -> Vec<BTreeSet<usize>> {
    for hub in files {
        let mut rest = files.clone();
        rest.remove(hub);
        let first = connected(&rest, imported);
        if first.len() < rest.len() {
            let others = rest.difference(&first).copied().collect();
            let with_hub = [first, others].map(|part| &part | &BTreeSet::from([*hub]));
            return with_hub.iter().flat_map(|part| parts(part, imported)).collect();
        }
    }
    vec![files.clone()]
}

/// Returns the first of these files and all files that imports connect with it, in any direction.
fn connected(files: &BTreeSet<usize>, imported: &[BTreeSet<usize>]) -> BTreeSet<usize> {
    let is_edge = |a: usize, b: usize| imported[a].contains(&b) || imported[b].contains(&a);
    let mut open: Vec<_> = files.first().copied().into_iter().collect();
    let mut found: BTreeSet<_> = open.iter().copied().collect();
    while let Some(next) = open.pop() {
        open.extend(files.iter().filter(|file| is_edge(next, **file) && found.insert(**file)));
    }
    found
}

/// Returns the files that can be reached along at least one import.
fn reached(from: usize, imported: &[BTreeSet<usize>]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        open.extend(imported[next].iter().filter(|to| found.insert(**to)));
    }
    found
}

/// Returns the paths in code, such as `crate::task::Task`.
fn paths(tokens: &[Token]) -> impl Iterator<Item = Vec<String>> {
    let is_start = |at: usize| at == 0 || !["::", "$"].contains(&&*tokens[at - 1].text);
    let starts = (0..tokens.len()).filter(move |at| is_start(*at) && tokens[*at].is_word());
    let paths = starts.map(|at| {
        let rest = tokens[at..].chunks(2);
        let is_inside = |two: &&[Token]| two.len() == 2 && two[0].is_word() && two[1].text == "::";
        let parents = rest.clone().take_while(is_inside).count();
        let last = tokens.get(at + 2 * parents).filter(|last| last.is_word());
        let parents = rest.take(parents).map(|two| two[0].text.clone());
        parents.chain(last.map(|last| last.text.clone())).collect::<Vec<_>>()
    });
    paths.filter(|path| path.len() > 1).collect::<Vec<_>>().into_iter()
}

/// Returns the tokens without the `use` lines.
fn without_uses(tokens: &[Token]) -> Vec<Token> {
    let mut is_use = false;
    let mut code = Vec::new();
    for token in tokens {
        is_use |= token.text == "use";
        if !is_use {
            code.push(token.clone());
        }
        is_use &= token.text != ";";
    }
    code
}

/// Returns the names that the `use` lines of a module bring into it.
fn imports(tokens: &[Token]) -> Vec<Import> {
    let mut found = Vec::new();
    for at in (0..tokens.len()).filter(|at| tokens[*at].text == "use") {
        let is_public = at > 0 && ["pub", ")"].contains(&&*tokens[at - 1].text);
        tree(&mut tokens[at + 1..].iter(), Vec::new(), is_public, &mut found);
    }
    found
}

/// Reads one path of a `use` or of its braces, to the `,` or `}` or `;` after it. Returns that
/// sign.
fn tree<'a>(
    tokens: &mut impl Iterator<Item = &'a Token>,
    parents: Vec<String>,
    is_public: bool,
    found: &mut Vec<Import>,
) -> &'a str {
    let mut path = parents;
    let mut alias = None;
    // Whether this is a name, and neither a group nor the empty text after a last comma.
    let mut is_name = false;
    while let Some(Token { text, .. }) = tokens.next() {
        match text.as_str() {
            "::" => {}
            "as" => alias = tokens.next().map(|token| token.text.clone()),
            "{" => {
                is_name = false;
                while tree(tokens, path.clone(), is_public, found) == "," {}
            }
            "," | "}" | ";" => {
                path.pop_if(|last| last == "self");
                if let Some(last) = path.last().filter(|_| is_name) {
                    let name = alias.unwrap_or_else(|| last.clone());
                    found.push(Import { name, path, is_public });
                }
                return text;
            }
            name => {
                is_name = true;
                path.push(name.into());
            }
        }
    }
    ";"
}

#[test]
fn import_circles_are_short() {
    let files = all_sources();
    let mut findings = Vec::new();
    for root in roots(&files) {
        let of_crate = Crate::new(root, &files);
        for circle in of_crate.circles().into_iter().filter(|circle| circle.len() > MOST) {
            for (file, imported) in of_crate.imports_within(&circle) {
                let what = format!("in a circle of {}, imports {imported}", circle.len());
                findings.push(Finding::new(file, what));
            }
        }
    }
    report(
        "More than three files import each other in a circle:",
        "remove an import: move the items that the others need into a file of their own, or take \
         them as arguments",
        findings,
    );
}

#[test]
fn circles_are_found() {
    let files = [
        // Declares and re-exports, and its own code names no item that it re-exports.
        ("x/lib.rs", "mod a; mod b; mod c; mod d; mod e; pub use a::A; pub use c::{C, D as E};"),
        // No file re-exports `B`. The root re-exports `C`.
        ("x/a.rs", "use crate::b::B; pub struct A(B, std::fmt::Error);"),
        ("x/b.rs", "pub struct B; fn f() -> super::E { panic!() }"),
        ("x/c/mod.rs", "mod c1; pub use c1::*; pub use self::c1::One; pub struct D;"),
        ("x/c/c1.rs", "pub struct C(crate::A); pub struct One(super::D);"),
        // Imports its child, which imports this file. The tests do not count.
        ("x/d/mod.rs", "mod d1; use self::d1::{self, D1}; #[cfg(test)] mod t { use crate::A; }"),
        ("x/d/d1.rs", "use super::D; // use crate::a::A;\n fn f() { \"crate::a::A\"; }"),
        // Imports two files that import this file, but not each other.
        ("x/e/mod.rs", "mod e1; mod e2; use e1::E1; use e2::E2; pub struct E;"),
        ("x/e/e1.rs", "pub struct E1(super::E);"),
        ("x/e/e2.rs", "pub struct E2(super::E);"),
    ];
    let mut files = files.map(|(file, text)| (file.to_string(), text.to_string()));
    let circles = |files: &[(String, String)]| {
        let files = files.iter().cloned().collect();
        let of_crate = Crate::new("x/lib.rs", &files);
        of_crate.circles().iter().map(|circle| circle.join(" ")).collect::<Vec<_>>()
    };
    let pairs = ["x/d/mod.rs x/d/d1.rs", "x/e/mod.rs x/e/e1.rs", "x/e/mod.rs x/e/e2.rs"];
    assert_eq!(circles(&files), pairs);
    // The circle is closed when `D` needs its child.
    files[3].1 += "fn f(_: One) {}";
    assert_eq!(circles(&files)[0], "x/a.rs x/b.rs x/c/mod.rs x/c/c1.rs");
    // A root whose own code names an item is a part of the circle.
    files[0].1 += "fn f(_: E) {}";
    assert_eq!(circles(&files)[0], "x/a.rs x/b.rs x/c/mod.rs x/c/c1.rs");
    files[2].1 += "use crate::f as g;";
    assert_eq!(circles(&files)[0], "x/lib.rs x/a.rs x/b.rs x/c/mod.rs x/c/c1.rs");
}
