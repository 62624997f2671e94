//! [`Profile`]: a contender, as the tables know it, and where its program is.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use quadrivium_bench_protocol::{Bench, Card};
use serde::{Deserialize, Serialize};

use crate::{child, contenders, peers};

/// The names of the four styles, in the order of the tables.
pub(crate) const STYLES: [&str; 4] = ["callback", "generator", "future", "green"];

/// The name of a contender, and its place in the tables.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Profile {
    /// The name, unique among contenders.
    pub name: String,
    /// The version of its crate or library.
    pub version: String,
    /// The group of rows that it belongs to.
    pub group: Group,
    /// What it can do.
    #[serde(skip)]
    pub benches: Vec<Bench>,
    /// The program that serves it.
    #[serde(skip)]
    program: PathBuf,
}

/// The groups of rows of a table, in the order in which they are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Group {
    /// A mechanism in a bare queue.
    Limit,
    /// A style of this project on its event loop.
    Ours,
    /// Another project's scheduler.
    Peer,
}

impl Profile {
    /// Returns the command that serves this contender.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["--serve", &self.name]);
        command
    }

    /// Returns the name of the bare limit of the same mechanism. A limit has none.
    pub(crate) fn limit(&self) -> Option<String> {
        let style = match (self.group, self.name.split(',').next()?) {
            (Group::Limit, _) => return None,
            (Group::Ours, "future on may") => "future",
            (Group::Ours, style) => style,
            (Group::Peer, "may") => "green",
            (Group::Peer, name) if name.starts_with("Asio") => "callback",
            (Group::Peer, _) => "future",
        };
        Some(format!("limit, {style}"))
    }
}

/// Returns the contenders that are built into this program.
pub(crate) fn built_in() -> Vec<Profile> {
    let program = std::env::current_exe().expect("Linux reports the path of a program");
    let profile = |contender: quadrivium_bench_protocol::Contender| {
        let group = if contender.name.starts_with("limit") { Group::Limit } else { Group::Ours };
        let benches = contender.benches();
        let (name, version) = (contender.name.to_owned(), contender.version);
        Profile { name, version, group, benches, program: program.clone() }
    };
    contenders::all().into_iter().map(profile).collect()
}

/// Builds the peers, and returns them, with a line for each program that failed.
pub(crate) fn peers() -> (Vec<Profile>, Vec<String>) {
    let (programs, mut failures) = match peers::build() {
        Ok(built) => built,
        Err(failure) => return (Vec::new(), vec![failure]),
    };
    let mut profiles = Vec::new();
    for program in programs {
        match child::cards(&program) {
            Ok(cards) => profiles.extend(cards.into_iter().map(|card| peer(card, &program))),
            Err(error) => failures.push(format!("{}: {error}", program.display())),
        }
    }
    (profiles, failures)
}

fn peer(card: Card, program: &Path) -> Profile {
    let Card { name, version, benches } = card;
    Profile { name, version, group: Group::Peer, benches, program: program.to_owned() }
}
