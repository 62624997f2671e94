//! Mutexes: one holder at a time, first come first served, even if a holder is cancelled or panics.

use std::{cell::Cell, pin::Pin, rc::Rc};

use quadrivium::{
    prelude::*,
    sync::{Mutex, MutexGuard},
    task::Context,
};

use super::deadlock::expect_deadlock;
use crate::{
    Notes, Subject, body, catch_panic, in_drop, is_done, new_loop, wakers::panicking_waker,
};

laws! { ($) mutexes:
    /// A free lock is taken without suspending.
    a_free_lock_is_taken_at_once;
    /// A task that holds a lock across suspensions has exclusive access to the value.
    a_lock_may_be_held_across_suspensions;
    /// Tasks that wait for a lock get it in the order in which they came.
    waiting_tasks_keep_their_order;
    /// `try_lock` does not take the lock from a waiting task.
    try_lock_does_not_overtake;
    /// A task that is cancelled while it waits for a lock leaves it to the next one.
    a_cancelled_waiter_leaves_the_lock_to_the_next;
    /// A task that got a lock and is cancelled before it runs passes the lock on.
    a_waiter_cancelled_after_its_wake_passes_the_lock_on;
    /// A holder that is cancelled unlocks.
    a_cancelled_holder_unlocks;
    /// A holder that panics unlocks. The next one finds the value as the holder left it.
    a_panicking_holder_unlocks;
    /// A spurious resume of a task that waits for a lock does not let it overtake another one.
    a_spurious_resume_does_not_overtake;
    /// Two tasks that wait for each other's lock are a deadlock.
    crossed_locks_are_a_deadlock on Deadlocks;
    /// A foreign waker that panics at an unlock does not keep the mutex locked.
    a_panicking_waker_does_not_keep_the_lock;
    /// The holder of a mutex may replace the value, and the destructor of the old value may lock
    /// other mutexes.
    the_destructor_of_a_value_may_lock;
}

/// A task that locks the mutex, holds it for the given number of turns, and notes when it locks and
/// unlocks.
fn holding_task(
    subject: Subject,
    mutex: &Mutex<Vec<u32>>,
    notes: &Notes,
    n: u32,
    for_turns: usize,
) -> quadrivium::task::BoxTask<()> {
    let mutex = mutex.clone();
    let guard = Rc::new(Cell::new(None::<MutexGuard<Vec<u32>>>));
    let (took, gives) = (Rc::clone(&guard), Rc::clone(&guard));
    let body = body()
        .hold(guard)
        .perform_then(
            move || mutex.lock(),
            move |mut guard| {
                guard.push(n);
                took.set(Some(guard));
            },
        )
        .note(notes, format!("{n} locked"))
        .repeat(for_turns, turn)
        .note(notes, format!("{n} unlocks"))
        .run(move || drop(gives.take()));
    subject.task(body)
}

fn a_free_lock_is_taken_at_once(subject: Subject) {
    let (mutex, notes, mut event_loop) = (Mutex::default(), Notes::default(), new_loop());
    let task = event_loop.start(holding_task(subject, &mutex, &notes, 1, 0), 1);
    assert!(task.is_finished());
    assert_eq!(*mutex.try_lock().unwrap(), [1]);
}

fn a_lock_may_be_held_across_suspensions(subject: Subject) {
    let (mutex, notes, mut event_loop) = (Mutex::default(), Notes::default(), new_loop());
    let _one = event_loop.spawn(holding_task(subject, &mutex, &notes, 1, 3));
    let _other = event_loop.start(holding_task(subject, &mutex, &notes, 2, 3), 1);
    assert!(mutex.try_lock().is_none());
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["1 locked", "1 unlocks", "2 locked", "2 unlocks"]);
}

fn waiting_tasks_keep_their_order(subject: Subject) {
    let (mutex, notes, mut event_loop) = (Mutex::default(), Notes::default(), new_loop());
    let _tasks: Vec<_> =
        (0..5).map(|n| event_loop.spawn(holding_task(subject, &mutex, &notes, n, 1))).collect();
    event_loop.run().unwrap();
    assert_eq!(*mutex.try_lock().unwrap(), [0, 1, 2, 3, 4]);
}

fn try_lock_does_not_overtake(subject: Subject) {
    let (mutex, notes, mut event_loop) = (Mutex::default(), Notes::default(), new_loop());
    let guard = mutex.try_lock().unwrap();
    let task = event_loop.start(holding_task(subject, &mutex, &notes, 1, 0), 1);
    drop(guard);
    assert!(mutex.try_lock().is_none(), "the lock must go to the waiting task");
    let comes_later = event_loop.spawn(holding_task(subject, &mutex, &notes, 2, 0));
    event_loop.run().unwrap();
    assert!(task.is_finished() && comes_later.is_finished());
    assert_eq!(*mutex.try_lock().unwrap(), [1, 2]);
}

