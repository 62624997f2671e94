//! Wherever a task's destructors run, the task's own loop is their host: they can spawn, ask for
//! the time and ask which task they belong to.
//!
//! The ways in which a body or an output is dropped, and where that is checked:
//!
//! ```text
//!   the body                                            checked by
//!   it is done, it panicked                             at_the_end
//!   it cancelled itself, at its next suspension         at_the_end
//!   cancelled outside a run                             in_a_cancel_outside_a_run
//!   cancelled by a task of the same loop                in_a_cancel_by_another_task
//!   cancelled by a task of another loop                 in_a_cancel_by_a_task_of_another_loop
//!   cancelled by a Canceller, from any thread           in_a_cancel_from_afar
//!   cancelled by a RemoteHandle                         outcomes::a_cancel_from_outside_has_a_host
//!   cancelled as its block_on is stopped                in_a_block_on_that_is_stopped
//!   cancelled by a schedule                             crates/hosts/event-loop/tests/own_host.rs
//!   its loop is dropped, in a run of another as well    when_the_loop_is_dropped
//!   spawned on a loop that is being dropped             when_the_loop_is_dropped
//!   GuestLoop::perform, or a guest, is dropped          crates/hosts/guests/tests/guests/
//!                                                         own_host.rs
//!   a task on may                                       crates/hosts/may/tests/host/cancels.rs
//!   a task that is pinned to a worker of may            crates/hosts/may/tests/host/pinned.rs
//!   the output
//!   nobody will read it when the task ends              of_an_output_that_nobody_reads
//!   its handle is dropped: outside a run, by a task,    of_an_output_with_its_handle
//!     by a task of another loop, after its loop
//!   nobody has its RemoteHandle any more                outcomes::an_output_that_nobody_reads
//! ```
//!
//! A body that is refused since the loop has no room for one more task is dropped with that loop as
//! its host, too; a test would need 16 million tasks. An output that is taken belongs to the one
//! who took it.

use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};

use quadrivium::{host, prelude::*, sync::Notify, task::BoxTask, time::now};

use crate::{Said, Subject, TestLoop, body, in_drop, new_loop, said_and_loop, turns};

laws! { ($) destructors:
    /// A destructor that runs at the end of a task can spawn, and knows its task.
    at_the_end;
    /// A destructor that runs in a cancel outside a run spawns onto its own loop, and knows its
    /// task.
    in_a_cancel_outside_a_run;
    /// A destructor that runs in a cancel by another task knows its own task; then that other task
    /// is the one that runs, as before.
    in_a_cancel_by_another_task;
    /// A destructor that runs in a cancel by a task of another loop spawns onto its own loop; then
    /// the other loop is the host, as before.
    in_a_cancel_by_a_task_of_another_loop;
    /// A destructor that runs in a cancel by a task of another loop sees its own loop's clock.
    in_a_cancel_by_a_task_of_another_loop_with_its_clock on OwnClock;
    /// A destructor that runs in a cancel by a `Canceller` knows its task.
    in_a_cancel_from_afar;
    /// A destructor of a task whose `block_on` is stopped knows its task.
    in_a_block_on_that_is_stopped;
    /// A destructor that runs because its loop is dropped has that loop as its host, and so has one
    /// of a task that is spawned meanwhile, whatever runs around.
    when_the_loop_is_dropped;
    /// The destructor of an output that nobody reads knows the task when that ends, and what it
    /// spawns takes nobody's place.
    of_an_output_that_nobody_reads;
    /// The destructor of an output that is dropped with its handle has the task's loop as its host,
    /// wherever that is: outside a run, in another task, in a task of another loop, after the loop.
    of_an_output_with_its_handle;
}

/// Asks its host for all there is when it is dropped, and says what it is told.
fn asks(subject: Subject, said: &Said) -> impl Sized + use<> {
    let said = said.clone();
    in_drop(move || {
        said.say(format!("destructor of {}", running()));
        let child = body().hold(said.when_dropped("child dropped")).say(&said, "child ran");
        drop(spawn(subject.task(child)));
    })
}

/// The name of the task that runs on this thread.
fn running() -> String {
    let name = host::label().and_then(|label| label.name);
    name.map_or("nobody".into(), |name| name.to_string())
}

