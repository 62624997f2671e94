//! [`Suite`]: the laws, built and run; all that is known here about how they are run and what the
//! runner prints.

use std::{path::PathBuf, process::Command, time::Duration};

use crate::{
    bugs::Bug,
    process::{self, EndedProcess, How},
    scratch::Scratch,
};

/// The package and the test target that hold the laws.
const PACKAGE: &str = "quadrivium-tests";
const TARGET: &str = "styles";

/// What the laws are run in. A bug that shows only in a pair of styles that perform each other
/// would be missed, but pairs are sixteen times the work.
pub const STYLES: [&str; 4] = ["callback", "generator", "future", "green"];

/// No pairs of styles.
const OPTIONS: [&str; 2] = ["--skip", "_performs_"];

/// Callbacks and generators that are `Send` have sources of their own in the crates of these
/// styles. A bug in another crate shows in the four styles too, so their laws are enough.
const WITHOUT_SEND: [&str; 2] = ["--skip", "send::"];

/// Laws that do not end wait side by side.
const SIDE_BY_SIDE: &str = "--test-threads=16";

/// So that it is known which law ended the process.
const ONE_BY_ONE: &str = "--test-threads=1";

/// The slowest law takes a second, or two among others. The laws have a watchdog of their own,
/// which is told the same and names the law; a law that is not watched stands still twice as long.
const LIMIT: Duration = Duration::from_secs(5);
const LIMIT_VARIABLE: &str = "QUADRIVIUM_LAW_LIMIT";

/// Generated scripts: with as many as usual they take as long as all other laws together.
const SCRIPTS: (&str, &str) = ("QUADRIVIUM_SCRIPTS", "15");

/// A law that does not end is skipped and the others run again, so often.
const MOST_RUNS: usize = 3;

/// A bug may ask for memory without end: 6 GiB are enough for the laws as they are.
const LIMITED: &str = "ulimit -v 6291456; exec \"$0\" \"$@\"";

/// The built laws.
#[derive(Debug)]
pub struct Suite {
    executable: PathBuf,
    folder: PathBuf,
    left_out: &'static [&'static str],
}

/// What the laws said. Each law once, however many styles broke it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SuiteResult {
    pub failed: Vec<String>,
    /// They ended the process: two panics at once, a bad access, no memory left.
    pub died: Vec<String>,
    /// They stood still.
    pub unended: Vec<String>,
    /// The styles in which any of that happened.
    pub styles: Vec<&'static str>,
    pub held: usize,
}

/// Builds the laws in the copy.
///
/// # Errors
///
/// What the compiler said.
pub fn build(scratch: &Scratch) -> Result<Suite, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["test", "--quiet", "--package", PACKAGE, "--test", TARGET, "--no-run"])
        .args(["--message-format", "json-render-diagnostics"])
        // Built once, run for every bug.
        .args(["--config", "profile.dev.package.'*'.opt-level=3"])
        .current_dir(scratch.root())
        .env("CARGO_TARGET_DIR", scratch.target())
        // Nobody debugs these, and linking is half as long without.
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .output()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    let stdout = String::from_utf8_lossy(&built.stdout);
    match executable(&stdout) {
        Some((executable, folder)) if built.status.success() => {
            Ok(Suite { executable, folder, left_out: &[] })
        }
        _ => Err(first_error(&String::from_utf8_lossy(&built.stderr))),
    }
}

/// Where cargo has put the test target, and the folder of its package.
fn executable(messages: &str) -> Option<(PathBuf, PathBuf)> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str(line).ok());
    let mut targets = messages.filter_map(|message: serde_json::Value| {
        let executable = PathBuf::from(message["executable"].as_str()?);
        let manifest = PathBuf::from(message["manifest_path"].as_str()?);
        (message["target"]["name"] == TARGET).then(|| Some((executable, manifest.parent()?.into())))
    });
    targets.next().flatten()
}

fn first_error(stderr: &str) -> String {
    let mut lines = stderr.lines().skip_while(|line| !line.starts_with("error"));
    let error: Vec<_> = lines.by_ref().take(3).map(str::trim).collect();
    error.join(" ")
}

impl Suite {
    /// The same without the laws that cannot tell more about this bug.
    pub fn of(self, bug: &Bug) -> Self {
        let styles_with_send = ["crates/styles/callback/", "crates/styles/generator/"];
        match styles_with_send.iter().any(|folder| bug.file.starts_with(folder)) {
            true => self,
            false => Self { left_out: &WITHOUT_SEND, ..self },
        }
    }

    /// Runs the laws, and when they end the process again: one by one, and without those after
    /// which no other could be heard.
    pub fn run(&self) -> SuiteResult {
        let mut outcome = SuiteResult::default();
        let ended = self.once(SIDE_BY_SIDE, &outcome);
        if ended.how != How::Died {
            // What stands still says nothing; those that failed have said so.
            outcome.hear(&EndedProcess { how: How::Exited, ..ended });
            if outcome.is_clean() || !outcome.failed.is_empty() {
                return outcome;
            }
        }
        outcome = SuiteResult::default();
        for _ in 0..MOST_RUNS {
            let before = outcome.mute().count();
            outcome.held = 0;
            outcome.hear(&self.once(ONE_BY_ONE, &outcome));
            if outcome.mute().count() == before {
                break;
            }
        }
        outcome
    }

