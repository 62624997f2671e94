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

use std::{convert::Infallible, future::Future};

use crate::AnyThread;

/// As [`generator`](crate::generator()). The task is `Send` when `body` and the future and the output
/// of it are.
///
/// # Panics
///
/// The task panics when its body awaits anything but [`Co::perform`](crate::Co::perform), and so does
/// whoever else awaits that.
pub fn generator<B, G>(body: B) -> GeneratorTask<B, G>
where
    B: FnOnce(Co) -> G,
    G: Future,
{
    GeneratorTask::new(body)
}

/// The handle to the running generator, by which its body yields waits to the loop: to
/// [`perform`](crate::Co::perform) is all it does.
pub type Co = crate::Co<Infallible, AnyThread>;

/// A task whose body is a generator. Made by [`generator`].
pub type GeneratorTask<B, G> = crate::GeneratorTask<B, G, AnyThread>;
