//! Starvation: busy tasks delay a deadline by one turn at most, and no task keeps others from
//! running. Operations that never wait suspend now and then to let other tasks run.

use std::{cell::Cell, net::SocketAddr, rc::Rc, time::Duration};

use quadrivium::{
    dns, generator,
    net::UnixStream,
    prelude::*,
    sync::{Barrier, Mutex, Notify, Semaphore, broadcast, channel, oneshot, watch},
    task::{Either, Step, Wait},
    time::block_for,
};

use crate::{Subject, TestLoop, body, leaf, new_loop, sockets::real_loop, traced, turns};

laws! { ($) starvation:
    /// A sleep of no time lets the other tasks run first.
    a_sleep_of_zero_lets_others_run on VirtualClock;
    /// A task that repeats a sleep of no time runs once a turn.
    repeated_sleeps_of_zero_run_once_a_turn on VirtualClock;
    /// A task that wakes itself forever does not delay a deadline.
    a_self_waking_task_does_not_delay_a_deadline on VirtualClock;
    /// Two tasks that wake each other forever do not delay a deadline.
    a_ping_pong_pair_does_not_delay_a_deadline on VirtualClock;
    /// Deadlines that pass while a task keeps the CPU fire afterwards, in their order.
    missed_deadlines_fire_in_order on OwnClock;
    /// A task that receives from a full channel lets others run, and gets every value in order.
    receives_from_a_full_channel_let_others_run;
    /// A task that sends into an unbounded channel lets others run.
    sends_into_an_unbounded_channel_let_others_run;
    /// An unbounded channel still takes values at once while a send is suspended to let others run.
    an_unbounded_channel_always_has_room;
    /// A task that takes a free lock again and again lets others run.
    a_free_lock_lets_others_run;
    /// A task that takes free permits again and again lets others run.
    free_permits_let_others_run;
    /// A task whose notification always comes before its wait lets others run.
    early_notifications_let_others_run;
    /// A task that waits for changes of a watch which it makes itself lets others run.
    changes_of_a_watch_let_others_run;
    /// A task that repeatedly waits for the end of receivers that are already gone lets others run.
    waits_for_dropped_receivers_let_others_run;
    /// A task that receives a backlog of broadcast values lets others run, and misses none.
    a_backlog_of_broadcasts_lets_others_run;
    /// A task that is always the last to arrive at a barrier lets others run, and is the leader
    /// each time.
    the_last_arrival_at_a_barrier_lets_others_run;
    /// A task that receives from oneshot channels that already have their value lets others run.
    sent_oneshot_values_let_others_run;
    /// A task that joins tasks that have ended lets others run.
    joins_of_ended_tasks_let_others_run;
    /// A task that takes items from a generator that never waits lets others run.
    items_of_a_generator_let_others_run;
    /// A task that looks up addresses, which never wait, lets others run.
    lookups_of_addresses_let_others_run;
    /// A task that goes through many channels that are all ready lets others run.
    many_ready_channels_let_others_run;
    /// A task that goes through several sockets that are all ready lets others run.
    several_ready_sockets_let_others_run;
    /// A task that suspends often enough by itself is never suspended in addition to let others
    /// run.
    is_counted_anew_in_each_step;
    /// If two parts of one task never wait, each of them makes progress in every step.
    no_part_of_a_join_starves_another;
    /// A receive that is dropped after it suspended to let others run has taken nothing.
    a_receive_that_let_others_run_has_taken_nothing;
    /// A notification that is dropped after it suspended to let others run goes to the next waiting
    /// task.
    a_notification_that_let_others_run_is_passed_on;
    /// A send that suspended to let others run and is dropped lets the sends behind it continue.
    a_send_that_let_others_run_does_not_block_later_ones;
}

const MS: Duration = Duration::from_millis(1);

fn a_sleep_of_zero_lets_others_run(subject: Subject) {
    let (mut event_loop, trace) = traced();
    drop(event_loop.spawn(subject.task(body().perform(sleep(Duration::ZERO)))));
    event_loop.run_detached(subject.task(body()));
    trace.after(2).expect(&[
        // The deadline is due at once, but only the next turn checks it. Task 2 runs before that.
        "0ns task 1 resumed",
        "0ns task 1 suspended until 0ns",
        "0ns task 2 resumed",
        "0ns task 2 done",
        "0ns task 1 woken by its deadline",
        "0ns task 1 resumed",
        "0ns task 1 done",
    ]);
}

