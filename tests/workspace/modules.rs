//! The modules of a crate, found as the compiler finds them: from its root, along `mod`.

use std::collections::BTreeMap;

use quadrivium_tests::words::{Token, tokens};

/// A module that has a file of its own.
pub struct Module {
    /// The names of its parents and its own name. Empty for the root.
    pub path: Vec<String>,
    pub file: String,
    /// Its code, without the items that are built only for tests.
    pub tokens: Vec<Token>,
}

/// Returns the files that are roots of crates.
pub fn roots(files: &BTreeMap<String, String>) -> Vec<&str> {
    let is_root = |file: &&str| file.ends_with("/lib.rs") || file.ends_with("/main.rs");
    files.keys().map(String::as_str).filter(is_root).collect()
}

/// Returns the modules of the crate with this root, parents first.
pub fn modules(root: &str, files: &BTreeMap<String, String>) -> Vec<Module> {
    let mut found = Vec::new();
    add(root.into(), Vec::new(), files, &mut found);
    found
}

fn add(file: String, path: Vec<String>, files: &BTreeMap<String, String>, found: &mut Vec<Module>) {
    let tokens = without_tests(tokens(&files[&file]));
    let children = children(&tokens);
    found.push(Module { path: path.clone(), file: file.clone(), tokens });
    let (folder, name) = file.rsplit_once('/').unwrap();
    let folder = match name {
        "lib.rs" | "main.rs" | "mod.rs" => folder.to_string(),
        _ => file.trim_end_matches(".rs").to_string(),
    };
    for child in children {
        let places = [format!("{folder}/{child}.rs"), format!("{folder}/{child}/mod.rs")];
        if let Some(place) = places.into_iter().find(|place| files.contains_key(place)) {
            add(place, [path.clone(), vec![child]].concat(), files, found);
        }
    }
}

/// Returns the modules that a module declares and that have files.
fn children(tokens: &[Token]) -> Vec<String> {
    let declared = tokens.windows(3).filter(|three| three[0].text == "mod" && three[2].text == ";");
    declared.map(|three| three[1].text.clone()).collect()
}

/// Returns the tokens without the items that have `#[cfg(test)]`.
pub fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if starts_with(&tokens[at..], &["#", "[", "cfg", "(", "test", ")", "]"]) {
            at += item(&tokens[at..]);
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

pub fn starts_with(tokens: &[Token], texts: &[&str]) -> bool {
    tokens.len() >= texts.len() && tokens.iter().zip(texts).all(|(token, text)| token.text == *text)
}

/// Returns the number of tokens of the item that begins here, to its `;` or to the end of its
/// block.
fn item(tokens: &[Token]) -> usize {
    let is_use = |token: &Token| token.text == "use";
    let has_block = !tokens.iter().take_while(|token| token.text != "{").any(is_use);
    let mut depth = 0;
    for (at, Token { text, .. }) in tokens.iter().enumerate() {
        match text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" => depth -= 1,
            "}" => {
                depth -= 1;
                if depth == 0 && has_block {
                    return at + 1;
                }
            }
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

#[test]
fn modules_are_found_as_the_compiler_finds_them() {
    let files = [
        ("x/lib.rs", "mod a; #[cfg(test)] mod tests; mod b; fn f() {}"),
        ("x/a.rs", "mod c; #[cfg(test)] mod tests { mod d; } struct Last;"),
        ("x/a/c.rs", ""),
        ("x/a/d.rs", ""),
        ("x/b/mod.rs", "#[cfg(test)] use a::{b}; mod e;"),
        ("x/b/e.rs", ""),
        ("x/tests.rs", ""),
    ];
    let files = files.map(|(file, text)| (file.to_string(), text.to_string())).into();
    let found = modules("x/lib.rs", &files);
    let paths: Vec<_> = found.iter().map(|module| module.path.join("::")).collect();
    assert_eq!(paths, ["", "a", "a::c", "b", "b::e"]);
    assert_eq!(found[1].tokens.len(), 6, "the code after the tests is kept");
}
