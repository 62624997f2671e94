//! The floors of the workspace: which packages may import which, and which files may have `unsafe`
//! or read a clock.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use quadrivium_tests::{
    sources::{packages, read, root, sources},
    words::words,
};

/// The folders that may have `unsafe`. They are packages, which have it in modules of their own,
/// and a program with may's green threads.
const MAY_BE_UNSAFE: [&str; 8] = [
    "crates/styles/callback",
    "crates/hooks",
    "crates/styles/green",
    "crates/hosts/event-loop",
    "crates/hosts/guests",
    "crates/hosts/may",
    "crates/tools/bench",
    "tests/abort",
];

/// A folder whose packages may import from the same other folders.
struct Floor {
    folder: &'static str,
    may_import: &'static [&'static str],
    why: &'static str,
}

/// The floors, from the bottom up. A package is on the floor with the longest folder that contains
/// it.
const FLOORS: [Floor; 11] = [
    Floor {
        folder: "crates/core",
        may_import: &[],
        why: "All other packages share the core, so it imports none of them",
    },
    Floor {
        folder: "crates/styles",
        may_import: &["crates/core"],
        why: "A style imports no other style and no host, so each can be read alone and any host can drive it",
    },
    Floor {
        folder: "crates/io",
        may_import: &["crates/core"],
        why: "A leaf imports no style and no host: it is written once and serves all",
    },
    Floor {
        folder: "crates/hooks",
        may_import: &["crates/core", "crates/io", "crates/styles/green", "crates/hosts/event-loop"],
        why: "The hooks watch tasks of every style on every host. They suspend green threads alone. \
              Their list tests itself on the loop",
    },
    Floor {
        folder: "crates/hosts",
        may_import: &["crates/core", "crates/hosts/event-loop"],
        why: "A host imports no style: it resumes the tasks of every style",
    },
    Floor {
        folder: "crates/testing/test-kit",
        may_import: &["crates/core", "crates/hosts/event-loop", "crates/io"],
        why: "The test kit simulates a loop and streams, and imports no style",
    },
    Floor {
        folder: "crates/quadrivium",
        may_import: &[
            "crates/core",
            "crates/styles",
            "crates/io",
            "crates/hooks",
            "crates/hosts",
            "crates/testing/test-kit",
        ],
        why: "The facade re-exports the packages below it, and imports none that uses it",
    },
    Floor {
        folder: "crates/testing",
        may_import: &["crates/quadrivium"],
        why: "Tests of the library use it as its users do: through the facade",
    },
    Floor {
        folder: "examples",
        may_import: &["crates/quadrivium"],
        why: "A program uses the library as its users do: through the facade",
    },
    Floor {
        folder: "crates/tools",
        may_import: &["crates/quadrivium", "examples", "crates/tools/show"],
        why: "A tool uses the library as its users do, and runs the programs of `examples`. The command also writes pages",
    },
    Floor {
        folder: "tests",
        may_import: &[],
        why: "The tests share helpers that need the standard library alone",
    },
];

/// The external crates that each package below the facade may import.
const MAY_IMPORT: [(&str, &[&str]); 10] = [
    ("crates/core", &["pin-project-lite"]),
    ("crates/styles/generator", &["futures-core", "pin-project-lite", "genawaiter"]),
    ("crates/styles/future", &["pin-project-lite"]),
    ("crates/styles/green", &["corosensei", "libc"]),
    ("crates/hosts/event-loop", &["mio", "rustix"]),
    ("crates/hosts/guests", &["async-io", "tokio"]),
    ("crates/hosts/may", &["may", "rustix"]),
    ("crates/hooks", &["backtrace", "libc", "rustix"]),
    ("crates/io", &["futures-io", "libc", "rustix", "signal-hook", "socket2", "tokio"]),
    ("crates/testing/test-kit", &["oorandom"]),
];

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
            let found = MAY_BE_UNSAFE
                .into_iter()
                .find_map(|folder| Some((folder, path.strip_prefix(folder)?.strip_prefix('/')?)));
            let (folder, inside) = found.unwrap_or_else(|| panic!("{path} has `unsafe`"));
            assert!(is_allowed(folder, inside), "{path} has `unsafe` in a module without `allow`");
        }
    }
}

/// Returns whether a file of a package is in a module that has `allow(unsafe_code)`.
fn is_allowed(folder: &str, inside: &str) -> bool {
    let package = root().join(folder);
    let Some(inside) = inside.strip_prefix("src/") else { return true };
    if folder.ends_with("bench")
        || read(&package.join("src").join(inside)).contains("#![allow(unsafe_code)]")
    {
        return true;
    }
    let module = inside.split('/').next().unwrap().trim_end_matches(".rs");
    let lib: String = read(&package.join("src/lib.rs")).split_whitespace().collect();
    ["mod", "pubmod", "pub(crate)mod"]
        .iter()
        .any(|keyword| lib.contains(&format!("#[allow(unsafe_code)]{keyword}{module};")))
}

