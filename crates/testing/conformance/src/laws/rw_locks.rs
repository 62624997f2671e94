//! Locks for many readers or one writer: first come first served, even if a holder is cancelled or
//! panics. No reader and no writer starves.

use std::{cell::Cell, rc::Rc};

use quadrivium::{
    prelude::*,
    sync::{ReadGuard, RwLock, WriteGuard},
    task::BoxTask,
};

use super::deadlock::expect_deadlock;
use crate::{Notes, Probe, Subject, body, in_drop, new_loop, notes_and_loop, traced, turns};

laws! { ($) rw_locks:
    /// A free lock is taken without suspending, by a reader or by a writer.
    a_free_lock_is_taken_at_once;
    /// Several tasks read at the same time.
    several_tasks_read_at_once;
    /// A task that writes has exclusive access to the value, also while it is suspended.
    a_writer_has_exclusive_access;
    /// Tasks that wait go on in the order in which they came. Readers that stand together in the
    /// queue go on together.
    waiting_tasks_keep_their_order on VirtualClock;
    /// Readers that come again and again do not starve a writer.
    readers_do_not_starve_a_writer;
    /// `try_read` and `try_write` take nothing from a waiting task.
    trying_does_not_overtake;
    /// A writer that is cancelled while it waits lets the readers behind it go on.
    a_cancelled_writer_lets_the_readers_go_on;
    /// A task that could go on and is cancelled before it runs passes the lock on.
    a_waiter_cancelled_after_its_wake_passes_the_lock_on;
    /// A holder that is cancelled releases the lock.
    a_cancelled_holder_releases_the_lock;
    /// A writer that panics releases the lock. The next task finds the value as the writer left it.
    a_panicking_writer_releases_the_lock;
    /// A spurious resume of a task that waits does not let it overtake another one.
    a_spurious_resume_does_not_overtake;
    /// A task that reads and waits to read again is part of a deadlock if another task waits to
    /// write in between.
    reading_twice_around_a_writer_is_a_deadlock on Deadlocks;
    /// A writer may replace the value, and the destructor of the old value may use other locks.
    the_destructor_of_a_value_may_lock;
    /// A guard may outlive all handles to its lock.
    a_guard_may_outlive_its_lock;
    /// A task that takes a free lock again and again lets the others go on.
    a_lock_that_is_always_free_starves_no_task;
}

/// A task that reads for this number of turns, and notes when it begins and ends.
fn reads(
    subject: Subject,
    lock: &RwLock<Vec<u32>>,
    notes: &Notes,
    n: u32,
    for_turns: usize,
) -> BoxTask<()> {
    let lock = lock.clone();
    let guard = Rc::new(Cell::new(None::<ReadGuard<Vec<u32>>>));
    let (took, gives) = (Rc::clone(&guard), Rc::clone(&guard));
    let body = body()
        .hold(guard)
        .perform_then(move || lock.read(), move |guard| took.set(Some(guard)))
        .note(notes, format!("{n} reads"))
        .repeat(for_turns, turn)
        .note(notes, format!("{n} has read"))
        .run(move || drop(gives.take()));
    subject.task(body)
}

/// A task that adds its number, holds the lock for this number of turns, and notes when it begins
/// and ends.
fn writes(
    subject: Subject,
    lock: &RwLock<Vec<u32>>,
    notes: &Notes,
    n: u32,
    for_turns: usize,
) -> BoxTask<()> {
    let lock = lock.clone();
    let guard = Rc::new(Cell::new(None::<WriteGuard<Vec<u32>>>));
    let (took, gives) = (Rc::clone(&guard), Rc::clone(&guard));
    let body = body()
        .hold(guard)
        .perform_then(
            move || lock.write(),
            move |mut guard| {
                guard.push(n);
                took.set(Some(guard));
            },
        )
        .note(notes, format!("{n} writes"))
        .repeat(for_turns, turn)
        .note(notes, format!("{n} has written"))
        .run(move || drop(gives.take()));
    subject.task(body)
}

/// Returns the value of a lock that no task holds.
fn value(lock: &RwLock<Vec<u32>>) -> Vec<u32> {
    lock.try_read().expect("no task holds the lock").clone()
}

fn a_free_lock_is_taken_at_once(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let lock = RwLock::default();
    assert!(event_loop.start(writes(subject, &lock, &notes, 1, 0), 1).is_finished());
    assert!(event_loop.start(reads(subject, &lock, &notes, 2, 0), 1).is_finished());
    assert_eq!(value(&lock), [1]);
}

