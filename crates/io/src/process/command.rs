//! [`Command`].

use std::{
    ffi::OsStr,
    io,
    os::unix::process::CommandExt,
    path::Path,
    process::{self, CommandArgs, CommandEnvs},
};

use super::{Child, ExitStatus, Output, Stdio, output::OrFailed};
use crate::operation::Leaf;

/// How a child process is started. The methods are those of [`std::process::Command`].
///
/// ```
/// use quadrivium::{green::perform, prelude::*, process::Command};
///
/// let output = green(|| perform(Command::new("echo").arg("hello").output()));
/// assert_eq!(EventLoop::new()?.block_on(output)??.stdout, b"hello\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Command {
    std: process::Command,
    /// What of standard input, output and error was said something about.
    is_set: [bool; 3],
    kill_on_drop: bool,
}

impl Command {
    /// This program, searched for in `PATH`, without arguments, with our environment and folder.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let std = process::Command::new(program);
        Self { std, is_set: [false; 3], kill_on_drop: false }
    }

    /// Adds an argument.
    pub fn arg(&mut self, arg: impl AsRef<OsStr>) -> &mut Self {
        self.std.arg(arg);
        self
    }

    /// Adds arguments.
    pub fn args(&mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> &mut Self {
        self.std.args(args);
        self
    }

    /// Gives an environment variable this value.
    pub fn env(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Self {
        self.std.env(name, value);
        self
    }

    /// Gives environment variables these values.
    pub fn envs<K, V>(&mut self, variables: impl IntoIterator<Item = (K, V)>) -> &mut Self
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.std.envs(variables);
        self
    }

    /// Takes an environment variable away.
    pub fn env_remove(&mut self, name: impl AsRef<OsStr>) -> &mut Self {
        self.std.env_remove(name);
        self
    }

    /// Takes all environment variables away.
    pub fn env_clear(&mut self) -> &mut Self {
        self.std.env_clear();
        self
    }

    /// The folder it starts in.
    pub fn current_dir(&mut self, folder: impl AsRef<Path>) -> &mut Self {
        self.std.current_dir(folder);
        self
    }

    /// Its standard input. Unless said otherwise it is ours; nothing at all for `output`.
    pub fn stdin(&mut self, stdin: impl Into<Stdio>) -> &mut Self {
        self.is_set[0] = true;
        self.std.stdin(stdin);
        self
    }

    /// Its standard output. Unless said otherwise it is ours; a pipe for `output`.
    pub fn stdout(&mut self, stdout: impl Into<Stdio>) -> &mut Self {
        self.is_set[1] = true;
        self.std.stdout(stdout);
        self
    }

    /// Its standard error. Unless said otherwise it is ours; a pipe for `output`.
    pub fn stderr(&mut self, stderr: impl Into<Stdio>) -> &mut Self {
        self.is_set[2] = true;
        self.std.stderr(stderr);
        self
    }

    /// The user it runs as.
    pub fn uid(&mut self, id: u32) -> &mut Self {
        self.std.uid(id);
        self
    }

    /// The group it runs as.
    pub fn gid(&mut self, id: u32) -> &mut Self {
        self.std.gid(id);
        self
    }

    /// The name it is told it has.
    pub fn arg0(&mut self, name: impl AsRef<OsStr>) -> &mut Self {
        self.std.arg0(name);
        self
    }

    /// The group of processes it belongs to; with 0 it begins one, so that a Ctrl-C meant for us
    /// does not reach it.
    pub fn process_group(&mut self, id: i32) -> &mut Self {
        self.std.process_group(id);
        self
    }

    /// Whether the child is killed when its [`Child`], or the leaf of `status` or `output`, is
    /// dropped before it has ended. Otherwise it runs on.
    pub fn kill_on_drop(&mut self, kill: bool) -> &mut Self {
        self.kill_on_drop = kill;
        self
    }

    /// Starts it, at once. The call takes as long as the kernel needs to copy a process.
    ///
    /// # Errors
    ///
    /// When there is no such program, or it may not be run; when no more processes or descriptors
    /// are to be had.
    pub fn spawn(&mut self) -> io::Result<Child> {
        Child::new(self.std.spawn()?, self.kill_on_drop)
    }

    /// Starts it, at once, and waits until it has ended; how.
    ///
    /// The child is started by this call, as by [`spawn`](Command::spawn), and not when the leaf is
    /// resumed: what a command was told cannot be copied. That it could not be is told by the leaf.
    pub fn status(&mut self) -> impl Leaf<io::Result<ExitStatus>> + use<> {
        OrFailed::new(self.spawn().map(Child::into_wait))
    }

    /// Starts it, at once, and waits until it has ended; what it wrote, and how it ended. Nothing is
    /// there for it to read.
    ///
    /// Started as by [`status`](Command::status).
    pub fn output(&mut self) -> impl Leaf<io::Result<Output>> + use<> {
        self.unset([Stdio::null, Stdio::piped, Stdio::piped]);
        let child = self.spawn();
        self.unset([Stdio::inherit; 3]);
        OrFailed::new(child.map(Child::wait_with_output))
    }

    /// Where nothing was said about standard input, output and error, it is these.
    fn unset(&mut self, [stdin, stdout, stderr]: [fn() -> Stdio; 3]) {
        let [has_stdin, has_stdout, has_stderr] = self.is_set;
        if !has_stdin {
            self.std.stdin(stdin());
        }
        if !has_stdout {
            self.std.stdout(stdout());
        }
        if !has_stderr {
            self.std.stderr(stderr());
        }
    }

    /// The program.
    pub fn get_program(&self) -> &OsStr {
        self.std.get_program()
    }

    /// The arguments.
    pub fn get_args(&self) -> CommandArgs<'_> {
        self.std.get_args()
    }

    /// The environment variables that were said something about.
    pub fn get_envs(&self) -> CommandEnvs<'_> {
        self.std.get_envs()
    }

    /// The folder, if it was said.
    pub fn get_current_dir(&self) -> Option<&Path> {
        self.std.get_current_dir()
    }
}