fn repeated_sleeps_of_zero_run_once_a_turn(subject: Subject) {
    let mut event_loop = new_loop();
    let rounds = Rc::new(Cell::new(0));
    let counter = Rc::clone(&rounds);
    let timer = body().repeat(1_000, move || {
        counter.set(counter.get() + 1);
        sleep(Duration::ZERO)
    });
    drop(event_loop.spawn(subject.task(timer)));
    event_loop.block_on(subject.task(body().repeat(10, turn))).unwrap();
    assert_eq!(rounds.get(), 11, "the timer must run once in every turn");
}

/// Runs the tasks of `busy` beside a task that sleeps, and returns how many turns after its
/// deadline the sleeper has run.
fn turns_late(subject: Subject, busy: impl FnOnce(&EventLoop)) -> usize {
    let mut event_loop = new_loop();
    busy(&event_loop);
    let sleeper = event_loop.start(subject.task(body().perform(sleep(10 * MS))), 1);
    event_loop.advance(10 * MS);
    let mut late = 0;
    while !sleeper.is_finished() {
        turns(&mut event_loop, 1);
        late += 1;
        assert!(late < 100, "the sleeper does not run, though its deadline has passed");
    }
    late
}

fn a_self_waking_task_does_not_delay_a_deadline(subject: Subject) {
    let wakes_itself = || {
        leaf(|cx| {
            cx.waker().wake_by_ref();
            Step::<()>::Suspended(Wait::Wake)
        })
    };
    let late = turns_late(subject, |event_loop| {
        drop(event_loop.spawn(subject.task(body().perform(wakes_itself()))));
    });
    assert_eq!(late, 1);
}

fn a_ping_pong_pair_does_not_delay_a_deadline(subject: Subject) {
    let late = turns_late(subject, |event_loop| {
        let (ping, pong) = (Notify::new(), Notify::new());
        ping.notify_one();
        for (mine, yours) in [(ping.clone(), pong.clone()), (pong, ping)] {
            let play = move || {
                yours.notify_one();
                mine.notified()
            };
            drop(event_loop.spawn(subject.task(body().repeat(usize::MAX, play))));
        }
    });
    assert_eq!(late, 1);
}

fn missed_deadlines_fire_in_order(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let seconds = |n| body().perform(sleep(n * Duration::from_secs(1)));
    drop(event_loop.spawn_named("due 2", subject.task(seconds(2))));
    drop(event_loop.spawn_named("due 1", subject.task(seconds(1))));
    let work = body().perform(turn()).perform(block_for(Duration::from_secs(5)));
    drop(event_loop.spawn_named("work", subject.task(work)));
    event_loop.run().unwrap();
    trace.after(9).expect(&[
        // The task keeps the CPU from 0 to 5 s, so nothing else happens in that time.
        "0ns task 3 \"work\" resumed",
        "5s task 3 \"work\" done",
        // Both deadlines have passed now. They fire in the order of the deadlines.
        "5s task 2 \"due 1\" woken by its deadline",
        "5s task 1 \"due 2\" woken by its deadline",
        "5s task 2 \"due 1\" resumed",
        "5s task 2 \"due 1\" done",
        "5s task 1 \"due 2\" resumed",
        "5s task 1 \"due 2\" done",
    ]);
}

/// More operations than are done without a suspension.
const MANY: usize = 1_000;

/// Performs many tasks made by `make` in one task. Another task takes three turns in that time.
fn check_that_others_run<P: Task + 'static>(
    subject: Subject,
    mut event_loop: TestLoop,
    mut make: impl FnMut() -> P + 'static,
) {
    let begun = Rc::new(Cell::new(0));
    let counter = Rc::clone(&begun);
    let busy = body().repeat(MANY, move || {
        counter.set(counter.get() + 1);
        make()
    });
    let busy = event_loop.spawn(subject.task(busy));
    event_loop.block_on(subject.task(body().repeat(3, turn))).unwrap();
    // Four steps, and one operation that was begun and suspended.
    assert!(begun.get() <= 4 * 64 + 1, "{subject}: {} operations in four steps", begun.get());
    event_loop.block_on(busy).unwrap().unwrap();
    assert_eq!(begun.get(), MANY, "{subject}");
}

/// A task without an output, which passes the output of `task` to `check`.
fn checked<P: Task + 'static>(task: P, check: impl FnOnce(P::Output) + 'static) -> impl Task {
    crate::map(task, check)
}

fn receives_from_a_full_channel_let_others_run(subject: Subject) {
    let (sender, receiver) = channel::unbounded();
    (0..MANY).for_each(|n| sender.try_send(n).unwrap());
    let mut next = 0..;
    check_that_others_run(subject, new_loop(), move || {
        let expected = next.next();
        checked(receiver.recv(), move |received| assert_eq!(received.ok(), expected))
    });
}

