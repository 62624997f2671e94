//! Destructors of tasks. Wherever one runs, the task's own loop is its host: it can spawn, read the
//! time and find out which task it belongs to.
//!
//! The ways in which a body or an output is dropped, and the laws and tests that check each:
//!
//! ```text
//!   the body                                          checked by
//!   it is done, it panicked                           have_a_host_at_the_end
//!   it cancelled itself, at its next suspension       have_a_host_at_the_end
//!   cancelled outside a run                           have_a_host_in_a_cancel_outside_a_run
//!   cancelled by a task of the same loop              have_a_host_in_a_cancel_by_another_task
//!   cancelled by a task of another loop               have_a_host_in_a_cancel_by_another_loop
//!   cancelled by a Canceller, from any thread         have_a_host_in_a_cancel_by_a_canceller
//!   cancelled by a RemoteHandle                       laws of `outcomes`
//!   cancelled as its block_on is stopped              have_a_host_in_a_stopped_block_on
//!   cancelled by a schedule                           crates/hosts/event-loop/tests/own_host.rs
//!   its loop is dropped, in a run of another as well  have_a_host_when_the_loop_is_dropped
//!   spawned on a loop that is being dropped           have_a_host_when_the_loop_is_dropped
//!   GuestLoop::perform, or a guest, is dropped        crates/hosts/guests/tests/guests/
//!                                                       own_host.rs
//!   a task on may                                     crates/hosts/may/tests/host/cancels.rs
//!   a task that is pinned to a worker of may          crates/hosts/may/tests/host/pinned.rs
//!   the output
//!   the task ends and no handle is left               of_an_unread_output_have_a_host
//!   its handle is dropped: outside a run, by a task,  of_an_output_with_its_handle_have_a_host
//!     by a task of another loop, after its loop
//!   its RemoteHandle is dropped                       outcomes::an_unread_output_has_a_host
//! ```
//!
//! A loop that has no room for one more task refuses the body and drops it as its host, too. A test
//! for that would need 16 million tasks. An output that was taken belongs to its new owner.

use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};

use quadrivium::{host, prelude::*, sync::Notify, task::BoxTask, time::now};

use crate::{Notes, Subject, TestLoop, body, in_drop, new_loop, notes_and_loop, turns};

laws! { ($) destructors:
    /// A destructor that runs at the end of a task can spawn, and sees the name of its own task.
    have_a_host_at_the_end;
    /// A destructor that runs in a cancel outside a run spawns on its own loop, and sees the name
    /// of its own task.
    have_a_host_in_a_cancel_outside_a_run;
    /// A destructor that runs in a cancel by another task sees the name of its own task. After it,
    /// the other task runs again.
    have_a_host_in_a_cancel_by_another_task;
    /// A destructor that runs in a cancel by a task of another loop spawns on its own loop. After
    /// it, the other loop is the host again.
    have_a_host_in_a_cancel_by_another_loop;
    /// A destructor that runs in a cancel by a task of another loop sees the clock of its own loop.
    see_their_own_clock_in_a_cancel_by_another_loop on OwnClock;
    /// A destructor that runs in a cancel by a `Canceller` sees the name of its own task.
    have_a_host_in_a_cancel_by_a_canceller;
    /// A destructor of a task whose `block_on` is stopped can spawn on its own loop.
    have_a_host_in_a_stopped_block_on;
    /// A destructor that runs because its loop is dropped has that loop as its host, also inside a
    /// run of another loop. The same holds for a task that the destructor spawns.
    have_a_host_when_the_loop_is_dropped;
    /// The destructor of an unread output sees the name of its task when the task ends. A task that
    /// it spawns does not take over the slot of the ending task.
    of_an_unread_output_have_a_host;
    /// The destructor of an output that is dropped with its handle has the task's loop as its host.
    /// This holds outside a run, in a task of the same or of another loop, and after the loop is
    /// dropped.
    of_an_output_with_its_handle_have_a_host;
}

/// Returns a value that uses its host when it is dropped: it notes the running task and spawns a
/// child.
fn uses_its_host(subject: Subject, notes: &Notes) -> impl Sized + use<> {
    let notes = notes.clone();
    in_drop(move || {
        notes.add(format!("destructor of {}", running()));
        let child = body().hold(notes.when_dropped("child dropped")).note(&notes, "child ran");
        drop(spawn(subject.task(child)));
    })
}

