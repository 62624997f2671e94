//! [`Suite`]: builds and runs the laws. Only this file knows how they are run and what their runner
//! prints.

use std::{path::PathBuf, process::Command, time::Duration};

use crate::{
    bugs::Bug,
    process::{self, EndedProcess, How},
    scratch::Scratch,
};

/// The package and the test target that hold the laws.
const PACKAGE: &str = "quadrivium-tests";
const TARGET: &str = "styles";

/// The styles in which the laws are run. A bug that only a pair of styles shows is not found,
/// because all pairs would take four times as long.
pub const STYLES: [&str; 4] = ["callback", "generator", "future", "green"];

/// Leaves out the pairs of styles.
const OPTIONS: [&str; 2] = ["--skip", "_performs_"];

/// Leaves out the laws of callbacks and generators that are `Send`. These have sources of their
/// own, but only in the crates of these styles. A bug in another crate shows in the four styles,
/// too.
const WITHOUT_SEND: [&str; 2] = ["--skip", "send::"];

/// Runs many laws at once, so that laws that do not end wait side by side.
const SIDE_BY_SIDE: &str = "--test-threads=16";

/// Runs one law at a time, so that the law that ends the process is known.
const ONE_BY_ONE: &str = "--test-threads=1";

/// The time after which a law counts as one that does not end. The slowest law takes a second
/// alone, and two seconds among others. The watchdog of the laws gets this limit and names the law.
/// A law without a watchdog is ended after twice this time.
const LIMIT: Duration = Duration::from_secs(5);
const LIMIT_VARIABLE: &str = "QUADRIVIUM_LAW_LIMIT";

/// Fewer generated scripts than usual, which take as long as all other laws together.
const SCRIPTS: (&str, &str) = ("QUADRIVIUM_SCRIPTS", "15");

/// The number of runs, each without the laws that did not end in the runs before.
const MOST_RUNS: usize = 3;

/// A bug may allocate without end. 6 GiB are enough for the laws without a bug.
const LIMITED: &str = "ulimit -v 6291456; exec \"$0\" \"$@\"";

/// The built laws.
#[derive(Debug)]
pub struct Suite {
    executable: PathBuf,
    folder: PathBuf,
    left_out: &'static [&'static str],
}

/// The results of the laws. A law that breaks in several styles is listed once.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SuiteResult {
    pub failed: Vec<String>,
    /// The laws that ended the process: by two panics at once, a bad access, or lack of memory.
    pub died: Vec<String>,
    /// The laws that did not end.
    pub unended: Vec<String>,
    /// The styles in which a law broke.
    pub styles: Vec<&'static str>,
    pub held: usize,
}

/// Builds the laws in the copy.
///
/// # Errors
///
/// The first error of the compiler.
pub fn build(scratch: &Scratch) -> Result<Suite, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["test", "--quiet", "--package", PACKAGE, "--test", TARGET, "--no-run"])
        .args(["--message-format", "json-render-diagnostics"])
        // Built once, run for every bug.
        .args(["--config", "profile.dev.package.'*'.opt-level=3"])
        .current_dir(scratch.root())
        .env("CARGO_TARGET_DIR", scratch.target())
        // Without debug information, linking takes half as long.
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

