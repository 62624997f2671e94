//! Builds the programs of the peers. They are in a workspace of their own, with their own lock
//! file, so that neither this program nor the library depends on them.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::Deserialize;

/// A line of the report that cargo prints as JSON.
#[derive(Debug, Deserialize)]
struct Line {
    reason: String,
    executable: Option<PathBuf>,
    message: Option<Message>,
}

/// A message of the compiler.
#[derive(Debug, Deserialize)]
struct Message {
    level: String,
    message: String,
}

/// Builds all programs that can be built. Returns their paths, and a line for each failure.
///
/// # Errors
///
/// When none could be built.
pub(crate) fn build() -> Result<(Vec<PathBuf>, Vec<String>), String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/Cargo.toml");
    if !manifest.exists() {
        return Err("the folder of the peers is missing".to_owned());
    }
    eprintln!("building the peers (the first time takes minutes) ...");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--release", "--locked", "--keep-going", "--quiet"])
        .args(["--message-format", "json-render-diagnostics"])
        .arg("--manifest-path")
        .arg(&manifest)
        .arg("--target-dir")
        .arg(target())
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<Line> =
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let programs: Vec<_> = lines.iter().filter_map(|line| line.executable.clone()).collect();
    let errors = String::from_utf8_lossy(&output.stderr);
    let failures = failures(&lines, &errors);
    match programs.is_empty() {
        true => Err(failures.into_iter().next().unwrap_or_else(|| output.status.to_string())),
        false => Ok((programs, failures)),
    }
}

/// Returns the folder for the build of the peers. It is below the target folder of this program.
fn target() -> PathBuf {
    let own = env::current_exe().expect("Linux reports the path of a program");
    let target = own.ancestors().nth(2).expect("it is in target/PROFILE");
    target.join("peers")
}

fn failures(lines: &[Line], errors: &str) -> Vec<String> {
    let messages = lines.iter().filter(|line| line.reason == "compiler-message");
    let failed = messages.filter_map(|line| line.message.as_ref());
    let failed = failed.filter(|message| message.level == "error");
    let failed = failed.map(|message| message.message.clone());
    let printed = errors.lines().filter(|line| line.starts_with("error"));
    failed.chain(printed.map(str::to_owned)).collect()
}
