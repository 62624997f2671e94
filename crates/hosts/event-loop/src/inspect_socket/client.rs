//! The client: it finds the sockets of this user, and asks one of them.

use std::{
    fs,
    io::{self, BufRead, BufReader, ErrorKind, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use rustix::{
    net::{
        AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with,
        sockopt::{Timeout, set_socket_timeout, socket_peercred},
    },
    process::{Pid, geteuid, test_kill_process},
};

use super::{answer::VERSION, connection::SnapshotForm, folder};

/// No server needs that long for one message.
const PATIENCE: Duration = Duration::from_secs(5);

/// Returns the numbers of the processes of this user that offer snapshots, in ascending order. The
/// socket of a process that is gone is removed.
///
/// # Errors
///
/// Fails when the folder of the sockets cannot be read, or belongs to another user.
pub fn processes() -> io::Result<Vec<u32>> {
    let folder = folder::path();
    match folder::expect_private(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        checked => checked?,
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if let Some(process) = folder::process_of(&path)
            && !remove_if_left(&path, process)
        {
            found.push(process);
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Asks a process for a snapshot of its loops. Returns a JSON document, which `docs/tasks.md`
/// describes. It has the tasks in the form of the question.
///
/// A loop that does not answer within 100 ms is part of the document.
///
/// # Errors
///
/// Fails with [`ErrorKind::NotFound`] when the process offers no snapshots to this user. Fails with
/// [`ErrorKind::TimedOut`] when the process does not answer at all. Fails with
/// [`ErrorKind::Unsupported`] when it has another version of these messages.
pub fn ask(process: u32, question: SnapshotForm) -> io::Result<String> {
    let folder = folder::path();
    let refused = |error| explain(error, process);
    folder::expect_private(&folder).map_err(refused)?;
    let path = folder::socket_of(&folder, process);
    let asked = open(&path).and_then(|server| question_to(&server, question));
    if asked.is_err() {
        remove_if_left(&path, process);
    }
    asked.map_err(refused)
}

fn question_to(mut server: &UnixStream, question: SnapshotForm) -> io::Result<String> {
    let mut lines = BufReader::new(server);
    let mut greeting = String::new();
    lines.read_line(&mut greeting)?;
    if !greeting.starts_with(&format!("{{\"quadrivium\":\"inspect\",\"version\":{VERSION},")) {
        return Err(match greeting.starts_with("{\"quadrivium\":\"inspect\"") {
            true => io::Error::new(
                ErrorKind::Unsupported,
                format!("it has another version of the messages than {VERSION}: {greeting:?}"),
            ),
            false => ErrorKind::UnexpectedEof.into(),
        });
    }
    writeln!(server, "{}", question.name())?;
    let mut document = String::new();
    lines.read_to_string(&mut document)?;
    if document.ends_with('\n') { Ok(document) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

/// Connects to a socket, and checks that the server is a process of this user.
fn open(path: &Path) -> io::Result<UnixStream> {
    let flags = SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    for direction in [Timeout::Send, Timeout::Recv] {
        set_socket_timeout(&socket, direction, Some(PATIENCE))?;
    }
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    match socket_peercred(&socket)?.uid == geteuid() {
        true => Ok(socket.into()),
        false => Err(ErrorKind::NotFound.into()),
    }
}

/// Removes a socket whose process is gone, and on which no other process listens. A process in
/// another namespace may have this number, so the number alone is not enough.
fn remove_if_left(path: &Path, process: u32) -> bool {
    let number = i32::try_from(process).ok().and_then(Pid::from_raw);
    let is_gone = number.is_none_or(|number| {
        test_kill_process(number).is_err_and(|error| error == rustix::io::Errno::SRCH)
    });
    let is_left = is_gone
        && open(path).err().is_some_and(|error| error.kind() == ErrorKind::ConnectionRefused);
    is_left && fs::remove_file(path).is_ok()
}

fn explain(error: io::Error, process: u32) -> io::Error {
    let kind = match error.kind() {
        ErrorKind::WouldBlock => ErrorKind::TimedOut,
        ErrorKind::ConnectionRefused => ErrorKind::NotFound,
        kind => kind,
    };
    let why = match kind {
        ErrorKind::NotFound => format!(
            "process {process} offers no snapshots to this user: start it with \
             QUADRIVIUM_INSPECT=1, and with the feature `inspect`"
        ),
        ErrorKind::TimedOut => format!("process {process} does not answer: it may be stopped"),
        _ => format!("cannot ask process {process}: {error}"),
    };
    io::Error::new(kind, why)
}
