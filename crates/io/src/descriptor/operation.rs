//! [`Operation`]: the leaf that repeats a system call, whenever its descriptor is ready, until the
//! operation is done.

use std::{fmt, io, os::fd::AsFd, pin::Pin, sync::Arc};

use quadrivium_core::{
    Context, Interest, QueuePlace, RESUMED_AFTER_DONE, Step, Task, inspect::LeafKind,
};

use super::{
    buffer::Buffer,
    source::{Source, Tried, kind_of},
};

/// A leaf that calls `attempt` whenever its descriptor is ready, until the operation is done or
/// fails. An attempt that returns `WouldBlock` is repeated.
///
/// An operation keeps its descriptor open until the operation is dropped.
pub(crate) struct Operation<T: AsFd, B, F> {
    source: Arc<Source<T>>,
    interest: Interest,
    kind: LeafKind,
    place: QueuePlace,
    /// Whether the buffer is empty, so that there is nothing to wait for.
    buffer_is_empty: bool,
    /// `None` after the operation is done.
    buffer: Option<B>,
    attempt: F,
}

impl<T: AsFd, B: Buffer, F> Operation<T, B, F> {
    /// Creates an operation that calls `attempt` with the descriptor and the buffer. If the work
    /// takes several calls, the closure keeps its own progress.
    #[track_caller]
    pub(crate) fn new<R>(source: &Arc<Source<T>>, interest: Interest, buffer: B, attempt: F) -> Self
    where
        F: FnMut(&T, &mut B::Content) -> io::Result<Tried<R>>,
    {
        let (source, place) = (Arc::clone(source), QueuePlace::new());
        let (kind, buffer) = (kind_of(interest), Some(buffer));
        Self { source, interest, kind, place, buffer_is_empty: false, buffer, attempt }
    }

    /// Sets what reports call the operation, unless it is called a read or a write.
    pub(crate) fn of_kind(mut self, kind: LeafKind) -> Self {
        self.kind = kind;
        self
    }

    /// Sets whether the buffer is empty. If it is, `attempt` cannot block, so it is called even if
    /// the descriptor is known not to be ready.
    pub(crate) fn buffer_is_empty(mut self, buffer_is_empty: bool) -> Self {
        self.buffer_is_empty = buffer_is_empty;
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
        let Self { source, interest, kind, place, buffer_is_empty, buffer, attempt } = &mut *self;
        let content = buffer.as_mut().expect(RESUMED_AFTER_DONE).content();
        let attempt = |descriptor: &T| attempt(descriptor, content);
        match source.attempt_as(*kind, *interest, *buffer_is_empty, place, cx, attempt) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(result) => {
                let buffer = buffer.take().expect(RESUMED_AFTER_DONE);
                Step::Done(buffer.give_back(result))
            }
        }
    }
}

quadrivium_core::leaf! {
    impl[T: AsFd, B, F] Operation<T, B, F>;
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
