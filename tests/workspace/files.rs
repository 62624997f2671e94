//! Files: one layout of modules, and no two names that differ in a suffix alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use quadrivium_tests::{sources::all_sources, words::tokens};

use crate::{
    modules::starts_with,
    report::{Finding, report},
};

/// Endings of words. Two names that differ only in two of these endings are the same word.
const SUFFIXES: [&str; 10] = ["", "s", "es", "e", "ed", "d", "er", "r", "or", "ing"];

/// The files that may have a `#[path]`.
const MAY_HAVE_A_PATH: [&str; 1] = ["crates/hosts/event-loop/tests/mailbox_model.rs"];

/// Returns the names in each folder, without `.rs`: of its files, and of its folders that have
/// sources.
fn folders() -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in all_sources().into_keys() {
        let mut path = Path::new(&file);
        while let (Some(folder), Some(name)) = (path.parent(), path.file_stem()) {
            let folder = found.entry(folder.display().to_string()).or_default();
            folder.insert(name.to_str().unwrap().into());
            path = path.parent().unwrap();
        }
    }
    found
}

/// Returns whether two names are one word with two endings, such as `trace` and `tracing`.
fn is_one_word(left: &str, right: &str) -> bool {
    let singular = |name: &str| match name.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => name.to_string(),
    };
    let (left, right) = (singular(left), singular(right));
    let common = left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count();
    (3..=common).any(|stem| [&left, &right].iter().all(|name| SUFFIXES.contains(&&name[stem..])))
}

#[test]
fn no_two_files_differ_in_a_suffix_alone() {
    let mut findings = Vec::new();
    for (folder, names) in folders() {
        for left in &names {
            let more = names.range(left.clone()..).skip(1);
            for right in more.filter(|right| is_one_word(left, right)) {
                findings.push(Finding::new(&format!("{folder}/"), format!("{left} and {right}")));
            }
        }
    }
    let rule = "Two files of one folder have names that differ in a suffix alone:";
    report(rule, "name each file after its own noun, or join the two", findings);
}

#[test]
fn a_module_with_children_is_a_folder() {
    let files = all_sources();
    let mut findings = Vec::new();
    for file in files.keys() {
        let folder = format!("{}/", file.trim_end_matches(".rs"));
        if let Some(inside) = files.keys().find(|other| other.starts_with(&folder)) {
            findings.push(Finding::new(file, format!("it is beside the folder of {inside}")));
        }
    }
    let rule = "A module is in two places, a file and a folder of the same name:";
    report(rule, "move `name.rs` to `name/mod.rs`, and a test target to `name/main.rs`", findings);
}

#[test]
fn no_module_has_a_path_attribute() {
    let mut findings = Vec::new();
    for (file, text) in all_sources() {
        let tokens = tokens(&text);
        for at in 0..tokens.len() {
            if starts_with(&tokens[at..], &["#", "[", "path", "="])
                && !MAY_HAVE_A_PATH.contains(&file.as_str())
            {
                findings.push(Finding::new(&format!("{file}:{}", tokens[at].line), "#[path]"));
            }
        }
    }
    let rule = "A module is not where its name says:";
    report(
        rule,
        "move the file to the place where `mod` expects it, or share it in a library",
        findings,
    );
}

#[test]
fn one_word_with_two_endings_is_recognised() {
    for (left, right) in [
        ("trace", "tracing"),
        ("wake", "waker"),
        ("schedule", "scheduling"),
        ("mailbox", "mailboxes"),
        ("host", "hosts"),
        ("memory", "memories"),
    ] {
        assert!(is_one_word(left, right) && is_one_word(right, left), "{left} {right}");
    }
    for (left, right) in
        [("read", "ready"), ("channel", "channel_operations"), ("tcp", "udp"), ("step", "stop")]
    {
        assert!(!is_one_word(left, right), "{left} {right}");
    }
}
