//! The thread that serves the socket.

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::Path,
    process,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use quadrivium_core::host::{contain, refused};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{
    answer::{ask_all, document, refusal},
    at_exit,
    connection::{ConnectionStage, SnapshotConnection, SnapshotForm},
    folder,
};

/// The largest number of clients at once. If more come, the oldest one that has not asked yet is
/// dropped.
const MOST_CONNECTIONS: usize = 64;

/// Clients that are accepted before others are looked at.
const ACCEPTED_AT_ONCE: usize = 8;

/// How often clients that do nothing are looked at.
const PAUSE: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// Offers snapshots of all loops of this process to other processes of this user, until the process
/// exits. `quadrivium ps` shows them. A second call does nothing.
///
/// It makes a socket in `XDG_RUNTIME_DIR`, or in the folder of temporary files, and starts a
/// thread. The loops are asked only when a client asks.
///
/// # Errors
///
/// Fails in a process that has more rights than its user (set-uid). Fails when the operating system
/// refuses the socket or the thread, and when the folder belongs to another user.
pub fn serve_snapshots() -> io::Result<()> {
    /// The process that serves. A forked process must serve itself.
    static SERVING: Mutex<Option<u32>> = Mutex::new(None);
    let mut serving = SERVING.lock().unwrap_or_else(PoisonError::into_inner);
    if *serving == Some(process::id()) {
        return Ok(());
    }
    if has_more_rights_than_its_user() {
        let refused = "a set-uid process offers no snapshots";
        return Err(io::Error::new(ErrorKind::PermissionDenied, refused));
    }
    let socket = folder::socket_of(&folder::make()?, process::id());
    let listener = bind(&socket)?;
    let started = thread::Builder::new()
        .name("quadrivium-inspect".into())
        .spawn(move || SnapshotServer { listener, connections: Vec::new() }.serve());
    if let Err(error) = started {
        _ = fs::remove_file(&socket);
        return Err(refused("a thread for snapshots", &error));
    }
    at_exit::remove(socket);
    *serving = Some(process::id());
    Ok(())
}

/// Returns whether this process has more rights than the user who has started it. The kernel
/// records that under the number `AT_SECURE`.
fn has_more_rights_than_its_user() -> bool {
    const AT_SECURE: u64 = 23;
    let Ok(records) = fs::read("/proc/self/auxv") else { return true };
    let (words, _) = records.as_chunks::<8>();
    let words: Vec<_> = words.iter().map(|word| u64::from_ne_bytes(*word)).collect();
    let (records, _) = words.as_chunks::<2>();
    records.iter().any(|[number, value]| *number == AT_SECURE && *value != 0)
}

/// Makes the socket. A socket that a former process with this number has left is replaced.
fn bind(socket: &Path) -> io::Result<UnixListener> {
    let listener = match UnixListener::bind(socket) {
        Err(error) if error.kind() == ErrorKind::AddrInUse && is_left(socket) => {
            fs::remove_file(socket)?;
            UnixListener::bind(socket)
        }
        bound => bound,
    }?;
    // No other user can enter the folder meanwhile.
    fs::set_permissions(socket, fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Returns whether no process listens on this socket.
fn is_left(socket: &Path) -> bool {
    let refused = UnixStream::connect(socket).err().map(|error| error.kind());
    refused == Some(ErrorKind::ConnectionRefused)
}

struct SnapshotServer {
    listener: UnixListener,
    connections: Vec<SnapshotConnection>,
}

impl SnapshotServer {
    fn serve(mut self) {
        loop {
            self.wait();
            // A fault of one round must not end the thread.
            contain(|| self.go_on());
        }
    }

    /// Waits until a client comes, sends or reads.
    fn wait(&self) {
        let interest = |connection: &SnapshotConnection| match connection.stage {
            ConnectionStage::Asking(_) => PollFlags::IN,
            ConnectionStage::Asked(_) | ConnectionStage::Answering(..) => PollFlags::OUT,
        };
        let clients = self.connections.iter().map(|it| PollFd::new(&it.stream, interest(it)));
        let mut watched: Vec<_> = clients.collect();
        if self.connections.len() < MOST_CONNECTIONS || self.asking().is_some() {
            watched.push(PollFd::new(&self.listener, PollFlags::IN));
        }
        // A signal may end the wait. Then nothing is found.
        _ = poll(&mut watched, (!self.connections.is_empty()).then_some(&PAUSE));
    }

    fn go_on(&mut self) {
        for _ in 0..ACCEPTED_AT_ONCE {
            if !self.accept() {
                break;
            }
        }
        self.connections.retain_mut(SnapshotConnection::go_on);
        self.answer();
    }

    /// Accepts a client, if there is one. Returns whether there may be more.
    fn accept(&mut self) -> bool {
        if self.connections.len() >= MOST_CONNECTIONS {
            let Some(oldest) = self.asking() else { return false };
            self.connections.remove(oldest);
        }
        match self.listener.accept() {
            Ok((stream, _)) => {
                self.connections.extend(SnapshotConnection::greet(stream));
                true
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            Err(_) => {
                // There may be no descriptor left. Waiting for one must not keep a core busy.
                thread::park_timeout(Duration::from_millis(10));
                false
            }
        }
    }

    /// Returns the oldest client that has not asked yet.
    fn asking(&self) -> Option<usize> {
        self.connections.iter().position(|it| matches!(it.stage, ConnectionStage::Asking(_)))
    }

    /// Answers all clients that have asked. One snapshot of each loop serves them all.
    fn answer(&mut self) {
        let question = |it: &SnapshotConnection| match it.stage {
            ConnectionStage::Asked(question) => Some(question),
            ConnectionStage::Asking(_) | ConnectionStage::Answering(..) => None,
        };
        if !self.connections.iter().any(|it| question(it).is_some()) {
            return;
        }
        let loops = ask_all();
        let mut texts: Vec<(Option<SnapshotForm>, Arc<str>)> = Vec::new();
        for connection in &mut self.connections {
            let Some(question) = question(connection) else { continue };
            let known = texts.iter().find(|(it, _)| *it == question).map(|(_, text)| text.clone());
            let text = known.unwrap_or_else(|| {
                let text = question.map_or_else(refusal, |it| document(&loops, it));
                texts.push((question, text.into()));
                texts[texts.len() - 1].1.clone()
            });
            connection.answer(text);
        }
    }
}
