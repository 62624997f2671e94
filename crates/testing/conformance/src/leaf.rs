//! Leaves for tests: a function as a leaf, and a [`Probe`] that is woken by hand.

use std::{
    cell::{Cell, RefCell},
    fmt,
    pin::Pin,
    rc::Rc,
    task::Waker,
};

use quadrivium::{
    Task,
    task::{BoxTask, Context, Step, Wait},
};

/// Returns a leaf that calls this function at each resume.
pub fn leaf<T, F>(resume: F) -> LeafFn<F>
where
    F: FnMut(&mut Context<'_>) -> Step<T>,
{
    LeafFn { resume }
}

/// A leaf made from a function. Made by [`leaf`].
pub struct LeafFn<F> {
    resume: F,
}

impl<F> Unpin for LeafFn<F> {}

impl<F> fmt::Debug for LeafFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeafFn(..)")
    }
}

impl<T, F: FnMut(&mut Context<'_>) -> Step<T>> Task for LeafFn<F> {
    type Output = T;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T> {
        (self.resume)(cx)
    }
}

/// Returns a task that passes the output of `task` through `then`.
pub fn map<P, T>(task: P, then: impl FnOnce(P::Output) -> T + 'static) -> BoxTask<T>
where
    P: Task + 'static,
    T: 'static,
{
    let mut task = Box::pin(task);
    let mut then = Some(then);
    Box::pin(leaf(move |cx| match task.as_mut().resume(cx) {
        Step::Suspended(wait) => Step::Suspended(wait),
        Step::Done(output) => Step::Done(then.take().expect("a task is done once")(output)),
    }))
}

/// A leaf that waits until it is opened, counts its resumes, and gives access to its waker.
#[derive(Clone, Debug, Default)]
pub struct Probe {
    resumes: Rc<Cell<usize>>,
    open: Rc<Cell<bool>>,
    waker: Rc<RefCell<Option<Waker>>>,
}

impl Probe {
    /// Returns the leaf. Once the leaf has run, a clone of the probe may wake its task, so the loop
    /// can no longer be certain of a deadlock.
    pub fn waits(&self) -> BoxTask<()> {
        let probe = self.clone();
        Box::pin(leaf(move |cx| {
            probe.resumes.set(probe.resumes.get() + 1);
            let former = probe.waker.replace(Some(cx.waker().clone()));
            drop(former);
            if probe.open.get() { Step::Done(()) } else { Step::Suspended(Wait::Wake) }
        }))
    }

    /// Returns how often the leaf has been resumed.
    pub fn resumes(&self) -> usize {
        self.resumes.get()
    }

    /// Returns the waker of the task that performs the leaf.
    pub fn waker(&self) -> Waker {
        self.waker.borrow().clone().expect("the probe has been resumed")
    }

    /// Wakes the task.
    pub fn wake(&self) {
        self.waker().wake();
    }

    /// Lets the leaf end at its next resume. Does not wake the task.
    pub fn open(&self) {
        self.open.set(true);
    }
}