fn several_tasks_read_at_once(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let lock = RwLock::default();
    let _one = event_loop.spawn(reads(subject, &lock, &notes, 1, 3));
    let _other = event_loop.start(reads(subject, &lock, &notes, 2, 3), 1);
    assert!(lock.try_read().is_some());
    assert!(lock.try_write().is_none(), "a task may not write while others read");
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["1 reads", "2 reads", "1 has read", "2 has read"]);
    assert!(lock.try_write().is_some());
}

fn a_writer_has_exclusive_access(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let lock = RwLock::default();
    let _writer = event_loop.spawn(writes(subject, &lock, &notes, 1, 3));
    let _reader = event_loop.spawn(reads(subject, &lock, &notes, 2, 0));
    let _other = event_loop.start(writes(subject, &lock, &notes, 3, 3), 1);
    assert!(lock.try_read().is_none() && lock.try_write().is_none());
    event_loop.run().unwrap();
    let expected =
        ["1 writes", "1 has written", "2 reads", "2 has read", "3 writes", "3 has written"];
    assert_eq!(notes.lines(), expected);
}

fn waiting_tasks_keep_their_order(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let (notes, lock) = (Notes::default(), RwLock::default());
    let _tasks = [
        event_loop.spawn(writes(subject, &lock, &notes, 1, 1)),
        event_loop.spawn(reads(subject, &lock, &notes, 2, 1)),
        event_loop.spawn(reads(subject, &lock, &notes, 3, 1)),
        event_loop.spawn(writes(subject, &lock, &notes, 4, 0)),
        event_loop.spawn(reads(subject, &lock, &notes, 5, 0)),
    ];
    event_loop.run().unwrap();
    let expected = [
        "1 writes",
        "1 has written",
        "2 reads",
        "3 reads",
        "2 has read",
        "3 has read",
        "4 writes",
        "4 has written",
        "5 reads",
        "5 has read",
    ];
    assert_eq!(notes.lines(), expected);
    trace.with("woken by").expect(&[
        // The writer releases the lock, and each reader that goes on wakes the task behind it.
        "0ns task 2 woken by task 1",
        "0ns task 3 woken by task 2",
        "0ns task 4 woken by task 3",
        // The next writer waits again, because tasks read. The last of them wakes it.
        "0ns task 4 woken by task 3",
        "0ns task 5 woken by task 4",
    ]);
}

fn readers_do_not_starve_a_writer(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let lock = RwLock::default();
    // Each reader reads again at once, and they take turns of different lengths. So without the
    // writer, one of them would always read.
    let _readers = [1, 2].map(|for_turns| {
        let (lock, notes) = (lock.clone(), notes.clone());
        let again = move || reads(subject, &lock, &notes, 1, for_turns);
        event_loop.spawn(subject.task(body().repeat(100, again)))
    });
    let writer = event_loop.start(writes(subject, &lock, &notes, 2, 0), 20);
    assert!(writer.is_finished(), "the writer must have had its turn");
    event_loop.run().unwrap();
    assert_eq!(value(&lock), [2]);
}

fn trying_does_not_overtake(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let lock = RwLock::default();
    let guard = lock.try_read().unwrap();
    let writer = event_loop.start(writes(subject, &lock, &notes, 1, 0), 1);
    assert!(lock.try_read().is_none(), "a task waits to write");
    drop(guard);
    assert!(lock.try_read().is_none() && lock.try_write().is_none(), "it is the writer's turn");
    event_loop.run().unwrap();
    assert!(writer.is_finished());
    assert_eq!(value(&lock), [1]);
}

fn a_cancelled_writer_lets_the_readers_go_on(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let lock = RwLock::default();
    let guard = lock.try_read().unwrap();
    let writer = event_loop.spawn(writes(subject, &lock, &notes, 1, 0));
    let readers = [2, 3].map(|n| event_loop.spawn(reads(subject, &lock, &notes, n, 0)));
    turns(&mut event_loop, 1);
    writer.cancel();
    event_loop.run().unwrap();
    assert!(readers.iter().all(JoinHandle::is_finished), "they must read beside the first reader");
    drop(guard);
}

