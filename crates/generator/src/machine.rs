//! [`Machine`]: a generator, started when it is first resumed. The only file that knows
//! `genawaiter`'s generator.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    mem,
    pin::Pin,
    rc::Rc,
    task::{self, Poll},
};

use genawaiter::{GeneratorState, rc::Gen};
use pin_project_lite::pin_project;
use quadrivium_core::{Context, RESUMED_AFTER_DONE, Wait};

use crate::handle::{Co, Shared, Yielded};

/// A generator that yields waits, and items of type `T`.
pub(crate) struct Machine<B, G: Future, T> {
    state: State<B, G, T>,
}

enum State<B, G: Future, T> {
    /// Not resumed yet.
    Fresh(B),
    /// With what its body shares. genawaiter keeps the generator in a box of its own.
    Started(Gen<Yielded<T>, (), Yielding<G>>, Rc<Shared>),
    Done,
}

/// What one resume came to.
pub(crate) enum Resumed<T, O> {
    Wait(Wait),
    Item(T),
    End(O),
}

// The body is moved out, the generator is boxed: nothing is pinned here.
impl<B, G: Future, T> Unpin for Machine<B, G, T> {}

impl<B, G: Future, T> Machine<B, G, T> {
    pub(crate) fn new(body: B) -> Self {
        Self { state: State::Fresh(body) }
    }
}

impl<B, G, T> Machine<B, G, T>
where
    B: FnOnce(Co<T>) -> G,
    G: Future,
{
    /// Runs to the next yield, or to the end.
    #[inline]
    pub(crate) fn resume(&mut self, cx: &Context<'_>) -> Resumed<T, G::Output> {
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
            GeneratorState::Yielded(Yielded::Wait(wait)) => Resumed::Wait(wait),
            GeneratorState::Yielded(Yielded::Item(item)) => Resumed::Item(item),
            GeneratorState::Complete(output) => {
                self.state = State::Done;
                Resumed::End(output)
            }
        }
    }

    #[cold]
    fn start(&mut self, cx: &Context<'_>) {
        let State::Fresh(body) = mem::replace(&mut self.state, State::Done) else { return };
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
