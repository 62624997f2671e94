//! Leaves that tests are made of: a function as a leaf, and a [`Probe`] that is woken by hand.

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

/// A leaf that does this at each resume.
pub fn leaf<T, F>(resume: F) -> LeafFn<F>
where
    F: FnMut(&mut Context<'_>) -> Step<T>,
{
    LeafFn { resume }
}

/// A function as a leaf. Made by [`leaf`].
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

/// `task`, worth what `then` makes of its output.
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

/// A leaf that suspends until it is let go, counts its resumes, and gives its waker away.
#[derive(Clone, Debug, Default)]
pub struct Probe {
    resumes: Rc<Cell<usize>>,
    open: Rc<Cell<bool>>,
    waker: Rc<RefCell<Option<Waker>>>,
}

impl Probe {
    /// The leaf. Once it has run, anyone may have its waker, so no deadlock is certain any more.
    pub fn waits(&self) -> BoxTask<()> {
        let probe = self.clone();
        Box::pin(leaf(move |cx| {
            probe.resumes.set(probe.resumes.get() + 1);
            let former = probe.waker.replace(Some(cx.waker().clone()));
            drop(former);
            if probe.open.get() { Step::Done(()) } else { Step::Suspended(Wait::Wake) }
        }))
    }

    /// How often it has been resumed.
    pub fn resumes(&self) -> usize {
        self.resumes.get()
    }

    /// The waker of the task it is in.
    pub fn waker(&self) -> Waker {
        self.waker.borrow().clone().expect("the probe has been resumed")
    }

    /// Wakes the task.
    pub fn wake(&self) {
        self.waker().wake();
    }

    /// Lets it end when it is resumed next. Does not wake it.
    pub fn open(&self) {
        self.open.set(true);
    }
}
