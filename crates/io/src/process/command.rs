//! [`Command`].

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{self, ExitStatus, Output},
};

use quadrivium_core::host::refused;

use super::{child::Child, lazy_child::LazyChild, reaper, stdio::Stdio};
use crate::descriptor::Leaf;

/// How a child process is started. The methods are those of [`std::process::Command`].
///
/// ```
/// use quadrivium::{green::perform, prelude::*, process::Command};
///
/// let output = green(|| perform(Command::new("echo").arg("hello").output()));
/// assert_eq!(EventLoop::new()?.block_on(output)??.stdout, b"hello\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// Not one of the standard library, which cannot be copied: a lazy leaf takes a copy along.
#[derive(Clone, Debug)]
pub struct Command {
    program: OsString,
    args: Vec<OsString>,
    arg0: Option<OsString>,
    clears_env: bool,
    /// None takes a variable away.
    env: BTreeMap<OsString, Option<OsString>>,
    folder: Option<PathBuf>,
    /// Standard input, output and error, where something was said about it.
    stdio: [Option<Stdio>; 3],
    uid: Option<u32>,
    gid: Option<u32>,
    process_group: Option<i32>,
    kill_on_drop: bool,
}

impl Command {
    /// This program, searched for in `PATH`, without arguments, with our environment and folder.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            arg0: None,
            clears_env: false,
            env: BTreeMap::new(),
            folder: None,
            stdio: [None, None, None],
            uid: None,
            gid: None,
            process_group: None,
            kill_on_drop: false,
        }
    }

    /// Adds an argument.
    pub fn arg(&mut self, arg: impl AsRef<OsStr>) -> &mut Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args(&mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> &mut Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Gives an environment variable this value.
    pub fn env(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Self {
        self.env.insert(name.as_ref().to_owned(), Some(value.as_ref().to_owned()));
        self
    }

    /// Gives environment variables these values.
    pub fn envs<K, V>(&mut self, variables: impl IntoIterator<Item = (K, V)>) -> &mut Self
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        variables.into_iter().fold(self, |command, (name, value)| command.env(name, value))
    }

    /// Takes an environment variable away.
    pub fn env_remove(&mut self, name: impl AsRef<OsStr>) -> &mut Self {
        self.env.insert(name.as_ref().to_owned(), None);
        self
    }

    /// Takes all environment variables away.
    pub fn env_clear(&mut self) -> &mut Self {
        self.clears_env = true;
        self.env.clear();
        self
    }

    /// The folder it starts in.
    pub fn current_dir(&mut self, folder: impl AsRef<Path>) -> &mut Self {
        self.folder = Some(folder.as_ref().to_owned());
        self
    }

    /// Its standard input. Unless said otherwise it is ours; nothing at all for `output`.
    pub fn stdin(&mut self, stdin: impl Into<Stdio>) -> &mut Self {
        self.stdio[0] = Some(stdin.into());
        self
    }

    /// Its standard output. Unless said otherwise it is ours; a pipe for `output`.
    pub fn stdout(&mut self, stdout: impl Into<Stdio>) -> &mut Self {
        self.stdio[1] = Some(stdout.into());
        self
    }

    /// Its standard error. Unless said otherwise it is ours; a pipe for `output`.
    pub fn stderr(&mut self, stderr: impl Into<Stdio>) -> &mut Self {
        self.stdio[2] = Some(stderr.into());
        self
    }

    /// The user it runs as.
    pub fn uid(&mut self, id: u32) -> &mut Self {
        self.uid = Some(id);
        self
    }

    /// The group it runs as.
    pub fn gid(&mut self, id: u32) -> &mut Self {
        self.gid = Some(id);
        self
    }

    /// The name it is told it has.
    pub fn arg0(&mut self, name: impl AsRef<OsStr>) -> &mut Self {
        self.arg0 = Some(name.as_ref().to_owned());
        self
    }

    /// The group of processes it belongs to; with 0 it begins one, so that a Ctrl-C meant for us
    /// does not reach it.
    pub fn process_group(&mut self, id: i32) -> &mut Self {
        self.process_group = Some(id);
        self
    }

    /// Whether the child is killed when its [`Child`], or the leaf of `status` or `output`, is
    /// dropped before it has ended. Otherwise it runs on.
    pub fn kill_on_drop(&mut self, kill: bool) -> &mut Self {
        self.kill_on_drop = kill;
        self
    }

    /// LazyChild it, at once. The call takes as long as the kernel needs to copy a process.
    ///
    /// # Errors
    ///
    /// When there is no such program, or it may not be run; when no more descriptors are to be had;
    /// `QuotaExceeded` when the operating system refuses one more process.
    pub fn spawn(&self) -> io::Result<Child> {
        reaper::reap_ended();
        let child = self.to_std()?.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => refused("a child process", &error),
            _ => error,
        })?;
        Child::new(child, self.kill_on_drop)
    }

    /// LazyChild it, and waits until it has ended; how.
    ///
    /// It is started as it is now, when the leaf is resumed first. Dropped before that, it never
    /// is.
    ///
    /// # Errors
    ///
    /// As those of [`spawn`](Command::spawn) and of [`Child::wait`].
    pub fn status(&self) -> impl Leaf<io::Result<ExitStatus>> + use<> {
        let command = self.clone();
        LazyChild::new(move || command.spawn().map(Child::into_wait))
    }

    /// LazyChild it, and waits until it has ended; what it wrote, and how it ended. Nothing is
    /// there for it to read.
    ///
    /// It is lazy as [`status`](Command::status) is.
    ///
    /// # Errors
    ///
    /// As those of [`spawn`](Command::spawn) and of [`Child::wait_with_output`].
    pub fn output(&self) -> impl Leaf<io::Result<Output>> + use<> {
        let mut command = self.clone();
        let [stdin, stdout, stderr] = &mut command.stdio;
        stdin.get_or_insert_with(Stdio::null);
        stdout.get_or_insert_with(Stdio::piped);
        stderr.get_or_insert_with(Stdio::piped);
        LazyChild::new(move || command.spawn().map(Child::wait_with_output))
    }

    fn to_std(&self) -> io::Result<process::Command> {
        let mut std = process::Command::new(&self.program);
        std.args(&self.args);
        if self.clears_env {
            std.env_clear();
        }
        for (name, value) in &self.env {
            match value {
                Some(value) => std.env(name, value),
                None => std.env_remove(name),
            };
        }
        let [stdin, stdout, stderr] = &self.stdio;
        let to_std = |stdio: &Option<Stdio>| stdio.as_ref().map(Stdio::to_std).transpose();
        to_std(stdin)?.map(|stdin| std.stdin(stdin));
        to_std(stdout)?.map(|stdout| std.stdout(stdout));
        to_std(stderr)?.map(|stderr| std.stderr(stderr));
        self.arg0.as_ref().map(|name| std.arg0(name));
        self.folder.as_ref().map(|folder| std.current_dir(folder));
        self.uid.map(|id| std.uid(id));
        self.gid.map(|id| std.gid(id));
        self.process_group.map(|id| std.process_group(id));
        Ok(std)
    }

    /// The program.
    pub fn get_program(&self) -> &OsStr {
        &self.program
    }

    /// The arguments.
    pub fn get_args(&self) -> impl ExactSizeIterator<Item = &OsStr> {
        self.args.iter().map(OsString::as_os_str)
    }

    /// The environment variables that were said something about, sorted; none is the value of those
    /// that are taken away.
    pub fn get_envs(&self) -> impl ExactSizeIterator<Item = (&OsStr, Option<&OsStr>)> {
        self.env.iter().map(|(name, value)| (name.as_os_str(), value.as_deref()))
    }

    /// The folder, if it was said.
    pub fn get_current_dir(&self) -> Option<&Path> {
        self.folder.as_deref()
    }
}
