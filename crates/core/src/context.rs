//! [`Context`]: the argument of every resume, which carries the task's waker.

use std::{
    fmt,
    hint::black_box,
    marker::PhantomData,
    panic::Location,
    ptr,
    task::{self, Waker},
};

/// The argument that a host passes to every [`resume`](crate::Task::resume). It carries the task's
/// waker.
///
/// The *waker* is a handle that makes the suspended task ready, so that its host resumes it.
///
/// A task may ask for two more things: the time, and to spawn another task. These requests go to
/// the [host](crate::host) that drives this thread, which is found through a thread-local. A
/// context does not carry the host: the body of an `async` block has no parameter through which a
/// borrowed host could reach it.
#[derive(Debug)]
pub struct Context<'a> {
    waker: &'a Waker,
    line: Option<&'static Location<'static>>,
}

impl<'a> Context<'a> {
    /// Makes a context with this waker. A host does so to resume a task, and a style to resume a
    /// sub-task.
    #[inline]
    pub fn new(waker: &'a Waker) -> Self {
        Self { waker, line: None }
    }

    /// Makes a context for a task that the body at this line performs. A style does so to resume a
    /// sub-task.
    #[inline]
    pub fn performed_at(line: &'static Location<'static>, waker: &'a Waker) -> Self {
        Self { waker, line: Some(line) }
    }

    /// Returns this context with another waker. A combinator does so to resume a part.
    #[inline]
    pub fn with_waker<'b>(&self, waker: &'b Waker) -> Context<'b> {
        Context { waker, line: self.line }
    }

    /// Returns the line that performs the task, if the style around the task has told it. Most
    /// leaves know the line that made them, which is more exact. A
    /// [`JoinHandle`](crate::JoinHandle) does not.
    #[inline]
    pub fn line(&self) -> Option<&'static Location<'static>> {
        self.line
    }

    /// Returns the task's waker. A clone of it may go anywhere, also to another thread.
    #[inline]
    pub fn waker(&self) -> &'a Waker {
        self.waker
    }
}

impl<'a> From<&task::Context<'a>> for Context<'a> {
    fn from(cx: &task::Context<'a>) -> Self {
        Self::new(cx.waker())
    }
}

/// A task's waker that stays on its thread. Made by [`Context::local_waker`].
pub struct LocalWaker {
    waker: Waker,
    not_send: PhantomData<*const ()>,
}

impl LocalWaker {
    pub(crate) fn new(waker: Waker) -> Self {
        Self { waker, not_send: PhantomData }
    }

    #[inline]
    pub(crate) fn into_waker(self) -> Waker {
        self.waker
    }

    /// Makes the task ready. It runs in a later turn, never inside this call.
    pub fn wake(self) {
        self.waker.wake();
    }

    /// Returns whether this wakes the same task as `other`.
    #[inline]
    pub fn will_wake(&self, other: &Waker) -> bool {
        // Compares one word after the other. The host has just written the two words separately. A
        // processor that reads both in one load has to wait until both stores have reached the
        // cache.
        let data = black_box(other.data());
        ptr::eq(self.waker.data(), data) && ptr::eq(self.waker.vtable(), other.vtable())
    }

    /// Returns the waker, for a style that keeps it and resumes its sub-tasks with it.
    #[inline]
    pub fn as_waker(&self) -> &Waker {
        &self.waker
    }
}

impl fmt::Debug for LocalWaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalWaker").field(&self.waker).finish()
    }
}
