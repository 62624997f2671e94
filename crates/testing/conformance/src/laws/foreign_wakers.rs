//! Foreign wakers run user code when they are woken and when they are dropped: they may panic, wake
//! tasks and cancel tasks.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    task::{Wake, Waker},
};

use quadrivium::{
    prelude::*,
    sync::{Notify, channel, oneshot},
    task::{BoxTask, Canceller, Context},
};

use crate::{
    Subject, body, catch_panic, in_destructor, is_done, new_loop, notes_and_loop, spawn_with_probe,
    turns, wakers::panicking_waker,
};

laws! { ($) foreign_wakers:
    /// A foreign waker that panics does not keep other tasks from being woken.
    a_panic_does_not_stop_other_wakes;
    /// A panic of a foreign waker that waits for the end of a task harms neither the loop nor the
    /// task.
    a_panic_at_the_end_of_a_task_is_contained;
    /// A panic of a foreign waker that waits for a cancelled task reaches neither the caller of
    /// `cancel` nor a loop that is being dropped.
    a_panic_in_a_cancel_is_contained;
    /// A foreign waker may wake and cancel tasks when it is woken.
    a_wake_may_wake_and_cancel_tasks;
    /// A foreign waker may wake and cancel tasks when it is dropped.
    a_drop_may_wake_and_cancel_tasks;
}

/// Resumes a leaf with this waker, as another executor would. The leaf must suspend.
fn suspend<T: Task + Unpin>(leaf: &mut T, waker: &Waker) {
    assert!(!is_done(&Pin::new(leaf).resume(&mut Context::new(waker))));
}

fn a_panic_does_not_stop_other_wakes(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let notify = Notify::new();
    let waits = || subject.task(body().perform(notify.notified()).note(&notes, "woken"));
    event_loop.start_detached(waits(), 1);
    // This waker waits between two tasks of the loop.
    let mut foreign_task = notify.notified();
    suspend(&mut foreign_task, &panicking_waker());
    drop(event_loop.spawn(waits()));
    let notifies = body().repeat(2, turn).run(move || notify.notify_all());
    let notifies = event_loop.spawn(subject.task(notifies));
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["woken", "woken"]);
    let error = event_loop.block_on(notifies).unwrap().unwrap_err();
    assert_eq!(
        error.panic_message(),
        Some("in a waker"),
        "the panic must end the task that has notified"
    );
}

fn a_panic_at_the_end_of_a_task_is_contained(subject: Subject) {
    let mut event_loop = new_loop();
    let foreign = panicking_waker();
    let mut handle = pin!(event_loop.spawn(subject.task(body().perform(turn()).output(|| 42))));
    let other = event_loop.spawn(subject.task(body().repeat(2, turn).output(|| 43)));
    suspend(&mut handle, &foreign);
    // The loop wakes the foreign waker when the task ends. A panic in that wake does not concern
    // it.
    event_loop.run().unwrap();
    assert_eq!(event_loop.block_on(other).unwrap().unwrap(), 43);
    assert!(is_done(&handle.as_mut().resume(&mut Context::new(&foreign))));
}

fn a_panic_in_a_cancel_is_contained(subject: Subject) {
    let mut event_loop = new_loop();
    let (_probe, handle) = spawn_with_probe(subject, &event_loop);
    let canceller = handle.canceller();
    let mut handle = pin!(handle);
    suspend(&mut handle, &panicking_waker());
    // The waker belongs neither to the caller of `cancel` nor to the loop that is dropped.
    catch_panic(|| handle.cancel()).unwrap();
    assert!(handle.is_finished());
    let (_probe, other) = spawn_with_probe(subject, &event_loop);
    let mut other = pin!(other);
    suspend(&mut other, &panicking_waker());
    canceller.cancel();
    turns(&mut event_loop, 1);
    catch_panic(|| drop(event_loop)).unwrap();
    assert!(other.is_finished());
}

/// A waker that wakes one task and cancels another, when it is woken and when it is dropped.
struct Meddles {
    wakes: Waker,
    cancels: Canceller,
}

impl Meddles {
    fn meddle(&self) {
        self.wakes.wake_by_ref();
        self.cancels.cancel();
    }
}

impl Wake for Meddles {
    fn wake(self: Arc<Self>) {
        self.meddle();
    }
}

impl Drop for Meddles {
    fn drop(&mut self) {
        in_destructor(|| self.meddle());
    }
}

fn a_wake_may_wake_and_cancel_tasks(subject: Subject) {
    let mut event_loop = new_loop();
    let (probe, _woken) = spawn_with_probe(subject, &event_loop);
    let (_probe, cancelled) = spawn_with_probe(subject, &event_loop);
    turns(&mut event_loop, 1);
    let meddles = Meddles { wakes: probe.waker(), cancels: cancelled.canceller() };
    let mut joined = event_loop.spawn(subject.task(body()));
    suspend(&mut joined, &Arc::new(meddles).into());
    turns(&mut event_loop, 2);
    assert!(joined.is_finished());
    assert_eq!(probe.resumes(), 2);
    assert!(cancelled.is_finished());
}

fn a_drop_may_wake_and_cancel_tasks(subject: Subject) {
    // Each leaf keeps a waker. A second resume with another waker drops the first.
    let (_oneshot, receiver) = oneshot::channel::<()>();
    let (_sender, values) = channel::bounded::<()>(1);
    let (full, _values) = channel::bounded(1);
    full.try_send(()).unwrap();
    let mut event_loop = new_loop();
    let (_probe, joined) = spawn_with_probe(subject, &event_loop);
    let leaves: [BoxTask<()>; 5] = [
        Box::pin(crate::map(joined, drop)),
        Box::pin(crate::map(receiver, drop)),
        Box::pin(crate::map(values.recv(), drop)),
        Box::pin(crate::map(full.send(()), drop)),
        Box::pin(Notify::new().notified()),
    ];
    for mut leaf in leaves {
        let (probe, _woken) = spawn_with_probe(subject, &event_loop);
        let (_probe, cancelled) = spawn_with_probe(subject, &event_loop);
        turns(&mut event_loop, 1);
        let meddles = Meddles { wakes: probe.waker(), cancels: cancelled.canceller() };
        suspend(&mut leaf, &Arc::new(meddles).into());
        let held = subject.task(body().run(move || suspend(&mut leaf, Waker::noop())));
        event_loop.block_on(held).unwrap();
        turns(&mut event_loop, 2);
        assert_eq!(probe.resumes(), 2);
        assert!(cancelled.is_finished());
    }
}
