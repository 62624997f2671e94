//! Generators that are `Send`: they may begin on one thread and go on on another.
//!
//! They have the names of those that are not, so a program becomes `Send` by its `use` lines. What
//! is alive across each `await` must be `Send` too, and what is performed:
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
//! let elsewhere = thread::spawn(|| EventLoop::new().unwrap().block_on(task).unwrap());
//! assert_eq!(elsewhere.join().unwrap(), "lift-off");
//! ```
//!
//! They are not made by genawaiter, whose generators for several threads lock a mutex three times a
//! resume. Their `async` block is polled as a future is, and yields its waits as a future does.
//!
//! The compiler says where it is not. An `Rc` stays on its thread:
//!
//! ```compile_fail,E0277
//! use quadrivium::{generator::send::generator, prelude::*};
//! use std::rc::Rc;
//!
//! fn sends<T: Send>(_: T) {}
//! sends(generator(|mut co| async move {
//!     let shared = Rc::new(42);
//!     co.perform(turn()).await;
//!     *shared
//! }));
//! ```
//!
//! So does a task that is performed, and that holds one:
//!
//! ```compile_fail,E0277
//! use quadrivium::{generator::send::generator, prelude::*};
//!
//! fn sends<T: Send>(_: T) {}
//! sends(generator(|mut co| async move { co.perform(green(|| 42)).await }));
//! ```

use std::{
    fmt,
    future::Future,
    pin::{Pin, pin},
};

use quadrivium_core::{Context, Perform, PerformWaits, RESUMED_AFTER_DONE, Step, Task};

/// As [`generator`](crate::generator()). The task is `Send` when `body` and its future are.
///
/// Its body may also await what a future-style task may. One that awaits nothing but
/// [`Co::perform`] runs as either kind.
pub fn generator<B, G>(body: B) -> GeneratorTask<B, G>
where
    B: FnOnce(Co) -> G,
    G: Future,
{
    GeneratorTask { body: Some(body), generator: None, waits: PerformWaits::default() }
}

/// The handle to the running generator, by which its body yields waits to the loop: to
/// [`perform`](Co::perform) is all it does.
#[derive(Debug)]
pub struct Co(());

impl Co {
    /// Runs a task of any style to its end, yielding to the loop whenever it suspends; worth its
    /// output.
    pub async fn perform<P: Task>(&mut self, task: P) -> P::Output {
        Perform::new(pin!(task)).await
    }
}

/// A task whose body is a generator. Made by [`generator`].
#[must_use = "a task is lazy: spawn or perform it"]
pub struct GeneratorTask<B, G> {
    body: Option<B>,
    /// The `async` block of the body, once it has been called.
    generator: Option<Pin<Box<G>>>,
    /// What the body has yielded.
    waits: PerformWaits,
}

// The body is moved out, the generator is boxed: nothing is pinned here.
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
}

impl<B, G> fmt::Debug for GeneratorTask<B, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeneratorTask").finish_non_exhaustive()
    }
}
