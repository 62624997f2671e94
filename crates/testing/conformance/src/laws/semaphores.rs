//! Semaphores: a limited number of tasks at a time, with requests of any size served in order.

use std::{cell::RefCell, rc::Rc};

use quadrivium::{
    prelude::*,
    sync::{Permit, Semaphore, semaphore::TryAcquireError},
    task::BoxTask,
};

use super::deadlock::expect_deadlock;
use crate::{Notes, Subject, body, new_loop, turns};

laws! { ($) semaphores:
    /// At most as many tasks hold a permit at a time as there are permits.
    permits_limit_the_holders;
    /// A large request is not starved by small ones that come later.
    a_large_request_is_not_starved;
    /// `try_acquire` does not take permits from a waiting task.
    try_acquire_does_not_overtake;
    /// If a task that waits for permits is cancelled, the tasks behind it continue.
    a_cancelled_waiter_lets_later_ones_continue;
    /// A task that got permits and is cancelled before it runs passes them on.
    a_waiter_cancelled_after_its_wake_passes_its_permits_on;
    /// A holder that is cancelled or panics releases its permits.
    a_holder_that_ends_releases_its_permits;
    /// A release of several permits wakes every task for which they suffice, in order.
    many_permits_wake_many_tasks;
    /// Added permits go to waiting tasks, and forgotten permits are lost.
    permits_can_be_added_and_forgotten;
    /// Closing a semaphore is an error for all tasks that wait, in order, and for all that come
    /// later.
    closing_is_an_error_for_all_tasks;
    /// A request for more permits than exist is reported as a deadlock.
    more_permits_than_exist_are_a_deadlock on Deadlocks;
}

/// A task that takes the given number of permits, notes this, and holds them for some turns.
fn holding_task(
    subject: Subject,
    semaphore: &Semaphore,
    notes: &Notes,
    (name, permits, for_turns): (&'static str, usize, usize),
) -> BoxTask<()> {
    let (semaphore, own_notes) = (semaphore.clone(), notes.clone());
    let held = Rc::new(RefCell::new(None));
    let takes = Rc::clone(&held);
    let body = body()
        .perform_then(
            move || semaphore.acquire_many(permits),
            move |permit| match permit {
                Ok(permit) => {
                    own_notes.add(name);
                    drop(takes.replace(Some(permit)));
                }
                Err(error) => own_notes.add(format!("{name}: {error:?}")),
            },
        )
        .repeat(for_turns, turn)
        .run(move || drop::<Option<Permit>>(held.take()));
    subject.task(body)
}

fn permits_limit_the_holders(subject: Subject) {
    let (semaphore, notes, mut event_loop) = (Semaphore::new(2), Notes::default(), new_loop());
    let names = ["a", "b", "c", "d", "e"];
    let spawn = |name| event_loop.spawn(holding_task(subject, &semaphore, &notes, (name, 1, 2)));
    let _tasks = names.map(spawn);
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["a", "b"]);
    turns(&mut event_loop, 1);
    assert_eq!((notes.lines().len(), semaphore.available_permits()), (2, 0));
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), names);
    assert_eq!(semaphore.available_permits(), 2);
}

fn a_large_request_is_not_starved(subject: Subject) {
    let (semaphore, notes, mut event_loop) = (Semaphore::new(3), Notes::default(), new_loop());
    let all = [("one", 1, 2), ("big", 3, 1), ("two", 1, 1), ("three", 2, 1)];
    let _tasks = all.map(|it| event_loop.spawn(holding_task(subject, &semaphore, &notes, it)));
    turns(&mut event_loop, 2);
    assert_eq!(notes.lines(), ["one"], "the two free permits are reserved for the large request");
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["one", "big", "two", "three"]);
}

fn try_acquire_does_not_overtake(subject: Subject) {
    let (semaphore, notes, mut event_loop) = (Semaphore::new(1), Notes::default(), new_loop());
    let _task = event_loop.start(holding_task(subject, &semaphore, &notes, ("two", 2, 0)), 1);
    assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
    semaphore.add_permits(1);
    assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["two"]);
    assert_eq!(semaphore.try_acquire_many(2).unwrap().count(), 2);
}

