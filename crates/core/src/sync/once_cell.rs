//! [`OnceCell`]: a value that is made once, by the first task that needs it.
//!
//! ```
//! use quadrivium::{prelude::*, sync::OnceCell};
//! use std::{cell::Cell, rc::Rc, time::Duration};
//!
//! let (connection, connects) = (OnceCell::new(), Rc::new(Cell::new(0)));
//! let user = |_| {
//!     let connects = Rc::clone(&connects);
//!     let connect = future(async move {
//!         sleep(Duration::from_secs(1)).await;
//!         connects.set(connects.get() + 1);
//!         "connected"
//!     });
//!     connection.get_or_init(connect)
//! };
//! let users = join_all((0..3).map(user));
//! let outputs = EventLoop::with_virtual_clock()?.block_on(users)?;
//! assert!(outputs.iter().all(|output| **output == "connected"));
//! assert_eq!(connects.get(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{cell, convert::Infallible, fmt, pin::Pin, rc::Rc};

use pin_project_lite::pin_project;

use crate::{
    Context, RESUMED_AFTER_DONE, Step, Task,
    inspect::ObjectKind,
    sync::semaphore::{Acquire, Closed, Permit, Semaphore},
};

/// A value that is made once, by the first task that needs it. A clone refers to the same value.
///
/// The other tasks wait meanwhile. If the first task is cancelled, panics or fails, the next
/// waiting task makes the value. First come, first served.
pub struct OnceCell<T> {
    value: Rc<cell::OnceCell<Rc<T>>>,
    /// The task that makes the value has the one permit. It is closed when there is a value.
    turn: Semaphore,
}

impl<T> OnceCell<T> {
    /// Makes a cell without a value.
    #[track_caller]
    pub fn new() -> Self {
        Self { value: Rc::default(), turn: Semaphore::of_kind(ObjectKind::OnceCell, 1) }
    }

    /// Gives the cell a name, which reports show.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { value: self.value, turn: self.turn.named(name) }
    }

    /// Returns the value, if there is one. Does not wait.
    pub fn get(&self) -> Option<Rc<T>> {
        self.value.get().cloned()
    }

    /// Sets the value. Does not wait.
    ///
    /// # Errors
    ///
    /// Returns `value` if the cell has a value, or if a task is making one.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        match self.turn.try_acquire() {
            Ok(_permit) => {
                self.fill(value);
                Ok(())
            }
            Err(_) => Err(value),
        }
    }

    /// Returns the value. If there is none, `init` is performed to make it. Meanwhile other tasks
    /// that need the value wait.
    ///
    /// If the returned task is dropped while `init` is suspended, `init` is dropped with it, and
    /// the next waiting task performs its own `init`. The same happens after a panic. An `init`
    /// that needs the value of the same cell waits for itself; the loop reports that deadlock.
    #[track_caller]
    pub fn get_or_init<I: Task<Output = T>>(&self, init: I) -> GetOrInit<T, I> {
        GetOrInit { steps: Steps::new(self, init) }
    }

    /// Like [`get_or_init`](OnceCell::get_or_init), for an `init` that may fail. Its error is the
    /// output of this task alone. The next waiting task then performs its own `init`.
    #[track_caller]
    pub fn get_or_try_init<I, E>(&self, init: I) -> GetOrTryInit<T, I>
    where
        I: Task<Output = Result<T, E>>,
    {
        GetOrTryInit { steps: Steps::new(self, init) }
    }

    /// Stores the value, and lets all waiting tasks go on.
    fn fill(&self, value: T) -> Rc<T> {
        let value = Rc::clone(self.value.get_or_init(|| Rc::new(value)));
        self.turn.close();
        value
    }
}

impl<T> Clone for OnceCell<T> {
    fn clone(&self) -> Self {
        Self { value: Rc::clone(&self.value), turn: self.turn.clone() }
    }
}

impl<T> Default for OnceCell<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

pin_project! {
    /// A task that returns the value of a cell. Made by [`OnceCell::get_or_init`].
    #[must_use = "a task is lazy: perform it"]
    pub struct GetOrInit<T, I> {
        #[pin]
        steps: Steps<T, I>,
    }
}

pin_project! {
    /// A task that returns the value of a cell, or an error. Made by [`OnceCell::get_or_try_init`].
    #[must_use = "a task is lazy: perform it"]
    pub struct GetOrTryInit<T, I> {
        #[pin]
        steps: Steps<T, I>,
    }
}

impl<T, I: Task<Output = T>> Task for GetOrInit<T, I> {
    type Output = Rc<T>;

    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Rc<T>> {
        match self.project().steps.resume(cx, Ok::<T, Infallible>) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(Ok(value)) => Step::Done(value),
        }
    }
}

impl<T, E, I: Task<Output = Result<T, E>>> Task for GetOrTryInit<T, I> {
    type Output = Result<Rc<T>, E>;

    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        self.project().steps.resume(cx, |made| made)
    }
}

pin_project! {
    /// The steps of a task that needs the value.
    struct Steps<T, I> {
        // `None` when the task is done. It is dropped before the permit.
        #[pin]
        init: Option<I>,
        // Present while it is this task's turn to make the value.
        permit: Option<Permit>,
        acquire: Acquire,
        cell: OnceCell<T>,
    }
}

impl<T, I: Task> Steps<T, I> {
    #[track_caller]
    fn new(cell: &OnceCell<T>, init: I) -> Self {
        let acquire = cell.turn.acquire();
        Self { init: Some(init), permit: None, acquire, cell: cell.clone() }
    }

    fn resume<E>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        result: impl FnOnce(I::Output) -> Result<T, E>,
    ) -> Step<Result<Rc<T>, E>> {
        let mut this = self.project();
        if this.permit.is_none() {
            match Pin::new(this.acquire).resume(cx) {
                Step::Suspended(wait) => return Step::Suspended(wait),
                Step::Done(Ok(permit)) => *this.permit = Some(permit),
                Step::Done(Err(Closed)) => {
                    this.init.set(None);
                    return Step::Done(Ok(this.cell.get().expect("a closed cell has a value")));
                }
            }
        }
        let init = this.init.as_mut().as_pin_mut().expect(RESUMED_AFTER_DONE);
        match init.resume(cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(made) => {
                // The destructors of `init` run before another task has its turn.
                this.init.set(None);
                let _permit = this.permit.take();
                Step::Done(result(made).map(|value| this.cell.fill(value)))
            }
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.get() {
            Some(value) => f.debug_tuple("OnceCell").field(&value).finish(),
            None => f.write_str("OnceCell(<no value>)"),
        }
    }
}

impl<T, I> fmt::Debug for GetOrInit<T, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetOrInit").field("acquire", &self.steps.acquire).finish_non_exhaustive()
    }
}

impl<T, I> fmt::Debug for GetOrTryInit<T, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetOrTryInit").field("acquire", &self.steps.acquire).finish_non_exhaustive()
    }
}
