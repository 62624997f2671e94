//! The versions of the peers, which the lock file has.

const LOCK_FILE: &str = include_str!("../../Cargo.lock");

/// Returns the version of a package.
///
/// # Panics
///
/// Panics if the lock file does not have the package.
#[must_use]
pub fn version(package: &str) -> String {
    let name = format!("name = \"{package}\"");
    let mut lines = LOCK_FILE.lines().skip_while(|line| *line != name);
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = "));
    version.expect("the lock file has every dependency").trim_matches('"').to_owned()
}
