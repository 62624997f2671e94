//! Combinators of any number of tasks: `join_all`, `race_all` and `select`. Each part has a waker
//! of its own, and only the parts that may go on are resumed.

use std::{cell::RefCell, pin::Pin, rc::Rc, sync::mpsc, task::Waker, thread, time::Duration};

use futures::stream::{FuturesUnordered, StreamExt};
use quadrivium::{
    event_loop::Turned,
    io::pipe,
    prelude::*,
    sync::{Notify, channel, oneshot},
    task::{BoxTask, Context, Selected, Step, Wait},
    test::{Faults, Simulation},
    time::now,
};

use super::deadlock::expect_deadlock;
use crate::{
    NO_NOTES, Notes, Probe, Subject, body, catch_panic, is_done, leaf, map, new_loop,
    notes_and_loop, traced, turns, wakers::WakeCount,
};

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
    /// The whole waits for the earliest deadline, and a deadline resumes its own part only.
    each_deadline_resumes_its_own_part on VirtualClock;
    /// A part may replace its deadline in each step. Former deadlines resume nothing.
    former_deadlines_resume_nothing on VirtualClock;
    /// The whole does not wait for the deadline of a timeout that was met.
    a_timeout_that_is_met_leaves_no_deadline on VirtualClock;
    /// A part that is resumed at its deadline may wait for the same deadline again.
    a_deadline_that_has_come_may_be_armed_again on VirtualClock;
    /// A part whose descriptor becomes ready goes on. Meanwhile no deadlock is reported.
    a_part_may_wait_for_a_descriptor;
    /// Another thread may wake a part. No deadlock is reported while it has the part's waker.
    another_thread_may_wake_a_part;
    /// If no part can go on, a deadlock is reported.
    a_deadlock_of_all_parts_is_reported on Deadlocks;
    /// A waker of a part that is done, or whose combinator is gone, wakes no other part.
    stale_wakers_of_parts_do_nothing;
    /// After the combinator has moved to another task, its parts wake that task and no earlier one.
    the_last_task_is_woken needs ByHand;
    /// A combinator that is suspended may move to another loop and go on there.
    may_move_to_another_loop on Deadlocks;
    /// A part may itself be a combinator of many parts.
    may_be_nested;
    /// A foreign combinator may contain a combinator of many parts, and the other way round.
    may_be_mixed_with_foreign_combinators;
    /// If a hundred parts are ready at once, 64 are done in the first step, and the others in the
    /// next.
    parts_that_are_ready_let_other_tasks_run;
    /// With spurious and late wakes, all parts are done as well.
    end_despite_faults;
    /// A cancel drops all parts, in their order.
    a_cancel_drops_all_parts_in_order;
    /// If one part panics, the others are dropped, and their wakers do nothing.
    a_part_that_panics_drops_the_others;
    /// `race_all` returns the index and the output of the first part, and has dropped the others by
    /// then.
    a_race_drops_all_losers_first on VirtualClock;
    /// If several parts of `race_all` are done at once, the first in their order wins.
    a_tie_is_won_by_the_first_part on VirtualClock;
    /// `race_all` of no parts panics with a clear message.
    a_race_of_nothing_panics;
    /// `select` returns one output after another. The other parts keep their state and their index.
    a_select_returns_one_output_after_another on VirtualClock;
    /// Parts of `select` that are done at once are returned in their order, and none is lost.
    a_select_loses_no_output;
    /// `select` of no parts returns nothing at once.
    a_select_of_nothing_is_done_at_once;
    /// The rest of a `select` is dropped with it.
    the_rest_of_a_select_is_dropped_with_it;
}

const MS: Duration = Duration::from_millis(1);

/// Makes this many probes.
fn probes(n: usize) -> Vec<Probe> {
    (0..n).map(|_| Probe::default()).collect()
}