/// The name of the task that runs on this thread, or `unnamed`.
fn running() -> String {
    let name = host::label().and_then(|label| label.name);
    name.map_or("unnamed".into(), |name| name.to_string())
}

/// A task named `ada` that stays suspended, and uses its host when it is dropped.
fn suspended(subject: Subject, event_loop: &mut TestLoop, notes: &Notes) -> JoinHandle<()> {
    let body = body().hold(uses_its_host(subject, notes)).perform(Notify::new().notified());
    let handle = event_loop.spawn_named("ada", subject.task(body));
    turns(event_loop, 1);
    handle
}

/// A task named `ada` that is done, with an output that uses its host when it is dropped.
fn done(
    subject: Subject,
    event_loop: &mut TestLoop,
    notes: &Notes,
) -> JoinHandle<impl Sized + use<>> {
    let asks = uses_its_host(subject, notes);
    let handle = event_loop.spawn_named("ada", subject.task(body().output(|| asks)));
    turns(event_loop, 1);
    handle
}

/// Runs `f` in a task named `bob`, which then notes which task runs, and spawns a child.
fn run_in_bob(
    subject: Subject,
    event_loop: &mut TestLoop,
    notes: &Notes,
    f: impl FnOnce() + 'static,
) {
    let (own_notes, spawns) = (notes.clone(), notes.clone());
    let body = body().run(f).run(move || {
        own_notes.add(format!("then {}", running()));
        drop(spawn(subject.task(body().note(&spawns, "child of bob ran"))));
    });
    drop(event_loop.spawn_named("bob", subject.task(body)));
    turns(event_loop, 1);
}

/// Runs the children that destructors have spawned on this loop, and returns their notes.
fn children(event_loop: &mut TestLoop, notes: &Notes) -> Vec<String> {
    let before = notes.lines().len();
    event_loop.run().unwrap();
    notes.lines().split_off(before)
}

fn have_a_host_at_the_end(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let ends = |end: BoxTask<()>| {
        let body = body().hold(uses_its_host(subject, &notes)).perform(end).run(|| {
            // Not `panic!`, which would print a message for every pair of styles.
            std::panic::resume_unwind(Box::new("as planned"))
        });
        subject.task(body)
    };
    drop(event_loop.spawn_named("done", subject.task(body().hold(uses_its_host(subject, &notes)))));
    drop(event_loop.spawn_named("panics", ends(Box::pin(turn()))));
    let own = Rc::new(RefCell::new(None::<JoinHandle<()>>));
    let cancels = Rc::clone(&own);
    let cancelled = body()
        .hold(uses_its_host(subject, &notes))
        .run(move || cancels.borrow().as_ref().unwrap().cancel())
        .perform(turn());
    *own.borrow_mut() = Some(event_loop.spawn_named("cancelled", subject.task(cancelled)));
    turns(&mut event_loop, 2);
    let ends = ["destructor of done", "destructor of cancelled"];
    assert_eq!(notes.lines()[..2], ends);
    // The children ran in the next turn. In that turn the third task panicked.
    assert_eq!(notes.count("destructor of panics"), 1);
    event_loop.run().unwrap();
    assert_eq!(notes.count("child ran"), 3);
}

fn have_a_host_in_a_cancel_outside_a_run(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let handle = suspended(subject, &mut event_loop, &notes);
    handle.cancel();
    assert_eq!(
        notes.lines(),
        ["destructor of ada"],
        "destructors must have run when cancel returns"
    );
    assert!(host::current().is_none(), "after the cancel there must be no host, as before it");
    assert_eq!(children(&mut event_loop, &notes), ["child ran", "child dropped"]);
}

fn have_a_host_in_a_cancel_by_another_task(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let handle = suspended(subject, &mut event_loop, &notes);
    run_in_bob(subject, &mut event_loop, &notes, move || handle.cancel());
    assert_eq!(notes.lines(), ["destructor of ada", "then bob"]);
    // In the order of spawning.
    let ran = ["child ran", "child dropped", "child of bob ran"];
    assert_eq!(children(&mut event_loop, &notes), ran);
}

fn have_a_host_in_a_cancel_by_another_loop(subject: Subject) {
    let notes = Notes::default();
    let (mut event_loop, mut other) = (new_loop(), new_loop());
    let handle = suspended(subject, &mut event_loop, &notes);
    run_in_bob(subject, &mut other, &notes, move || handle.cancel());
    assert_eq!(notes.lines(), ["destructor of ada", "then bob"]);
    assert_eq!(children(&mut other, &notes), ["child of bob ran"]);
    assert_eq!(children(&mut event_loop, &notes), ["child ran", "child dropped"]);
}

