//! [`Read`] and [`ReadExact`].

use std::{io, pin::Pin, rc::Rc};

use quadrivium_core::{Context, Step, Task, Wait};

use super::ConnectionEnd;
use crate::run;

/// A task that reads some bytes. Made by [`Connection::read`](super::Connection::read).
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct Read {
    end: Rc<ConnectionEnd>,
    most: usize,
    has_begun: bool,
}

/// A task that reads exactly `n` bytes. Made by
/// [`Connection::read_exact`](super::Connection::read_exact).
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct ReadExact {
    rest: Read,
    bytes: Vec<u8>,
}

impl Read {
    pub(super) fn new(end: &Rc<ConnectionEnd>, most: usize) -> Self {
        Self { end: Rc::clone(end), most, has_begun: false }
    }
}

/// Lets the faults of a read happen. They happen once for each operation: the number of its resumes
/// must not change the fault.
pub(super) fn begin(end: &ConnectionEnd, has_begun: &mut bool) {
    let begins = !std::mem::replace(has_begun, true);
    if begins && run::happens(|faults| faults.resets) {
        end.reset();
    }
}

impl ReadExact {
    pub(super) fn new(end: &Rc<ConnectionEnd>, n: usize) -> Self {
        Self { rest: Read::new(end, n), bytes: Vec::new() }
    }
}

impl Task for Read {
    type Output = io::Result<Vec<u8>>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        if self.end.here.gives_way() {
            return Step::Suspended(Wait::Turn);
        }
        if self.most == 0 {
            return self.end.here.done(Ok(Vec::new()));
        }
        let this = &mut *self;
        begin(&this.end, &mut this.has_begun);
        match self.end.read(self.most, cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(read) => self.end.here.done(read),
        }
    }
}

impl Task for ReadExact {
    type Output = io::Result<Vec<u8>>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let this = &mut *self;
        while this.rest.most > 0 {
            match Pin::new(&mut this.rest).resume(cx) {
                Step::Suspended(wait) => return Step::Suspended(wait),
                Step::Done(Err(error)) => return Step::Done(Err(error)),
                Step::Done(Ok(bytes)) if bytes.is_empty() => {
                    return Step::Done(Err(io::ErrorKind::UnexpectedEof.into()));
                }
                Step::Done(Ok(bytes)) => {
                    this.rest.most -= bytes.len();
                    this.bytes.extend(bytes);
                }
            }
        }
        Step::Done(Ok(std::mem::take(&mut this.bytes)))
    }
}
