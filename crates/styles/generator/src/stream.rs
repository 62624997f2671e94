//! [`Stream`]: a generator of items, which may wait between two items. [`Iter`]: one that may not.

use std::{cell::Cell, fmt, future::Future, pin::Pin, rc::Rc};

use quadrivium_core::{Context, Step, Task, Wait, fairness};

use crate::{
    handle::Co,
    machine::{Machine, Resumed},
};

/// A stream of the items that a generator yields by [`Co::yield_item`]. The generator may wait
/// between two items, by [`Co::perform`]. Runs nothing until the first [`Stream::next`] is resumed.
///
/// ```
/// use quadrivium::{generator::stream, prelude::*};
/// use std::time::Duration;
///
/// let mut ticks = stream(|mut co| async move {
///     for n in 1..=3 {
///         co.perform(sleep(Duration::from_secs(1))).await;
///         co.yield_item(n).await;
///     }
/// });
/// let sum = future(async move {
///     let mut sum = 0;
///     while let Some(n) = ticks.next().await {
///         sum += n;
///     }
///     sum
/// });
/// assert_eq!(EventLoop::with_virtual_clock()?.block_on(sum)?, 6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn stream<T, B, G>(body: B) -> Stream<T>
where
    B: FnOnce(Co<T>) -> G + 'static,
    G: Future<Output = ()> + 'static,
    T: 'static,
{
    let generator: BoxItems<T> = Box::new(Machine::new(body));
    Stream {
        state: Rc::new(Cell::new(State::Idle(generator))),
        #[cfg(feature = "futures-core")]
        polled: None,
    }
}

/// A generator of items, one for each [`next`](Stream::next). Made by [`stream`].
///
/// Dropping the stream drops the generator where it is suspended. A panic of the generator comes
/// out of `next`. After a panic, as after the end, every `next` returns `None`.
pub struct Stream<T> {
    state: Rc<Cell<State<T>>>,
    #[cfg(feature = "futures-core")]
    polled: Option<quadrivium_core::Perform<Next<T>>>,
}

enum State<T> {
    Idle(BoxItems<T>),
    /// A [`Next`] has taken the generator.
    Taken,
    Ended,
}

/// A generator of items, without its exact type.
type BoxItems<T> = Box<dyn Items<T>>;

trait Items<T> {
    fn resume(&mut self, cx: &Context<'_>) -> Resumed<T, ()>;
}

impl<B, G, T> Items<T> for Machine<B, G, T>
where
    B: FnOnce(Co<T>) -> G,
    G: Future<Output = ()>,
{
    fn resume(&mut self, cx: &Context<'_>) -> Resumed<T, ()> {
        Machine::resume(self, cx)
    }
}

impl<T> Stream<T> {
    /// Waits for the next item, and returns it. Returns `None` after the last item.
    ///
    /// The task does not borrow the stream but shares it, so callbacks perform it, too. A `next`
    /// that is dropped before it is done loses nothing: the following `next` continues where the
    /// generator waits.
    ///
    /// # Panics
    ///
    /// The task panics when the generator panics, and when another `next` of the same stream has
    /// not ended.
    #[expect(clippy::should_implement_trait, reason = "an iterator's cannot wait")]
    pub fn next(&mut self) -> Next<T> {
        // `poll_next` may have left a `Next` that is not done. It is dropped here and gives the
        // generator back. No other code is polling it now, since this borrows the stream.
        #[cfg(feature = "futures-core")]
        drop(self.polled.take());
        Next { state: Rc::clone(&self.state), generator: None }
    }
}

/// A task that waits for the next item. Made by [`Stream::next`].
#[must_use = "a task is lazy: perform it"]
pub struct Next<T> {
    state: Rc<Cell<State<T>>>,
    /// The generator, while this task is suspended.
    generator: Option<BoxItems<T>>,
}

impl<T> Task for Next<T> {
    type Output = Option<T>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Option<T>> {
        if fairness::gives_way(self.generator.is_some()) {
            self.generator = self.take_generator();
            return Step::Suspended(Wait::Turn);
        }
        match self.resume_generator(cx) {
            Step::Done(item) => fairness::done(item),
            suspended => suspended,
        }
    }
}

impl<T> Next<T> {
    /// Takes the generator out of the stream. Returns `None` after its end.
    fn take_generator(&mut self) -> Option<BoxItems<T>> {
        match self.state.replace(State::Taken) {
            State::Idle(generator) => Some(generator),
            State::Taken => panic!(
                "two `next` of one stream at once: perform one to its end, or drop it, before the \
                 other"
            ),
            State::Ended => {
                self.state.set(State::Ended);
                None
            }
        }
    }

