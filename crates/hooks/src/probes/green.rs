//! A probe in a patched green thread: does the call block there?

use std::{
    cell::Cell,
    io,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use quadrivium_core::{Context, Step, Task};
use quadrivium_event_loop::EventLoop;
use quadrivium_green::Builder;

use super::{PatchProbed, ProbedCall, Probing, ReachedHooks};
use crate::{
    hook::Hook,
    patch::{self, PatchedStep},
    step::{self, Inspector},
    when::WaitsFor,
};

/// Enough for each function of the standard library, in debug builds, too.
const STACK_SIZE: usize = 512 << 10;

/// Makes a probe in a green thread on a loop of its own. Only the probed call is patched.
pub(super) fn run(call: ProbedCall) -> io::Result<PatchProbed> {
    let notes = Rc::<ReachedHooks>::default();
    let green = Rc::new(GreenNotes::new(&notes));
    let probing = Probing { notes, green: Some(Rc::clone(&green)) };
    let body = Builder::new().stack_size(STACK_SIZE).build(move || call(&probing));
    let task = Box::pin(body.map_err(io::Error::other)?);
    let task = ProbedTask { task, inspector: Rc::clone(&green) as _, green: Rc::clone(&green) };
    EventLoop::new()?.block_on(task).map_err(io::Error::other)??;
    Ok(green.probed.get())
}

/// What the probed call does.
pub(super) struct GreenNotes {
    is_calling: Cell<bool>,
    probed: Cell<PatchProbed>,
    /// Tells the other thread of the probe that it may end the wait.
    is_reached: Arc<AtomicBool>,
}

impl GreenNotes {
    fn new(notes: &ReachedHooks) -> Self {
        let is_reached = Arc::clone(&notes.is_reached);
        Self { is_calling: Cell::default(), probed: Cell::default(), is_reached }
    }

    pub(super) fn call<R>(&self, call: impl FnOnce() -> R) -> R {
        let before = patch::counts();
        let patched = PatchedStep::begin();
        patch::be_silent(true);
        self.is_calling.set(true);
        let returned = call();
        self.is_calling.set(false);
        patch::be_silent(false);
        drop(patched);
        let after = patch::counts();
        let (calls, offloads) = (after.calls - before.calls, after.offloads - before.offloads);
        self.probed.update(|it| PatchProbed { calls, offloads, ..it });
        returned
    }

    fn reached(&self) {
        if self.is_calling.get() {
            self.is_reached.store(true, Ordering::Release);
        }
    }
}

impl Inspector for GreenNotes {
    fn before(&self, _: &'static Hook, waits_for: Option<WaitsFor>) {
        self.reached();
        if self.is_calling.get() && waits_for.is_some() {
            self.probed.update(|it| PatchProbed { blocks: true, ..it });
        }
    }

    fn after(&self, _: &'static Hook, _: WaitsFor, _: Duration) {}
}

/// The green thread of a probe. Each of its steps is watched.
struct ProbedTask<T> {
    task: Pin<Box<T>>,
    inspector: Rc<dyn Inspector>,
    green: Rc<GreenNotes>,
}

impl<T: Task> Task for ProbedTask<T> {
    type Output = T::Output;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T::Output> {
        let watched = step::begin(&self.inspector);
        let step = self.task.as_mut().resume(cx);
        drop(watched);
        if matches!(step, Step::Suspended(_)) {
            self.green.reached();
        }
        step
    }
}
