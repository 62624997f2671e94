//! Wakes from other threads. They may come at any time, also while the loop sleeps or is dropped.

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    task::Waker,
    thread,
};

use quadrivium::{
    event_loop::Turned,
    prelude::*,
    task::{Step, Wait},
};

use super::wakes::million;
use crate::{
    Subject, body, in_drop, leaf, loop_with_probe, new_loop, spawn_with_probe, traced, turns,
};

laws! { ($) foreign_threads:
    /// A million wakes from another thread between two turns cause a single resume.
    a_million_wakes_are_one_resume;
    /// A wake from another thread ends the sleep of the loop. The task sees memory that the thread
    /// wrote before the wake.
    a_wake_ends_the_sleep_of_the_loop;
    /// The virtual clock does not jump to a deadline while a wake is waiting to be read.
    the_clock_does_not_jump_over_a_wake on VirtualClock;
    /// A wake from another thread is read at the start of a turn. Its task is queued behind the
    /// tasks that were ready before.
    a_wake_is_queued_behind_ready_tasks on VirtualClock;
    /// Wakes from another thread in different turns cause different resumes.
    wakes_in_two_turns_are_two_resumes;
    /// No wake is lost when a thread and a loop wait for each other in turn.
    no_wake_is_lost_in_a_ping_pong;
    /// Wakes from another thread while the loop is being dropped are harmless.
    a_wake_while_the_loop_is_dropped_is_harmless;
    /// Dropping a waker on another thread does not drop the body there.
    dropping_a_waker_leaves_the_body_alone;
}

fn a_million_wakes_are_one_resume(subject: Subject) {
    let (mut event_loop, probe, _handle) = loop_with_probe(subject);
    let waker = probe.waker();
    let waking = thread::spawn(move || (0..million(subject)).for_each(|_| waker.wake_by_ref()));
    waking.join().unwrap();
    assert_eq!(turns(&mut event_loop, 1), Turned::Waiting);
    assert_eq!(probe.resumes(), 2, "wakes between two turns must cause one resume");
}

fn a_wake_ends_the_sleep_of_the_loop(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, receiver) = mpsc::channel::<(Waker, Arc<AtomicBool>)>();
    let thread = thread::spawn(move || {
        let (waker, flag) = receiver.recv().unwrap();
        flag.store(true, Ordering::Relaxed);
        waker.wake();
    });
    let flag = Arc::new(AtomicBool::new(false));
    let waits = leaf(move |cx| {
        if flag.load(Ordering::Relaxed) {
            return Step::Done(());
        }
        let _ = sender.send((cx.waker().clone(), Arc::clone(&flag)));
        Step::Suspended(Wait::Wake)
    });
    // The loop may be asleep or not when the wake comes. Either way it returns, and sees the flag.
    event_loop.block_on(subject.task(body().perform(waits))).unwrap();
    thread.join().unwrap();
}

fn the_clock_does_not_jump_over_a_wake(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let (probe, _handle) = spawn_with_probe(subject, &event_loop);
    let wakes = body().perform(turn()).run(move || {
        let waker = probe.waker();
        thread::spawn(move || waker.wake()).join().unwrap();
    });
    drop(event_loop.spawn(subject.task(wakes)));
    let sleeps = body().perform(sleep(std::time::Duration::from_secs(10)));
    event_loop.block_on(subject.task(sleeps)).unwrap();
    trace.with(" woken ").expect(&[
        // The thread wakes the task in the last step before all tasks wait.
        "0ns task 1 woken from outside",
        "10s task 3 woken by its deadline",
    ]);
}

fn a_wake_is_queued_behind_ready_tasks(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let (probe, _handle) = spawn_with_probe(subject, &event_loop);
    let other = event_loop.start(subject.task(body().repeat(2, turn)), 1);
    let waker = probe.waker();
    thread::spawn(move || waker.wake()).join().unwrap();
    turns(&mut event_loop, 1);
    assert!(!other.is_finished());
    trace.after(6).expect(&[
        // Wakes are read at the start of the turn. Task 2 was in the ready queue before.
        "0ns task 1 woken from outside",
        "0ns task 2 resumed",
        "0ns task 2 suspended for a turn",
        "0ns task 1 resumed",
        "0ns task 1 suspended until woken",
    ]);
}

fn wakes_in_two_turns_are_two_resumes(subject: Subject) {
    let (mut event_loop, probe, _handle) = loop_with_probe(subject);
    for resumes in 2..5 {
        let waker = probe.waker();
        thread::spawn(move || waker.wake()).join().unwrap();
        turns(&mut event_loop, 1);
        assert_eq!(probe.resumes(), resumes);
    }
}

fn no_wake_is_lost_in_a_ping_pong(subject: Subject) {
    const ROUNDS: usize = 200;
    let mut event_loop = new_loop();
    let (pings, to_serve) = mpsc::channel::<Waker>();
    let (pongs, returned) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        while let Ok(waker) = to_serve.recv() {
            pongs.send(()).unwrap();
            waker.wake();
        }
    });
    let returned = Rc::new(returned);
    let round = move || {
        let (pings, returned, mut has_served) = (pings.clone(), Rc::clone(&returned), false);
        leaf(move |cx| {
            if !std::mem::replace(&mut has_served, true) {
                pings.send(cx.waker().clone()).unwrap();
            }
            match returned.try_recv() {
                Ok(()) => Step::Done(()),
                Err(_) => Step::Suspended(Wait::Wake),
            }
        })
    };
    event_loop.block_on(subject.task(body().repeat(ROUNDS, round))).unwrap();
    thread.join().unwrap();
}

fn a_wake_while_the_loop_is_dropped_is_harmless(subject: Subject) {
    for _ in 0..50 {
        let (event_loop, probe, handle) = loop_with_probe(subject);
        let barrier = Arc::new(Barrier::new(3));
        let threads = [(); 2].map(|()| {
            let (waker, barrier) = (probe.waker(), Arc::clone(&barrier));
            let canceller = handle.canceller();
            thread::spawn(move || {
                barrier.wait();
                for _ in 0..20 {
                    waker.wake_by_ref();
                    canceller.cancel();
                }
            })
        });
        barrier.wait();
        drop(event_loop);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}

fn dropping_a_waker_leaves_the_body_alone(subject: Subject) {
    let dropped_on = Rc::new(RefCell::new(None));
    let mut event_loop = new_loop();
    let (sender, receiver) = mpsc::channel::<Waker>();
    let gives_waker_away = leaf(move |cx| {
        sender.send(cx.waker().clone()).unwrap();
        Step::<()>::Suspended(Wait::Wake)
    });
    let slot = Rc::clone(&dropped_on);
    let reports = in_drop(move || *slot.borrow_mut() = Some(thread::current().id()));
    let body = body().hold(reports).perform(gives_waker_away);
    let handle = event_loop.start(subject.task(body), 1);
    thread::spawn(move || drop(receiver.recv().unwrap())).join().unwrap();
    assert_eq!(*dropped_on.borrow(), None, "dropping a waker must not drop the body");
    turns(&mut event_loop, 1);
    handle.cancel();
    assert_eq!(*dropped_on.borrow(), Some(thread::current().id()));
}
