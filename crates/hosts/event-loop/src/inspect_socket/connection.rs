//! [`SnapshotConnection`]: a client of the socket, which may be slow, or send anything.

use std::{
    io::{self, ErrorKind, Read, Write},
    os::unix::net::UnixStream,
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::{
    net::sockopt::socket_peercred,
    process::{Uid, geteuid},
};

use super::answer::{greeting, later};

/// A client that has not read its answer by then is dropped.
const LONGEST_CONNECTION: Duration = Duration::from_secs(10);

/// A question is shorter.
const LONGEST_QUESTION: usize = 64;

/// The form in which another process asks for the tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotForm {
    /// A table.
    Table,
    /// A tree.
    Tree,
    /// A JSON document.
    Json,
}

impl SnapshotForm {
    /// All forms, with their names in messages.
    const NAMES: [(Self, &'static str); 3] =
        [(Self::Table, "table"), (Self::Tree, "tree"), (Self::Json, "json")];

    pub(super) fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(it, _)| *it == self).map_or("", |(_, name)| name)
    }

    /// Returns the form that a line of a client names.
    fn of(line: &[u8]) -> Option<Self> {
        Self::NAMES.iter().find(|(_, name)| name.as_bytes() == line).map(|(it, _)| *it)
    }
}

/// A client.
pub(super) struct SnapshotConnection {
    pub(super) stream: UnixStream,
    pub(super) stage: ConnectionStage,
    /// When the client is dropped.
    deadline: Instant,
}

pub(super) enum ConnectionStage {
    /// It has not sent its question. These are the bytes so far.
    Asking(Vec<u8>),
    /// It has sent its question, if it is a known one.
    Asked(Option<SnapshotForm>),
    /// It reads this answer. The number is the bytes that were sent so far.
    Answering(Arc<str>, usize),
}

impl SnapshotConnection {
    /// Greets a new client. Returns `None` if it belongs to another user, or is gone.
    pub(super) fn greet(stream: UnixStream) -> Option<Self> {
        let user = socket_peercred(&stream).ok()?.uid;
        if user != geteuid() && user != Uid::ROOT {
            return None;
        }
        stream.set_nonblocking(true).ok()?;
        // It fits into the empty buffer of a new socket.
        (&stream).write_all(greeting().as_bytes()).ok()?;
        let stage = ConnectionStage::Asking(Vec::new());
        Some(Self { stream, stage, deadline: later(LONGEST_CONNECTION) })
    }

    /// Reads or writes what is possible now. Returns whether the connection goes on.
    pub(super) fn go_on(&mut self) -> bool {
        let gone_on = match &mut self.stage {
            ConnectionStage::Asking(received) => match receive(&self.stream, received) {
                Ok(Some(question)) => {
                    self.stage = ConnectionStage::Asked(question);
                    true
                }
                Ok(None) => true,
                Err(error) => error.kind() == ErrorKind::WouldBlock,
            },
            ConnectionStage::Asked(_) => true,
            ConnectionStage::Answering(text, sent) => match send(&self.stream, text, sent) {
                Ok(()) => false,
                Err(error) => error.kind() == ErrorKind::WouldBlock,
            },
        };
        gone_on && later(Duration::ZERO) < self.deadline
    }

    /// Answers the question. The answer is sent when the client reads it.
    pub(super) fn answer(&mut self, text: Arc<str>) {
        self.stage = ConnectionStage::Answering(text, 0);
    }
}

/// What is known of the question of a client: `None` before its line is complete, and `Some(None)`
/// if the line is no question.
type Received = Option<Option<SnapshotForm>>;

/// Reads what has come of a question.
fn receive(mut stream: &UnixStream, received: &mut Vec<u8>) -> io::Result<Received> {
    let mut bytes = [0; LONGEST_QUESTION];
    let n = stream.read(&mut bytes)?;
    received.extend(&bytes[..n]);
    let end = received.iter().position(|byte| *byte == b'\n');
    match end {
        Some(end) => Ok(Some(SnapshotForm::of(&received[..end]))),
        None if n > 0 && received.len() < LONGEST_QUESTION => Ok(None),
        None => Err(ErrorKind::InvalidData.into()),
    }
}

/// Sends what the client can take now of the rest. Returns an error until all was sent.
fn send(mut stream: &UnixStream, text: &str, sent: &mut usize) -> io::Result<()> {
    while *sent < text.len() {
        match stream.write(&text.as_bytes()[*sent..]) {
            Ok(n) => *sent += n,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