#[test]
fn all_other_packages_forbid_unsafe() {
    for folder in packages().into_keys() {
        let roots =
            ["src/lib.rs", "src/main.rs", "lib.rs"].map(|name| root().join(&folder).join(name));
        let expected = match MAY_BE_UNSAFE.contains(&folder.as_str()) {
            // The bench needs it in most of its files.
            true if folder.ends_with("bench") => continue,
            true => "#![deny(unsafe_code)]",
            false => "#![forbid(unsafe_code)]",
        };
        for root in roots.iter().filter(|root| root.exists()) {
            assert!(read(root).contains(expected), "{} lacks {expected}", root.display());
        }
    }
}

/// Returns the names under `[dependencies]` and similar sections, without those for tests and
/// builds.
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

fn imports(folder: &str) -> BTreeSet<String> {
    dependencies(&read(&root().join(folder).join("Cargo.toml"))).into_keys().collect()
}

/// Returns the floor that a package is on.
fn floor(folder: &str) -> &'static Floor {
    let contains = |floor: &&Floor| is_below(folder, floor.folder);
    FLOORS.iter().filter(contains).max_by_key(|floor| floor.folder.len()).unwrap_or_else(|| {
        panic!("{folder} is on no floor: move it into one, or add a floor to this test and to ARCHITECTURE.md")
    })
}

fn is_below(path: &str, folder: &str) -> bool {
    Path::new(path).starts_with(folder)
}

#[test]
fn packages_import_only_from_floors_below() {
    let packages = packages();
    for folder in packages.keys() {
        let Floor { may_import, why, .. } = floor(folder);
        let imports = imports(folder);
        for (imported, name) in packages.iter().filter(|(_, name)| imports.contains(*name)) {
            assert!(
                may_import.iter().any(|allowed| is_below(imported, allowed)),
                "{folder} imports {name}, which is in {imported}. {why}; it may import from \
                 {may_import:?}.\n  remedy: move the needed code down to a floor that both may import, or \
                 take it as an argument (ARCHITECTURE.md, \"The map\")"
            );
        }
    }
}

#[test]
fn the_library_imports_only_the_listed_external_crates() {
    let packages = packages();
    for (folder, allowed) in MAY_IMPORT {
        let external = imports(folder).into_iter().filter(|name| !name.starts_with("quadrivium"));
        let more: Vec<_> = external.filter(|name| !allowed.contains(&name.as_str())).collect();
        assert!(
            more.is_empty(),
            "{folder} may not import {more:?}: add it here and to ARCHITECTURE.md"
        );
        assert!(packages.contains_key(folder), "{folder} is a package");
    }
}

#[test]
fn packages_are_named_after_their_folders() {
    for (folder, name) in packages() {
        let last = folder.rsplit('/').next().unwrap();
        let expected =
            if last == "quadrivium" { last.into() } else { format!("quadrivium-{last}") };
        assert_eq!(name, expected, "{folder}/Cargo.toml");
    }
}

#[test]
fn only_the_clock_reads_the_time() {
    let is_below_the_facade = |folder: &String| MAY_IMPORT.iter().any(|(it, _)| it == folder);
    for folder in packages().into_keys().filter(is_below_the_facade) {
        // A guest of another executor reads that executor's clock. The hooks measure calls of the
        // operating system.
        if folder.ends_with("guests") || folder.ends_with("hooks") {
            continue;
        }
        let mut found = Vec::new();
        sources(&root().join(&folder).join("src"), &mut found);
        assert!(!found.is_empty(), "{folder} has sources");
        for path in found.iter().filter(|path| !path.ends_with("clock.rs")) {
            let words = words(&read(path)).collect::<Vec<_>>().join(" ");
            for reads in ["Instant now", "SystemTime", "thread sleep"] {
                assert!(!words.contains(reads), "{}: {reads}", path.display());
            }
        }
    }
}

#[test]
fn dependencies_are_found_in_a_manifest() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\nb = \"1\"\n\n\
                    [dev-dependencies]\nc = \"1\"\n[target.'cfg(unix)'.dependencies]\nd = \"1\"\n\
                    [dependencies.e]\nversion = \"1\"";
    let names: Vec<_> = dependencies(manifest).into_keys().collect();
    assert_eq!(names, ["a", "b", "d", "e"]);
}
