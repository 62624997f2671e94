//! [`Arguments`]: the options and commands of the command line.

use std::{io, time::Duration};

use quadrivium_examples::styles::StyleName;

use super::job::TimeLimits;

#[derive(Debug)]
pub struct Arguments {
    pub style: StyleName,
    pub limits: TimeLimits,
    pub commands: Vec<String>,
    /// No command was given, so a demonstration is run.
    pub is_demonstration: bool,
}

/// The commands of the demonstration, which is run without arguments.
const DEMONSTRATION: [&str; 4] = [
    "for i in 1 2 3; do echo $i; sleep 0.1; done",
    "echo out; echo err >&2; exit 3",
    "trap 'echo not yet' TERM; while :; do sleep 0.3; done",
    "seq 1000 | tail -n 2",
];

impl Arguments {
    #[cfg(test)]
    pub fn of(
        style: StyleName,
        limits: TimeLimits,
        commands: Vec<String>,
    ) -> Self {
        Self { style, limits, commands, is_demonstration: false }
    }

    pub fn parse(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Self, String> {
        let mut limits = TimeLimits {
            time: Duration::from_secs(10),
            grace: Duration::from_secs(1),
        };
        let (mut style, mut commands) = (StyleName::Future, Vec::new());
        let mut is_demonstration = true;
        while let Some(argument) = arguments.next() {
            let mut value = || {
                let value = arguments.next();
                value.ok_or(format!("{argument} needs a value after it"))
            };
            match argument.as_str() {
                "--style" => style = named(&value()?)?,
                "--limit" => limits.time = seconds(&value()?)?,
                "--grace" => limits.grace = seconds(&value()?)?,
                "-" => {
                    commands.extend(from_stdin()?);
                    is_demonstration = false;
                }
                option if option.starts_with("--") => {
                    return Err(format!(
                        "there is no {option}: \
                         use --style, --limit, --grace, or -"
                    ));
                }
                _ => {
                    commands.push(argument);
                    is_demonstration = false;
                }
            }
        }
        if is_demonstration {
            limits.time = limits.time.min(Duration::from_secs(1));
            commands = DEMONSTRATION.map(String::from).to_vec();
        }
        Ok(Self { style, limits, commands, is_demonstration })
    }
}

/// Blocks the thread, on which no task runs yet.
fn from_stdin() -> Result<Vec<String>, String> {
    let lines = io::stdin().lines();
    let lines = lines.filter(|line| !line.as_ref().is_ok_and(String::is_empty));
    let lines: io::Result<Vec<_>> = lines.collect();
    lines.map_err(|error| format!("standard input: {error}"))
}

fn named(name: &str) -> Result<StyleName, String> {
    let found = StyleName::ALL.into_iter().find(|it| it.to_string() == name);
    found.ok_or_else(|| {
        format!(
            "there is no style {name:?}: \
             use callback, generator, future or green"
        )
    })
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok();
    let duration = seconds.and_then(|it| Duration::try_from_secs_f64(it).ok());
    duration.ok_or_else(|| {
        format!("{text:?} is no number of seconds: use one like 5 or 0.5")
    })
}