/// A task called `ada` that asks when it is dropped, and is suspended for good.
fn suspended(subject: Subject, event_loop: &mut TestLoop, said: &Said) -> JoinHandle<()> {
    let body = body().hold(asks(subject, said)).perform(Notify::new().notified());
    let handle = event_loop.spawn_named("ada", subject.task(body));
    turns(event_loop, 1);
    handle
}

/// A task called `ada` that is done, with an output that asks when it is dropped.
fn done(
    subject: Subject,
    event_loop: &mut TestLoop,
    said: &Said,
) -> JoinHandle<impl Sized + use<>> {
    let asks = asks(subject, said);
    let handle = event_loop.spawn_named("ada", subject.task(body().worth(|| asks)));
    turns(event_loop, 1);
    handle
}

/// Runs `something` in a task called `bob`, which then says whose host it has.
fn in_bob(subject: Subject, event_loop: &mut TestLoop, said: &Said, f: impl FnOnce() + 'static) {
    let (says, spawns) = (said.clone(), said.clone());
    let body = body().run(f).run(move || {
        says.say(format!("then {}", running()));
        drop(spawn(subject.task(body().say(&spawns, "child of bob ran"))));
    });
    drop(event_loop.spawn_named("bob", subject.task(body)));
    turns(event_loop, 1);
}

/// Lets the children run that destructors have spawned on this loop.
fn children(event_loop: &mut TestLoop, said: &Said) -> Vec<String> {
    let before = said.lines().len();
    event_loop.run().unwrap();
    said.lines().split_off(before)
}

fn at_the_end(subject: Subject) {
    let (said, mut event_loop) = said_and_loop();
    let ends = |end: BoxTask<()>| {
        let body = body().hold(asks(subject, &said)).perform(end).run(|| {
            // Not `panic!`: every pair of styles would print a message.
            std::panic::resume_unwind(Box::new("as planned"))
        });
        subject.task(body)
    };
    drop(event_loop.spawn_named("done", subject.task(body().hold(asks(subject, &said)))));
    drop(event_loop.spawn_named("panics", ends(Box::pin(turn()))));
    let own = Rc::new(RefCell::new(None::<JoinHandle<()>>));
    let cancels = Rc::clone(&own);
    let cancelled = body()
        .hold(asks(subject, &said))
        .run(move || cancels.borrow().as_ref().unwrap().cancel())
        .perform(turn());
    *own.borrow_mut() = Some(event_loop.spawn_named("cancelled", subject.task(cancelled)));
    turns(&mut event_loop, 2);
    let ends = ["destructor of done", "destructor of cancelled"];
    assert_eq!(said.lines()[..2], ends);
    // The child of each ran in the next turn, beside the one that panicked in it.
    assert_eq!(said.count("destructor of panics"), 1);
    event_loop.run().unwrap();
    assert_eq!(said.count("child ran"), 3);
}

fn in_a_cancel_outside_a_run(subject: Subject) {
    let (said, mut event_loop) = said_and_loop();
    let handle = suspended(subject, &mut event_loop, &said);
    handle.cancel();
    assert_eq!(said.lines(), ["destructor of ada"], "when cancel returns, destructors have run");
    assert!(host::current().is_none(), "and here is no host, as before");
    assert_eq!(children(&mut event_loop, &said), ["child ran", "child dropped"]);
}

fn in_a_cancel_by_another_task(subject: Subject) {
    let (said, mut event_loop) = said_and_loop();
    let handle = suspended(subject, &mut event_loop, &said);
    in_bob(subject, &mut event_loop, &said, move || handle.cancel());
    assert_eq!(said.lines(), ["destructor of ada", "then bob"]);
    // In the order in which they were spawned.
    let ran = ["child ran", "child dropped", "child of bob ran"];
    assert_eq!(children(&mut event_loop, &said), ran);
}

fn in_a_cancel_by_a_task_of_another_loop(subject: Subject) {
    let said = Said::default();
    let (mut event_loop, mut other) = (new_loop(), new_loop());
    let handle = suspended(subject, &mut event_loop, &said);
    in_bob(subject, &mut other, &said, move || handle.cancel());
    assert_eq!(said.lines(), ["destructor of ada", "then bob"]);
    assert_eq!(children(&mut other, &said), ["child of bob ran"]);
    assert_eq!(children(&mut event_loop, &said), ["child ran", "child dropped"]);
}

