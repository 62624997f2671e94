//! A connection in memory, compared with a TCP connection on loopback. The kernel decides what is
//! right.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    task::Waker,
    time::Duration,
};

use Action::{Close, CloseWrite, Read as Reads, Reset, Write as Writes};
use Side::{A, B};
use quadrivium::{
    Task,
    task::{Context, Step, fairness},
    test::{Connection, connection, replay},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::ioctl_fionread,
};
use socket2::SockRef;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    A,
    B,
}

/// One action of an end. On TCP, a reset is a close with a linger time of zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Write,
    Read(usize),
    CloseWrite,
    Close,
    Reset,
}

const ALL: [Action; 6] = [Writes, Reads(1), Reads(9), CloseWrite, Close, Reset];

type Script = Vec<(Side, Action)>;

/// Two connected ends. A closed end does nothing any more.
trait Pair {
    fn write(&mut self, side: Side) -> Option<io::Result<usize>>;
    fn read(&mut self, side: Side, most: usize) -> Option<io::Result<Vec<u8>>>;
    fn close_write(&mut self, side: Side);
    fn close(&mut self, side: Side);
    fn reset(&mut self, side: Side);
}

/// Runs a script, and returns the outcome of each read and each write.
fn outcomes(pair: &mut dyn Pair, script: &[(Side, Action)]) -> Vec<String> {
    let mut outcomes = Vec::new();
    for &(side, action) in script {
        let outcome = match action {
            Writes => pair.write(side).map(|written| outcome(written.map(|n| n.to_string()))),
            Reads(most) => pair.read(side, most).map(|read| outcome(read.map(text))),
            CloseWrite => {
                pair.close_write(side);
                None
            }
            Close => {
                pair.close(side);
                None
            }
            Reset => {
                pair.reset(side);
                None
            }
        };
        outcomes.extend(outcome);
    }
    outcomes
}

fn outcome(result: io::Result<String>) -> String {
    result.unwrap_or_else(|error| match error.kind() {
        ErrorKind::WouldBlock => "waits".into(),
        ErrorKind::ConnectionReset => "reset".into(),
        ErrorKind::BrokenPipe => "broken".into(),
        _ => panic!("{error}"),
    })
}

fn text(bytes: Vec<u8>) -> String {
    match bytes.is_empty() {
        true => "end".into(),
        false => String::from_utf8(bytes).unwrap(),
    }
}

struct InMemory([Option<Connection>; 2]);

impl InMemory {
    fn new() -> Self {
        let (a, b) = connection();
        Self([Some(a), Some(b)])
    }
}

/// Returns the output of a task that need not wait, or `WouldBlock`.
fn at_once<T>(task: impl Task<Output = io::Result<T>>) -> io::Result<T> {
    // So that no operation suspends to let other tasks run.
    fairness::begin_step();
    match Box::pin(task).as_mut().resume(&mut Context::new(Waker::noop())) {
        Step::Done(result) => result,
        Step::Suspended(_) => Err(ErrorKind::WouldBlock.into()),
    }
}

impl Pair for InMemory {
    fn write(&mut self, side: Side) -> Option<io::Result<usize>> {
        Some(at_once(self.0[side as usize].as_ref()?.write("ab")))
    }

    fn read(&mut self, side: Side, most: usize) -> Option<io::Result<Vec<u8>>> {
        Some(at_once(self.0[side as usize].as_ref()?.read(most)))
    }

    fn close_write(&mut self, side: Side) {
        if let Some(end) = &self.0[side as usize] {
            end.close_write();
        }
    }

    fn close(&mut self, side: Side) {
        self.0[side as usize] = None;
    }

    fn reset(&mut self, side: Side) {
        if let Some(end) = self.0[side as usize].take() {
            end.reset();
        }
    }
}

/// A pair of TCP sockets. Each action waits until the other end has noticed it, as packets may
/// arrive a little later.
struct OnLoopback([Option<TcpStream>; 2]);

