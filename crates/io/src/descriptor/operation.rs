//! [`Operation`]: the leaf that tries a system call on a descriptor until it does not block any
//! more.

use std::{fmt, io, os::fd::AsFd, pin::Pin, sync::Arc};

use quadrivium_core::{Context, Interest, QueuePlace, RESUMED_AFTER_DONE, Step, Task};

use super::{
    buffer::Buffer,
    source::{Source, Tried},
};

/// A leaf that calls `attempt` on a descriptor until the call does not block any more.
///
/// An operation keeps its descriptor open until the operation is dropped.
pub(crate) struct Operation<T: AsFd, B, F> {
    source: Arc<Source<T>>,
    interest: Interest,
    place: QueuePlace,
    /// Whether the buffer is empty, so that there is nothing to wait for.
    at_once: bool,
    /// `None` after the operation is done.
    buffer: Option<B>,
    attempt: F,
}

impl<T: AsFd, B: Buffer, F> Operation<T, B, F> {
    /// Creates an operation that calls `attempt` with the descriptor and the buffer. The closure
    /// itself stores what the earlier calls have done.
    pub(crate) fn new<R>(source: &Arc<Source<T>>, interest: Interest, buffer: B, attempt: F) -> Self
    where
        F: FnMut(&T, &mut B::Content) -> io::Result<Tried<R>>,
    {
        let (source, place) = (Arc::clone(source), QueuePlace::default());
        Self { source, interest, place, at_once: false, buffer: Some(buffer), attempt }
    }

    /// Sets whether the buffer is empty. Then `attempt` never blocks, and it is called even if the
    /// descriptor is known not to be ready.
    pub(crate) fn at_once(mut self, on_no_bytes: bool) -> Self {
        self.at_once = on_no_bytes;
        self
    }
}

// No field is ever pinned.
impl<T: AsFd, B, F> Unpin for Operation<T, B, F> {}

impl<T, B, F, R> Task for Operation<T, B, F>
where
    T: AsFd,
    B: Buffer,
    F: FnMut(&T, &mut B::Content) -> io::Result<Tried<R>>,
{
    type Output = B::Output<io::Result<R>>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let Self { source, interest, place, at_once, buffer, attempt } = &mut *self;
        let content = buffer.as_mut().expect(RESUMED_AFTER_DONE).content();
        match source.attempt(*interest, *at_once, place, cx, |io| attempt(io, content)) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(result) => {
                let buffer = buffer.take().expect(RESUMED_AFTER_DONE);
                Step::Done(buffer.give_back(result))
            }
        }
    }
}

quadrivium_core::leaf! {
    impl[T: AsFd, K, F] Operation<T, K, F>;
}

impl<T: AsFd, B, F> Drop for Operation<T, B, F> {
    fn drop(&mut self) {
        self.source.leave(self.interest, &mut self.place);
    }
}

impl<T: AsFd + fmt::Debug, B, F> fmt::Debug for Operation<T, B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut operation = f.debug_struct("Operation");
        operation.field("source", &self.source).field("interest", &self.interest);
        operation.field("is_done", &self.buffer.is_none()).finish()
    }
}
