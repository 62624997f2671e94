//! [`GeneratorTask`]: a generator as a task. The only file that knows `genawaiter`'s generator.

use std::{
    cell::{Cell, RefCell},
    fmt,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{self, Poll},
};

use genawaiter::{GeneratorState, rc::Gen};
use pin_project_lite::pin_project;
use quadrivium_core::{Context, JoinHandle, RESUMED_AFTER_DONE, Step, Task, Wait};

use crate::handle::{Co, Shared};

/// A task whose body is a generator. Runs nothing until it is first resumed.
///
/// # Panics
///
/// The task panics when its body awaits anything but [`Co::perform`].
pub fn generator<B, G>(body: B) -> GeneratorTask<B, G>
where
    B: FnOnce(Co) -> G,
    G: Future,
{
    GeneratorTask { state: State::Fresh(body) }
}

/// Hands a [`generator`] task to the host that drives this thread.
///
/// # Panics
///
/// When no host drives this thread.
#[track_caller]
pub fn spawn<B, G>(body: B) -> JoinHandle<G::Output>
where
    B: FnOnce(Co) -> G + 'static,
    G: Future + 'static,
    G::Output: 'static,
{
    quadrivium_core::spawn(generator(body))
}

/// A task whose body is a generator. Made by [`generator`].
#[must_use = "a task is lazy: spawn or perform it"]
pub struct GeneratorTask<B, G: Future> {
    state: State<B, G>,
}

enum State<B, G: Future> {
    /// Not resumed yet.
    Fresh(B),
    /// With what its body shares. genawaiter keeps the generator in a box of its own.
    Started(Gen<Wait, (), Yielding<G>>, Rc<Shared>),
    Done,
}

// The body is moved out, the generator is boxed: nothing is pinned here.
impl<B, G: Future> Unpin for GeneratorTask<B, G> {}

impl<B, G> Task for GeneratorTask<B, G>
where
    B: FnOnce(Co) -> G,
    G: Future,
{
    type Output = G::Output;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<G::Output> {
        if let State::Fresh(_) = self.state {
            self.start(cx);
        }
        let State::Started(generator, shared) = &mut self.state else {
            panic!("{RESUMED_AFTER_DONE}")
        };
        if !shared.waker.borrow().will_wake(cx.waker()) {
            shared.waker.replace(cx.local_waker());
        }
        match generator.resume() {
            GeneratorState::Yielded(wait) => Step::Suspended(wait),
            GeneratorState::Complete(output) => {
                self.state = State::Done;
                Step::Done(output)
            }
        }
    }
}

impl<B, G> GeneratorTask<B, G>
where
    B: FnOnce(Co) -> G,
    G: Future,
{
    #[cold]
    fn start(&mut self, cx: &Context<'_>) {
        let State::Fresh(body) = std::mem::replace(&mut self.state, State::Done) else { return };
        let waker = RefCell::new(cx.local_waker());
        let shared = Rc::new(Shared { waker, has_yielded: Cell::new(false) });
        let start = |co| {
            let body = body(Co::new(co, Rc::clone(&shared)));
            Yielding { body, shared: Rc::clone(&shared) }
        };
        self.state = State::Started(Gen::new(start), shared);
    }
}

pin_project! {
    /// A body that is watched: when it is pending, it has yielded.
    ///
    /// genawaiter cannot tell: it would panic without saying why, and lose a value in release
    /// builds when a body yields twice.
    struct Yielding<G> {
        #[pin]
        body: G,
        shared: Rc<Shared>,
    }
}

impl<G: Future> Future for Yielding<G> {
    type Output = G::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<G::Output> {
        let this = self.project();
        let polled = this.body.poll(cx);
        if polled.is_pending() && !this.shared.has_yielded.take() {
            refuse_to_wait();
        }
        polled
    }
}

#[cold]
fn refuse_to_wait() -> ! {
    panic!(
        "the body of a generator awaited something else than `co.perform(..)`: \
         write `co.perform(future(async {{ .. }})).await`"
    )
}

impl<B, G: Future> fmt::Debug for GeneratorTask<B, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeneratorTask").finish_non_exhaustive()
    }
}
