//! [`Limited`]: a program run as a user who may have few threads and processes.
//!
//! The limit does not bind root, and counts everything that the user runs. So each run has a user
//! of its own, which takes root, and `setpriv` and `prlimit` from util-linux.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{self, Command, Output, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

/// A copy of a program where every user may run it. It is removed when this is dropped.
pub struct Limited {
    folder: PathBuf,
    program: PathBuf,
}

/// A user that runs nothing else.
fn user() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let user = process::id().wrapping_mul(64).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
    // Above the users that exist, and below what a container may have.
    (10_000 + user % 50_000).to_string()
}

/// A command whose process may have this many threads, with those of its children.
fn command(program: &Path, threads: usize) -> Command {
    let user = user();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &user, "--regid", &user, "--clear-groups", "prlimit"]);
    command.arg(format!("--nproc={threads}:{threads}")).arg(program);
    command
}

impl Limited {
    /// None where that cannot be had; then it has said why.
    ///
    /// # Panics
    ///
    /// When it cannot be had and the environment says that no test may be skipped.
    pub fn new(program: &Path) -> Option<Self> {
        let reason = match command(Path::new("true"), 4).output() {
            Ok(output) if output.status.success() => return Some(Self::copy(program)),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => format!("setpriv: {error}"),
        };
        let must_not_skip = env::var_os("QUADRIVIUM_MUST_NOT_SKIP").is_some();
        assert!(!must_not_skip, "no user with a limit of threads can be had: {reason}");
        eprintln!("skipped: {reason}; it takes root and util-linux");
        None
    }

    fn copy(program: &Path) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("quadrivium-limited-{}-{next}", process::id());
        let folder = env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a folder can be made");
        let copy = Self { program: folder.join("program"), folder };
        fs::copy(program, &copy.program).expect("a program can be copied");
        for path in [&copy.folder, &copy.program] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        }
        copy
    }

    /// The program, as a user of its own who may have this many threads.
    pub fn command(&self, threads: usize) -> Command {
        command(&self.program, threads)
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Runs a command to its end, without backtraces.
///
/// # Panics
///
/// When it has not ended long after it should have.
#[track_caller]
pub fn run(mut command: Command) -> Output {
    command.env("RUST_BACKTRACE", "0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("it starts");
    let id = child.id().to_string();
    let (ends, ended) = mpsc::channel();
    thread::spawn(move || ends.send(child.wait_with_output()));
    match ended.recv_timeout(Duration::from_secs(120)) {
        Ok(output) => output.expect("it is ours"),
        Err(_) => {
            let _ = Command::new("kill").args(["-KILL", &id]).status();
            panic!("it does not end: {:#?}", ended.recv());
        }
    }
}
