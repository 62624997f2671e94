//! [`Patched`]: a task whose green threads are patched, and the tasks that it spawns.

use std::{
    any::Any,
    cell::OnceCell,
    fmt,
    panic::Location,
    pin::Pin,
    rc::{Rc, Weak},
};

use quadrivium_core::{
    Context, Step, Task, Wait,
    host::{self, Entered, Host, Hosted, HostedTask, TaskKey, Wrapper},
    inspect::Style,
};
use quadrivium_green::{GreenTask, green};

use super::call::PatchedStep;

/// Returns a green task whose blocking calls suspend it, in place of its OS thread. The same holds
/// for all green threads that it spawns.
///
/// The body may be code of crates that know nothing of Quadrivium.
///
/// ```
/// use quadrivium::prelude::*;
/// use quadrivium_hooks::patch;
/// use std::{
///     thread,
///     time::{Duration, Instant},
/// };
///
/// let start = Instant::now();
/// let mut event_loop = EventLoop::new()?;
/// for _ in 0..100 {
///     let _detached = event_loop.spawn(patch(|| thread::sleep(Duration::from_millis(100))));
/// }
/// event_loop.run()?;
/// assert!(start.elapsed() < Duration::from_secs(5), "they slept at the same time");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn patch<F, T>(body: F) -> Patched<GreenTask<F, T>>
where
    F: FnOnce() -> T + 'static,
    T: 'static,
{
    patched(green(body))
}

/// Like [`patch`], for a task that exists already. It may be a green task with a stack of another
/// size. In a task of another style, only the green threads that it performs or spawns are patched.
pub fn patched<T: Task>(task: T) -> Patched<T> {
    Patched { task: Some(Box::pin(task)), host: Rc::default() }
}

/// A task whose green threads are patched. Made by [`patch`] and [`patched`].
#[must_use = "a task is lazy: perform it"]
pub struct Patched<T> {
    /// `None` only after the drop.
    task: Option<Pin<Box<T>>>,
    host: Rc<OnceCell<Rc<PatchingHost>>>,
}

impl<T: Task> Task for Patched<T> {
    type Output = T::Output;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T::Output> {
        let _step = begin_step(&self.host);
        self.task.as_mut().expect("it is not dropped").as_mut().resume(cx)
    }

    fn style(&self) -> Style {
        self.task.as_ref().expect("it is not dropped").style()
    }
}

impl<T> Drop for Patched<T> {
    fn drop(&mut self) {
        let _step = begin_step(&self.host);
        drop(self.task.take());
    }
}

impl<T> fmt::Debug for Patched<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patched").finish_non_exhaustive()
    }
}

/// Enters a `PatchingHost`, if there is a host, and begins a step whose calls are patched.
fn begin_step(host: &OnceCell<Rc<PatchingHost>>) -> (PatchedStep, Option<Entered>) {
    let patching = host.get().cloned().or_else(|| {
        let wrapped = host::current()?;
        let new = |itself: &Weak<PatchingHost>| PatchingHost { itself: itself.clone(), wrapped };
        Some(Rc::clone(host.get_or_init(|| Rc::new_cyclic(new))))
    });
    (PatchedStep::begin(), patching.map(|host| host::enter(host as _)))
}

/// A host around another one. It patches each task that is spawned.
struct PatchingHost {
    itself: Weak<PatchingHost>,
    wrapped: Rc<dyn Host>,
}

impl Wrapper for PatchingHost {
    fn wrapped(&self) -> &Rc<dyn Host> {
        &self.wrapped
    }

    fn spawn(
        &self,
        body: HostedTask,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> TaskKey {
        let host = self.itself.upgrade().expect("it is entered").into();
        let task = Box::pin(PatchedTask { task: Some(body), host });
        self.wrapped.spawn(task, name, spawned_at)
    }
}

/// A task that a patched task has spawned.
struct PatchedTask {
    /// `None` only after the drop.
    task: Option<HostedTask>,
    host: OnceCell<Rc<PatchingHost>>,
}

impl Hosted for PatchedTask {
    fn resume_hosted(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Option<Wait> {
        let _step = begin_step(&self.host);
        self.task.as_mut().expect("it is not dropped").as_mut().resume_hosted(cx)
    }

    fn take_output(mut self: Pin<&mut Self>, output: &mut dyn Any) {
        self.task.as_mut().expect("it is not dropped").as_mut().take_output(output);
    }

    fn style(&self) -> Style {
        self.task.as_ref().expect("it is not dropped").style()
    }
}

impl Drop for PatchedTask {
    fn drop(&mut self) {
        let _step = begin_step(&self.host);
        drop(self.task.take());
    }
}
