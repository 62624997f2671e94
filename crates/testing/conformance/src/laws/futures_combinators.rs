//! Tasks inside the combinators of the `futures` crate, which poll their parts with wakers of their
//! own. A `FuturesUnordered` polls only the parts that were woken. Its parts are called unordered
//! parts here.

use std::time::Duration;

use futures::{
    StreamExt,
    future::{Either, select},
    stream::FuturesUnordered,
};
use quadrivium::{
    event_loop::Turned,
    future::perform,
    prelude::*,
    sync::{Notify, oneshot},
    task::BoxTask,
};

use crate::{Notes, Probe, Subject, body, new_loop, notes_and_loop, turns};

laws! { ($) futures_combinators:
    /// A foreign join keeps the deadlines of all its parts.
    a_join_keeps_all_deadlines on VirtualClock;
    /// A foreign select ends at the earlier deadline of its parts.
    a_select_ends_at_the_earlier_deadline on VirtualClock;
    /// Unordered parts end in the order of their deadlines.
    unordered_parts_end_in_the_order_of_their_deadlines on VirtualClock;
    /// Leaves may be unordered parts.
    leaves_may_be_unordered_parts on VirtualClock;
    /// Unordered parts can wait for turns.
    unordered_parts_may_wait_for_turns;
    /// A wake of one unordered part resumes that part alone.
    a_wake_resumes_one_unordered_part;
    /// An unordered part may itself contain unordered parts.
    unordered_parts_may_contain_others on VirtualClock;
    /// An unordered part that is dropped leaves no deadline.
    a_dropped_part_leaves_no_deadline on VirtualClock;
    /// The loser of a foreign select leaves no deadline.
    the_loser_of_a_select_leaves_no_deadline on VirtualClock;
    /// Parts that are dropped because another part was woken leave no deadline.
    parts_dropped_by_another_wake_leave_no_deadline on VirtualClock;
    /// A cancel drops all unordered parts.
    a_cancel_drops_all_parts on VirtualClock;
    /// Join handles may be unordered parts.
    handles_may_be_unordered_parts on VirtualClock;
}

const MS: Duration = Duration::from_millis(1);

/// A part that sleeps for this time and returns it.
fn part(subject: Subject, ms: u32) -> BoxTask<u32> {
    subject.task(body().perform(sleep(ms * MS)).output(move || ms))
}

/// A task of the subject that performs a future, since the combinators are futures.
fn future_task<T: 'static>(
    subject: Subject,
    body: impl Future<Output = T> + 'static,
) -> BoxTask<T> {
    subject.task(crate::Body::performing(Box::pin(future(body))))
}

fn a_join_keeps_all_deadlines(subject: Subject) {
    let mut event_loop = new_loop();
    let (a, b) = (part(subject, 3), part(subject, 1));
    let both = future_task(subject, async {
        futures::join!(perform(a), perform(b), perform(sleep(2 * MS)))
    });
    assert_eq!(event_loop.block_on(both).unwrap(), (3, 1, ()));
    assert_eq!(event_loop.elapsed(), 3 * MS);
}

fn a_select_ends_at_the_earlier_deadline(subject: Subject) {
    let mut event_loop = new_loop();
    let (a, b) = (Box::pin(perform(part(subject, 5))), Box::pin(perform(part(subject, 2))));
    let first = future_task(subject, async {
        match select(a, b).await {
            Either::Left((first, _)) | Either::Right((first, _)) => first,
        }
    });
    assert_eq!(event_loop.block_on(first).unwrap(), 2);
    assert_eq!(event_loop.elapsed(), 2 * MS);
}

fn unordered_parts_end_in_the_order_of_their_deadlines(subject: Subject) {
    let mut event_loop = new_loop();
    let start = event_loop.now();
    let parts: FuturesUnordered<_> =
        [3, 1, 2].map(|ms| perform(part(subject, ms))).into_iter().collect();
    let notes = Notes::default();
    let own_notes = notes.clone();
    let ended = parts.for_each(move |ms| {
        own_notes.add(format!("{ms} at {:?}", quadrivium::host::current().unwrap().now() - start));
        async {}
    });
    event_loop.block_on(future_task(subject, ended)).unwrap();
    // The task waits for the earliest of its parts, and wakes each part through the part's own
    // waker.
    assert_eq!(notes.lines(), ["1 at 1ms", "2 at 2ms", "3 at 3ms"], "{subject}");
}

fn leaves_may_be_unordered_parts(subject: Subject) {
    let mut event_loop = new_loop();
    let leaves = future_task(subject, async {
        let mut sleeps: FuturesUnordered<_> =
            [30, 10, 20].map(|ms| IntoFuture::into_future(sleep(ms * MS))).into_iter().collect();
        let mut n = 0;
        while sleeps.next().await.is_some() {
            n += 1;
        }
        n
    });
    assert_eq!(event_loop.block_on(leaves).unwrap(), 3);
    assert_eq!(event_loop.elapsed(), 30 * MS);
}

fn unordered_parts_may_wait_for_turns(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let parts: FuturesUnordered<_> = ["a", "b"]
        .map(|name| {
            let notes = notes.clone();
            perform(subject.task(body().repeat(5, move || {
                notes.add(name);
                turn()
            })))
        })
        .into_iter()
        .collect();
    event_loop.block_on(future_task(subject, parts.collect::<Vec<_>>())).unwrap();
    assert_eq!(notes.count("a"), 5);
    assert_eq!(notes.count("b"), 5);
}

