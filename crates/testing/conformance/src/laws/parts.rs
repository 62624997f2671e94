//! Combinators of any number of tasks, such as `join_all`. Each part has a waker of its own, and
//! only the parts that may go on are resumed.

use std::{pin::Pin, rc::Rc, thread, time::Duration};

use quadrivium::{
    io::pipe,
    prelude::*,
    sync::{Notify, channel, oneshot},
    task::{BoxTask, Step, Wait},
    test::{Faults, Simulation},
};

use crate::{Notes, Probe, Subject, body, leaf, map, new_loop, notes_and_loop, traced, turns};

laws! { ($) parts:
    /// A wake of one part resumes this part, and no other.
    a_wake_resumes_one_part;
    /// Handles of many tasks are joined with two resumes each.
    many_handles_are_joined_with_two_resumes_each;
    /// Parts that are woken together are resumed in their order, not in the order of the wakes.
    are_resumed_in_their_order;
    /// A part that is woken by a part before it goes on in the same step.
    a_part_that_wakes_a_later_part_is_followed_by_it on VirtualClock;
    /// A part that is woken by a part behind it goes on in the next step.
    a_part_that_is_woken_from_behind_goes_on_next_time on VirtualClock;
    /// A part that is woken during its own resume is resumed again.
    a_wake_during_the_resume_is_not_lost;
    /// Parts that wait for a turn are resumed in each step. The others are not.
    only_parts_that_wait_for_a_turn_take_turns;
    /// A part whose descriptor becomes ready goes on. Meanwhile no deadlock is reported.
    a_part_may_wait_for_a_descriptor;
    /// If a hundred parts are ready at once, 64 are done in the first step, and the others in the
    /// next.
    parts_that_are_ready_let_other_tasks_run;
    /// A part may itself be a combinator of many parts.
    may_be_nested;
    /// With spurious and late wakes, all parts are done as well.
    end_despite_faults;
    /// A cancel drops all parts, in their order.
    a_cancel_drops_all_parts_in_order;
    /// If one part panics, the others are dropped, and their wakers do nothing.
    a_part_that_panics_drops_the_others;
}

const MS: Duration = Duration::from_millis(1);

/// Makes this many probes.
pub(super) fn probes(n: usize) -> Vec<Probe> {
    (0..n).map(|_| Probe::default()).collect()
}

/// A part that waits for the probe and notes its number.
fn part(subject: Subject, probe: &Probe, notes: &Notes, n: usize) -> BoxTask<usize> {
    subject.task(body().perform(probe.waits()).note(notes, n.to_string()).output(move || n))
}

pub(super) fn parts(subject: Subject, probes: &[Probe], notes: &Notes) -> Vec<BoxTask<usize>> {
    probes.iter().enumerate().map(|(n, probe)| part(subject, probe, notes, n)).collect()
}

pub(super) fn resumes(probes: &[Probe]) -> Vec<usize> {
    probes.iter().map(Probe::resumes).collect()
}

fn a_wake_resumes_one_part(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let probes = probes(200);
    let all = subject.task(body().perform(join_all(parts(subject, &probes, &notes))));
    let handle = event_loop.start(all, 1);
    assert!(resumes(&probes).into_iter().all(|n| n == 1));
    for (n, probe) in probes.iter().enumerate().rev() {
        probe.open();
        probe.wake();
        turns(&mut event_loop, 1);
        assert_eq!(probe.resumes(), 2);
        assert_eq!(resumes(&probes).iter().sum::<usize>(), 400 - n);
    }
    assert!(handle.is_finished());
}

fn many_handles_are_joined_with_two_resumes_each(subject: Subject) {
    const N: usize = 2_000;
    let mut event_loop = new_loop();
    let resumes = Rc::new(std::cell::Cell::new(0));
    let counted = |n: usize| {
        let mut handle = event_loop.spawn(subject.task(body().repeat(n % 50, turn)));
        let resumes = Rc::clone(&resumes);
        leaf(move |cx| {
            resumes.set(resumes.get() + 1);
            Pin::new(&mut handle).resume(cx)
        })
    };
    let handles: Vec<_> = (0..N).map(counted).collect();
    let joined = event_loop.block_on(join_all(handles)).unwrap();
    assert!(joined.into_iter().all(|joined| joined.is_ok()));
    // Of the tasks that end in the first turn, more than 64 end before they are joined.
    assert!(resumes.get() <= 2 * N, "{} resumes of {N} handles", resumes.get());
}

fn are_resumed_in_their_order(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let probes = probes(70);
    let all = subject.task(body().perform(join_all(parts(subject, &probes, &notes))));
    event_loop.start_detached(all, 1);
    for n in [66, 2, 65, 1, 2] {
        probes[n].open();
        probes[n].wake();
    }
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["1", "2", "65", "66"]);
}

fn a_part_that_wakes_a_later_part_is_followed_by_it(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let (sender, receiver) = oneshot::channel();
    let sends = subject.task(body().perform(turn()).run(move || sender.send(()).unwrap()));
    let receives = subject.task(body().perform(map(receiver, drop)));
    event_loop.run_detached(subject.task(body().perform(join_all([sends, receives]))));
    trace.after(2).expect(&[
        "0ns task 1 suspended for a turn",
        "0ns task 1 resumed",
        // The first part sends. The second part is behind it, and receives in this step.
        "0ns task 1 woken by task 1",
        "0ns task 1 done",
    ]);
}