fn sends_into_an_unbounded_channel_let_others_run(subject: Subject) {
    let (sender, receiver) = channel::unbounded();
    let mut next = 0..;
    check_that_others_run(subject, new_loop(), move || sender.send(next.next().unwrap()));
    let received: Vec<usize> = std::iter::from_fn(|| receiver.try_recv().ok()).collect();
    assert!(received.into_iter().eq(0..MANY), "{subject}: all values must arrive in order");
}

fn an_unbounded_channel_always_has_room(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, receiver) = channel::unbounded();
    let other = sender.clone();
    let sends = body().repeat(MANY, move || sender.send(()));
    let sends = event_loop.spawn(subject.task(sends));
    let sends_at_once = body()
        .run(move || other.try_send(()).expect("an unbounded channel always has room"))
        .perform(turn());
    event_loop.block_on(subject.task(sends_at_once)).unwrap();
    event_loop.block_on(sends).unwrap().unwrap();
    let received = std::iter::from_fn(|| receiver.try_recv().ok()).count();
    assert_eq!(received, MANY + 1, "{subject}");
}

fn a_free_lock_lets_others_run(subject: Subject) {
    let lock = Mutex::new(());
    check_that_others_run(subject, new_loop(), move || lock.lock());
}

fn free_permits_let_others_run(subject: Subject) {
    let permits = Semaphore::new(2);
    check_that_others_run(subject, new_loop(), move || permits.acquire_many(2));
}

fn early_notifications_let_others_run(subject: Subject) {
    let notify = Notify::new();
    check_that_others_run(subject, new_loop(), move || {
        notify.notify_one();
        notify.notified()
    });
}

fn changes_of_a_watch_let_others_run(subject: Subject) {
    let (sender, receiver) = watch::channel(0);
    let mut next = 1..;
    check_that_others_run(subject, new_loop(), move || {
        let latest = next.next().unwrap();
        sender.send(latest);
        checked(receiver.changed(), move |value| assert_eq!(*value.unwrap(), latest))
    });
}

fn waits_for_dropped_receivers_let_others_run(subject: Subject) {
    let (sender, receiver) = watch::channel(());
    drop(receiver);
    check_that_others_run(subject, new_loop(), move || sender.closed());
}

fn a_backlog_of_broadcasts_lets_others_run(subject: Subject) {
    let (sender, receiver) = broadcast::channel(MANY);
    (0..MANY).for_each(|n| _ = sender.send(n));
    let mut next = 0..;
    check_that_others_run(subject, new_loop(), move || {
        let expected = next.next();
        checked(receiver.recv(), move |received| assert_eq!(received.ok(), expected))
    });
}

fn the_last_arrival_at_a_barrier_lets_others_run(subject: Subject) {
    let barrier = Barrier::new(1);
    check_that_others_run(subject, new_loop(), move || {
        checked(barrier.wait(), |result| assert!(result.is_leader()))
    });
}

fn sent_oneshot_values_let_others_run(subject: Subject) {
    check_that_others_run(subject, new_loop(), || {
        let (sender, receiver) = oneshot::channel();
        sender.send(7).unwrap();
        checked(receiver, |received| assert_eq!(received, Ok(7)))
    });
}

fn joins_of_ended_tasks_let_others_run(subject: Subject) {
    let mut event_loop = new_loop();
    let ended = (0..MANY).map(|n| event_loop.spawn(subject.task(body().output(move || n))));
    let mut ended = ended.collect::<Vec<_>>().into_iter().enumerate();
    event_loop.run().unwrap();
    check_that_others_run(subject, event_loop, move || {
        let (n, handle) = ended.next().unwrap();
        checked(handle, move |output| assert_eq!(output.unwrap(), n))
    });
}

fn items_of_a_generator_let_others_run(subject: Subject) {
    let mut items = generator::stream(|mut co| async move {
        for n in 0.. {
            co.yield_item(n).await;
        }
    });
    let mut next = 0..;
    check_that_others_run(subject, new_loop(), move || {
        let expected = next.next();
        checked(items.next(), move |item| assert_eq!(item, expected))
    });
}

fn lookups_of_addresses_let_others_run(subject: Subject) {
    let address = SocketAddr::from(([127, 0, 0, 1], 80));
    check_that_others_run(subject, new_loop(), move || {
        checked(dns::lookup(address), move |found| assert_eq!(found.unwrap(), [address]))
    });
}

