//! The programs of `examples/`: each can be run, and a program in one style is in all four.

use std::{collections::BTreeMap, fs, path::Path};

use quadrivium_tests::sources::{all_sources, read, root};

use crate::report::{Finding, report};

const STYLES: [&str; 4] = ["callback", "generator", "future", "green"];

/// Returns the programs, which are the folders with a `main.rs`, and the names of their files.
fn programs() -> BTreeMap<String, Vec<String>> {
    let files = all_sources();
    let mains = files.keys().filter_map(|file| {
        let folder = Path::new(file).parent()?.to_str()?;
        (file.starts_with("examples/") && file.ends_with("/main.rs")).then_some(folder)
    });
    let names = |folder: &str| {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    mains.map(|folder| (folder.to_string(), names(folder))).collect()
}

#[test]
fn each_program_is_a_target() {
    let manifest = read(&root().join("examples/Cargo.toml"));
    let mut findings = Vec::new();
    // A program that is a package of its own is its own target.
    let is_package = |folder: &&String| root().join(folder).join("Cargo.toml").exists();
    for folder in programs().keys().filter(|folder| !is_package(folder)) {
        let name = folder.trim_start_matches("examples/");
        let target = format!("[[example]]\nname = \"{name}\"\npath = \"{name}/main.rs\"\n");
        if !manifest.contains(&target) {
            findings.push(Finding::new(&format!("{folder}/"), "not in examples/Cargo.toml"));
        }
    }
    assert!(manifest.contains("autoexamples = false"), "cargo finds no programs by itself");
    report("Programs cannot be run:", "add an [[example]] like the others", findings);
}

#[test]
fn a_program_in_one_style_is_in_all() {
    let mut findings = Vec::new();
    for (folder, names) in programs() {
        let has = |style: &&&str| names.contains(&format!("{style}.rs"));
        let missing: Vec<_> = STYLES.iter().filter(|style| !has(style)).collect();
        if !missing.is_empty() && missing.len() < STYLES.len() {
            findings.push(Finding::new(&format!("{folder}/"), format!("not in {missing:?}")));
        }
    }
    report("Programs are not in every style:", "write the missing files", findings);
}
