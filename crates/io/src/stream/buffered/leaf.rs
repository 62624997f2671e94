//! [`Buffered`]: the leaf of all operations of a [`BufReader`]. It reads from the stream until the
//! buffer has what the operation needs.

use std::{fmt, io, pin::Pin};

use quadrivium_core::{Context, Interest, RESUMED_AFTER_DONE, Step, Task, Wait, fairness};

use super::{BufReader, SharedReader, unread::UnreadBytes};
use crate::{descriptor::Buffer, stream::attempts::AttemptRead};

/// A leaf that calls `take` with the bytes that are in the buffer, until `take` returns an output.
/// Its last argument says whether the stream has ended, so that no more bytes come.
///
/// Until then `take` leaves the bytes in the buffer. So a leaf that is dropped has taken nothing.
pub(super) struct Buffered<S: AttemptRead, B, F> {
    reader: BufReader<S>,
    place: S::Place,
    has_suspended: bool,
    /// `None` after the operation is done.
    buffer: Option<B>,
    take: F,
}

impl<S: AttemptRead, B: Buffer, F> Buffered<S, B, F> {
    #[track_caller]
    pub(super) fn new<R>(reader: &BufReader<S>, buffer: B, take: F) -> Self
    where
        F: FnMut(&mut UnreadBytes, &mut B::Content, bool) -> Option<io::Result<R>>,
    {
        let (reader, place) = (reader.clone(), S::Place::default());
        Self { reader, place, has_suspended: false, buffer: Some(buffer), take }
    }

    fn done<R>(&mut self, result: io::Result<R>) -> Step<B::Output<io::Result<R>>> {
        let buffer = self.buffer.take().expect(RESUMED_AFTER_DONE);
        Step::Done(buffer.give_back(result))
    }

    fn suspend<R>(&mut self, wait: Wait) -> Step<R> {
        self.has_suspended = true;
        Step::Suspended(wait)
    }
}

// No field is ever pinned.
impl<S: AttemptRead, B, F> Unpin for Buffered<S, B, F> {}

impl<S, B, F, R> Task for Buffered<S, B, F>
where
    S: AttemptRead,
    B: Buffer,
    F: FnMut(&mut UnreadBytes, &mut B::Content, bool) -> Option<io::Result<R>>,
{
    type Output = B::Output<io::Result<R>>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let this = &mut *self;
        // The buffer may have many lines, which no attempt would count.
        if fairness::gives_way(this.has_suspended) {
            return this.suspend(Wait::Turn);
        }
        let mut has_ended = false;
        loop {
            let content = this.buffer.as_mut().expect(RESUMED_AFTER_DONE).content();
            let taken = (this.take)(&mut this.reader.shared.unread(), content, has_ended);
            if let Some(result) = taken {
                this.reader.shared.stream.leave(Interest::Readable, &mut this.place);
                let _counted: Step<()> = fairness::done(());
                return this.done(result);
            }
            match this.reader.shared.fill(&mut this.place, cx) {
                Step::Suspended(wait) => return this.suspend(wait),
                Step::Done(Ok(n)) => has_ended = n == 0,
                Step::Done(Err(error)) => return this.done(Err(error)),
            }
        }
    }
}

impl<S: AttemptRead> SharedReader<S> {
    /// Reads once, and returns the number of bytes that were added. Returns 0 at the end.
    ///
    /// Nothing is locked while the stream is read, because the stream may drop a waker, which is
    /// user code. Should that code use the reader, or another thread, it waits for the next turn.
    pub(super) fn fill(&self, place: &mut S::Place, cx: &Context<'_>) -> Step<io::Result<usize>> {
        let Some(spare) = self.unread().begin_fill(self.capacity) else {
            return Step::Suspended(Wait::Turn);
        };
        let mut filling = Filling { shared: self, spare, n: 0 };
        let step = self.stream.attempt_read(place, cx, &mut filling.spare);
        if let Step::Done(Ok(n)) = step {
            filling.n = n;
        }
        step
    }
}

/// A read that is under way. It gives its memory back when it is dropped, also by a panic.
struct Filling<'a, S> {
    shared: &'a SharedReader<S>,
    spare: Vec<u8>,
    n: usize,
}

impl<S> Drop for Filling<'_, S> {
    fn drop(&mut self) {
        let spare = std::mem::take(&mut self.spare);
        self.shared.unread().end_fill(spare, self.n);
    }
}

quadrivium_core::leaf! {
    impl[S: AttemptRead, B, F] Buffered<S, B, F>;
}

impl<S: AttemptRead, B, F> Drop for Buffered<S, B, F> {
    fn drop(&mut self) {
        self.reader.shared.stream.leave(Interest::Readable, &mut self.place);
    }
}

impl<S: AttemptRead, B, F> fmt::Debug for Buffered<S, B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffered").field("is_done", &self.buffer.is_none()).finish_non_exhaustive()
    }
}