fn a_cancelled_waiter_lets_later_ones_continue(subject: Subject) {
    let (semaphore, notes, mut event_loop) = (Semaphore::new(1), Notes::default(), new_loop());
    let big = event_loop.spawn(holding_task(subject, &semaphore, &notes, ("big", 2, 0)));
    let _small = event_loop.start(holding_task(subject, &semaphore, &notes, ("small", 1, 0)), 1);
    big.cancel();
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["small"]);
}

fn a_waiter_cancelled_after_its_wake_passes_its_permits_on(subject: Subject) {
    let (semaphore, notes, mut event_loop) = (Semaphore::new(0), Notes::default(), new_loop());
    let first = event_loop.spawn(holding_task(subject, &semaphore, &notes, ("first", 1, 0)));
    let _second = event_loop.start(holding_task(subject, &semaphore, &notes, ("second", 1, 0)), 1);
    semaphore.add_permits(1);
    first.cancel();
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["second"]);
}

fn a_holder_that_ends_releases_its_permits(subject: Subject) {
    let (semaphore, notes, mut event_loop) = (Semaphore::new(2), Notes::default(), new_loop());
    let holder = event_loop.spawn(holding_task(subject, &semaphore, &notes, ("holder", 1, 1000)));
    let taken = semaphore.clone();
    let panics = body().perform_then(
        move || taken.acquire(),
        |permit| {
            let _held = permit.unwrap();
            panic!("inside");
        },
    );
    let panics = event_loop.start(subject.task(panics), 2);
    assert!(panics.is_finished());
    assert_eq!(semaphore.available_permits(), 1);
    holder.cancel();
    assert_eq!(semaphore.available_permits(), 2);
}

fn many_permits_wake_many_tasks(subject: Subject) {
    let (semaphore, notes, mut event_loop) = (Semaphore::new(0), Notes::default(), new_loop());
    let all = [("a", 1, 0), ("b", 2, 0), ("c", 1, 0)];
    let _tasks = all.map(|(name, permits, _)| {
        event_loop.spawn(holding_task(subject, &semaphore, &notes, (name, permits, 1000)))
    });
    turns(&mut event_loop, 1);
    semaphore.add_permits(3);
    turns(&mut event_loop, 5);
    assert_eq!(notes.lines(), ["a", "b"], "no permit is left for the third task");
    semaphore.add_permits(1);
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["a", "b", "c"]);
}

fn permits_can_be_added_and_forgotten(subject: Subject) {
    let (semaphore, notes, mut event_loop) = (Semaphore::new(1), Notes::default(), new_loop());
    let mut permit = semaphore.try_acquire().unwrap();
    assert!(permit.split(2).is_none());
    let part = permit.split(1).unwrap();
    drop(permit);
    assert_eq!(semaphore.available_permits(), 0, "the rest of the permit is empty");
    part.forget();
    assert_eq!(semaphore.available_permits(), 0);
    let _task = event_loop.start(holding_task(subject, &semaphore, &notes, ("added", 1, 0)), 1);
    semaphore.add_permits(1);
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["added"]);
}

fn closing_is_an_error_for_all_tasks(subject: Subject) {
    let (semaphore, notes, mut event_loop) = (Semaphore::new(0), Notes::default(), new_loop());
    let spawn = |name| event_loop.spawn(holding_task(subject, &semaphore, &notes, (name, 1, 0)));
    let _tasks = ["a", "b"].map(spawn);
    turns(&mut event_loop, 1);
    semaphore.close();
    turns(&mut event_loop, 1);
    let _later = event_loop.spawn(holding_task(subject, &semaphore, &notes, ("c", 1, 0)));
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["a: Closed", "b: Closed", "c: Closed"]);
    assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Closed);
}

fn more_permits_than_exist_are_a_deadlock(subject: Subject) {
    let (semaphore, notes, mut event_loop) = (Semaphore::new(1), Notes::default(), new_loop());
    let _task = event_loop.spawn(holding_task(subject, &semaphore, &notes, ("many", 2, 0)));
    expect_deadlock(event_loop.run());
}