/// Says what time it is when it is dropped.
fn tells(times: &Rc<RefCell<Vec<Instant>>>) -> impl Sized + use<> {
    let times = Rc::clone(times);
    in_drop(move || times.borrow_mut().extend(host::current().map(|_| now())))
}

fn in_a_cancel_by_a_task_of_another_loop_with_its_clock(subject: Subject) {
    let times = Rc::default();
    let (mut event_loop, mut other) = (new_loop(), new_loop());
    let waits = body().hold(tells(&times)).perform(Notify::new().notified());
    let handle = event_loop.start(subject.task(waits), 1);
    event_loop.advance(Duration::from_secs(3600));
    let body = body().hold(tells(&times)).run(move || handle.cancel());
    other.block_on(subject.task(body)).unwrap();
    assert_eq!(*times.borrow(), [event_loop.now(), other.now()]);
}

fn in_a_cancel_from_afar(subject: Subject) {
    let (said, mut event_loop) = said_and_loop();
    let canceller = suspended(subject, &mut event_loop, &said).canceller();
    canceller.cancel();
    event_loop.run().unwrap();
    assert_eq!(said.lines(), ["destructor of ada", "child ran", "child dropped"]);
}

fn in_a_block_on_that_is_stopped(subject: Subject) {
    let (said, mut event_loop) = said_and_loop();
    let stopper = event_loop.stopper();
    let name = said.clone();
    let body = body()
        .hold(asks(subject, &said))
        .run(move || name.say(running()))
        .run(move || stopper.stop())
        .perform(Notify::new().notified());
    assert!(matches!(event_loop.block_on(subject.task(body)), Err(RunError::Stopped)));
    assert_eq!(said.lines(), ["nobody", "destructor of nobody"], "it has no name");
    assert_eq!(children(&mut event_loop, &said), ["child ran", "child dropped"]);
}

fn when_the_loop_is_dropped(subject: Subject) {
    let said = Said::default();
    let (mut event_loop, mut other) = (new_loop(), new_loop());
    drop(suspended(subject, &mut event_loop, &said));
    in_bob(subject, &mut other, &said, move || drop(event_loop));
    assert_eq!(said.lines(), ["destructor of ada", "child dropped", "then bob"]);
    assert_eq!(children(&mut other, &said), ["child of bob ran"]);
}

fn of_an_output_that_nobody_reads(subject: Subject) {
    let (said, mut event_loop) = said_and_loop();
    let names = said.clone();
    let names = in_drop(move || names.say(format!("another destructor of {}", running())));
    let output = (asks(subject, &said), names);
    drop(event_loop.spawn_named("ada", subject.task(body().worth(|| output))));
    turns(&mut event_loop, 1);
    // The second destructor runs after the first has spawned a task, which is not the one that
    // runs.
    assert_eq!(said.lines(), ["destructor of ada", "another destructor of ada"]);
    assert_eq!(event_loop.live(), 1);
    assert_eq!(children(&mut event_loop, &said), ["child ran", "child dropped"]);
}

fn of_an_output_with_its_handle(subject: Subject) {
    let said = Said::default();
    let (mut event_loop, mut other) = (new_loop(), new_loop());
    let [outside, by_a_task, by_another, after] =
        [(); 4].map(|()| done(subject, &mut event_loop, &said));
    let ran = ["child ran", "child dropped"];

    drop(outside);
    assert_eq!(said.lines(), ["destructor of ada"]);
    assert_eq!(children(&mut event_loop, &said), ran);

    in_bob(subject, &mut event_loop, &said, move || drop(by_a_task));
    assert_eq!(said.lines()[3..], ["destructor of ada", "then bob"]);
    assert_eq!(children(&mut event_loop, &said)[..2], ran);

    in_bob(subject, &mut other, &said, move || drop(by_another));
    assert_eq!(said.lines()[8..], ["destructor of ada", "then bob"]);
    assert_eq!(children(&mut other, &said), ["child of bob ran"]);
    assert_eq!(children(&mut event_loop, &said), ran);

    drop(event_loop);
    drop(after);
    assert_eq!(
        said.lines()[13..],
        ["destructor of ada", "child dropped"],
        "the loop takes no more"
    );
}
