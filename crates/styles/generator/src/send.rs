//! Generator tasks that are `Send`: they may start on one thread and continue on another.
//!
//! The names are the same as in the plain style. So a program becomes `Send` when its `use` lines
//! change. All values that are alive across an `await` must be `Send`, and so must all tasks that
//! it performs:
//!
//! ```
//! use quadrivium::{generator::send::generator, prelude::*};
//! use std::thread;
//!
//! let task = generator(|mut co| async move {
//!     for _ in 0..3 {
//!         co.perform(turn()).await;
//!     }
//!     "lift-off"
//! });
//! let other_thread = thread::spawn(|| EventLoop::new().unwrap().block_on(task).unwrap());
//! assert_eq!(other_thread.join().unwrap(), "lift-off");
//! ```
//!
//! These tasks do not use genawaiter, whose generators for several threads lock a mutex three times
//! in each resume. The `async` block is polled like a future, and its waits reach the host like the
//! waits of a future.
//!
//! The compiler reports a value that is not `Send`, such as an `Rc`, which stays on its thread:
//!
//! ```compile_fail,E0277
//! use quadrivium::{generator::send::generator, prelude::*};
//! use std::rc::Rc;
//!
//! fn assert_send<T: Send>(_: T) {}
//! assert_send(generator(|mut co| async move {
//!     let shared = Rc::new(42);
//!     co.perform(turn()).await;
//!     *shared
//! }));
//! ```
//!
//! It also reports a performed task that is not `Send`, such as a green thread:
//!
//! ```compile_fail,E0277
//! use quadrivium::{generator::send::generator, prelude::*};
//!
//! fn assert_send<T: Send>(_: T) {}
//! assert_send(generator(|mut co| async move { co.perform(green(|| 42)).await }));
//! ```

use std::{
    fmt,
    future::Future,
    pin::{Pin, pin},
};

use quadrivium_core::{
    Context, Perform, PerformWaits, PerformedAt, RESUMED_AFTER_DONE, Step, Task, inspect::Style,
};

/// A task whose body is a generator, like [`generator`](crate::generator()). The task is `Send`
/// when `body` and its future are.
///
/// The body may also await any future, as in the future style. A body that awaits only
/// [`Co::perform`] works with both functions.
pub fn generator<B, G>(body: B) -> GeneratorTask<B, G>
where
    B: FnOnce(Co) -> G,
    G: Future,
{
    GeneratorTask { body: Some(body), generator: None, waits: PerformWaits::default() }
}

/// The handle to the running generator. The body of the generator receives it.
///
/// With [`perform`](Co::perform) the body yields waits to the host. The handle has no other method.
#[derive(Debug)]
pub struct Co(());

impl Co {
    /// Runs a task of any style to its end, and returns its output. Suspends whenever that task
    /// suspends.
    #[track_caller]
    pub fn perform<P: Task>(&mut self, task: P) -> impl Future<Output = P::Output> + use<'_, P> {
        let task = PerformedAt::here(task);
        async move { Perform::new(pin!(task)).await }
    }
}

/// A task whose body is a generator. Made by [`generator`].
#[must_use = "a task is lazy: spawn or perform it"]
pub struct GeneratorTask<B, G> {
    body: Option<B>,
    /// The `async` block that the body returned, after the first resume.
    generator: Option<Pin<Box<G>>>,
    /// The waits that the body has yielded.
    waits: PerformWaits,
}

// The body is moved out, and the generator is in a box. So nothing is pinned here.
impl<B, G> Unpin for GeneratorTask<B, G> {}

impl<B, G> Task for GeneratorTask<B, G>
where
    B: FnOnce(Co) -> G,
    G: Future,
{
    type Output = G::Output;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<G::Output> {
        let this = &mut *self;
        if let Some(body) = this.body.take() {
            this.generator = Some(Box::pin(body(Co(()))));
        }
        let generator = this.generator.as_mut().expect(RESUMED_AFTER_DONE);
        let step = this.waits.poll(generator.as_mut(), cx);
        if let Step::Done(_) = step {
            this.generator = None;
        }
        step
    }

    fn style(&self) -> Style {
        Style::Generator
    }
}

impl<B, G> fmt::Debug for GeneratorTask<B, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeneratorTask").finish_non_exhaustive()
    }
}
