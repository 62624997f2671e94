//! [`Write`] and [`WriteAll`].

use std::{io, pin::Pin, rc::Rc};

use quadrivium_core::{Context, Step, Task, Wait};

use super::ConnectionEnd;
use crate::run;

/// A task that writes some bytes. Made by [`Connection::write`](super::Connection::write).
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct Write {
    end: Rc<ConnectionEnd>,
    bytes: Vec<u8>,
    /// How many of `bytes` have been written.
    written: usize,
    has_begun: bool,
}

/// A task that writes all bytes. Made by [`Connection::write_all`](super::Connection::write_all).
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct WriteAll {
    rest: Write,
}

impl Write {
    pub(super) fn new(end: &Rc<ConnectionEnd>, bytes: Vec<u8>) -> Self {
        Self { end: Rc::clone(end), bytes, written: 0, has_begun: false }
    }
}

/// Lets the faults of a write happen, once for each operation. The number of its resumes must not
/// change the fault.
pub(super) fn begin(end: &ConnectionEnd, has_begun: &mut bool) {
    if std::mem::replace(has_begun, true) {
        return;
    }
    if run::happens(|faults| faults.resets) {
        end.reset();
    } else if run::happens(|faults| faults.half_closes) {
        end.close_write();
    }
}

impl WriteAll {
    pub(super) fn new(end: &Rc<ConnectionEnd>, bytes: Vec<u8>) -> Self {
        Self { rest: Write::new(end, bytes) }
    }
}

impl Task for Write {
    type Output = io::Result<usize>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        if self.end.here.gives_way() {
            return Step::Suspended(Wait::Turn);
        }
        if self.bytes.is_empty() {
            return self.end.here.done(Ok(0));
        }
        let this = &mut *self;
        begin(&this.end, &mut this.has_begun);
        match self.end.write(&self.bytes[self.written..], cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(written) => self.end.here.done(written),
        }
    }
}

impl Task for WriteAll {
    type Output = io::Result<()>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        loop {
            match Pin::new(&mut self.rest).resume(cx) {
                Step::Suspended(wait) => return Step::Suspended(wait),
                Step::Done(Err(error)) => return Step::Done(Err(error)),
                Step::Done(Ok(n)) => self.rest.written += n,
            }
            if self.rest.written == self.rest.bytes.len() {
                return Step::Done(Ok(()));
            }
        }
    }
}
