//! [`Machine`]: a generator, started when it is first resumed.

use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{self, Poll},
};

use genawaiter::{Coroutine, GeneratorState};
use pin_project_lite::pin_project;
use quadrivium_core::{Context, RESUMED_AFTER_DONE, Wait};

use crate::{
    handle::{Co, Yielded},
    threads::Threads,
};

/// A generator that yields waits, and items of type `T`.
pub(crate) struct Machine<B, G: Future, T, K: Threads> {
    state: State<B, G, T, K>,
}

enum State<B, G: Future, T, K: Threads> {
    /// Not resumed yet.
    Fresh(B),
    /// With what its body shares. genawaiter keeps the generator in a box of its own.
    Started(K::Generator<Yielded<T>, Yielding<G, K>>, K),
    Done,
}

/// What one resume came to.
pub(crate) enum Resumed<T, O> {
    Wait(Wait),
    Item(T),
    End(O),
}

// The body is moved out, the generator is boxed: nothing is pinned here.
impl<B, G: Future, T, K: Threads> Unpin for Machine<B, G, T, K> {}

impl<B, G: Future, T, K: Threads> Machine<B, G, T, K> {
    pub(crate) fn new(body: B) -> Self {
        Self { state: State::Fresh(body) }
    }
}

impl<B, G, T, K> Machine<B, G, T, K>
where
    B: FnOnce(Co<T, K>) -> G,
    G: Future,
    K: Threads,
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
        match shared.resume(cx, || Pin::new(generator).resume_with(())) {
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
        let shared = K::new(cx);
        let start = |handle| {
            let body = body(Co::new(handle, shared.clone()));
            Yielding { body, shared: shared.clone() }
        };
        self.state = State::Started(K::generator(start), shared);
    }
}

pin_project! {
    /// A body that is watched: when it is pending, it has yielded.
    ///
    /// genawaiter cannot tell: it would panic without saying why, and lose a value in release
    /// builds when a body yields twice.
    struct Yielding<G, K> {
        #[pin]
        body: G,
        shared: K,
    }
}

impl<G: Future, K: Threads> Future for Yielding<G, K> {
    type Output = G::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<G::Output> {
        let this = self.project();
        let polled = this.body.poll(cx);
        if polled.is_pending() && !this.shared.note_yield(false) {
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