    fn once(&self, threads: &str, known: &SuiteResult) -> EndedProcess {
        let mut command = Command::new("sh");
        command.args(["-c", LIMITED]).arg(&self.executable).arg(threads).args(OPTIONS);
        command.args(self.left_out);
        command.args(known.mute().flat_map(|law| ["--skip", law]));
        command.current_dir(&self.folder).env(LIMIT_VARIABLE, LIMIT.as_secs().to_string());
        command.env(SCRIPTS.0, SCRIPTS.1);
        process::run(&mut command, 2 * LIMIT)
    }
}

enum Broken {
    Failed,
    Died,
    Unended,
}

impl SuiteResult {
    /// Whether every law held.
    pub fn is_clean(&self) -> bool {
        self.failed.is_empty() && self.mute().count() == 0 && self.held > 0
    }

    /// The laws after which no other could be heard.
    pub fn mute(&self) -> impl Iterator<Item = &str> {
        self.died.iter().chain(&self.unended).map(String::as_str)
    }

    /// Reads `test name ... ok` and its like; of the law during which the process ended, only the
    /// first half is there.
    fn hear(&mut self, ended: &EndedProcess) {
        // The watchdog of the laws ends the process by an abort, which is no fault of the bug's.
        let watched = ended.stderr.lines().find_map(watchdog);
        for line in ended.stdout.lines() {
            let Some((test, status)) =
                line.strip_prefix("test ").and_then(|line| line.split_once(" ... "))
            else {
                continue;
            };
            match status.rsplit(' ').next().unwrap_or_default() {
                word if word.ends_with("ok") => self.held += 1,
                word if word.ends_with("FAILED") => self.broken(test, Broken::Failed),
                _ if ended.how == How::Died && watched.is_none() => self.broken(test, Broken::Died),
                _ => self.broken(test, Broken::Unended),
            }
        }
        if let Some(law) = watched {
            self.broken(law, Broken::Unended);
        } else if ended.how != How::Exited && self.mute().count() == 0 {
            self.broken("before any law", Broken::Died);
        }
    }

    fn broken(&mut self, test: &str, how: Broken) {
        let list = match how {
            Broken::Failed => &mut self.failed,
            Broken::Died => &mut self.died,
            Broken::Unended => &mut self.unended,
        };
        let law = law(test);
        if !list.contains(&law) {
            list.push(law);
        }
        let style = STYLES.into_iter().find(|style| test.split("::").any(|part| part == *style));
        self.styles.extend(style.filter(|style| !self.styles.contains(style)));
    }
}

/// The law of a line such as `law timers::a_deadline_never_fires_early for green has not ended after
/// 8s: ..`.
fn watchdog(line: &str) -> Option<&str> {
    let (law, _) = line.strip_prefix("law ")?.split_once(" has not ended")?;
    Some(law.split_once(" for ").map_or(law, |(law, _)| law))
}

/// The law of a test: its name without the style it ran in, and without saying that its tasks were
/// `Send`.
fn law(test: &str) -> String {
    let is_style = |part: &&str| STYLES.contains(part) || *part == "send";
    let parts: Vec<_> = test.split("::").filter(|part| !is_style(part)).collect();
    parts.join("::")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(stdout: &str, stderr: &str, how: How) -> SuiteResult {
        let mut outcome = SuiteResult::default();
        outcome.hear(&EndedProcess { stdout: stdout.into(), stderr: stderr.into(), how });
        outcome
    }

    #[test]
    fn a_law_is_named_once_however_many_styles_break_it() {
        let stdout = "running 4 tests\ntest callback::cancel::twice ... FAILED\n\
                      test future::cancel::twice ... ok\ntest green::cancel::twice ... FAILED\n\
                      test send::callback::cancel::twice ... FAILED\n";
        let outcome = heard(stdout, "", How::Exited);
        assert_eq!((outcome.failed.as_slice(), outcome.held), (&["cancel::twice".into()][..], 1));
        assert_eq!(outcome.styles, ["callback", "green"]);
        assert!(!outcome.is_clean());
    }

    #[test]
    fn the_law_that_ended_the_process_has_half_a_line() {
        let outcome = heard("test green::timers::late ... ", "", How::StoodStill);
        assert_eq!(outcome.unended, ["timers::late"]);
    }

    #[test]
    fn a_watchdog_is_heard() {
        let stdout = "test green::timers::late ... ";
        let outcome = heard(stdout, "law timers::late for green has not ended after 8s", How::Died);
        assert_eq!((outcome.unended, outcome.died), (vec!["timers::late".to_string()], vec![]));
    }

    #[test]
    fn nothing_at_all_is_not_clean() {
        assert!(!heard("", "", How::Exited).is_clean());
        assert_eq!(heard("", "", How::Died).died, ["before any law"]);
    }
}
