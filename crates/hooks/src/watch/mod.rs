//! Tasks whose steps are watched: [`Watched`], and the tasks that it spawns.
//!
//! While such a task runs, its host is a `WatchingHost`. It passes everything on to the host
//! around it, and puts a `WatchedTask` around each task that is spawned:
//!
//! ```text
//!   loop ─ resume ─► Watched ─ enters WatchingHost, begins a step ─► task
//!     task ─ spawn ─► WatchingHost ─ spawn a WatchedTask ─► loop
//!   loop ─ resume ─► WatchedTask ─ enters WatchingHost, begins a step ─► child ─ spawn ─► …
//! ```
//!
//! So this works on every host, and costs nothing where it is not used.

mod must_not_block;
mod reported;
mod program;

use std::{
    any::Any,
    cell::OnceCell,
    panic::Location,
    pin::Pin,
    rc::{Rc, Weak},
};

use quadrivium_core::{
    Context, Task, Wait,
    host::{self, Entered, Host, Hosted, HostedTask, TaskKey, Wrapper},
    inspect::Style,
};

pub use must_not_block::{MustNotBlock, must_not_block};
pub use program::{report, report_to};
pub use reported::{LIMIT, Reported, report_task, to_stderr};

use crate::{
    call_note::{CallNotes, Rule},
    call_report::CallReport,
    dispatch::see_direct_calls,
    step::{self, Inspector, StepGuard},
};

/// Watches the steps of a task and of the tasks that it spawns.
struct Watch {
    notes: Rc<CallNotes>,
    /// The same, as the hooks know it.
    inspector: Rc<dyn Inspector>,
    reporter: Box<dyn Fn(CallReport)>,
    /// Made in the first step that has a host.
    host: OnceCell<Rc<WatchingHost>>,
}

/// A guard: while it exists, a step is watched. When it is dropped, the reporter is told of the
/// calls in the step.
struct WatchedStep<'a> {
    watch: &'a Rc<Watch>,
    /// `None` only after the end of the step.
    step: Option<StepGuard>,
    _entered: Option<Entered>,
}

impl Watch {
    fn new(rule: Rule, reporter: impl Fn(CallReport) + 'static) -> Rc<Self> {
        let notes = Rc::new(CallNotes::new(rule));
        let inspector = Rc::clone(&notes) as _;
        Rc::new(Self { notes, inspector, reporter: Box::new(reporter), host: OnceCell::new() })
    }

    fn begin_step(self: &Rc<Self>) -> WatchedStep<'_> {
        if self.notes.sees_direct_calls() {
            // Without it, the calls through the C library are seen.
            _ = see_direct_calls();
        }
        let entered = self.host().map(|host| host::enter(host as _));
        WatchedStep { watch: self, step: Some(step::begin(&self.inspector)), _entered: entered }
    }

    fn host(self: &Rc<Self>) -> Option<Rc<WatchingHost>> {
        if let Some(host) = self.host.get() {
            return Some(Rc::clone(host));
        }
        let wrapped = host::current()?;
        let watching = WatchingHost { watch: Rc::downgrade(self), wrapped };
        Some(Rc::clone(self.host.get_or_init(|| Rc::new(watching))))
    }
}

/// Tells a reporter of the calls in a step that has ended. A panic of the reporter ends here: the
/// step may be unwinding, and the other reports are not lost.
#[cold]
fn tell_reporter(notes: &CallNotes, reporter: &dyn Fn(CallReport)) {
    // A step around this one may be watched, too.
    let _unwatched = step::suspend_watch();
    for call in notes.take_reports() {
        host::contain(|| reporter(call));
    }
}

impl Drop for WatchedStep<'_> {
    fn drop(&mut self) {
        drop(self.step.take());
        if !self.watch.notes.is_empty() {
            tell_reporter(&self.watch.notes, &self.watch.reporter);
        }
    }
}

/// A task whose steps are watched.
struct Watched<T> {
    /// `None` only after the drop.
    task: Option<Pin<Box<T>>>,
    watch: Rc<Watch>,
}

impl<T: Task> Watched<T> {
    fn new(task: T, watch: Rc<Watch>) -> Self {
        Self { task: Some(Box::pin(task)), watch }
    }

    fn resume(&mut self, cx: &mut Context<'_>) -> quadrivium_core::Step<T::Output> {
        let _step = self.watch.begin_step();
        self.task.as_mut().expect("it is not dropped").as_mut().resume(cx)
    }

    fn style(&self) -> Style {
        self.task.as_ref().map_or(Style::Other, |task| task.style())
    }
}

impl<T> Drop for Watched<T> {
    /// The destructors of a task may block, too.
    fn drop(&mut self) {
        let _step = self.watch.begin_step();
        drop(self.task.take());
    }
}

/// A task that a watched task has spawned.
struct WatchedTask {
    /// `None` only after the drop.
    task: Option<HostedTask>,
    watch: Rc<Watch>,
}

impl WatchedTask {
    fn task(&mut self) -> Pin<&mut dyn Hosted> {
        self.task.as_mut().expect("it is not dropped").as_mut()
    }
}

impl Hosted for WatchedTask {
    fn resume_hosted(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Option<Wait> {
        let watch = Rc::clone(&self.watch);
        let _step = watch.begin_step();
        self.task().resume_hosted(cx)
    }

    fn take_output(mut self: Pin<&mut Self>, output: &mut dyn Any) {
        self.task().take_output(output);
    }

    fn style(&self) -> Style {
        self.task.as_ref().map_or(Style::Other, |task| task.style())
    }
}

impl Drop for WatchedTask {
    fn drop(&mut self) {
        let _step = self.watch.begin_step();
        drop(self.task.take());
    }
}

/// A host around another one. It puts a `WatchedTask` around each task that is spawned.
struct WatchingHost {
    watch: Weak<Watch>,
    wrapped: Rc<dyn Host>,
}

impl Wrapper for WatchingHost {
    fn wrapped(&self) -> &Rc<dyn Host> {
        &self.wrapped
    }

    fn spawn(
        &self,
        body: HostedTask,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> TaskKey {
        let body = match self.watch.upgrade() {
            Some(watch) => Box::pin(WatchedTask { task: Some(body), watch }),
            None => body,
        };
        self.wrapped.spawn(body, name, spawned_at)
    }
}
