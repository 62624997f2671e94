//! [`Machine`]: a generator, made with the crate genawaiter, that starts only when it is first
//! resumed.

use std::{
    future::Future,
    mem,
    pin::Pin,
    rc::Rc,
    task::{self, Poll},
};

use genawaiter::{GeneratorState, rc};
use pin_project_lite::pin_project;
use quadrivium_core::{Context, RESUMED_AFTER_DONE, Wait};

use crate::handle::{Co, SharedWithBody, Yielded};

/// A generator that yields [`Wait`]s, and items of type `T`.
///
/// `B` is the closure that makes the body. `G` is the body itself, a future.
pub(crate) struct Machine<B, G: Future, T> {
    state: State<B, G, T>,
}

enum State<B, G: Future, T> {
    /// Not resumed yet.
    Fresh(B),
    /// The generator is in a box that genawaiter allocates.
    Started(rc::Gen<Yielded<T>, (), CheckedBody<G>>, Rc<SharedWithBody>),
    Done,
}

/// The result of one resume.
pub(crate) enum Resumed<T, O> {
    Wait(Wait),
    Item(T),
    End(O),
}

// The body is moved out, and the generator is in a box. So nothing is pinned here.
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
    /// Runs the body to its next yield, or to its end.
    #[inline]
    pub(crate) fn resume(&mut self, cx: &Context<'_>) -> Resumed<T, G::Output> {
        if let State::Fresh(_) = self.state {
            self.start(cx);
        }
        let State::Started(generator, shared) = &mut self.state else {
            panic!("{RESUMED_AFTER_DONE}")
        };
        shared.keep_waker(cx);
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
        let shared = SharedWithBody::new(cx);
        let make_body = |raw_co| {
            let body = body(Co::new(raw_co, Rc::clone(&shared)));
            CheckedBody { body, shared: Rc::clone(&shared) }
        };
        self.state = State::Started(rc::Gen::new(make_body), shared);
    }
}

pin_project! {
    /// The body of a generator, with a check: a body that is pending must have yielded.
    ///
    /// If a body awaits anything but a yield, genawaiter panics but does not say why. If a body
    /// yields twice in one poll, genawaiter loses a value in release builds.
    struct CheckedBody<G> {
        #[pin]
        body: G,
        shared: Rc<SharedWithBody>,
    }
}

impl<G: Future> Future for CheckedBody<G> {
    type Output = G::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<G::Output> {
        let this = self.project();
        let polled = this.body.poll(cx);
        if polled.is_pending() && !this.shared.take_yield() {
            refuse_to_wait();
        }
        polled
    }
}

#[cold]
fn refuse_to_wait() -> ! {
    panic!(
        "the body of a generator awaited something other than `co.perform(..)`: \
         write `co.perform(future(async {{ .. }})).await`"
    )
}