fn a_waiter_cancelled_after_its_wake_passes_the_lock_on(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let lock = RwLock::default();
    let guard = lock.try_write().unwrap();
    let reader = event_loop.spawn(reads(subject, &lock, &notes, 1, 0));
    let writer = event_loop.start(writes(subject, &lock, &notes, 2, 0), 1);
    drop(guard);
    reader.cancel();
    event_loop.run().unwrap();
    assert!(writer.is_finished());
    assert_eq!(value(&lock), [2]);
}

fn a_cancelled_holder_releases_the_lock(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let lock = RwLock::default();
    let holder = event_loop.spawn(writes(subject, &lock, &notes, 1, 1000));
    let reader = event_loop.spawn(reads(subject, &lock, &notes, 2, 1000));
    let last = event_loop.start(writes(subject, &lock, &notes, 3, 0), 2);
    holder.cancel();
    turns(&mut event_loop, 2);
    assert_eq!(notes.lines(), ["1 writes", "2 reads"]);
    reader.cancel();
    event_loop.run().unwrap();
    assert!(last.is_finished());
    assert_eq!(value(&lock), [1, 3]);
}

fn a_panicking_writer_releases_the_lock(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let lock = RwLock::default();
    let own: RwLock<Vec<u32>> = lock.clone();
    let panics = body().perform_then(
        move || own.write(),
        |mut guard| {
            guard.push(1);
            panic!("in the middle");
        },
    );
    let panics = event_loop.spawn(subject.task(panics));
    let _next = event_loop.spawn(writes(subject, &lock, &notes, 2, 0));
    event_loop.run().unwrap();
    assert_eq!(value(&lock), [1, 2]);
    let error = event_loop.block_on(panics).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("in the middle"));
}

fn a_spurious_resume_does_not_overtake(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (lock, probe) = (RwLock::default(), Probe::default());
    let guard = lock.try_read().unwrap();
    let _writer = event_loop.spawn(writes(subject, &lock, &notes, 1, 0));
    let reader = reads(subject, &lock, &notes, 2, 0);
    let _reader = event_loop.start(subject.task(body().perform(race(reader, probe.waits()))), 1);
    // The reader is resumed while another task reads, but the writer came first.
    probe.wake();
    turns(&mut event_loop, 1);
    drop(guard);
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["1 writes", "1 has written", "2 reads", "2 has read"]);
}

fn reading_twice_around_a_writer_is_a_deadlock(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let lock = RwLock::default();
    let (first, second) = (lock.clone(), lock.clone());
    let guard = Rc::new(Cell::new(None::<ReadGuard<Vec<u32>>>));
    let keeps = Rc::clone(&guard);
    let reads_twice = body()
        .hold(guard)
        .perform_then(move || first.read(), move |guard| keeps.set(Some(guard)))
        .perform(turn())
        .perform_then(move || second.read(), drop);
    drop(event_loop.spawn(subject.task(reads_twice)));
    drop(event_loop.spawn(writes(subject, &lock, &notes, 1, 0)));
    assert_eq!(expect_deadlock(event_loop.run()).tasks.len(), 2);
}

fn the_destructor_of_a_value_may_lock(subject: Subject) {
    let (inner, mut event_loop) = (RwLock::new(Vec::new()), new_loop());
    let locks = inner.clone();
    let locks = in_drop(move || locks.try_write().expect("no task holds this lock").push(1));
    let outer = RwLock::new(Some(locks));
    let replaces = body().perform_then(move || outer.write(), |mut guard| *guard = None);
    event_loop.block_on(subject.task(replaces)).unwrap();
    assert_eq!(value(&inner), [1]);
}

fn a_guard_may_outlive_its_lock(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let lock = RwLock::new(notes.when_dropped("value dropped"));
    let guard = Rc::new(Cell::new(None));
    let (keeps, own) = (Rc::clone(&guard), notes.clone());
    let body = body()
        .perform_then(move || lock.write(), move |it| keeps.set(Some(it)))
        .perform(turn())
        .run(move || {
            own.add("guard dropped");
            drop(guard.take());
        })
        .note(&notes, "end");
    event_loop.block_on(subject.task(body)).unwrap();
    assert_eq!(notes.lines(), ["guard dropped", "value dropped", "end"]);
}

fn a_lock_that_is_always_free_starves_no_task(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let lock = RwLock::new(());
    let writes = body().repeat(1_000, move || lock.write());
    let writer = event_loop.spawn(subject.task(writes));
    let other = event_loop.start(subject.task(body().note(&notes, "other")), 1);
    assert!(other.is_finished() && !writer.is_finished());
    event_loop.run().unwrap();
}