impl OnLoopback {
    fn new(listener: &TcpListener) -> Self {
        let a = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let b = loop {
            let (b, peer) = listener.accept().unwrap();
            if peer == a.local_addr().unwrap() {
                break b;
            }
        };
        let ends = [a, b];
        ends.iter().for_each(|end| end.set_nonblocking(true).unwrap());
        Self(ends.map(Some))
    }

    fn end(&self, side: Side) -> Option<&TcpStream> {
        self.0[side as usize].as_ref()
    }

    fn peer(&self, side: Side) -> Option<&TcpStream> {
        self.0[1 - side as usize].as_ref()
    }
}

/// Waits until this end notices that the other end writes no more, or that both directions have
/// ended (`HUP`).
fn wait_for(end: &TcpStream, event: PollFlags) {
    let limit = Timespec { tv_sec: 10, tv_nsec: 0 };
    let mut events = [PollFd::new(end, event)];
    assert_eq!(poll(&mut events, Some(&limit)).unwrap(), 1, "no {event:?} comes");
}

fn is_over(end: &TcpStream) -> bool {
    let mut events = [PollFd::new(end, PollFlags::empty())];
    poll(&mut events, Some(&Timespec::default())).unwrap() > 0
}

fn unread(end: &TcpStream) -> u64 {
    ioctl_fionread(end).unwrap()
}

impl Pair for OnLoopback {
    fn write(&mut self, side: Side) -> Option<io::Result<usize>> {
        let mut end = self.end(side)?;
        let before = self.peer(side).map(unread);
        let written = end.write(b"ab");
        match (&written, self.peer(side)) {
            (Err(_), _) => {}
            (Ok(_), None) => wait_for(end, PollFlags::HUP),
            (Ok(n), Some(peer)) => {
                let all = before.unwrap() + *n as u64;
                while unread(peer) < all {
                    std::thread::yield_now();
                }
            }
        }
        Some(written)
    }

    fn read(&mut self, side: Side, most: usize) -> Option<io::Result<Vec<u8>>> {
        let mut bytes = vec![0; most];
        let n = self.end(side)?.read(&mut bytes);
        Some(n.map(|n| {
            bytes.truncate(n);
            bytes
        }))
    }

    fn close_write(&mut self, side: Side) {
        let Some(end) = self.end(side) else { return };
        if let (Ok(()), Some(peer)) = (end.shutdown(Shutdown::Write), self.peer(side)) {
            wait_for(peer, PollFlags::RDHUP);
        }
    }

    fn close(&mut self, side: Side) {
        let Some(end) = self.0[side as usize].take() else { return };
        let (is_over, unread) = (is_over(&end), unread(&end));
        drop(end);
        match self.peer(side) {
            Some(peer) if !is_over && unread > 0 => wait_for(peer, PollFlags::HUP),
            Some(peer) if !is_over => wait_for(peer, PollFlags::RDHUP),
            _ => {}
        }
    }

    fn reset(&mut self, side: Side) {
        let Some(end) = self.0[side as usize].take() else { return };
        let is_over = is_over(&end);
        SockRef::from(&end).set_linger(Some(Duration::ZERO)).unwrap();
        drop(end);
        if let Some(peer) = self.peer(side)
            && !is_over
        {
            wait_for(peer, PollFlags::HUP);
        }
    }
}

impl Drop for OnLoopback {
    fn drop(&mut self) {
        // A reset frees the port at once. After a close it would stay in use for a minute.
        self.reset(A);
        self.reset(B);
    }
}

fn listener() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).unwrap()
}

/// Returns the outcomes of a script on the kernel, and checks that they are the same in memory.
fn same_outcomes(listener: &TcpListener, script: &[(Side, Action)]) -> Vec<String> {
    let kernel = outcomes(&mut OnLoopback::new(listener), script);
    let memory = outcomes(&mut InMemory::new(), script);
    assert_eq!(memory, kernel, "memory, kernel: {script:?}");
    kernel
}

