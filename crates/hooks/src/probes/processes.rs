//! Probes: child processes.

use std::{
    io::{self, Read, Write},
    process::{Child, Command, Stdio},
};

use super::StdProbe;

/// Starts a program that copies its input to its output.
fn cat() -> io::Result<Child> {
    Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
}

pub(super) const PROBES: &[StdProbe] = &[
    ("std::process::Child::wait", |probing| {
        let mut child = cat()?;
        drop(child.stdin.take());
        probing.call(|| child.wait()).map(drop)
    }),
    ("std::process::Command::status", |probing| {
        probing.call(|| Command::new("true").status()).map(drop)
    }),
    ("std::process::Command::output", |probing| {
        probing.call(|| Command::new("true").output()).map(drop)
    }),
    ("std::process::ChildStdin::write", |probing| {
        let mut child = cat()?;
        let mut stdin = child.stdin.take().expect("it is a pipe");
        let written = probing.call(|| stdin.write(b"x"));
        drop(stdin);
        child.wait()?;
        written.map(drop)
    }),
    ("std::process::ChildStdout::read", |probing| {
        let mut child = cat()?;
        drop(child.stdin.take());
        let mut stdout = child.stdout.take().expect("it is a pipe");
        let read = probing.call(|| stdout.read(&mut [0]));
        child.wait()?;
        read.map(drop)
    }),
];