/// Returns a value that notes the time when it is dropped.
fn notes_the_time(times: &Rc<RefCell<Vec<Instant>>>) -> impl Sized + use<> {
    let times = Rc::clone(times);
    in_drop(move || times.borrow_mut().extend(host::current().map(|_| now())))
}

fn see_their_own_clock_in_a_cancel_by_another_loop(subject: Subject) {
    let times = Rc::default();
    let (mut event_loop, mut other) = (new_loop(), new_loop());
    let waits = body().hold(notes_the_time(&times)).perform(Notify::new().notified());
    let handle = event_loop.start(subject.task(waits), 1);
    event_loop.advance(Duration::from_secs(3600));
    let body = body().hold(notes_the_time(&times)).run(move || handle.cancel());
    other.block_on(subject.task(body)).unwrap();
    assert_eq!(*times.borrow(), [event_loop.now(), other.now()]);
}

fn have_a_host_in_a_cancel_by_a_canceller(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let canceller = suspended(subject, &mut event_loop, &notes).canceller();
    canceller.cancel();
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["destructor of ada", "child ran", "child dropped"]);
}

fn have_a_host_in_a_stopped_block_on(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let stopper = event_loop.stopper();
    let name = notes.clone();
    let body = body()
        .hold(uses_its_host(subject, &notes))
        .run(move || name.add(running()))
        .run(move || stopper.stop())
        .perform(Notify::new().notified());
    let ran = event_loop.block_on(subject.task(body));
    assert!(matches!(ran, Err(RunError::Stopped)), "{ran:?}");
    let expected = ["unnamed", "destructor of unnamed"];
    assert_eq!(notes.lines(), expected, "a task of `block_on` has no name");
    assert_eq!(children(&mut event_loop, &notes), ["child ran", "child dropped"]);
}

fn have_a_host_when_the_loop_is_dropped(subject: Subject) {
    let notes = Notes::default();
    let (mut event_loop, mut other) = (new_loop(), new_loop());
    drop(suspended(subject, &mut event_loop, &notes));
    run_in_bob(subject, &mut other, &notes, move || drop(event_loop));
    assert_eq!(notes.lines(), ["destructor of ada", "child dropped", "then bob"]);
    assert_eq!(children(&mut other, &notes), ["child of bob ran"]);
}

fn of_an_unread_output_have_a_host(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let names = notes.clone();
    let names = in_drop(move || names.add(format!("another destructor of {}", running())));
    let output = (uses_its_host(subject, &notes), names);
    drop(event_loop.spawn_named("ada", subject.task(body().output(|| output))));
    turns(&mut event_loop, 1);
    // The second destructor runs after the first has spawned a task. The spawned task is not the
    // one that runs.
    assert_eq!(notes.lines(), ["destructor of ada", "another destructor of ada"]);
    assert_eq!(event_loop.live(), 1);
    assert_eq!(children(&mut event_loop, &notes), ["child ran", "child dropped"]);
}

fn of_an_output_with_its_handle_have_a_host(subject: Subject) {
    let notes = Notes::default();
    let (mut event_loop, mut other) = (new_loop(), new_loop());
    let [outside, by_a_task, by_another, after] =
        [(); 4].map(|()| done(subject, &mut event_loop, &notes));
    let ran = ["child ran", "child dropped"];

    drop(outside);
    assert_eq!(notes.lines(), ["destructor of ada"]);
    assert_eq!(children(&mut event_loop, &notes), ran);

    run_in_bob(subject, &mut event_loop, &notes, move || drop(by_a_task));
    assert_eq!(notes.lines()[3..], ["destructor of ada", "then bob"]);
    assert_eq!(children(&mut event_loop, &notes)[..2], ran);

    run_in_bob(subject, &mut other, &notes, move || drop(by_another));
    assert_eq!(notes.lines()[8..], ["destructor of ada", "then bob"]);
    assert_eq!(children(&mut other, &notes), ["child of bob ran"]);
    assert_eq!(children(&mut event_loop, &notes), ran);

    drop(event_loop);
    drop(after);
    assert_eq!(
        notes.lines()[13..],
        ["destructor of ada", "child dropped"],
        "a dropped loop must drop what is spawned on it"
    );
}
