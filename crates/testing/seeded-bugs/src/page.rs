//! [`page`]: the table of all bugs, as `docs/seeded-bugs.md` has it.

use crate::{
    finding::Finding,
    suite::{STYLES, SuiteResult},
};

/// So many laws are named; of the rest, how many.
const NAMED: usize = 3;

/// The whole page.
pub fn page(findings: &[Finding<'_>]) -> String {
    intro(findings) + &table(findings)
}

/// The table alone.
pub fn table(findings: &[Finding<'_>]) -> String {
    let head = "| bug | what a user would suffer | killed by | laws that break | in |\n\
                |---|---|---|---|---|\n";
    findings.iter().map(line).fold(head.to_string(), |table, line| table + &line)
}

fn intro(findings: &[Finding<'_>]) -> String {
    let killed = findings.iter().filter(|finding| finding.is_killed()).count();
    let weakly = findings.iter().filter(|finding| finding.is_weakly_killed()).count();
    format!(
        "# Seeded bugs\n\n\
         A suite that has never failed proves little. So each of these bugs is planted in a copy of the workspace, one at a time, and the\n\
         laws run in the four styles: a law must fail. The bugs are data, in `crates/testing/seeded-bugs/src/bugs`; this page is\n\
         written by\n\n\
         ```text\n\
         cargo run --release -p quadrivium-seeded-bugs\n\
         ```\n\n\
         which takes over half an hour and fails when a bug survives. With a name as argument it plants the bugs of that name and prints their\n\
         lines; `--check` only looks whether each bug still applies. A law that ends the process, or does not end, is left out and the\n\
         others run again, at most three times: then two dots stand where more may break.\n\n\
         {killed} of {} bugs are killed, {weakly} of them only by a law that does not end.\n\n",
        findings.len()
    )
}

fn line(finding: &Finding<'_>) -> String {
    let (by, laws, styles) = match &finding.built {
        Ok(outcome) if !outcome.is_clean() => (by(outcome), laws(outcome), styles(outcome)),
        Ok(_) => ("**nothing**".into(), 0.to_string(), "–".into()),
        Err(_) => ("**it does not compile**".into(), "–".into(), "–".into()),
    };
    let bug = finding.bug;
    format!("| {} | {} | {by} | {laws} | {styles} |\n", bug.name, bug.harm)
}

/// The first laws that fail, then those that end the process or do not end.
fn by(outcome: &SuiteResult) -> String {
    let is_new = |law: &&String| !outcome.failed.contains(law);
    let failed = outcome.failed.iter().map(|law| format!("`{law}`"));
    let died = outcome.died.iter().filter(is_new);
    let died = died.map(|law| format!("`{law}` (ends the process)"));
    let unended = outcome.unended.iter().filter(is_new);
    let unended = unended.map(|law| format!("`{law}` (does not end)"));
    failed.chain(died).chain(unended).take(NAMED).collect::<Vec<_>>().join(", ")
}

fn laws(outcome: &SuiteResult) -> String {
    let mute = outcome.mute().filter(|law| !outcome.failed.iter().any(|failed| failed == law));
    (outcome.failed.len() + mute.count()).to_string()
}

/// The styles in which laws break. One that ends the process in one style is not run in the others.
fn styles(outcome: &SuiteResult) -> String {
    let broken = STYLES.into_iter().filter(|style| outcome.styles.contains(style));
    match broken.collect::<Vec<_>>() {
        styles if styles.is_empty() => "–".into(),
        styles if styles.len() == STYLES.len() => "all".into(),
        styles if outcome.mute().next().is_some() => styles.join(", ") + ", ..",
        styles => styles.join(", "),
    }
}