fn many_ready_channels_let_others_run(subject: Subject) {
    let channels: Vec<_> = (0..MANY).map(|_| channel::unbounded()).collect();
    channels.iter().for_each(|(sender, _)| sender.try_send(()).unwrap());
    let mut next = channels.into_iter();
    check_that_others_run(subject, new_loop(), move || {
        let (_sender, receiver) = next.next().unwrap();
        checked(receiver.recv(), |received| received.unwrap())
    });
}

fn several_ready_sockets_let_others_run(subject: Subject) {
    // Enough sockets that none has to wait for room.
    let pairs: Vec<_> = (0..8).map(|_| UnixStream::pair().unwrap()).collect();
    let mut next = (0..8).cycle();
    check_that_others_run(subject, real_loop(), move || {
        let (one, _other) = &pairs[next.next().unwrap()];
        checked(one.write_all_owned(vec![7]), |(written, _)| written.unwrap())
    });
}

fn is_counted_anew_in_each_step(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, receiver) = channel::unbounded();
    (0..192).for_each(|n| sender.try_send(n).unwrap());
    let receiver = Rc::new(receiver);
    let [one, two, three] = [(); 3].map(|()| Rc::clone(&receiver));
    let task = body()
        .repeat(64, move || one.recv())
        .perform(turn())
        .repeat(64, move || two.recv())
        .perform(turn())
        .repeat(64, move || three.recv());
    let task = event_loop.start(subject.task(task), 3);
    assert!(task.is_finished(), "{subject}: the task must be done in three steps");
}

fn no_part_of_a_join_starves_another(subject: Subject) {
    let mut event_loop = new_loop();
    let done = [Rc::new(Cell::new(0)), Rc::new(Cell::new(0))];
    let [one, other] = done.clone().map(|done| {
        let notify = Notify::new();
        subject.task(body().repeat(MANY, move || {
            notify.notify_one();
            let done = Rc::clone(&done);
            checked(notify.notified(), move |()| done.set(done.get() + 1))
        }))
    });
    let parts = event_loop.spawn(join(one, other));
    event_loop.block_on(subject.task(body().repeat(3, turn))).unwrap();
    let [one, other] = done.each_ref().map(|done| done.get());
    // The first step may all go to one of them. After that each does at least one a step.
    assert!(one >= 64 && other >= 3 && one + other <= 4 * 66, "{subject}: {one} and {other}");
    let _ = event_loop.block_on(parts).unwrap().unwrap();
}

fn a_receive_that_let_others_run_has_taken_nothing(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, receiver) = channel::bounded(100);
    (0..100).for_each(|n| sender.try_send(n).unwrap());
    let receiver = Rc::new(receiver);
    let [receives, races, goes_on] = [(); 3].map(|()| Rc::clone(&receiver));
    let task = body()
        .repeat(64, move || receives.recv())
        // The turn ends one step after the receive has suspended, so the receive loses the race.
        .perform_then(
            move || race(turn(), races.recv()),
            |first| {
                assert!(
                    matches!(first, Either::Left(())),
                    "the receive must have suspended to let others run"
                )
            },
        )
        .perform_then(move || goes_on.recv(), |received| assert_eq!(received, Ok(64)));
    event_loop.block_on(subject.task(task)).unwrap();
    assert_eq!(receiver.try_recv(), Ok(65), "{subject}");
}

fn a_notification_that_let_others_run_is_passed_on(subject: Subject) {
    let mut event_loop = new_loop();
    let notify = Notify::new();
    let [begins, gives_way, races, waits] = [(); 4].map(|()| notify.clone());
    let task = body()
        .repeat(64, move || {
            begins.notify_one();
            begins.notified()
        })
        .run(move || gives_way.notify_one())
        .perform(race(turn(), races.notified()));
    let waits = event_loop.spawn(subject.task(body().perform(turn()).perform(waits.notified())));
    event_loop.block_on(subject.task(task)).unwrap();
    event_loop.block_on(waits).unwrap().unwrap();
}

fn a_send_that_let_others_run_does_not_block_later_ones(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, receiver) = channel::bounded(100);
    let [begins, races, sends] = [(); 3].map(|()| sender.clone());
    let mut next = 0..;
    let task = body()
        .repeat(64, move || begins.send(next.next().unwrap()))
        .perform(race(turn(), races.send(100)));
    let gives_way = event_loop.spawn(subject.task(task));
    // This send waits behind the suspended one, though there is room for both.
    event_loop.block_on(subject.task(body().perform(sends.send(101)))).unwrap();
    event_loop.block_on(gives_way).unwrap().unwrap();
    let received: Vec<i32> = std::iter::from_fn(|| receiver.try_recv().ok()).collect();
    assert!(received.into_iter().eq((0..64).chain([101])), "{subject}");
}
