//! [`Machine`]: a generator, made with the crate genawaiter, that starts only when it is first
//! resumed.

use std::{
    future::Future,
    mem,
    pin::pin,
    task::{self, Poll},
};

use genawaiter::{GeneratorState, rc};
use quadrivium_core::{Context, RESUMED_AFTER_DONE, Wait};

use crate::handle::{Co, HAS_YIELDED, Yielded};

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
    Started(rc::Gen<Yielded<T>, (), G>),
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
    ///
    /// `async_resume` passes our context on to the body, and so the waker to the sub-tasks.
    /// genawaiter's plain `resume` would pass a waker that does nothing. A waker of our own would
    /// then have to be kept in memory that the body shares.
    #[inline]
    pub(crate) fn resume(&mut self, cx: &Context<'_>) -> Resumed<T, G::Output> {
        if let State::Fresh(_) = self.state {
            self.start();
        }
        let State::Started(generator) = &mut self.state else { panic!("{RESUMED_AFTER_DONE}") };
        let outer_has_yielded = HAS_YIELDED.replace(false);
        let mut cx = task::Context::from_waker(cx.waker());
        let resumed = pin!(generator.async_resume()).poll(&mut cx);
        HAS_YIELDED.set(outer_has_yielded);
        match resumed {
            Poll::Ready(GeneratorState::Yielded(Yielded::Wait(wait))) => Resumed::Wait(wait),
            Poll::Ready(GeneratorState::Yielded(Yielded::Item(item))) => Resumed::Item(item),
            Poll::Ready(GeneratorState::Complete(output)) => {
                self.state = State::Done;
                Resumed::End(output)
            }
            // The body is pending and has not yielded.
            Poll::Pending => refuse_to_wait(),
        }
    }

    #[cold]
    fn start(&mut self) {
        let State::Fresh(body) = mem::replace(&mut self.state, State::Done) else { return };
        self.state = State::Started(rc::Gen::new(|raw_co| body(Co::new(raw_co))));
    }
}

#[cold]
fn refuse_to_wait() -> ! {
    panic!(
        "the body of a generator awaited something other than `co.perform(..)`: \
         write `co.perform(future(async {{ .. }})).await`"
    )
}
