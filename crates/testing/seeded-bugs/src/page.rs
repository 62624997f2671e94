//! [`page`]: the text of `docs/seeded-bugs.md`, with the table of all bugs.

use crate::{
    finding::Finding,
    suite::{STYLES, SuiteResult},
};

/// The number of laws that a row names.
const NAMED: usize = 3;

/// Returns the whole page.
pub fn page(findings: &[Finding<'_>]) -> String {
    intro(findings) + &table(findings)
}

/// Returns the table alone.
pub fn table(findings: &[Finding<'_>]) -> String {
    let head = "| bug | harm for a user | killed by | laws | styles |\n\
                |---|---|---|---|---|\n";
    findings.iter().map(line).fold(head.to_string(), |table, line| table + &line)
}

fn intro(findings: &[Finding<'_>]) -> String {
    let killed = findings.iter().filter(|finding| finding.is_killed()).count();
    let weakly = findings.iter().filter(|finding| finding.is_weakly_killed()).count();
    format!(
        "# Seeded bugs\n\n\
         A test suite that has never failed proves little. Each of these bugs is planted in a copy of the\n\
         workspace, one at a time. Then the laws run in the four styles, and at least one law must fail. The\n\
         bugs are data, in `crates/testing/seeded-bugs/src/bugs`. This command writes this page:\n\n\
         ```sh\n\
         cargo run --release -p quadrivium-seeded-bugs\n\
         ```\n\n\
         It takes three quarters of an hour, and fails when a bug survives. With a name as its argument it\n\
         plants the bugs with that name and prints their rows. `--check` only checks that each bug still\n\
         applies.\n\n\
         The last two columns show how many laws break, and in which styles. A law that ends the process, or\n\
         does not end, is left out, and the other laws run again, at most three times. Two dots after the\n\
         styles mean that more may break.\n\n\
         {killed} of {} bugs are killed, {weakly} of them only by a law that does not end.\n\n",
        findings.len()
    )
}

fn line(finding: &Finding<'_>) -> String {
    let (by, laws, styles) = match &finding.built {
        Ok(result) if !result.is_clean() => (killed_by(result), laws(result), styles(result)),
        Ok(_) => ("**no law**".into(), 0.to_string(), "–".into()),
        Err(_) => ("**it does not compile**".into(), "–".into(), "–".into()),
    };
    let bug = finding.bug;
    format!("| {} | {} | {by} | {laws} | {styles} |\n", bug.name, bug.harm)
}

/// Returns the first laws that find the bug: those that fail, then those that end the process or do
/// not end.
fn killed_by(result: &SuiteResult) -> String {
    let is_new = |law: &&String| !result.failed.contains(law);
    let failed = result.failed.iter().map(|law| format!("`{law}`"));
    let died = result.died.iter().filter(is_new);
    let died = died.map(|law| format!("`{law}` (ends the process)"));
    let unended = result.unended.iter().filter(is_new);
    let unended = unended.map(|law| format!("`{law}` (does not end)"));
    failed.chain(died).chain(unended).take(NAMED).collect::<Vec<_>>().join(", ")
}

fn laws(result: &SuiteResult) -> String {
    let others =
        result.ending_or_unended().filter(|law| !result.failed.iter().any(|failed| failed == law));
    (result.failed.len() + others.count()).to_string()
}

/// Returns the styles in which laws break. A law that ends the process in one style is not run in
/// the others.
fn styles(result: &SuiteResult) -> String {
    let broken = STYLES.into_iter().filter(|style| result.styles.contains(style));
    match broken.collect::<Vec<_>>() {
        styles if styles.is_empty() => "–".into(),
        styles if styles.len() == STYLES.len() => "all".into(),
        styles if result.ending_or_unended().next().is_some() => styles.join(", ") + ", ..",
        styles => styles.join(", "),
    }
}