fn a_part_that_is_woken_from_behind_goes_on_next_time(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let (sender, receiver) = oneshot::channel();
    let sends = subject.task(body().perform(turn()).run(move || sender.send(()).unwrap()));
    let receives = subject.task(body().perform(map(receiver, drop)));
    event_loop.run_detached(subject.task(body().perform(join_all([receives, sends]))));
    trace.after(2).expect(&[
        "0ns task 1 suspended for a turn",
        "0ns task 1 resumed",
        // The second part sends. The pass has already gone past the first part.
        "0ns task 1 woken by task 1",
        "0ns task 1 suspended until woken",
        "0ns task 1 resumed",
        "0ns task 1 done",
    ]);
}

fn a_wake_during_the_resume_is_not_lost(subject: Subject) {
    let wakes_itself = || {
        let mut left = 3;
        leaf(move |cx| {
            left -= 1;
            match left {
                0 => Step::Done(()),
                _ => {
                    cx.waker().wake_by_ref();
                    Step::Suspended(Wait::Wake)
                }
            }
        })
    };
    let tasks = (0..3).map(|_| subject.task(body().perform(wakes_itself())));
    let all = join_all(tasks.collect::<Vec<_>>());
    new_loop().block_on(subject.task(body().perform(map(all, drop)))).unwrap();
}

fn only_parts_that_wait_for_a_turn_take_turns(subject: Subject) {
    let mut event_loop = new_loop();
    let probe = Probe::default();
    let waits = subject.task(body().perform(probe.waits()));
    let takes_turns = subject.task(body().repeat(9, turn));
    event_loop.start_detached(subject.task(body().perform(join_all([waits, takes_turns]))), 9);
    assert_eq!(probe.resumes(), 1);
    probe.open();
    probe.wake();
    event_loop.run().unwrap();
    assert_eq!(probe.resumes(), 2);
}

fn a_part_may_wait_for_a_descriptor(subject: Subject) {
    let mut event_loop = new_loop();
    let (reader, writer) = pipe().unwrap();
    let notify = Notify::new();
    let notified = notify.notified();
    let reads = subject.task(body().perform_then(
        move || reader.read_owned(vec![0; 8]),
        move |(n, _)| {
            assert_eq!(n.unwrap(), 5);
            notify.notify_one();
        },
    ));
    let waits = subject.task(body().perform(notified));
    let all = subject.task(body().perform(join_all([waits, reads])));
    let handle = event_loop.start(all, 2);
    let thread = thread::spawn(move || {
        let mut event_loop = EventLoop::new().unwrap();
        event_loop.block_on(writer.write_all_owned(b"hello".to_vec())).unwrap().0.unwrap();
    });
    event_loop.block_on(handle).unwrap().unwrap();
    thread.join().unwrap();
}

fn parts_that_are_ready_let_other_tasks_run(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (sender, receiver) = channel::unbounded();
    (0..100).for_each(|n| sender.try_send(n).unwrap());
    let receives = |_| {
        let notes = notes.clone();
        subject.task(body().perform(receiver.recv()).run(move || notes.add("received")))
    };
    let all = join_all((0..100).map(receives).collect::<Vec<_>>());
    let own_notes = notes.clone();
    let counts = subject.task(body().run(move || assert_eq!(own_notes.count("received"), 64)));
    event_loop.start_detached(subject.task(body().perform(map(all, drop))), 0);
    event_loop.block_on(counts).unwrap();
    turns(&mut event_loop, 1);
    assert_eq!(notes.count("received"), 100);
}

fn may_be_nested(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let probes = probes(9);
    let tasks = parts(subject, &probes, &notes);
    let mut tasks = tasks.into_iter();
    let mut group =
        || subject.task(body().perform(join_all(tasks.by_ref().take(3).collect::<Vec<_>>())));
    let groups = [group(), group(), group()];
    let handle = event_loop.start(subject.task(body().perform(join_all(groups))), 1);
    for n in [8, 0, 4, 1, 2, 3, 5, 6, 7] {
        probes[n].open();
        probes[n].wake();
        turns(&mut event_loop, 1);
    }
    assert!(handle.is_finished());
    assert_eq!(notes.lines(), ["8", "0", "4", "1", "2", "3", "5", "6", "7"]);
    assert!(resumes(&probes).into_iter().all(|n| n == 2));
}

fn end_despite_faults(subject: Subject) {
    let faults = Faults::none().spurious_wakes(0.5, 2 * MS).delayed_wakes(0.5, 2 * MS);
    Simulation::new().seeds(0..20).faults(faults).run(|event_loop| {
        let (sender, receiver) = channel::bounded(1);
        let sends = subject.task(body().repeat_then(
            9,
            move || sender.send(()),
            |sent| sent.expect("the channel is open"),
        ));
        let receives = subject.task(body().repeat(9, move || receiver.recv()));
        let sleeps = subject.task(body().repeat(3, || sleep(MS)));
        let takes_turns = subject.task(body().repeat(5, turn));
        let parts = [receives, sleeps, sends, takes_turns];
        event_loop.block_on(subject.task(body().perform(join_all(parts)))).unwrap();
    });
}

fn a_cancel_drops_all_parts_in_order(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let part = |name| subject.task(body().hold(notes.when_dropped(name)).perform(sleep(MS)));
    let all = join_all(["a", "b", "c"].map(part));
    let handle = event_loop.start(subject.task(body().perform(all)), 1);
    handle.cancel();
    assert_eq!(notes.lines(), ["a", "b", "c"]);
}

fn a_part_that_panics_drops_the_others(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let probe = Probe::default();
    let waits = subject.task(body().hold(notes.when_dropped("dropped")).perform(probe.waits()));
    let panics = subject.task(body().perform(turn()).run(|| panic!("on purpose")));
    let all = subject.task(body().perform(join_all([waits, panics])));
    let error = event_loop.block_on(all).unwrap_err();
    assert!(error.to_string().ends_with(" panicked: on purpose"), "{error}");
    assert_eq!(notes.lines(), ["dropped"]);
    probe.wake();
    assert_eq!(probe.resumes(), 1);
}
