//! The loop is used from inside: by a task, a destructor or a trace, also while it is being
//! dropped.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use quadrivium::{
    event_loop::trace::{Event, EventKind},
    prelude::*,
    sync::{Notify, oneshot},
};

use crate::{
    NO_NOTES, Notes, Probe, Subject, body, in_drop, loop_with_probe, new_loop, notes_and_loop,
    spawn_with_probe, turns,
};

laws! { ($) reentrancy:
    /// A loop refuses to run inside a task. The outer loop continues.
    a_loop_does_not_run_in_a_task on Nesting;
    /// A loop may be made and dropped inside a task.
    a_loop_may_be_made_and_dropped_in_a_task;
    /// A destructor may spawn, and the spawned task runs.
    a_task_spawned_by_a_destructor_runs;
    /// A loop that is dropped drops its tasks, in the order of spawning.
    a_dropped_loop_drops_all_its_tasks;
    /// A dropped loop drops its tasks in the order of spawning even if a later task uses the slot
    /// of one that has ended.
    a_dropped_loop_keeps_the_order_of_spawning;
    /// A task that is spawned while its loop is dropped is dropped as well, and never starts.
    a_dropped_loop_drops_tasks_that_destructors_spawn;
    /// Destructors may wake and cancel tasks while their loop is dropped.
    a_dropped_loop_accepts_wakes_and_cancels;
    /// A dropped loop closes the channels of its tasks.
    a_dropped_loop_closes_channels;
    /// A destructor may end a task that another task joins.
    a_destructor_may_end_a_joined_task;
    /// The destructor of an output may wake tasks and spawn.
    the_destructor_of_an_output_may_use_the_loop;
    /// A trace may spawn tasks and wake them.
    a_trace_may_spawn_and_wake;
    /// A task may own its own handle.
    a_task_may_own_its_own_handle;
}

fn a_loop_does_not_run_in_a_task(subject: Subject) {
    let notes = Notes::default();
    let then = notes.clone();
    let nests = move || {
        let mut inner = new_loop();
        let body = body().note(&then, "ran inside");
        let handle = inner.spawn(subject.task(body));
        let refused = [
            matches!(inner.run(), Err(RunError::Nested)),
            matches!(inner.turn(), Err(RunError::Nested)),
            matches!(inner.block_on(handle), Err(RunError::Nested)),
        ];
        then.add(format!("{refused:?}"));
    };
    let mut event_loop = new_loop();
    let outer = body().perform(turn()).run(nests).perform(turn()).note(&notes, "went on");
    event_loop.block_on(subject.task(outer)).unwrap();
    assert_eq!(notes.lines(), ["[true, true, true]", "went on"]);
}

fn a_loop_may_be_made_and_dropped_in_a_task(subject: Subject) {
    let notes = Notes::default();
    let then = notes.clone();
    let makes = move || {
        let inner = new_loop();
        let body = body().hold(then.when_dropped("inner dropped"));
        let handle = inner.spawn(subject.task(body));
        drop(inner);
        assert!(handle.is_finished());
    };
    // A task that the body spawns later goes to the loop of the body, not to the dropped one.
    let child = subject.task(body().note(&notes, "child"));
    let body = body().run(makes).perform_ok(move || spawn(child));
    new_loop().block_on(subject.task(body)).unwrap();
    assert_eq!(notes.lines(), ["inner dropped", "child"]);
}

fn a_task_spawned_by_a_destructor_runs(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let spawns = notes.clone();
    let spawns =
        in_drop(move || drop(spawn(subject.task(body().note(&spawns, "spawned by a destructor")))));
    event_loop.run_detached(subject.task(body().hold(spawns).perform(turn())));
    assert_eq!(notes.lines(), ["spawned by a destructor"]);
}

fn a_dropped_loop_drops_all_its_tasks(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let holds = |name| body().hold(notes.when_dropped(name));
    let never = Notify::new();
    drop(event_loop.spawn(subject.task(holds("waiting").perform(never.notified()))));
    drop(
        event_loop.spawn(subject.task(holds("sleeping").perform(sleep(std::time::Duration::MAX)))),
    );
    event_loop.start_detached(subject.task(holds("ready").perform(turn())), 1);
    drop(event_loop.spawn(subject.task(holds("not started").note(&notes, "started"))));
    assert_eq!(notes.lines(), NO_NOTES);
    drop(event_loop);
    assert_eq!(
        notes.lines(),
        ["waiting", "sleeping", "ready", "not started"],
        "tasks must be dropped in the order of spawning"
    );
}

fn a_dropped_loop_keeps_the_order_of_spawning(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let ends = event_loop.spawn(subject.task(body()));
    let waits = |name| {
        let body = body().hold(notes.when_dropped(name)).perform(Notify::new().notified());
        drop(event_loop.spawn(subject.task(body)));
    };
    waits("first");
    event_loop.turn().unwrap();
    drop(ends);
    let body = body().hold(notes.when_dropped("second")).perform(Notify::new().notified());
    drop(event_loop.spawn(subject.task(body)));
    drop(event_loop);
    assert_eq!(notes.lines(), ["first", "second"]);
}

