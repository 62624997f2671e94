//! [`Context`]: what a host hands to a task with every resume.

use std::{
    fmt,
    hint::black_box,
    marker::PhantomData,
    ptr,
    task::{self, Waker},
};

/// What a host hands to a task with every [`resume`](crate::Task::resume).
///
/// It carries the task's waker. The other two things a task may ask for, the time and a new task,
/// it asks of the [host](crate::host) that is driving this thread: the body of an `async` block has
/// no parameter through which a borrowed host could reach it.
#[derive(Debug)]
pub struct Context<'a> {
    waker: &'a Waker,
}

impl<'a> Context<'a> {
    /// A context with this waker, for a host that resumes a task, and for a style that resumes a
    /// sub-task.
    #[inline]
    pub fn new(waker: &'a Waker) -> Self {
        Self { waker }
    }

    /// The task's waker. A clone of it may go anywhere, also to another thread.
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

    pub(crate) fn into_waker(self) -> Waker {
        self.waker
    }

    /// Makes the task ready. It runs in a later turn, never inside this call.
    pub fn wake(self) {
        self.waker.wake();
    }

    /// Whether this wakes the same task as `other`.
    #[inline]
    pub fn will_wake(&self, other: &Waker) -> bool {
        // One word after the other: the host has just written them so, and a processor that is made
        // to read both at once waits for that to reach the cache.
        let data = black_box(other.data());
        ptr::eq(self.waker.data(), data) && ptr::eq(self.waker.vtable(), other.vtable())
    }

    /// The waker, borrowed: for a style that keeps it to resume sub-tasks with.
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