/// The first of two tasks that wait for a lock is cancelled, before the unlock or after it.
fn the_first_is_cancelled(subject: Subject, once_it_was_woken: bool) {
    let (mutex, notes, mut event_loop) = (Mutex::default(), Notes::default(), new_loop());
    let mut guard = Some(mutex.try_lock().unwrap());
    let first = event_loop.spawn(holding_task(subject, &mutex, &notes, 1, 0));
    let _second = event_loop.start(holding_task(subject, &mutex, &notes, 2, 0), 1);
    if once_it_was_woken {
        guard = None;
    }
    first.cancel();
    drop(guard);
    event_loop.run().unwrap();
    assert_eq!(*mutex.try_lock().unwrap(), [2]);
}

fn a_cancelled_waiter_leaves_the_lock_to_the_next(subject: Subject) {
    the_first_is_cancelled(subject, false);
}

fn a_waiter_cancelled_after_its_wake_passes_the_lock_on(subject: Subject) {
    the_first_is_cancelled(subject, true);
}

fn a_cancelled_holder_unlocks(subject: Subject) {
    let (mutex, notes, mut event_loop) = (Mutex::default(), Notes::default(), new_loop());
    let holder = event_loop.spawn(holding_task(subject, &mutex, &notes, 1, 1000));
    let _next = event_loop.start(holding_task(subject, &mutex, &notes, 2, 0), 2);
    holder.cancel();
    event_loop.run().unwrap();
    assert_eq!(*mutex.try_lock().unwrap(), [1, 2]);
}

fn a_panicking_holder_unlocks(subject: Subject) {
    let (mutex, notes, mut event_loop) = (Mutex::default(), Notes::default(), new_loop());
    let own: Mutex<Vec<u32>> = mutex.clone();
    let panics = body().perform_then(
        move || own.lock(),
        |mut guard| {
            guard.push(1);
            panic!("in the middle");
        },
    );
    let panics = event_loop.spawn(subject.task(panics));
    let _next = event_loop.spawn(holding_task(subject, &mutex, &notes, 2, 0));
    event_loop.run().unwrap();
    assert_eq!(*mutex.try_lock().unwrap(), [1, 2]);
    let error = event_loop.block_on(panics).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("in the middle"));
}

fn a_spurious_resume_does_not_overtake(subject: Subject) {
    let (mutex, notes, mut event_loop) = (Mutex::default(), Notes::default(), new_loop());
    let guard = mutex.try_lock().unwrap();
    let probe = crate::Probe::default();
    let _first = event_loop.spawn(holding_task(subject, &mutex, &notes, 1, 0));
    let second = holding_task(subject, &mutex, &notes, 2, 0);
    let _second =
        event_loop.start(subject.task(body().perform(race(second, probe.waits())).hold(())), 1);
    // The second task is ready before the first.
    probe.wake();
    drop(guard);
    event_loop.run().unwrap();
    assert_eq!(*mutex.try_lock().unwrap(), [1, 2]);
}

fn crossed_locks_are_a_deadlock(subject: Subject) {
    let mut event_loop = new_loop();
    let (one, other) = (Mutex::new(()), Mutex::new(()));
    let locks = |first: &Mutex<()>, second: &Mutex<()>| {
        let (first, second) = (first.clone(), second.clone());
        let guard = Rc::new(Cell::new(None));
        let keeps = Rc::clone(&guard);
        let body = body()
            .hold(guard)
            .perform_then(move || first.lock(), move |guard| keeps.set(Some(guard)))
            .perform(turn())
            .perform_then(move || second.lock(), drop);
        subject.task(body)
    };
    let _a = event_loop.spawn_named("a", locks(&one, &other));
    let _b = event_loop.spawn_named("b", locks(&other, &one));
    assert_eq!(expect_deadlock(event_loop.run()).tasks.len(), 2);
}

fn a_panicking_waker_does_not_keep_the_lock(subject: Subject) {
    let (mutex, notes, mut event_loop) = (Mutex::default(), Notes::default(), new_loop());
    let guard = mutex.try_lock().unwrap();
    let mut foreign = mutex.lock();
    let waker = panicking_waker();
    assert!(!is_done(&Pin::new(&mut foreign).resume(&mut Context::new(&waker))));
    let _next = event_loop.start(holding_task(subject, &mutex, &notes, 1, 0), 1);
    assert_eq!(catch_panic(|| drop(guard)), Err("in a waker".into()));
    drop(foreign);
    event_loop.run().unwrap();
    assert_eq!(*mutex.try_lock().unwrap(), [1]);
}

fn the_destructor_of_a_value_may_lock(subject: Subject) {
    let (inner, mut event_loop) = (Mutex::new(Vec::new()), new_loop());
    let locks = inner.clone();
    let locks = in_drop(move || locks.try_lock().expect("no task holds this mutex").push(1));
    let outer = Mutex::new(Some(locks));
    let replaces = body().perform_then(
        move || outer.lock(),
        |mut guard| {
            *guard = None;
        },
    );
    let replaces = event_loop.spawn(subject.task(replaces));
    let ended = event_loop.block_on(replaces).unwrap();
    ended.unwrap();
    assert_eq!(*inner.try_lock().unwrap(), [1]);
}