/// Returns the path of the test target that cargo has built, and the folder of its package.
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
    /// Leaves out the laws that cannot find more about this bug.
    pub fn for_bug(self, bug: &Bug) -> Self {
        let styles_with_send = ["crates/styles/callback/", "crates/styles/generator/"];
        match styles_with_send.iter().any(|folder| bug.file.starts_with(folder)) {
            true => self,
            false => Self { left_out: &WITHOUT_SEND, ..self },
        }
    }

    /// Runs the laws. If a law ends the process or does not end, runs them again one by one,
    /// without that law.
    pub fn run(&self) -> SuiteResult {
        let mut result = SuiteResult::default();
        let ended = self.once(SIDE_BY_SIDE, &result);
        if ended.how != How::Died {
            // A law that stands still prints nothing. The laws that failed have printed it.
            result.read(&EndedProcess { how: How::Exited, ..ended });
            if result.is_clean() || !result.failed.is_empty() {
                return result;
            }
        }
        result = SuiteResult::default();
        for _ in 0..MOST_RUNS {
            let before = result.ending_or_unended().count();
            result.held = 0;
            result.read(&self.once(ONE_BY_ONE, &result));
            if result.ending_or_unended().count() == before {
                break;
            }
        }
        result
    }

    fn once(&self, threads: &str, known: &SuiteResult) -> EndedProcess {
        let mut command = Command::new("sh");
        command.args(["-c", LIMITED]).arg(&self.executable).arg(threads).args(OPTIONS);
        command.args(self.left_out);
        command.args(known.ending_or_unended().flat_map(|law| ["--skip", law]));
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
    /// Returns whether every law held.
    pub fn is_clean(&self) -> bool {
        self.failed.is_empty() && self.ending_or_unended().count() == 0 && self.held > 0
    }

    /// Returns the laws after which no other law could run.
    pub fn ending_or_unended(&self) -> impl Iterator<Item = &str> {
        self.died.iter().chain(&self.unended).map(String::as_str)
    }

    /// Reads lines such as `test name ... ok`. If the process ended during a law, its line has only
    /// the first half.
    fn read(&mut self, ended: &EndedProcess) {
        // The watchdog of the laws ends the process with an abort. Such an abort does not come from
        // the bug.
        let watched = ended.stderr.lines().find_map(law_of_watchdog);
        for line in ended.stdout.lines() {
            let Some((test, status)) =
                line.strip_prefix("test ").and_then(|line| line.split_once(" ... "))
            else {
                continue;
            };
            match status.rsplit(' ').next().unwrap_or_default() {
                word if word.ends_with("ok") => self.held += 1,
                word if word.ends_with("FAILED") => self.add_broken(test, Broken::Failed),
                _ if ended.how == How::Died && watched.is_none() => {
                    self.add_broken(test, Broken::Died)
                }
                _ => self.add_broken(test, Broken::Unended),
            }
        }
        if let Some(law) = watched {
            self.add_broken(law, Broken::Unended);
        } else if ended.how != How::Exited && self.ending_or_unended().count() == 0 {
            self.add_broken("before any law", Broken::Died);
        }
    }

    fn add_broken(&mut self, test: &str, how: Broken) {
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

/// Returns the law of a line such as `law timers::a_deadline_never_fires_early for green has not
/// ended after 8s: ..`.
fn law_of_watchdog(line: &str) -> Option<&str> {
    let (law, _) = line.strip_prefix("law ")?.split_once(" has not ended")?;
    Some(law.split_once(" for ").map_or(law, |(law, _)| law))
}

/// Returns the law of a test: its name without the style, and without the module `send`.
fn law(test: &str) -> String {
    let is_style = |part: &&str| STYLES.contains(part) || *part == "send";
    let parts: Vec<_> = test.split("::").filter(|part| !is_style(part)).collect();
    parts.join("::")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_result(stdout: &str, stderr: &str, how: How) -> SuiteResult {
        let mut result = SuiteResult::default();
        result.read(&EndedProcess { stdout: stdout.into(), stderr: stderr.into(), how });
        result
    }

    #[test]
    fn a_law_that_breaks_in_many_styles_is_listed_once() {
        let stdout = "running 4 tests\ntest callback::cancel::twice ... FAILED\n\
                      test future::cancel::twice ... ok\ntest green::cancel::twice ... FAILED\n\
                      test send::callback::cancel::twice ... FAILED\n";
        let result = read_result(stdout, "", How::Exited);
        assert_eq!((result.failed.as_slice(), result.held), (&["cancel::twice".into()][..], 1));
        assert_eq!(result.styles, ["callback", "green"]);
        assert!(!result.is_clean());
    }

    #[test]
    fn a_law_with_half_a_line_ended_the_process() {
        let result = read_result("test green::timers::late ... ", "", How::StoodStill);
        assert_eq!(result.unended, ["timers::late"]);
    }

    #[test]
    fn the_law_that_a_watchdog_names_did_not_end() {
        let stdout = "test green::timers::late ... ";
        let result =
            read_result(stdout, "law timers::late for green has not ended after 8s", How::Died);
        assert_eq!((result.unended, result.died), (vec!["timers::late".to_string()], vec![]));
    }

    #[test]
    fn a_run_without_laws_is_not_clean() {
        assert!(!read_result("", "", How::Exited).is_clean());
        assert_eq!(read_result("", "", How::Died).died, ["before any law"]);
    }
}