/// A part that waits for the probe and notes its number.
fn part(subject: Subject, probe: &Probe, notes: &Notes, n: usize) -> BoxTask<usize> {
    subject.task(body().perform(probe.waits()).note(notes, n.to_string()).output(move || n))
}

fn parts(subject: Subject, probes: &[Probe], notes: &Notes) -> Vec<BoxTask<usize>> {
    probes.iter().enumerate().map(|(n, probe)| part(subject, probe, notes, n)).collect()
}

fn resumes(probes: &[Probe]) -> Vec<usize> {
    probes.iter().map(Probe::resumes).collect()
}

/// A leaf that suspends once without a wait, and is woken through the waker that it leaves here.
fn waits_for_a_wake(waker: &Rc<RefCell<Option<Waker>>>) -> BoxTask<()> {
    let waker = Rc::clone(waker);
    Box::pin(leaf(move |cx| {
        let former = waker.replace(Some(cx.waker().clone()));
        if former.is_some() { Step::Done(()) } else { Step::Suspended(Wait::Wake) }
    }))
}

fn wake(waker: &Rc<RefCell<Option<Waker>>>) {
    let waker = waker.borrow().clone();
    waker.expect("the part has been resumed").wake();
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

/// A part that sleeps for these times, and notes its name and the time of each resume.
fn sleeper(subject: Subject, notes: &Notes, name: &'static str, ms: &'static [u64]) -> BoxTask<()> {
    let mut task = subject.task(ms.iter().fold(body(), |body, &ms| {
        body.perform_then(move || sleep(Duration::from_millis(ms)), drop)
    }));
    let (notes, mut start) = (notes.clone(), None);
    Box::pin(leaf(move |cx| {
        let start = *start.get_or_insert_with(now);
        notes.add(format!("{name} at {:?}", now() - start));
        task.as_mut().resume(cx)
    }))
}

fn each_deadline_resumes_its_own_part(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let notes = Notes::default();
    let a = sleeper(subject, &notes, "a", &[3, 3]);
    let b = sleeper(subject, &notes, "b", &[1, 3, 2]);
    event_loop.run_detached(subject.task(body().perform(join_all([a, b]))));
    let expected =
        ["a at 0ns", "b at 0ns", "b at 1ms", "a at 3ms", "b at 4ms", "a at 6ms", "b at 6ms"];
    assert_eq!(notes.lines(), expected);
    trace.with("suspended").expect(&[
        "0ns task 1 suspended until 1ms",
        "1ms task 1 suspended until 3ms",
        "3ms task 1 suspended until 4ms",
        "4ms task 1 suspended until 6ms",
    ]);
}

fn former_deadlines_resume_nothing(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, receiver) = channel::bounded(1);
    // Each receive has a limit, which the next receive replaces.
    let receives = subject.task(body().repeat(100, move || timeout(100 * MS, receiver.recv())));
    let count = Rc::new(std::cell::Cell::new(0));
    let own_count = Rc::clone(&count);
    let mut receives = receives;
    let counted: BoxTask<()> = Box::pin(leaf(move |cx| {
        own_count.set(own_count.get() + 1);
        receives.as_mut().resume(cx)
    }));
    let sends = subject.task(body().repeat_then(
        100,
        move || {
            sender.try_send(()).unwrap();
            sleep(MS)
        },
        drop,
    ));
    // The sender is dropped at last, and the receiver is done before.
    event_loop.block_on(subject.task(body().perform(join_all([counted, sends])))).unwrap();
    assert_eq!(event_loop.elapsed(), 100 * MS);
    assert!(count.get() <= 101, "{} resumes", count.get());
}

