//! [`Command`]: how a child process is started.

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

/// Describes how a child process is started. It has the methods of [`std::process::Command`].
///
/// ```
/// use quadrivium::{green::perform, prelude::*, process::Command};
///
/// let output = green(|| perform(Command::new("echo").arg("hello").output()));
/// assert_eq!(EventLoop::new()?.block_on(output)??.stdout, b"hello\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// This is not the `Command` of the standard library, because that one cannot be cloned, and each
// lazy leaf needs a clone.
#[derive(Clone, Debug)]
pub struct Command {
    program: OsString,
    args: Vec<OsString>,
    arg0: Option<OsString>,
    clears_env: bool,
    /// `None` removes the variable.
    env: BTreeMap<OsString, Option<OsString>>,
    folder: Option<PathBuf>,
    /// Standard input, output and error, as far as they were set.
    stdio: [Option<Stdio>; 3],
    uid: Option<u32>,
    gid: Option<u32>,
    process_group: Option<i32>,
    kill_on_drop: bool,
}

impl Command {
    /// Creates a command for this program, which is searched for in `PATH`. The command has no
    /// arguments, and the environment and folder of this process.
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

    /// Sets an environment variable.
    pub fn env(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Self {
        self.env.insert(name.as_ref().to_owned(), Some(value.as_ref().to_owned()));
        self
    }

    /// Sets environment variables.
    pub fn envs<K, V>(&mut self, variables: impl IntoIterator<Item = (K, V)>) -> &mut Self
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        variables.into_iter().fold(self, |command, (name, value)| command.env(name, value))
    }

    /// Removes an environment variable.
    pub fn env_remove(&mut self, name: impl AsRef<OsStr>) -> &mut Self {
        self.env.insert(name.as_ref().to_owned(), None);
        self
    }

    /// Removes all environment variables.
    pub fn env_clear(&mut self) -> &mut Self {
        self.clears_env = true;
        self.env.clear();
        self
    }

    /// Sets the folder in which the child starts.
    pub fn current_dir(&mut self, folder: impl AsRef<Path>) -> &mut Self {
        self.folder = Some(folder.as_ref().to_owned());
        self
    }

    /// Sets the standard input of the child. By default it is the standard input of this process,
    /// and empty for `output`.
    pub fn stdin(&mut self, stdin: impl Into<Stdio>) -> &mut Self {
        self.stdio[0] = Some(stdin.into());
        self
    }

    /// Sets the standard output of the child. By default it is the standard output of this process,
    /// and a pipe for `output`.
    pub fn stdout(&mut self, stdout: impl Into<Stdio>) -> &mut Self {
        self.stdio[1] = Some(stdout.into());
        self
    }

    /// Sets the standard error of the child. By default it is the standard error of this process,
    /// and a pipe for `output`.
    pub fn stderr(&mut self, stderr: impl Into<Stdio>) -> &mut Self {
        self.stdio[2] = Some(stderr.into());
        self
    }

    /// Sets the user as which the child runs.
    pub fn uid(&mut self, id: u32) -> &mut Self {
        self.uid = Some(id);
        self
    }

    /// Sets the user group as which the child runs.
    pub fn gid(&mut self, id: u32) -> &mut Self {
        self.gid = Some(id);
        self
    }

    /// Sets the name under which the child is started: its argument 0.
    pub fn arg0(&mut self, name: impl AsRef<OsStr>) -> &mut Self {
        self.arg0 = Some(name.as_ref().to_owned());
        self
    }

    /// Sets the process group of the child. With 0 the child begins a new group, so that a Ctrl-C
    /// that is meant for this process does not reach it.
    pub fn process_group(&mut self, id: i32) -> &mut Self {
        self.process_group = Some(id);
        self
    }

    /// Sets whether the child is killed when its [`Child`], or the leaf of `status` or `output`, is
    /// dropped before the child has ended. By default the child runs on.
    pub fn kill_on_drop(&mut self, kill: bool) -> &mut Self {
        self.kill_on_drop = kill;
        self
    }

    /// Starts the child at once. The call blocks for as long as the kernel needs to copy a process.
    ///
    /// # Errors
    ///
    /// Returns an error when the program does not exist or may not be run, and when this process
    /// has no free descriptors. Returns a `QuotaExceeded` error when the operating system refuses
    /// to start another process.
    pub fn spawn(&self) -> io::Result<Child> {
        reaper::reap_ended();
        let child = self.to_std()?.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => refused("a child process", &error),
            _ => error,
        })?;
        Child::new(child, self.kill_on_drop)
    }

    /// Starts the child, waits until it has ended, and returns its exit status.
    ///
    /// The child is started when the leaf is resumed for the first time. Changes of the command
    /// after this call do not affect it. If the leaf is dropped before that, the child is never
    /// started.
    ///
    /// # Errors
    ///
    /// The output is one of the errors of [`spawn`](Command::spawn) and of [`Child::wait`].
    #[track_caller]
    pub fn status(&self) -> impl Leaf<io::Result<ExitStatus>> + use<> {
        let command = self.clone();
        LazyChild::new(move || command.spawn().map(Child::into_wait))
    }

    /// Starts the child, waits until it has ended, and returns its exit status and all that it
    /// wrote. By default the standard input of the child is empty.
    ///
    /// Like [`status`](Command::status), it starts the child when the leaf is resumed for the first
    /// time.
    ///
    /// # Errors
    ///
    /// The output is one of the errors of [`spawn`](Command::spawn) and of
    /// [`Child::wait_with_output`].
    #[track_caller]
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

    /// Returns the program.
    pub fn get_program(&self) -> &OsStr {
        &self.program
    }

    /// Returns the arguments.
    pub fn get_args(&self) -> impl ExactSizeIterator<Item = &OsStr> {
        self.args.iter().map(OsString::as_os_str)
    }

    /// Returns the environment variables that were set or removed, sorted by name. The value of a
    /// removed variable is `None`.
    pub fn get_envs(&self) -> impl ExactSizeIterator<Item = (&OsStr, Option<&OsStr>)> {
        self.env.iter().map(|(name, value)| (name.as_os_str(), value.as_deref()))
    }

    /// Returns the folder, if it was set.
    pub fn get_current_dir(&self) -> Option<&Path> {
        self.folder.as_deref()
    }
}