fn a_wake_resumes_one_unordered_part(subject: Subject) {
    let mut event_loop = new_loop();
    let probes = [Probe::default(), Probe::default()];
    let parts: FuturesUnordered<_> =
        probes.iter().map(|probe| perform(subject.task(body().perform(probe.waits())))).collect();
    let handle = event_loop.start(future_task(subject, parts.collect::<Vec<_>>()), 1);
    probes[1].wake();
    turns(&mut event_loop, 1);
    // This is the purpose of such a combinator: the other part is not polled.
    assert_eq!(probes.each_ref().map(Probe::resumes), [1, 2]);
    probes.iter().for_each(Probe::open);
    let wakers = probes.each_ref().map(Probe::waker);
    std::thread::spawn(move || wakers.into_iter().for_each(std::task::Waker::wake)).join().unwrap();
    turns(&mut event_loop, 2);
    assert!(handle.is_finished());
}

fn unordered_parts_may_contain_others(subject: Subject) {
    let mut event_loop = new_loop();
    let inner = |times: [u32; 3]| {
        let parts: FuturesUnordered<_> =
            times.map(|ms| perform(part(subject, ms))).into_iter().collect();
        perform(future_task(subject, parts.collect::<Vec<_>>()))
    };
    let outer: FuturesUnordered<_> = [inner([7, 3, 5]), inner([2, 6, 4])].into_iter().collect();
    let ended = event_loop.block_on(future_task(subject, outer.collect::<Vec<_>>())).unwrap();
    assert_eq!(ended, [[2, 4, 6], [3, 5, 7]]);
    assert_eq!(event_loop.elapsed(), 7 * MS);
}

fn a_dropped_part_leaves_no_deadline(subject: Subject) {
    let mut event_loop = new_loop();
    let notify = Notify::new();
    let waits = notify.clone();
    let parts: FuturesUnordered<_> =
        [1, 100].map(|ms| perform(part(subject, ms))).into_iter().collect();
    let handle = event_loop.spawn(future_task(subject, async move {
        let mut parts = parts;
        assert_eq!(parts.next().await, Some(1));
        drop(parts);
        waits.notified().await;
    }));
    turns(&mut event_loop, 1);
    event_loop.advance(MS);
    assert_eq!(
        turns(&mut event_loop, 2),
        Turned::Waiting,
        "the deadline after 100 ms must be gone"
    );
    notify.notify_one();
    event_loop.block_on(handle).unwrap().unwrap();
    assert_eq!(event_loop.elapsed(), MS);
}

fn parts_dropped_by_another_wake_leave_no_deadline(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, receiver) = oneshot::channel::<()>();
    let notify = Notify::new();
    let waits = notify.clone();
    let parts: FuturesUnordered<_> =
        [90, 100].map(|ms| perform(part(subject, ms))).into_iter().collect();
    let handle = event_loop.spawn(future_task(subject, async move {
        // The receiver wins. No part was woken when they are dropped.
        drop(select(parts.collect::<Vec<_>>(), receiver.into_future()).await);
        waits.notified().await;
    }));
    turns(&mut event_loop, 2);
    sender.send(()).unwrap();
    assert_eq!(turns(&mut event_loop, 1), Turned::Waiting, "the deadline after 90 ms must be gone");
    notify.notify_one();
    event_loop.block_on(handle).unwrap().unwrap();
    assert_eq!(event_loop.elapsed(), Duration::ZERO);
}

fn the_loser_of_a_select_leaves_no_deadline(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, receiver) = oneshot::channel::<()>();
    let (a, b) = (Box::pin(perform(part(subject, 1))), Box::pin(perform(part(subject, 100))));
    let handle = event_loop.spawn(future_task(subject, async {
        drop(select(a, b).await);
        let _ = receiver.await;
    }));
    turns(&mut event_loop, 1);
    event_loop.advance(MS);
    assert_eq!(
        turns(&mut event_loop, 2),
        Turned::Waiting,
        "the deadline after 100 ms must be gone"
    );
    drop(sender);
    event_loop.block_on(handle).unwrap().unwrap();
    assert_eq!(event_loop.elapsed(), MS);
}

fn a_cancel_drops_all_parts(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let parts: FuturesUnordered<_> = (1..4)
        .map(|ms| {
            let body = body().hold(notes.when_dropped("dropped")).perform(sleep(ms * MS));
            perform(subject.task(body))
        })
        .collect();
    let handle = event_loop.start(future_task(subject, parts.collect::<Vec<_>>()), 1);
    handle.cancel();
    assert_eq!(notes.lines(), ["dropped"; 3]);
    event_loop.run().unwrap();
    assert_eq!(event_loop.elapsed(), Duration::ZERO);
}

fn handles_may_be_unordered_parts(subject: Subject) {
    let mut event_loop = new_loop();
    let handles = [3, 1, 2].map(|ms| event_loop.spawn(part(subject, ms)));
    let parts: FuturesUnordered<_> = handles.into_iter().map(perform).collect();
    let ended = event_loop.block_on(future_task(subject, parts.collect::<Vec<_>>())).unwrap();
    let ended: Vec<_> = ended.into_iter().map(Result::unwrap).collect();
    assert_eq!(ended, [1, 2, 3]);
}