fn a_dropped_loop_drops_tasks_that_destructors_spawn(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let handles = Rc::new(RefCell::new(Vec::new()));
    let (inside, kept) = (notes.clone(), Rc::clone(&handles));
    let spawns = in_drop(move || {
        let body = body().hold(inside.when_dropped("child dropped")).note(&inside, "child ran");
        let child = spawn(subject.task(body));
        assert!(child.is_finished(), "a loop that is being dropped must accept no more tasks");
        kept.borrow_mut().push(child);
    });
    event_loop.start_detached(subject.task(body().hold(spawns).perform(turn())), 1);
    drop(event_loop);
    assert_eq!(notes.lines(), ["child dropped"]);
    let child = handles.borrow_mut().pop().unwrap();
    let joined = new_loop().block_on(child).unwrap();
    assert!(matches!(joined, Err(JoinError::Cancelled)), "{joined:?}");
}

fn a_dropped_loop_accepts_wakes_and_cancels(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (probe, first) = spawn_with_probe(subject, &event_loop);
    let body = body().hold(notes.when_dropped("third dropped")).perform(Probe::default().waits());
    let third = event_loop.spawn(subject.task(body));
    let wakes = probe.clone();
    let meddles = in_drop(move || {
        wakes.wake();
        third.cancel();
    });
    let second = crate::body().hold(meddles).perform(turn());
    event_loop.start_detached(subject.task(second), 1);
    drop(event_loop);
    assert!(first.is_finished());
    assert_eq!(probe.resumes(), 1, "a wake is accepted, but no task must run any more");
    assert_eq!(
        notes.lines(),
        ["third dropped"],
        "the task must be dropped once, by the cancel or by the loop"
    );
}

fn a_dropped_loop_closes_channels(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, receiver) = oneshot::channel::<()>();
    // The receiver is dropped first, and its sender sees this. Then the other way round.
    drop(event_loop.spawn(subject.task(body().perform(receiver))));
    let (other_sender, other_receiver) = oneshot::channel::<()>();
    drop(event_loop.spawn(subject.task(body().hold(other_sender).perform(turn()))));
    event_loop.start_detached(subject.task(body().perform(other_receiver)), 1);
    drop(event_loop);
    assert!(sender.is_closed());
}

fn a_destructor_may_end_a_joined_task(subject: Subject) {
    // The first task holds the handle of the second and cancels it. A third task joins the first.
    let (notes, mut event_loop) = notes_and_loop();
    let (_probe, second) = spawn_with_probe(subject, &event_loop);
    let cancels = in_drop(move || second.cancel());
    let first =
        event_loop.spawn(subject.task(body().hold(cancels).perform(Notify::new().notified())));
    let first = Rc::new(Cell::new(Some(first)));
    let canceller = {
        let handle = first.take().unwrap();
        let canceller = handle.canceller();
        first.set(Some(handle));
        canceller
    };
    let joins = body().perform_then(move || first.take().unwrap(), drop).note(&notes, "joined");
    event_loop.start_detached(subject.task(joins), 1);
    canceller.cancel();
    turns(&mut event_loop, 2);
    assert_eq!(notes.lines(), ["joined"]);
    assert_eq!(event_loop.live(), 0);
}

fn the_destructor_of_an_output_may_use_the_loop(subject: Subject) {
    let notes = Notes::default();
    let (mut event_loop, probe, _handle) = loop_with_probe(subject);
    let meets = |line| {
        let (notes, probe) = (notes.clone(), probe.clone());
        subject.task(body().perform(turn()).output(move || {
            in_drop(move || {
                probe.wake();
                drop(spawn(subject.task(body().note(&notes, line))));
            })
        }))
    };
    // The first task is not joined, so the loop drops its output when the task ends.
    event_loop.start_detached(meets("by the end of a detached task"), 3);
    assert_eq!(notes.lines(), ["by the end of a detached task"]);
    assert_eq!(probe.resumes(), 2);
    // The second task has ended when its handle is dropped, inside a task.
    let ended = event_loop.start(meets("by the end of a handle"), 2);
    event_loop.block_on(subject.task(body().run(move || drop(ended)))).unwrap();
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines()[1..], ["by the end of a handle"]);
}

fn a_trace_may_spawn_and_wake(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (probe, _handle) = spawn_with_probe(subject, &event_loop);
    let (inside, wakes, mut has_spawned) = (notes.clone(), probe.clone(), false);
    event_loop.trace(move |event: &Event| {
        if event.kind == EventKind::Resumed && !std::mem::replace(&mut has_spawned, true) {
            wakes.wake();
            drop(spawn(subject.task(body().note(&inside, "spawned by the trace"))));
        }
    });
    turns(&mut event_loop, 3);
    assert_eq!(notes.lines(), ["spawned by the trace"]);
    assert_eq!(probe.resumes(), 2);
}

fn a_task_may_own_its_own_handle(subject: Subject) {
    // The body owns its handle. The destructor of the handle finds a task that is just ending.
    let mut event_loop = new_loop();
    let own = Rc::new(RefCell::new(None::<JoinHandle<()>>));
    let kept = Rc::clone(&own);
    let body = body().run(move || _ = kept).perform(turn()).hold(Rc::clone(&own));
    *own.borrow_mut() = Some(event_loop.spawn(subject.task(body)));
    drop(own);
    event_loop.run().unwrap();
    assert_eq!(event_loop.live(), 0);
}
