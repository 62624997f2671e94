//! Loops for tests, and resuming by hand.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    task::Waker,
};

use quadrivium::{
    EventLoop, JoinHandle,
    event_loop::{Recorder, Turned},
    task::{BoxTask, Context, Step},
};

use crate::{Probe, Subject, body};

/// A loop on the virtual clock.
pub fn new_loop() -> EventLoop {
    EventLoop::with_virtual_clock().expect("the OS lets us make a loop")
}

/// The same, and its trace.
pub fn traced() -> (EventLoop, Recorder) {
    let mut event_loop = new_loop();
    let trace = Recorder::default();
    event_loop.trace(trace.clone());
    (event_loop, trace)
}

/// Runs so many turns; what the last one left to do.
pub fn turns(event_loop: &mut EventLoop, n: usize) -> Turned {
    let mut turned = Turned::Empty;
    for _ in 0..n {
        turned = event_loop.turn().expect("no loop runs on this thread");
    }
    turned
}

/// Spawns a task that waits until its probe is opened.
pub fn watched(subject: Subject, event_loop: &EventLoop) -> (Probe, JoinHandle<()>) {
    let probe = Probe::default();
    let handle = event_loop.spawn(subject.task(body().perform(probe.waits())));
    (probe, handle)
}

/// Resumes a task once, without a loop.
pub fn resume<T>(task: &mut BoxTask<T>) -> Step<T> {
    task.as_mut().resume(&mut Context::new(Waker::noop()))
}

/// Whether that was the end.
pub fn is_done<T>(step: &Step<T>) -> bool {
    matches!(step, Step::Done(_))
}

/// Runs something that may panic; the message of the panic.
pub fn quietly<T>(something: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(something)).map_err(|payload| message(&*payload))
}

/// The message of a panic.
pub fn message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "..".into())
}