#[test]
fn resets_and_closes_have_the_outcomes_of_tcp() {
    let all = Reads(9);
    let scripts: [(&[_], &[_]); 10] = [
        // The bytes that have arrived are read first. Then the error comes once, and after that the
        // end.
        (
            &[(A, Writes), (A, Reset), (B, Reads(1)), (B, all), (B, all), (B, all), (B, Writes)],
            &["2", "a", "b", "reset", "end", "broken"],
        ),
        // The first operation fails with the reset, also if it is a write.
        (
            &[(A, Writes), (A, Reset), (B, Writes), (B, Writes), (B, all), (B, all)],
            &["2", "reset", "broken", "ab", "end"],
        ),
        // An end that is closed with bytes unread resets.
        (
            &[(A, Writes), (B, Writes), (A, Close), (B, all), (B, all), (B, all)],
            &["2", "2", "ab", "reset", "end"],
        ),
        // An end that is closed after everything was read does not reset. The first write to it
        // succeeds.
        (
            &[(A, Writes), (A, Close), (B, Writes), (B, Writes), (B, all), (B, all), (B, all)],
            &["2", "2", "broken", "ab", "end", "end"],
        ),
        // After the end of the stream, no operation fails with a reset.
        (
            &[(A, Writes), (A, CloseWrite), (A, Reset), (B, all), (B, all), (B, Writes)],
            &["2", "ab", "end", "broken"],
        ),
        // The same when the reset comes because bytes were left unread.
        (
            &[(A, CloseWrite), (B, Writes), (A, Close), (B, Writes), (B, all), (B, all)],
            &["2", "broken", "end", "end"],
        ),
        // An operation at an end that has closed its writing fails with the reset.
        (
            &[(A, Writes), (B, CloseWrite), (A, Reset), (B, all), (B, Writes), (B, Writes)],
            &["2", "ab", "reset", "broken"],
        ),
        // Once both directions have ended, a reset changes nothing.
        (
            &[(A, Writes), (A, CloseWrite), (B, CloseWrite), (A, Reset), (B, all), (B, all)],
            &["2", "ab", "end"],
        ),
        // A half-closed connection stays open in the other direction.
        (
            &[(A, CloseWrite), (A, Writes), (B, all), (B, Writes), (A, all), (A, all)],
            &["broken", "end", "2", "ab", "waits"],
        ),
        // Nothing was written: a read waits.
        (
            &[(A, all), (B, Writes), (A, Reads(1)), (A, all), (A, all)],
            &["waits", "2", "a", "b", "waits"],
        ),
    ];
    let listener = listener();
    for (script, expected) in scripts {
        assert_eq!(same_outcomes(&listener, script), expected, "{script:?}");
    }
}

/// Adds reads and writes at both ends, which show the state that the script has left.
fn with_final_reads_and_writes(script: &[(Side, Action)], first: Action, then: Action) -> Script {
    let added = [first, first, then, then, first].into_iter();
    let added = added.flat_map(|action| [(A, action), (B, action)]);
    script.iter().copied().chain(added).collect()
}

#[test]
fn every_script_of_three_actions_has_the_outcomes_of_tcp() {
    let listener = listener();
    // Both ends are alike, so A begins.
    for first in ALL {
        for (second, third) in
            all_steps().flat_map(|second| all_steps().map(move |third| (second, third)))
        {
            let script = [(A, first), second, third];
            same_outcomes(&listener, &with_final_reads_and_writes(&script, Reads(9), Writes));
            same_outcomes(&listener, &with_final_reads_and_writes(&script, Writes, Reads(9)));
        }
    }
}

fn all_steps() -> impl Iterator<Item = (Side, Action)> {
    [A, B].into_iter().flat_map(|side| ALL.map(|does| (side, does)))
}

#[test]
fn longer_scripts_have_the_outcomes_of_tcp() {
    let listener = listener();
    let all: Script = all_steps().collect();
    for seed in 0..1_000 {
        let choose = |_: &mut _| {
            (0..10).map(|_| all[quadrivium::test::choose(all.len())]).collect::<Script>()
        };
        let script = replay(seed, choose).result.unwrap();
        same_outcomes(&listener, &with_final_reads_and_writes(&script, Reads(9), Writes));
    }
}