fn a_timeout_that_is_met_leaves_no_deadline(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let (first, limited) = oneshot::channel();
    let (second, unlimited) = oneshot::channel();
    let receives = subject.task(body().perform(timeout(2 * MS, limited)).perform(unlimited));
    let sends = body().perform(sleep(MS)).run(move || first.send(()).unwrap());
    let sends = sends.perform(sleep(4 * MS)).run(move || second.send(()).unwrap());
    let sends = subject.task(sends);
    event_loop.run_detached(subject.task(body().perform(join_all([receives, sends]))));
    trace.with("suspended").expect(&[
        "0ns task 1 suspended until 1ms",
        // The first part is woken, and goes on in the next step.
        "1ms task 1 suspended until 2ms",
        "1ms task 1 suspended until 5ms",
        // The second part sends and is done. The first part goes on in the next step.
        "5ms task 1 suspended until woken",
    ]);
}

fn a_deadline_that_has_come_may_be_armed_again(subject: Subject) {
    let mut event_loop = new_loop();
    let mut deadline = None;
    let mut left = 5;
    // It is resumed at its deadline, and returns the same deadline again.
    let insists = leaf(move |_| {
        let deadline = *deadline.get_or_insert_with(|| now() + MS);
        left -= 1;
        match left {
            0 => Step::Done(()),
            _ => Step::Suspended(Wait::Until(deadline)),
        }
    });
    let parts =
        [subject.task(body().perform(insists)), subject.task(body().perform(sleep(9 * MS)))];
    event_loop.block_on(subject.task(body().perform(join_all(parts)))).unwrap();
    assert_eq!(event_loop.elapsed(), 9 * MS);
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

fn another_thread_may_wake_a_part(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, receiver) = mpsc::channel::<Waker>();
    let waits = |_| {
        let (sender, mut has_run) = (sender.clone(), false);
        let waits = leaf(move |cx| match std::mem::replace(&mut has_run, true) {
            true => Step::Done(()),
            false => {
                sender.send(cx.waker().clone()).unwrap();
                Step::Suspended(Wait::Wake)
            }
        });
        subject.task(body().perform(waits))
    };
    let all = join_all((0..20).map(waits).collect::<Vec<_>>());
    let thread = thread::spawn(move || {
        for waker in receiver.into_iter().take(20) {
            // A second wake of the same part does no harm.
            waker.wake_by_ref();
            waker.wake();
        }
    });
    event_loop.block_on(subject.task(body().perform(map(all, drop)))).unwrap();
    thread.join().unwrap();
}

fn a_deadlock_of_all_parts_is_reported(subject: Subject) {
    let mut event_loop = new_loop();
    let notify = Notify::new();
    let waits = |_| subject.task(body().perform(notify.notified()));
    let inner = join_all((0..3).map(waits).collect::<Vec<_>>());
    let nested = subject.task(body().perform(map(inner, drop)));
    let all = join_all(vec![nested, subject.task(body().perform(turn()))]);
    let handle = event_loop.spawn_named("stuck", subject.task(body().perform(map(all, drop))));
    let deadlock = expect_deadlock(event_loop.run());
    assert_eq!(deadlock.tasks.len(), 1);
    // The parts are still waiting.
    notify.notify_all();
    event_loop.run().unwrap();
    assert!(handle.is_finished());
}

fn stale_wakers_of_parts_do_nothing(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let former = probes(3);
    former[1].open();
    let all = subject.task(body().perform(join_all(parts(subject, &former, &notes))));
    let handle = event_loop.start(all, 1);
    // The second part is done.
    former[1].wake();
    turns(&mut event_loop, 1);
    assert_eq!(resumes(&former), [1, 1, 1]);
    handle.cancel();
    drop(handle);
    // The next combinator has the same slots.
    let next = probes(3);
    let all = subject.task(body().perform(join_all(parts(subject, &next, &notes))));
    event_loop.start_detached(all, 2);
    former.iter().for_each(Probe::wake);
    let wakers: Vec<_> = former.iter().map(Probe::waker).collect();
    thread::spawn(move || wakers.into_iter().for_each(Waker::wake)).join().unwrap();
    assert_eq!(turns(&mut event_loop, 2), Turned::Waiting);
    assert_eq!(resumes(&next), [1, 1, 1]);
    assert_eq!(resumes(&former), [1, 1, 1]);
}

