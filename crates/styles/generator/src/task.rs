//! [`GeneratorTask`]: a generator as a task.

use std::{convert::Infallible, fmt, future::Future, pin::Pin};

use quadrivium_core::{Context, JoinHandle, Step, Task, inspect::Style};

use crate::{
    handle::Co,
    machine::{Machine, Resumed},
};

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
    GeneratorTask { machine: Machine::new(body) }
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
    machine: Machine<B, G, Infallible>,
}

impl<B, G> Task for GeneratorTask<B, G>
where
    B: FnOnce(Co) -> G,
    G: Future,
{
    type Output = G::Output;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<G::Output> {
        match self.machine.resume(cx) {
            Resumed::Wait(wait) => Step::Suspended(wait),
            Resumed::Item(never) => match never {},
            Resumed::End(output) => Step::Done(output),
        }
    }

    fn style(&self) -> Style {
        Style::Generator
    }
}

impl<B, G: Future> fmt::Debug for GeneratorTask<B, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeneratorTask").finish_non_exhaustive()
    }
}
