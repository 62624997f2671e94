//! [`Limited`]: runs a program as a user that may have only a few threads and processes.
//!
//! The limit does not bind root, and it counts all threads of a user. So each run has a user of its
//! own. This needs root, and `setpriv` and `prlimit` from util-linux.

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

/// A copy of a program that every user may run. It is removed when this is dropped.
pub struct Limited {
    folder: PathBuf,
    program: PathBuf,
}

/// Returns the number of a user that runs nothing else.
fn user() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let user = process::id().wrapping_mul(64).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
    // Above the users that exist, and below the largest number that a container allows.
    (10_000 + user % 50_000).to_string()
}

/// Returns a command whose process and its children may have this many threads together.
fn command(program: &Path, threads: usize) -> Command {
    let user = user();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &user, "--regid", &user, "--clear-groups", "prlimit"]);
    command.arg(format!("--nproc={threads}:{threads}")).arg(program);
    command
}

impl Limited {
    /// Copies the program. Returns `None`, and prints the reason, where no user can be limited.
    ///
    /// # Panics
    ///
    /// When no user can be limited and `QUADRIVIUM_MUST_NOT_SKIP` is set.
    pub fn new(program: &Path) -> Option<Self> {
        let reason = match command(Path::new("true"), 4).output() {
            Ok(output) if output.status.success() => return Some(Self::copy(program)),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => format!("setpriv: {error}"),
        };
        let must_not_skip = env::var_os("QUADRIVIUM_MUST_NOT_SKIP").is_some();
        assert!(
            !must_not_skip,
            "no user can be limited to a number of threads, and no test may be skipped: {reason}"
        );
        eprintln!("skipped: {reason}; this test needs root and util-linux");
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
            fs::set_permissions(path, fs::Permissions::from_mode(0o755))
                .expect("the copy belongs to this process");
        }
        copy
    }

    /// Returns a command that runs the program as a user of its own with this many threads.
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
/// When it has not ended after two minutes.
#[track_caller]
pub fn run(mut command: Command) -> Output {
    command.env("RUST_BACKTRACE", "0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the program can be started");
    let id = child.id().to_string();
    let (sender, ended) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    match ended.recv_timeout(Duration::from_secs(120)) {
        Ok(output) => output.expect("the output of a child can be read"),
        Err(_) => {
            let _ = Command::new("kill").args(["-KILL", &id]).status();
            panic!("the program does not end: {:#?}", ended.recv());
        }
    }
}
