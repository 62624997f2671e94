//! Cancelling drops a task, at most once: a suspended task before `cancel` returns, a running one
//! at its next suspension.

use std::{cell::RefCell, rc::Rc, time::Duration};

use quadrivium::{prelude::*, sync::Notify, task::BoxTask};

use crate::{
    NO_NOTES, Notes, Probe, Subject, TestLoop, body, in_drop, new_loop, notes_and_loop, turns,
};

laws! { ($) cancel:
    /// A task that is cancelled before its start never runs. When `cancel` returns, its destructors
    /// have run.
    before_the_start_prevents_the_start;
    /// A suspended task that is cancelled runs its destructors before `cancel` returns, whatever it
    /// waits for. It never continues.
    while_suspended_runs_the_destructors;
    /// A cancel after the end of a task changes nothing. The output stays available.
    after_the_end_changes_nothing;
    /// Cancelling a task a second time does nothing.
    twice_is_like_once;
    /// A task that is cancelled between its wake and its resume is not resumed.
    between_wake_and_resume_prevents_the_resume;
    /// A task that cancels itself runs to its next suspension, and ends there.
    of_itself_ends_at_the_next_suspension;
    /// A task that cancels itself and then returns without suspending is done, not cancelled.
    of_itself_without_a_suspension_is_done;
    /// A task may cancel another one that is ready in the same turn. That one is not resumed.
    of_a_ready_task_prevents_its_resume;
    /// A cancel wakes the task that joins, after the destructors have run.
    wakes_the_task_that_joins;
    /// A cancelled task leaves no deadline behind: the clock does not jump to it.
    removes_the_deadline on VirtualClock;
    /// A cancel also drops the tasks that the cancelled task performs, from the inside out.
    drops_performed_tasks_from_the_inside_out;
    /// The children of a cancelled task continue.
    leaves_the_children_running;
    /// A destructor may cancel other tasks.
    in_a_destructor_is_allowed;
    /// When a loop is dropped, the handles of its tasks report that the tasks were cancelled.
    is_reported_when_the_loop_is_dropped;
}

const SECOND: Duration = Duration::from_secs(1);

/// Returns whether the task of this handle was cancelled.
pub fn is_cancelled<T: 'static>(event_loop: &mut TestLoop, handle: JoinHandle<T>) -> bool {
    matches!(event_loop.block_on(handle).unwrap(), Err(JoinError::Cancelled))
}

/// A task that never continues after its suspension, and notes when it is dropped.
pub fn suspended(subject: Subject, notes: &Notes) -> BoxTask<()> {
    let body = body().hold(notes.when_dropped("dropped")).perform(Probe::default().waits());
    subject.task(body.note(notes, "went on"))
}

fn before_the_start_prevents_the_start(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let body = body().note(&notes, "started").hold(notes.when_dropped("dropped"));
    let handle = event_loop.spawn(subject.task(body));
    handle.cancel();
    assert_eq!(notes.lines(), ["dropped"], "the destructors must have run when `cancel` returns");
    assert!(handle.is_finished());
    assert!(is_cancelled(&mut event_loop, handle));
    assert_eq!(notes.lines(), ["dropped"], "a cancelled task must never start");
}

fn while_suspended_runs_the_destructors(subject: Subject) {
    for wait in [
        Box::pin(turn()) as BoxTask<()>,
        Box::pin(sleep(SECOND)),
        Box::pin(Notify::new().notified()),
    ] {
        let (notes, mut event_loop) = notes_and_loop();
        let body = body().hold(notes.when_dropped("dropped")).perform(wait).note(&notes, "went on");
        let handle = event_loop.start(subject.task(body), 1);
        assert_eq!(notes.lines(), NO_NOTES);
        handle.cancel();
        assert_eq!(
            notes.lines(),
            ["dropped"],
            "the destructors must have run when `cancel` returns"
        );
        assert_eq!(event_loop.live(), 0);
        assert!(is_cancelled(&mut event_loop, handle));
        assert_eq!(notes.lines(), ["dropped"], "a cancelled task must never continue");
    }
}

fn after_the_end_changes_nothing(subject: Subject) {
    let mut event_loop = new_loop();
    let handle = event_loop.spawn(subject.task(body().output(|| 42)));
    event_loop.run().unwrap();
    handle.cancel();
    assert_eq!(event_loop.block_on(handle).unwrap().unwrap(), 42);
}

fn twice_is_like_once(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let handle = event_loop.start(suspended(subject, &notes), 1);
    let canceller = handle.canceller();
    handle.cancel();
    handle.cancel();
    canceller.cancel();
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["dropped"]);
    assert!(is_cancelled(&mut event_loop, handle));
}

fn between_wake_and_resume_prevents_the_resume(subject: Subject) {
    let notes = Notes::default();
    let probe = Probe::default();
    let mut event_loop = new_loop();
    let body = body().hold(notes.when_dropped("dropped")).perform(probe.waits());
    let handle = event_loop.start(subject.task(body), 1);
    probe.wake();
    handle.cancel();
    turns(&mut event_loop, 1);
    assert_eq!(probe.resumes(), 1, "a cancelled task must not be resumed");
    assert_eq!(notes.lines(), ["dropped"]);
}

