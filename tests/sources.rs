//! The files of the workspace, as its rules read them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Returns the root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns the folders of all packages, such as `crates/styles/callback`, and their names.
pub fn packages() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for folder in ["crates", "examples", "tests"] {
        packages_below(Path::new(folder), &mut found);
    }
    found
}

fn packages_below(folder: &Path, found: &mut BTreeMap<String, String>) {
    if let Ok(manifest) = fs::read_to_string(root().join(folder).join("Cargo.toml")) {
        let name = manifest.lines().find_map(|line| line.strip_prefix("name = ")).unwrap();
        found.insert(folder.to_str().unwrap().into(), name.trim_matches('"').into());
        return;
    }
    for entry in fs::read_dir(root().join(folder)).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            packages_below(&folder.join(entry.file_name()), found);
        }
    }
}

/// Finds all `.rs` files below a folder, except in `target` and hidden folders.
pub fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            sources(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

/// Returns the text of a file.
///
/// # Panics
///
/// When it cannot be read.
pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns all `.rs` files of the workspace, as paths from its root, with their texts.
pub fn all_sources() -> BTreeMap<String, String> {
    let mut files = Vec::new();
    for folder in ["crates", "examples", "tests"] {
        sources(&root().join(folder), &mut files);
    }
    assert!(files.len() > 50, "these are all files");
    files.iter().map(|file| (relative(file), read(file))).collect()
}

fn relative(file: &Path) -> String {
    file.strip_prefix(root()).unwrap().to_str().unwrap().to_string()
}

/// Returns all files of the workspace that have prose, as paths from its root, with their texts:
/// Rust, Markdown, TOML, and files without an ending that begin with a comment, such as scripts.
pub fn texts() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    texts_below(&root(), &mut found);
    found
}

/// The folders that git ignores.
const IGNORED: [&str; 4] = ["target", "corpus", "artifacts", "coverage"];

fn texts_below(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_hidden = name.starts_with('.') && name != ".ci";
        if is_hidden || IGNORED.contains(&&*name) {
            continue;
        }
        if path.is_dir() {
            texts_below(&path, found);
            continue;
        }
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("rs" | "md" | "toml") => _ = found.insert(relative(&path), read(&path)),
            Some(_) => {}
            None if read(&path).starts_with('#') => _ = found.insert(relative(&path), read(&path)),
            None => {}
        }
    }
}
