//! The wakers of the parts of a combinator, such as `join_all`: on other threads, in other tasks,
//! on other loops and after the end.

use std::{cell::RefCell, pin::Pin, rc::Rc, sync::mpsc, task::Waker, thread, time::Duration};

use futures::stream::{FuturesUnordered, StreamExt};
use quadrivium::{
    event_loop::Turned,
    prelude::*,
    sync::Notify,
    task::{BoxTask, Context, Step, Wait},
};

use super::{
    deadlock::expect_deadlock,
    parts::{parts, probes, resumes},
};
use crate::{
    Notes, Probe, Subject, body, is_done, leaf, map, new_loop, notes_and_loop, turns,
    wakers::WakeCount,
};

laws! { ($) wakers_of_parts:
    /// Another thread may wake a part. No deadlock is reported while it has the part's waker.
    another_thread_may_wake_a_part;
    /// If no part can go on, a deadlock is reported.
    a_deadlock_of_all_parts_is_reported on Deadlocks;
    /// A waker of a part that is done, or whose combinator is gone, wakes no other part.
    stale_wakers_of_parts_do_nothing;
    /// After the combinator has moved to another task, its parts wake that task and no earlier one.
    the_last_task_is_woken needs ByHand;
    /// A combinator that is suspended may move to another loop. There each part is resumed.
    may_move_to_another_loop;
    /// A foreign combinator may contain a combinator of many parts, and the other way round.
    may_be_mixed_with_foreign_combinators;
}

const MS: Duration = Duration::from_millis(1);

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
    let (probes, notes) = (probes(2), Notes::default());
    let all = join_all(parts(subject, &probes, &notes));
    let mut task: BoxTask<()> = subject.task(body().perform(map(all, drop)));
    let counts = [WakeCount::default(), WakeCount::default()];
    for count in &counts {
        let waker = count.waker();
        assert!(!is_done(&Pin::new(&mut task).resume(&mut Context::new(&waker))));
    }
    probes.iter().for_each(Probe::open);
    probes.iter().for_each(Probe::wake);
    // The second part need not wake the task again.
    assert_eq!(counts.map(|count| count.take()), [0, 1]);
    assert!(is_done(&Pin::new(&mut task).resume(&mut Context::new(Waker::noop()))));
}

fn may_move_to_another_loop(subject: Subject) {
    let (probes, notes) = (probes(2), Notes::default());
    let all: BoxTask<()> = Box::pin(map(join_all(parts(subject, &probes, &notes)), drop));
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
    // No part is woken. On the second loop each part is resumed, as a moved task itself would be.
    probes.iter().for_each(Probe::open);
    let moved = all.take().unwrap();
    let mut second = new_loop();
    second.block_on(subject.task(body().perform(moved))).unwrap();
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