/// Spawns a task that cancels itself through its own handle and then suspends the given number of
/// times. Returns the cell that holds the task's handle.
fn cancelling_itself(
    subject: Subject,
    notes: &Notes,
    event_loop: &EventLoop,
    suspensions: usize,
) -> Rc<RefCell<Option<JoinHandle<()>>>> {
    let handle = Rc::new(RefCell::new(None::<JoinHandle<()>>));
    let own = Rc::clone(&handle);
    let body = body()
        .hold(notes.when_dropped("dropped"))
        .run(move || own.borrow().as_ref().unwrap().cancel())
        .note(notes, "still here")
        .repeat(suspensions, turn)
        .note(notes, "at the end");
    *handle.borrow_mut() = Some(event_loop.spawn(subject.task(body)));
    handle
}

fn of_itself_ends_at_the_next_suspension(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let handle = cancelling_itself(subject, &notes, &event_loop, 1);
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["still here", "dropped"]);
    let handle = handle.take().unwrap();
    assert!(is_cancelled(&mut event_loop, handle));
}

fn of_itself_without_a_suspension_is_done(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let handle = cancelling_itself(subject, &notes, &event_loop, 0);
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["still here", "at the end", "dropped"]);
    let handle = handle.take().unwrap();
    assert!(
        event_loop.block_on(handle).unwrap().is_ok(),
        "the task ended without suspending: it must not be cancelled"
    );
}

fn of_a_ready_task_prevents_its_resume(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let sibling = Rc::new(RefCell::new(None::<JoinHandle<()>>));
    let sibling_handle = Rc::clone(&sibling);
    let first = body().run(move || sibling_handle.borrow().as_ref().unwrap().cancel());
    let second = body().hold(notes.when_dropped("dropped")).note(&notes, "started");
    drop(event_loop.spawn(subject.task(first.note(&notes, "cancelled it"))));
    *sibling.borrow_mut() = Some(event_loop.spawn(subject.task(second)));
    // Both are ready in this turn. The first cancels the second before its resume.
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["dropped", "cancelled it"]);
}

fn wakes_the_task_that_joins(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let victim = event_loop.spawn(suspended(subject, &notes));
    let canceller = victim.canceller();
    let join = body().perform_and_note(&notes, victim);
    event_loop.start_detached(subject.task(join), 1);
    canceller.cancel();
    event_loop.run().unwrap();
    // The destructors run first, so the joining task may rely on their effects.
    assert_eq!(notes.lines(), ["dropped", "Err(the task was cancelled)"]);
}

fn removes_the_deadline(subject: Subject) {
    let mut event_loop = new_loop();
    let sleeper = event_loop.spawn(subject.task(body().perform(sleep(100 * SECOND))));
    let cancels = body().perform(sleep(SECOND)).run(move || sleeper.cancel());
    event_loop.run_detached(subject.task(cancels));
    assert_eq!(
        event_loop.elapsed(),
        SECOND,
        "the clock must not jump to a deadline that no task waits for"
    );
}

fn drops_performed_tasks_from_the_inside_out(subject: Subject) {
    let notes = Notes::default();
    let inner = subject.task(body().hold(notes.when_dropped("inner")).perform(sleep(SECOND)));
    let middle = subject.task(body().hold(notes.when_dropped("middle")).perform(inner));
    let outer = subject.task(body().hold(notes.when_dropped("outer")).perform(middle));
    let mut event_loop = new_loop();
    let handle = event_loop.start(outer, 1);
    handle.cancel();
    assert_eq!(
        notes.lines(),
        ["inner", "middle", "outer"],
        "tasks must be dropped from the inside out"
    );
}

fn leaves_the_children_running(subject: Subject) {
    let notes = Notes::default();
    let child = subject.task(body().perform(turn()).note(&notes, "child done"));
    let parent = body().perform_then(|| spawn(child), drop);
    let mut event_loop = new_loop();
    let handle = event_loop.start(subject.task(parent), 1);
    handle.cancel();
    event_loop.run().unwrap();
    assert_eq!(
        notes.lines(),
        ["child done"],
        "the parent's cancel drops the handle: the child must go on"
    );
}

fn in_a_destructor_is_allowed(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let second = event_loop.spawn(suspended(subject, &notes));
    let body = body().hold(in_drop(move || second.cancel())).hold(notes.when_dropped("first"));
    let first = event_loop.start(subject.task(body.perform(Probe::default().waits())), 1);
    first.cancel();
    // Holds are dropped in the order in which they were added.
    assert_eq!(notes.lines(), ["dropped", "first"]);
    assert_eq!(event_loop.live(), 0);
}

fn is_reported_when_the_loop_is_dropped(subject: Subject) {
    let event_loop = new_loop();
    let handle = event_loop.spawn(subject.task(body().perform(turn()).output(|| 42)));
    drop(event_loop);
    assert!(handle.is_finished());
    let mut other_loop = new_loop();
    assert!(
        is_cancelled(&mut other_loop, handle),
        "a handle must report the cancel after its loop is dropped"
    );
}
