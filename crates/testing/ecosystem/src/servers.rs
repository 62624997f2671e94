//! [`Postgres`] and [`Redis`]: real servers. Each has a folder of its own, where it listens on a
//! Unix socket, so no port can be taken. It is stopped, and its folder removed, when it is dropped.

use std::{
    env, fs,
    io::ErrorKind,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

/// Prints that a test is skipped, and why.
///
/// # Panics
///
/// When `QUADRIVIUM_MUST_NOT_SKIP` is set.
pub fn skip(reason: &str) {
    let must_not_skip = env::var_os("QUADRIVIUM_MUST_NOT_SKIP").is_some();
    assert!(!must_not_skip, "{reason}, and QUADRIVIUM_MUST_NOT_SKIP is set: install it");
    println!("skipped: {reason}");
}

/// A PostgreSQL server. Each user is admitted without a password. There is one user, `guide`, and
/// one database, `postgres`.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
}

impl Postgres {
    /// Starts a server. If PostgreSQL is not installed, returns `None` and prints that the test is
    /// skipped.
    ///
    /// # Panics
    ///
    /// When the server does not start, or is missing and no test may be skipped.
    pub fn start() -> Option<Self> {
        let Some(programs) = postgres_programs() else {
            skip("PostgreSQL is not on this machine");
            return None;
        };
        let folder = private_folder();
        let data = folder.path().join("data");
        let mut init = as_ordinary_user(&programs.join("initdb"));
        init.args(["--username=guide", "--auth=trust", "--no-sync", "--locale=C"]);
        let made = init.arg("--encoding=UTF8").arg("-D").arg(&data).output();
        let made = made.expect("initdb can be started");
        assert!(made.status.success(), "{made:?}");
        let mut postgres = as_ordinary_user(&programs.join("postgres"));
        postgres.arg("-D").arg(&data).arg("-k").arg(folder.path());
        postgres.args(["-c", "listen_addresses=", "-c", "fsync=off"]);
        Some(Self { server: Server::start(postgres, folder) })
    }

    /// Returns the path of its socket.
    pub fn socket(&self) -> PathBuf {
        self.server.folder.path().join(".s.PGSQL.5432")
    }
}

/// Returns the folder with the programs of the newest version. Debian does not put it on the path.
fn postgres_programs() -> Option<PathBuf> {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let folders = installed.map(|version| version.path().join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = folders.chain(env::split_paths(&path)).collect();
    folders.retain(|folder| folder.join("initdb").exists());
    folders.into_iter().max()
}

/// A Redis server.
#[derive(Debug)]
pub struct Redis {
    server: Server,
}

impl Redis {
    /// Starts a server. If Redis is not installed, returns `None` and prints that the test is
    /// skipped.
    ///
    /// # Panics
    ///
    /// When the server does not start, or is missing and no test may be skipped.
    pub fn start() -> Option<Self> {
        let name = Path::new("redis-server");
        let found = Command::new(name).arg("--version").stdout(Stdio::null()).status();
        if found.is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            skip("redis-server is not on this machine");
            return None;
        }
        let folder = private_folder();
        let mut redis = as_ordinary_user(name);
        redis.args(["--port", "0", "--save", "", "--unixsocket"]);
        redis.arg(folder.path().join("socket")).arg("--dir").arg(folder.path());
        Some(Self { server: Server::start(redis, folder) })
    }

    /// Returns the path of its socket.
    pub fn socket(&self) -> PathBuf {
        self.server.folder.path().join("socket")
    }
}

/// A running server.
#[derive(Debug)]
struct Server {
    process: Child,
    folder: TempDir,
}

impl Server {
    /// Starts a server, and waits until it says that it is ready.
    fn start(mut command: Command, folder: TempDir) -> Self {
        let log = folder.path().join("log");
        let output = fs::File::create(&log).expect("the folder is ours");
        let errors = output.try_clone().expect("a descriptor can be duplicated");
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        let process = command.spawn().expect("the program is on this machine");
        let mut server = Self { process, folder };
        let begin = Instant::now();
        loop {
            let text = fs::read_to_string(&log).unwrap_or_default();
            if text.to_lowercase().contains("ready to accept connections") {
                return server;
            }
            let is_late = begin.elapsed() > Duration::from_secs(60);
            let has_ended = !matches!(server.process.try_wait(), Ok(None));
            assert!(!is_late && !has_ended, "{command:?} does not start: {text}");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // PostgreSQL and Redis end at once, and PostgreSQL ends its own child processes.
        let _ = kill_process(Pid::from_child(&self.process), Signal::INT);
        let _ = self.process.wait();
    }
}

/// The user `nobody`, and its group. PostgreSQL refuses to run as root.
const NOBODY: u32 = 65_534;

fn private_folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    if geteuid().is_root() {
        chown(folder.path(), Some(NOBODY), Some(NOBODY)).expect("root may do this");
    }
    folder
}

/// Returns a command that runs as this user, or as `nobody` if this user is root.
fn as_ordinary_user(program: &Path) -> Command {
    let mut command = Command::new(program);
    if geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}
