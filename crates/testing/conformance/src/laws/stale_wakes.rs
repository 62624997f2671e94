//! Stale wakes: wakes of a task that has ended. Its slot may have a new task by then, and its loop
//! may be gone.

use std::{task::Waker, thread};

use quadrivium::event_loop::Turned;

use crate::{
    Probe, Subject, TestLoop, body, loop_with_probe, new_loop, spawn_with_probe, traced, turns,
};

laws! { ($) stale_wakes:
    /// A wake of a task that has ended does nothing.
    of_an_ended_task_do_nothing on VirtualClock;
    /// A wake of a task that has ended does not wake the next task in the same slot.
    do_not_reach_the_next_task_in_the_slot;
    /// A stale wake from another thread does not wake the next task in the slot, and does not hide
    /// a valid wake.
    from_a_thread_do_not_reach_the_next_task_in_the_slot;
    /// A waker may outlive its loop, and wakes no task of a later loop.
    of_a_dropped_loop_do_nothing;
    /// A waker wakes the task of its own loop, even if it is called inside another loop.
    inside_another_loop_reach_their_own_task;
}

fn of_an_ended_task_do_nothing(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let (probe, handle) = spawn_with_probe(subject, &event_loop);
    turns(&mut event_loop, 1);
    handle.cancel();
    let waker = probe.waker();
    waker.wake_by_ref();
    thread::spawn(move || waker.wake()).join().unwrap();
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
    assert_eq!(
        trace.lines().last().unwrap(),
        "0ns task 1 cancelled",
        "no wake must follow the cancel"
    );
}

/// Returns the waker of a task that has ended, and the probe of the next task in its slot.
fn stale_waker(subject: Subject, event_loop: &mut TestLoop) -> (Waker, Probe) {
    let (former, handle) = spawn_with_probe(subject, event_loop);
    turns(event_loop, 1);
    handle.cancel();
    drop(handle);
    let (next_task, handle) = spawn_with_probe(subject, event_loop);
    drop(handle);
    turns(event_loop, 1);
    assert_eq!(next_task.resumes(), 1);
    (former.waker(), next_task)
}

fn do_not_reach_the_next_task_in_the_slot(subject: Subject) {
    let mut event_loop = new_loop();
    let (waker, next_task) = stale_waker(subject, &mut event_loop);
    assert!(!waker.will_wake(&next_task.waker()));
    waker.wake();
    assert_eq!(turns(&mut event_loop, 1), Turned::Waiting);
    assert_eq!(next_task.resumes(), 1);
}

fn from_a_thread_do_not_reach_the_next_task_in_the_slot(subject: Subject) {
    let mut event_loop = new_loop();
    let (waker, next_task) = stale_waker(subject, &mut event_loop);
    let (fresh, old_waker) = (next_task.waker(), waker.clone());
    thread::spawn(move || waker.wake()).join().unwrap();
    turns(&mut event_loop, 1);
    assert_eq!(next_task.resumes(), 1);
    // A stale wake must not hide a valid one, whether it is of the same slot or of another.
    for waker in [old_waker, stale_waker(subject, &mut event_loop).0] {
        let (fresh, resumes) = (fresh.clone(), next_task.resumes());
        thread::spawn(move || {
            waker.wake_by_ref();
            fresh.wake();
            waker.wake();
        })
        .join()
        .unwrap();
        turns(&mut event_loop, 1);
        assert_eq!(next_task.resumes(), resumes + 1);
    }
}

fn of_a_dropped_loop_do_nothing(subject: Subject) {
    let (event_loop, probe, _handle) = loop_with_probe(subject);
    drop(event_loop);
    // The later loops may be at the same address. None of their tasks is woken.
    let mut loops: Vec<_> = (0..4).map(|_| new_loop()).collect();
    let next_tasks: Vec<_> =
        loops.iter().map(|event_loop| spawn_with_probe(subject, event_loop)).collect();
    loops.iter_mut().for_each(|event_loop| _ = turns(event_loop, 1));
    probe.wake();
    let waker = probe.waker();
    thread::spawn(move || waker.wake()).join().unwrap();
    for (event_loop, (next_task, _handle)) in loops.iter_mut().zip(&next_tasks) {
        assert_eq!(turns(event_loop, 1), Turned::Waiting);
        assert_eq!(next_task.resumes(), 1);
    }
}

fn inside_another_loop_reach_their_own_task(subject: Subject) {
    let (mut event_loop, probe, _handle) = loop_with_probe(subject);
    let waker = probe.waker();
    let mut other_loop = new_loop();
    // The wake is called inside the second loop, and wakes the task of the first.
    other_loop.block_on(subject.task(body().run(move || waker.wake()))).unwrap();
    assert_eq!(probe.resumes(), 1);
    turns(&mut event_loop, 1);
    assert_eq!(probe.resumes(), 2);
}
