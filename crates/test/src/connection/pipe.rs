//! [`Pipe`]: one direction of a connection: bytes on their way, and who waits at its ends.
//!
//! ```text
//!   write ─► │ chunk, arrives at 30 ms │ chunk, arrives at 20 ms │ chunk, has arrived │ ─► read
//!            └── never before the one ahead of it ───────────────────────────────────┘
//! ```

use std::{
    cell::RefCell,
    collections::VecDeque,
    io::{self, ErrorKind},
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use quadrivium_core::{Context, LocalWaker, Step, Wait};

use crate::run;

/// Bytes that are slower arrive after a hundred years: an instant has an end.
const SLOWEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

#[derive(Debug)]
pub(super) struct Pipe {
    state: RefCell<State>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<Chunk>,
    stage: Stage,
    readers: Vec<LocalWaker>,
    writers: Vec<LocalWaker>,
}

#[derive(Debug)]
struct Chunk {
    bytes: VecDeque<u8>,
    /// Not there before this; at once, when it was not slow.
    arrives: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Open,
    /// Nothing is written any more.
    Ended,
    /// Nothing is read any more.
    Abandoned,
    Reset,
}

impl Pipe {
    pub(super) fn new(capacity: usize) -> Self {
        Self { state: RefCell::default(), capacity }
    }

    /// Takes up to `most` bytes; none at the end.
    pub(super) fn read(&self, most: usize, cx: &Context<'_>) -> Step<io::Result<Vec<u8>>> {
        let mut state = self.state.borrow_mut();
        match (state.stage, state.chunks.front().map(|chunk| chunk.arrives)) {
            (Stage::Reset, _) => Step::Done(Err(ErrorKind::ConnectionReset.into())),
            _ if most == 0 => Step::Done(Ok(Vec::new())),
            (_, Some(Some(arrives))) if cx.now() < arrives => {
                drop(state);
                self.wait(cx, |state| &mut state.readers);
                Step::Suspended(Wait::Until(arrives))
            }
            (_, Some(_)) => {
                let bytes = state.take(most);
                drop(state);
                self.wake(|state| &mut state.writers);
                Step::Done(Ok(bytes))
            }
            (Stage::Ended | Stage::Abandoned, None) => Step::Done(Ok(Vec::new())),
            (Stage::Open, None) => {
                drop(state);
                self.wait(cx, |state| &mut state.readers);
                Step::Suspended(Wait::Wake)
            }
        }
    }

    /// Puts some of these bytes on their way: how many.
    pub(super) fn write(&self, bytes: &[u8], cx: &Context<'_>) -> Step<io::Result<usize>> {
        let mut state = self.state.borrow_mut();
        let room = self.capacity - state.len();
        match state.stage {
            Stage::Reset => Step::Done(Err(ErrorKind::ConnectionReset.into())),
            Stage::Ended | Stage::Abandoned => Step::Done(Err(ErrorKind::BrokenPipe.into())),
            Stage::Open if bytes.is_empty() => Step::Done(Ok(0)),
            Stage::Open if room == 0 => {
                drop(state);
                self.wait(cx, |state| &mut state.writers);
                Step::Suspended(Wait::Wake)
            }
            Stage::Open => {
                let n = split(bytes.len().min(room));
                let arrives = run::slowness()
                    .and_then(|slowness| cx.now().checked_add(slowness.min(SLOWEST)));
                state.put(&bytes[..n], arrives);
                drop(state);
                self.wake(|state| &mut state.readers);
                Step::Done(Ok(n))
            }
        }
    }

    /// Nothing more is written.
    pub(super) fn end(&self) {
        self.become_stage(|stage| match stage {
            Stage::Open => Stage::Ended,
            Stage::Ended | Stage::Abandoned | Stage::Reset => stage,
        });
    }

    /// Nothing more is read.
    pub(super) fn abandon(&self) {
        self.become_stage(|stage| match stage {
            Stage::Open | Stage::Ended | Stage::Abandoned => Stage::Abandoned,
            Stage::Reset => Stage::Reset,
        });
    }

    /// What is on its way is lost.
    pub(super) fn reset(&self) {
        self.state.borrow_mut().chunks.clear();
        self.become_stage(|_| Stage::Reset);
    }

    pub(super) fn is_read_up(&self) -> bool {
        self.state.borrow().chunks.is_empty()
    }

    fn become_stage(&self, next: impl FnOnce(Stage) -> Stage) {
        let mut state = self.state.borrow_mut();
        state.stage = next(state.stage);
        drop(state);
        self.wake(|state| &mut state.readers);
        self.wake(|state| &mut state.writers);
    }

    fn wait(&self, cx: &Context<'_>, line: impl FnOnce(&mut State) -> &mut Vec<LocalWaker>) {
        // Made outside the borrow, as everything about wakers may be user code.
        let waker = cx.local_waker();
        let mut state = self.state.borrow_mut();
        let line = line(&mut state);
        if !line.iter().any(|waiting| waiting.will_wake(cx.waker())) {
            line.push(waker);
        }
    }

    fn wake(&self, line: impl FnOnce(&mut State) -> &mut Vec<LocalWaker>) {
        Waking(mem::take(line(&mut self.state.borrow_mut()))).wake_all();
    }
}

/// Those that are to be woken: if a foreign waker panics, the others are woken as that unwinds.
struct Waking(Vec<LocalWaker>);

impl Waking {
    fn wake_all(&mut self) {
        while !self.0.is_empty() {
            self.0.remove(0).wake();
        }
    }
}

impl Drop for Waking {
    fn drop(&mut self) {
        if !self.0.is_empty() {
            // A second panic would abort the process.
            let _ = catch_unwind(AssertUnwindSafe(|| self.wake_all()));
        }
    }
}

impl State {
    fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.bytes.len()).sum()
    }

    /// Takes up to `most` bytes, at least one, of the first chunk.
    fn take(&mut self, most: usize) -> Vec<u8> {
        let chunk = self.chunks.front_mut().expect("there are bytes to read");
        let n = split(chunk.bytes.len().min(most));
        let bytes = chunk.bytes.drain(..n).collect();
        if chunk.bytes.is_empty() {
            self.chunks.pop_front();
        }
        bytes
    }

    fn put(&mut self, bytes: &[u8], arrives: Option<Instant>) {
        match self.chunks.back_mut() {
            // A later write arrives no earlier; on time means with the one ahead.
            Some(last) if arrives <= last.arrives => last.bytes.extend(bytes),
            _ => self.chunks.push_back(Chunk { bytes: bytes.iter().copied().collect(), arrives }),
        }
    }
}

/// How many of `n` bytes, of which there is at least one, are read or written at once.
fn split(n: usize) -> usize {
    match n > 1 && run::happens(|faults| faults.splits) {
        true => 1 + run::choose(n - 1),
        false => n,
    }
}
