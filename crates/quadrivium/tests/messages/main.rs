//! The messages of the compiler for common mistakes. Each case lists the texts that its messages
//! must contain. The rest of the messages depends on the compiler and on the features in use.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const LIST: &str = "//! * ";

#[test]
fn the_compiler_names_the_remedy() {
    let package = package_of_cases();
    let mut missing = Vec::new();
    for case in cases() {
        let source = fs::read_to_string(&case).unwrap();
        let name = case.file_stem().unwrap().to_str().unwrap();
        let messages = check(&package, name);
        for text in source.lines().filter_map(|line| line.strip_prefix(LIST)) {
            if !messages.contains(text) {
                missing.push(format!("{name}: {text}\nThe compiler says:\n{messages}"));
            }
        }
    }
    assert!(missing.is_empty(), "missing:\n{}", missing.join("\n"));
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages/cases");
    let cases = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    cases.filter(|path| path.extension().is_some_and(|it| it == "rs")).collect()
}

/// Makes a package with a program for each case. It uses the facade without optional features.
fn package_of_cases() -> PathBuf {
    let facade = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("messages");
    let programs = package.join("src/bin");
    fs::create_dir_all(&programs).unwrap();
    let manifest = format!(
        "[package]\nname = \"messages\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nquadrivium = {{ path = {:?} }}\n",
        facade.to_str().unwrap()
    );
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    // With the versions of the workspace, nothing has to be downloaded.
    fs::copy(facade.join("../../Cargo.lock"), package.join("Cargo.lock")).unwrap();
    for case in cases() {
        fs::copy(&case, programs.join(case.file_name().unwrap())).unwrap();
    }
    package
}

/// Returns the messages of the compiler for a case.
fn check(package: &Path, name: &str) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--color", "never", "--bin", name])
        .current_dir(package)
        .env("CARGO_TARGET_DIR", package.join("target"))
        .output()
        .unwrap();
    // The compiler shortens a path only where no crate in use has another type of that name.
    let messages = String::from_utf8_lossy(&output.stderr).replace("std::future::Future", "Future");
    assert!(!output.status.success(), "{name} compiles, but must not");
    messages
}