    fn resume_generator(&mut self, cx: &Context<'_>) -> Step<Option<T>> {
        // While the generator runs it is in a local variable, so a panic drops it and ends the
        // stream.
        let generator = self.generator.take().or_else(|| self.take_generator());
        let Some(mut generator) = generator else { return Step::Done(None) };
        let end_on_panic = EndsStream(&self.state);
        let resumed = generator.resume(cx);
        std::mem::forget(end_on_panic);
        match resumed {
            Resumed::Wait(wait) => {
                self.generator = Some(generator);
                Step::Suspended(wait)
            }
            Resumed::Item(item) => {
                self.state.set(State::Idle(generator));
                Step::Done(Some(item))
            }
            Resumed::End(()) => {
                self.state.set(State::Ended);
                Step::Done(None)
            }
        }
    }
}

/// A guard that ends the stream if the generator panics.
struct EndsStream<'a, T>(&'a Cell<State<T>>);

impl<T> Drop for EndsStream<'_, T> {
    fn drop(&mut self) {
        self.0.set(State::Ended);
    }
}

impl<T> Drop for Next<T> {
    fn drop(&mut self) {
        if let Some(generator) = self.generator.take() {
            self.state.set(State::Idle(generator));
        }
    }
}

quadrivium_core::leaf! {
    impl[T] Next<T>;
}

#[cfg(feature = "futures-core")]
impl<T> futures_core::Stream for Stream<T> {
    type Item = T;

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<T>> {
        // A pending `Next` is kept for the next poll, because two `Next` at once panic.
        let kept = self.polled.take();
        let mut next = kept.unwrap_or_else(|| quadrivium_core::Perform::new(self.next()));
        let polled = Pin::new(&mut next).poll(cx);
        self.polled = polled.is_pending().then_some(next);
        polled
    }
}

/// An iterator over the items that a generator yields by [`Co::yield_item`]. The generator may not
/// wait between two items.
///
/// ```
/// use quadrivium::generator::iter;
///
/// let fibonacci = iter(|mut co| async move {
///     let (mut a, mut b) = (0_u64, 1);
///     loop {
///         co.yield_item(a).await;
///         (a, b) = (b, a + b);
///     }
/// });
/// assert_eq!(fibonacci.take(8).collect::<Vec<_>>(), [0, 1, 1, 2, 3, 5, 8, 13]);
/// ```
///
/// # Panics
///
/// The iterator panics when its generator panics, and when its generator performs a task that
/// suspends, because `Iterator::next` cannot suspend.
pub fn iter<T, B, G>(body: B) -> Iter<T>
where
    B: FnOnce(Co<T>) -> G + 'static,
    G: Future<Output = ()> + 'static,
    T: 'static,
{
    Iter { next: stream(body).next() }
}

/// A generator of items as an iterator. Made by [`iter`].
pub struct Iter<T> {
    next: Next<T>,
}

impl<T> Iterator for Iter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        // One `Next` serves for all items, since it gives the generator back with each of them. It
        // never gives way (`fairness`), because `Iterator::next` cannot suspend.
        match self.next.resume_generator(&Context::new(std::task::Waker::noop())) {
            Step::Done(item) => item,
            Step::Suspended(wait) => self.refuse_to_wait(wait),
        }
    }
}

impl<T> std::iter::FusedIterator for Iter<T> {}

impl<T> Iter<T> {
    #[cold]
    fn refuse_to_wait(&mut self, wait: Wait) -> ! {
        let generator = self.next.generator.take();
        self.next.state.set(State::Ended);
        drop(generator);
        panic!(
            "the generator of an iterator waits ({wait:?}), but an iterator cannot: make it with \
             `generator::stream`, and perform each `next`"
        )
    }
}

impl<T> fmt::Debug for Stream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Next<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("waits", &self.generator.is_some()).finish()
    }
}

impl<T> fmt::Debug for Iter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}
