//! Real servers for the tests: each runs on loopback, in a private folder, and is stopped at the
//! end of its test.

use std::{
    env, fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A folder that is removed when it is dropped.
pub struct Folder(PathBuf);

impl Folder {
    /// Makes an empty folder.
    pub fn new(name: &str) -> Self {
        let folder = env::temp_dir().join(format!("quadrivium-{name}-{}", process::id()));
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A running server. It is stopped when this is dropped.
pub struct Server {
    child: Child,
    /// The port on loopback.
    pub port: u16,
    /// Where it keeps its data.
    pub folder: Folder,
}

impl Server {
    /// Starts a server, and waits until it accepts connections. `command` gets a free port and the
    /// server's folder. Returns `None` if its program is not installed.
    pub fn start(name: &str, command: impl FnOnce(u16, &Path) -> Command) -> Option<Self> {
        let folder = Folder::new(name);
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut command = command(port, folder.path());
        let log = fs::File::create(folder.path().join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let Ok(child) = command.spawn() else {
            skip(&format!("{:?} is not installed", command.get_program()));
            return None;
        };
        let server = Self { child, port, folder };
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if start.elapsed() > Duration::from_secs(30) {
                let log = fs::read_to_string(server.folder.path().join("log"));
                panic!("{name} does not start: {log:?}");
            }
            thread::sleep(Duration::from_millis(20));
        }
        Some(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Says why a test is skipped. Fails if no test may be skipped.
pub fn skip(reason: &str) {
    println!("skipped: {reason}");
    assert!(env::var_os("QUADRIVIUM_MUST_NOT_SKIP").is_none(), "{reason}");
}

/// Returns whether a program is installed.
pub fn is_installed(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// The CPU time that this process has used, and the memory of its stacks and heap, in KiB.
pub fn used() -> (Duration, u64) {
    // SAFETY: The function fills the structure.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let time = |it: libc::timeval| {
        Duration::from_secs(it.tv_sec as u64) + Duration::from_micros(it.tv_usec as u64)
    };
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    let kib = line.trim().trim_end_matches(" kB").parse().unwrap();
    (time(usage.ru_utime) + time(usage.ru_stime), kib)
}

/// Gives free memory of the heap back to the system.
pub fn give_memory_back() {
    // SAFETY: It takes an integer.
    unsafe { libc::malloc_trim(0) };
}
