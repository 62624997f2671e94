//! The rules of the workspace that the compiler does not check: where `unsafe` may stand, who may
//! import whom.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::words::words;

/// Crates that may have `unsafe`, in modules of their own.
const MAY_BE_UNSAFE: [&str; 5] = ["green", "event-loop", "executors", "may", "bench"];

/// What each crate below the facade may depend on. Arrows go down only: a style knows no other
/// style and no loop, the loop knows no style, the core knows the standard library.
const MAY_IMPORT: [(&str, &[&str]); 10] = [
    ("core", &[]),
    ("callback", &["quadrivium-core", "pin-project-lite"]),
    ("generator", &["quadrivium-core", "futures-core", "pin-project-lite", "genawaiter"]),
    ("future", &["quadrivium-core", "pin-project-lite"]),
    ("green", &["quadrivium-core", "corosensei", "libc"]),
    ("event-loop", &["quadrivium-core", "mio"]),
    ("executors", &["quadrivium-core", "quadrivium-event-loop", "async-io", "tokio"]),
    ("may", &["quadrivium-core", "quadrivium-event-loop", "may", "rustix"]),
    ("io", &["quadrivium-core", "futures-io", "libc", "rustix", "signal-hook", "socket2"]),
    ("test", &["quadrivium-core", "quadrivium-event-loop", "oorandom"]),
];

/// Crates from the facade up. They know the floors below them through the facade.
const FROM_THE_FACADE_UP: [&str; 6] =
    ["quadrivium", "conformance", "cli", "bench", "ecosystem", "seeded-bugs"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The folders in `crates`.
fn crates() -> Vec<String> {
    let folders = fs::read_dir(root().join("crates")).expect("the workspace has crates");
    let names = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> =
        names.filter(|name| root().join("crates").join(name).join("Cargo.toml").exists()).collect();
    names.sort();
    names
}

/// All `.rs` files below a folder, but none that were built.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
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

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn unsafe_is_where_the_architecture_allows_it() {
    let mut files = Vec::new();
    for folder in ["crates", "examples", "tests"] {
        sources(&root().join(folder), &mut files);
    }
    assert!(files.len() > 50, "these are all files");
    for file in files {
        let path = file.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        if words(&read(&file)).any(|word| word == "unsafe") {
            let allowed = path.strip_prefix("crates/").and_then(|path| path.split_once('/'));
            let (folder, inside) = allowed.unwrap_or(("", ""));
            assert!(MAY_BE_UNSAFE.contains(&folder), "{path} has `unsafe`");
            assert!(is_allowed(folder, inside), "{path} has `unsafe` in a module without `allow`");
        }
    }
}

/// Whether a file of a crate is in a module that has `allow(unsafe_code)`.
fn is_allowed(folder: &str, inside: &str) -> bool {
    let krate = root().join("crates").join(folder);
    let Some(inside) = inside.strip_prefix("src/") else { return true };
    if folder == "bench" || read(&krate.join("src").join(inside)).contains("#![allow(unsafe_code)]")
    {
        return true;
    }
    let module = inside.split('/').next().unwrap().trim_end_matches(".rs");
    let lib: String = read(&krate.join("src/lib.rs")).split_whitespace().collect();
    ["mod", "pubmod", "pub(crate)mod"]
        .iter()
        .any(|keyword| lib.contains(&format!("#[allow(unsafe_code)]{keyword}{module};")))
}

#[test]
fn the_rest_forbids_unsafe() {
    for folder in crates() {
        let source = root().join("crates").join(&folder).join("src");
        let roots = ["lib.rs", "main.rs"].map(|name| source.join(name));
        let wanted = match MAY_BE_UNSAFE.contains(&folder.as_str()) {
            // Two can do without in most of their files, and say in `lib.rs` where not.
            true if folder == "bench" => continue,
            true => "#![deny(unsafe_code)]",
            false => "#![forbid(unsafe_code)]",
        };
        for root in roots.iter().filter(|root| root.exists()) {
            assert!(read(root).contains(wanted), "{} lacks {wanted}", root.display());
        }
    }
}

/// The names under `[dependencies]` and its like, without those for tests and builds.
fn dependencies(manifest: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut is_inside = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            is_inside = section == "dependencies" || section.ends_with(".dependencies");
            if let Some(name) = section.strip_prefix("dependencies.") {
                found.insert(name.to_string(), String::new());
            }
        } else if is_inside && let Some((name, value)) = line.split_once('=') {
            let name = name.trim().trim_end_matches(".workspace");
            found.insert(name.to_string(), value.trim().to_string());
        }
    }
    found
}

fn manifest(folder: &str) -> String {
    read(&root().join("crates").join(folder).join("Cargo.toml"))
}

#[test]
fn nobody_imports_upwards() {
    let floors: BTreeMap<_, _> = MAY_IMPORT.into_iter().collect();
    for folder in crates() {
        let Some(allowed) = floors.get(folder.as_str()) else {
            let known = FROM_THE_FACADE_UP.contains(&folder.as_str());
            assert!(known, "crates/{folder} has no floor: give it one here and in ARCHITECTURE.md");
            continue;
        };
        let allowed: BTreeSet<_> = allowed.iter().map(|name| name.to_string()).collect();
        let imported: BTreeSet<_> = dependencies(&manifest(&folder)).into_keys().collect();
        let more: Vec<_> = imported.difference(&allowed).collect();
        assert!(more.is_empty(), "crates/{folder} may not import {more:?}");
    }
}

#[test]
fn only_the_clock_reads_the_time() {
    for folder in
        ["core", "callback", "generator", "future", "green", "event-loop", "io", "may", "test"]
    {
        let mut found = Vec::new();
        sources(&root().join("crates").join(folder).join("src"), &mut found);
        assert!(!found.is_empty(), "crates/{folder} has sources");
        let is_clock = |path: &Path| {
            ["event-loop/src/clock.rs", "may/src/clock.rs"].iter().any(|it| path.ends_with(it))
        };
        for path in found.iter().filter(|path| !is_clock(path)) {
            let words = words(&read(path)).collect::<Vec<_>>().join(" ");
            for reads in ["Instant now", "SystemTime", "thread sleep"] {
                assert!(!words.contains(reads), "{}: {reads}", path.display());
            }
        }
    }
}

#[test]
fn manifests_are_understood() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\nb = \"1\"\n\n\
                    [dev-dependencies]\nc = \"1\"\n[target.'cfg(unix)'.dependencies]\nd = \"1\"\n\
                    [dependencies.e]\nversion = \"1\"";
    let names: Vec<_> = dependencies(manifest).into_keys().collect();
    assert_eq!(names, ["a", "b", "d", "e"]);
}