fn the_last_task_is_woken(subject: Subject) {
    let wakers = [Rc::default(), Rc::default()];
    let waits = wakers.iter().map(|waker| subject.task(body().perform(waits_for_a_wake(waker))));
    let all = join_all(waits.collect::<Vec<_>>());
    let mut task: BoxTask<()> = subject.task(body().perform(map(all, drop)));
    let counts = [WakeCount::default(), WakeCount::default()];
    for count in &counts {
        let waker = count.waker();
        assert!(!is_done(&Pin::new(&mut task).resume(&mut Context::new(&waker))));
    }
    wakers.iter().for_each(wake);
    // The second part need not wake the task again.
    assert_eq!(counts.map(|count| count.take()), [0, 1]);
    assert!(is_done(&Pin::new(&mut task).resume(&mut Context::new(Waker::noop()))));
}

fn may_move_to_another_loop(subject: Subject) {
    let wakers = [Rc::default(), Rc::default()];
    let waits = wakers.iter().map(|waker| subject.task(body().perform(waits_for_a_wake(waker))));
    let all: BoxTask<()> = Box::pin(map(join_all(waits.collect::<Vec<_>>()), drop));
    let all = Rc::new(RefCell::new(Some(all)));
    let kept = Rc::clone(&all);
    // The first loop resumes it once, and is gone then.
    let resumes_once = leaf(move |cx| {
        let mut all = kept.borrow_mut();
        assert!(!is_done(&all.as_mut().unwrap().as_mut().resume(cx)));
        Step::Done(())
    });
    let mut first = new_loop();
    first.block_on(subject.task(body().perform(resumes_once))).unwrap();
    drop(first);
    let moved = all.take().unwrap();
    let mut second = new_loop();
    second.block_on(subject.task(body().perform(moved))).unwrap();
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

fn may_be_mixed_with_foreign_combinators(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let probes = probes(4);
    let mut tasks = parts(subject, &probes, &notes).into_iter();
    let mut pair = || join_all([tasks.next().unwrap(), tasks.next().unwrap()]);
    let unordered: FuturesUnordered<_> =
        [pair(), pair()].into_iter().map(IntoFuture::into_future).collect();
    let foreign = future(async move { unordered.map(|pair| pair[0]).collect::<Vec<_>>().await });
    let sleeps = future(async {
        sleep(MS).await;
        vec![]
    });
    let foreign: [BoxTask<Vec<usize>>; 2] = [Box::pin(foreign), Box::pin(sleeps)];
    let handle = event_loop.start(
        subject.task(body().perform_then(
            move || join_all(foreign),
            |ends| assert_eq!(ends, [vec![2, 0], vec![]]),
        )),
        1,
    );
    for n in [2, 3, 0, 1] {
        probes[n].open();
        probes[n].wake();
        turns(&mut event_loop, 1);
    }
    event_loop.block_on(handle).unwrap().unwrap();
    assert!(resumes(&probes).into_iter().all(|n| n == 2));
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
    assert_eq!(error.to_string(), "the task panicked: on purpose");
    assert_eq!(notes.lines(), ["dropped"]);
    probe.wake();
    assert_eq!(probe.resumes(), 1);
}

fn a_race_drops_all_losers_first(subject: Subject) {
    let notes = Notes::default();
    let part = |ms: u64| {
        let body = body().hold(notes.when_dropped(format!("{ms} dropped")));
        let sleeps = body.perform(sleep(Duration::from_millis(ms)));
        subject.task(sleeps.note(&notes, format!("{ms} done")).output(move || ms))
    };
    let race = race_all([3, 1, 2].map(part));
    let mut event_loop = new_loop();
    event_loop.block_on(subject.task(body().perform_and_note(&notes, race))).unwrap();
    assert_eq!(event_loop.elapsed(), MS);
    assert_eq!(notes.lines()[0], "1 done");
    let mut dropped = notes.lines()[1..4].to_vec();
    dropped.sort();
    assert_eq!(dropped, ["1 dropped", "2 dropped", "3 dropped"]);
    assert_eq!(notes.lines()[4..], ["(1, 1)"]);
}

fn a_tie_is_won_by_the_first_part(subject: Subject) {
    let part = |_| subject.task(body().perform(sleep(MS)));
    let (index, ()) = new_loop().block_on(race_all([(); 5].map(part))).unwrap();
    assert_eq!(index, 0);
}

fn a_race_of_nothing_panics(_: Subject) {
    let message = catch_panic(|| drop(race_all(Vec::<BoxTask<()>>::new()))).unwrap_err();
    assert!(message.starts_with("a race of no tasks has no winner"), "{message}");
}

/// Performs the rest again and again, and notes the index and the output of each part.
fn selects(subject: Subject, notes: &Notes, tasks: Vec<BoxTask<usize>>) -> BoxTask<()> {
    let rest = Rc::new(RefCell::new(Some(select(tasks))));
    let times = rest.borrow().iter().count();
    assert_eq!(times, 1);
    let again = Rc::clone(&rest);
    let notes = notes.clone();
    let mut next: Option<BoxTask<Option<Selected<BoxTask<usize>>>>> = None;
    // A task that performs the rest until nothing is left.
    let performs = leaf(move |cx| {
        loop {
            let performed = next.get_or_insert_with(|| {
                subject.task(crate::Body::performing(Box::pin(again.take().unwrap())))
            });
            match performed.as_mut().resume(cx) {
                Step::Suspended(wait) => return Step::Suspended(wait),
                Step::Done(None) => return Step::Done(()),
                Step::Done(Some(Selected { index, output, rest })) => {
                    notes.add(format!("{index}: {output}"));
                    again.replace(Some(rest));
                    next = None;
                }
            }
        }
    });
    Box::pin(performs)
}

fn a_select_returns_one_output_after_another(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let part = |ms: u64| {
        let body = body().perform(sleep(Duration::from_millis(ms)));
        subject.task(body.output(move || ms as usize))
    };
    event_loop.block_on(selects(subject, &notes, vec![part(3), part(1), part(2)])).unwrap();
    assert_eq!(notes.lines(), ["1: 1", "2: 2", "0: 3"]);
    assert_eq!(event_loop.elapsed(), 3 * MS, "the parts must go on from their states");
}

fn a_select_loses_no_output(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own_notes = Notes::default();
    let probes = probes(70);
    let all = selects(subject, &own_notes, parts(subject, &probes, &notes));
    let handle = event_loop.start(all, 1);
    for probe in probes.iter().rev() {
        probe.open();
        probe.wake();
    }
    event_loop.block_on(handle).unwrap().unwrap();
    let expected: Vec<_> = (0..70).map(|n| format!("{n}: {n}")).collect();
    assert_eq!(own_notes.lines(), expected);
    assert!(resumes(&probes).into_iter().all(|n| n == 2));
}

fn a_select_of_nothing_is_done_at_once(subject: Subject) {
    let selects = body().perform_then(
        || select(Vec::<BoxTask<()>>::new()),
        |first| {
            assert!(first.is_none());
        },
    );
    new_loop().block_on(subject.task(selects)).unwrap();
}

fn the_rest_of_a_select_is_dropped_with_it(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let slow =
        subject.task(body().hold(notes.when_dropped("dropped")).perform(Probe::default().waits()));
    let quick = subject.task(body().perform(turn()));
    let first = event_loop.block_on(select([slow, quick])).unwrap().unwrap();
    assert_eq!(first.index, 1);
    assert_eq!(notes.lines(), NO_NOTES);
    drop(first);
    assert_eq!(notes.lines(), ["dropped"]);
}
