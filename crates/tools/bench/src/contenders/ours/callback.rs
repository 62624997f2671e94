//! Callbacks on our event loop. The tasks are those of `programs!`, in the same order. What a task
//! passes on from callback to callback is in one box, as in a real program.

use std::{
    hint::black_box,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use quadrivium::{
    prelude::*,
    sync::{Mutex, Notify, Semaphore, broadcast, channel, oneshot, watch},
    task::{BoxTask, Select},
};
use quadrivium_bench_protocol::{
    Contender, Counter, Gate, JoinKind, Sleeper, SyncKind, bump, memory,
};

use super::on_loop::{self, LONG, Never, Question};

contender! { "callback" }

pub(super) fn turns(counter: Counter) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, mut counter: Box<Counter>) {
        match counter.turn() {
            true => cb.perform(turn(), |cb, ()| next(cb, counter)),
            false => cb.done(()),
        }
    }
    callback(|cb| next(cb, Box::new(counter)))
}

pub(super) fn adds(count: u64) -> impl Task<Output = u64> {
    callback(move |cb| cb.done(bump(count)))
}

/// What a task with two ends of channels passes on.
struct Exchange {
    left: u64,
    start: Instant,
    sender: channel::Sender<u64>,
    receiver: channel::Receiver<u64>,
}

pub(super) fn sends_and_receives(
    times: u64,
    sender: channel::Sender<u64>,
    receiver: channel::Receiver<u64>,
) -> impl Task<Output = Duration> {
    fn next(cb: &mut Callback<Duration>, mut exchange: Box<Exchange>) {
        if exchange.left == 0 {
            return cb.done(exchange.start.elapsed());
        }
        exchange.left -= 1;
        cb.perform(exchange.sender.send(exchange.left), |cb, sent| {
            sent.expect("the channel is open");
            cb.perform(exchange.receiver.recv(), |cb, received| {
                black_box(received.expect("the channel is open"));
                next(cb, exchange);
            });
        });
    }
    callback(move |cb| {
        next(cb, Box::new(Exchange { left: times, start: Instant::now(), sender, receiver }));
    })
}

pub(super) fn receives_and_sends(
    times: u64,
    sender: channel::Sender<u64>,
    receiver: channel::Receiver<u64>,
) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, mut exchange: Box<Exchange>) {
        if exchange.left == 0 {
            return cb.done(());
        }
        exchange.left -= 1;
        cb.perform(exchange.receiver.recv(), |cb, received| {
            let value = received.expect("the channel is open") + 1;
            cb.perform(exchange.sender.send(value), |cb, sent| {
                sent.expect("the channel is open");
                next(cb, exchange);
            });
        });
    }
    callback(move |cb| {
        next(cb, Box::new(Exchange { left: times, start: Instant::now(), sender, receiver }));
    })
}

pub(super) fn sends(times: u64, sender: channel::Sender<u64>) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, left: u64, sender: channel::Sender<u64>) {
        if left == 0 {
            return cb.done(());
        }
        cb.perform(sender.send(left), move |cb, sent| {
            sent.expect("the channel is open");
            next(cb, left - 1, sender);
        });
    }
    callback(move |cb| next(cb, times, sender))
}

pub(super) fn receives(
    times: u64,
    receiver: channel::Receiver<u64>,
) -> impl Task<Output = Duration> {
    fn next(
        cb: &mut Callback<Duration>,
        left: u64,
        start: Instant,
        receiver: channel::Receiver<u64>,
    ) {
        if left == 0 {
            return cb.done(start.elapsed());
        }
        cb.perform(receiver.recv(), move |cb, received| {
            black_box(received.expect("the channel is open"));
            next(cb, left - 1, start, receiver);
        });
    }
    callback(move |cb| next(cb, times, Instant::now(), receiver))
}

pub(super) fn locks(times: u64, mutex: Mutex<u64>) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, left: u64, mutex: Mutex<u64>) {
        if left == 0 {
            return cb.done(());
        }
        cb.perform(mutex.lock(), move |cb, mut value| {
            *value = bump(*value);
            drop(value);
            next(cb, left - 1, mutex);
        });
    }
    callback(move |cb| next(cb, times, mutex))
}

pub(super) fn locks_for_a_turn(times: u64, mutex: Mutex<u64>) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, left: u64, mutex: Mutex<u64>) {
        if left == 0 {
            return cb.done(());
        }
        cb.perform(mutex.lock(), move |cb, mut value| {
            *value = bump(*value);
            cb.perform(turn(), move |cb, ()| {
                drop(value);
                next(cb, left - 1, mutex);
            });
        });
    }
    callback(move |cb| next(cb, times, mutex))
}

pub(super) fn acquires(times: u64, semaphore: Semaphore) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, left: u64, semaphore: Semaphore) {
        if left == 0 {
            return cb.done(());
        }
        cb.perform(semaphore.acquire(), move |cb, permit| {
            drop(permit.expect("it is open"));
            next(cb, left - 1, semaphore);
        });
    }
    callback(move |cb| next(cb, times, semaphore))
}

pub(super) fn acquires_for_a_turn(times: u64, semaphore: Semaphore) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, left: u64, semaphore: Semaphore) {
        if left == 0 {
            return cb.done(());
        }
        cb.perform(semaphore.acquire(), move |cb, permit| {
            let permit = permit.expect("it is open");
            cb.perform(turn(), move |cb, ()| {
                drop(permit);
                next(cb, left - 1, semaphore);
            });
        });
    }
    callback(move |cb| next(cb, times, semaphore))
}

pub(super) fn notifies(times: u64, there: Rc<Notify>, back: Rc<Notify>) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, left: u64, there: Rc<Notify>, back: Rc<Notify>) {
        if left == 0 {
            return cb.done(());
        }
        there.notify_one();
        cb.perform(back.notified(), move |cb, ()| next(cb, left - 1, there, back));
    }
    callback(move |cb| next(cb, times, there, back))
}

pub(super) fn is_notified_and_notifies(
    times: u64,
    there: Rc<Notify>,
    back: Rc<Notify>,
) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, left: u64, there: Rc<Notify>, back: Rc<Notify>) {
        if left == 0 {
            return cb.done(());
        }
        cb.perform(there.notified(), move |cb, ()| {
            back.notify_one();
            next(cb, left - 1, there, back);
        });
    }
    callback(move |cb| next(cb, times, there, back))
}

pub(super) fn sends_once(times: u64) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, left: u64) {
        if left == 0 {
            return cb.done(());
        }
        let (sender, receiver) = oneshot::channel();
        sender.send(left).expect("the receiver exists");
        cb.perform(receiver, move |cb, received| {
            black_box(received.expect("a value was sent"));
            next(cb, left - 1);
        });
    }
    callback(move |cb| next(cb, times))
}

pub(super) fn asks(times: u64, question: Question) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, left: u64, question: Question) {
        if left == 0 {
            return cb.done(());
        }
        let (sender, receiver) = oneshot::channel();
        question.set(Some(sender));
        cb.perform(receiver, move |cb, received| {
            black_box(received.expect("a value is sent"));
            next(cb, left - 1, question);
        });
    }
    callback(move |cb| next(cb, times, question))
}

pub(super) fn answers(times: u64, question: Question) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, mut left: u64, question: Question) {
        while left > 0 {
            let Some(sender) = question.take() else {
                return cb.perform(turn(), move |cb, ()| next(cb, left, question));
            };
            sender.send(left).expect("the receiver waits");
            left -= 1;
        }
        cb.done(());
    }
    callback(move |cb| next(cb, times, question))
}

pub(super) fn broadcasts_to_itself(times: u64) -> impl Task<Output = ()> {
    type Ends = Box<(broadcast::Sender<u64>, broadcast::Receiver<u64>)>;
    fn next(cb: &mut Callback<()>, left: u64, ends: Ends) {
        if left == 0 {
            return cb.done(());
        }
        ends.0.send(left);
        cb.perform(ends.1.recv(), move |cb, received| {
            black_box(received.expect("a value was sent"));
            next(cb, left - 1, ends);
        });
    }
    callback(move |cb| next(cb, times, Box::new(broadcast::channel(16))))
}

pub(super) fn broadcasts(times: u64, sender: broadcast::Sender<u64>) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, left: u64, sender: broadcast::Sender<u64>) {
        if left == 0 {
            return cb.done(());
        }
        sender.send(left);
        cb.perform(turn(), move |cb, ()| next(cb, left - 1, sender));
    }
    callback(move |cb| next(cb, times, sender))
}

pub(super) fn hears(receiver: broadcast::Receiver<u64>) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, receiver: Box<broadcast::Receiver<u64>>) {
        cb.perform(receiver.recv(), |cb, received| match received {
            Err(broadcast::RecvError::Closed) => cb.done(()),
            Err(broadcast::RecvError::Lagged(_)) => next(cb, receiver),
            Ok(value) => {
                black_box(value);
                next(cb, receiver);
            }
        });
    }
    callback(|cb| next(cb, Box::new(receiver)))
}

pub(super) fn watches_itself(times: u64) -> impl Task<Output = ()> {
    type Ends = Box<(watch::Sender<u64>, watch::Receiver<u64>)>;
    fn next(cb: &mut Callback<()>, left: u64, ends: Ends) {
        if left == 0 {
            return cb.done(());
        }
        ends.0.send(left);
        cb.perform(ends.1.changed(), move |cb, changed| {
            changed.expect("the sender exists");
            black_box(*ends.1.borrow());
            next(cb, left - 1, ends);
        });
    }
    callback(move |cb| next(cb, times, Box::new(watch::channel(0))))
}

pub(super) fn changes(times: u64, sender: watch::Sender<u64>) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, left: u64, sender: watch::Sender<u64>) {
        if left == 0 {
            return cb.done(());
        }
        sender.send(left);
        cb.perform(turn(), move |cb, ()| next(cb, left - 1, sender));
    }
    callback(move |cb| next(cb, times, sender))
}

pub(super) fn watches(receiver: watch::Receiver<u64>) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, receiver: Box<watch::Receiver<u64>>) {
        cb.perform(receiver.changed(), |cb, changed| {
            if changed.is_err() {
                return cb.done(());
            }
            black_box(*receiver.borrow());
            next(cb, receiver);
        });
    }
    callback(|cb| next(cb, Box::new(receiver)))
}

pub(super) fn sleeps(sleeper: Sleeper) -> impl Task<Output = ()> {
    callback(|cb| {
        let mut sleeper = Box::new(sleeper);
        cb.perform(sleep(sleeper.falls_asleep()), move |cb, ()| {
            sleeper.wakes_up();
            cb.done(());
        });
    })
}

pub(super) fn bare(times: u64) -> impl Task<Output = Duration> {
    fn next(cb: &mut Callback<Duration>, left: u64, start: Instant) {
        match left {
            0 => cb.done(start.elapsed()),
            _ => cb.perform(turn(), move |cb, ()| next(cb, left - 1, start)),
        }
    }
    callback(move |cb| next(cb, times, Instant::now()))
}

pub(super) fn timeouts(times: u64) -> impl Task<Output = Duration> {
    fn next(cb: &mut Callback<Duration>, left: u64, start: Instant) {
        if left == 0 {
            return cb.done(start.elapsed());
        }
        cb.perform(timeout(LONG, turn()), move |cb, output| {
            output.expect("an hour has not passed");
            next(cb, left - 1, start);
        });
    }
    callback(move |cb| next(cb, times, Instant::now()))
}

pub(super) fn joins_together(n: usize, times: u64) -> impl Task<Output = Duration> {
    fn next(cb: &mut Callback<Duration>, n: usize, left: u64, start: Instant) {
        if left == 0 {
            return cb.done(start.elapsed());
        }
        cb.perform(join_all((0..n).map(|_| turn())), move |cb, outputs| {
            black_box(outputs);
            next(cb, n, left - 1, start);
        });
    }
    callback(move |cb| next(cb, n, times, Instant::now()))
}

pub(super) fn joins_one_by_one(n: usize, times: u64) -> impl Task<Output = Duration> {
    fn next(cb: &mut Callback<Duration>, n: usize, left: u64, elapsed: Duration) {
        if left == 0 {
            return cb.done(elapsed);
        }
        let events = on_loop::events(n);
        on_loop::fire_one_by_one(&events);
        let start = Instant::now();
        let parts = events.iter().map(|event| future(event.wait()));
        cb.perform(join_all(parts), move |cb, outputs| {
            black_box(outputs);
            next(cb, n, left - 1, elapsed + start.elapsed());
        });
    }
    callback(move |cb| next(cb, n, times, Duration::ZERO))
}

pub(super) fn selects(n: usize, times: u64) -> impl Task<Output = Duration> {
    fn next(cb: &mut Callback<Duration>, n: usize, left: u64, elapsed: Duration) {
        if left == 0 {
            return cb.done(elapsed);
        }
        let events = on_loop::events(n);
        on_loop::fire_one_by_one(&events);
        let start = Instant::now();
        let parts = events.iter().map(|event| future(event.wait()));
        take(cb, select(parts), move |cb| next(cb, n, left - 1, elapsed + start.elapsed()));
    }
    fn take<T: Task<Output = ()> + 'static>(
        cb: &mut Callback<Duration>,
        rest: Select<T>,
        then: impl FnOnce(&mut Callback<Duration>) + 'static,
    ) {
        cb.perform(rest, |cb, first| match first {
            Some(first) => take(cb, first.rest, then),
            None => then(cb),
        });
    }
    callback(move |cb| next(cb, n, times, Duration::ZERO))
}

pub(super) fn races(n: usize, times: u64) -> impl Task<Output = Duration> {
    fn next(cb: &mut Callback<Duration>, n: usize, left: u64, elapsed: Duration) {
        if left == 0 {
            return cb.done(elapsed);
        }
        let events = on_loop::events(n);
        on_loop::fire_the_middle(&events);
        let start = Instant::now();
        let parts = events.iter().map(|event| future(event.wait()));
        cb.perform(race_all(parts), move |cb, first| {
            black_box(first);
            next(cb, n, left - 1, elapsed + start.elapsed());
        });
    }
    callback(move |cb| next(cb, n, times, Duration::ZERO))
}

pub(super) fn serves(gate: Arc<Gate>) -> impl Task<Output = ()> {
    callback(|cb| cb.perform(future(gate.serve()), |cb, ()| cb.done(())))
}

/// A recursive callback has to be boxed.
fn descend(depth: usize, times: u64) -> BoxTask<u64> {
    fn next(cb: &mut Callback<u64>, left: u64) {
        match left {
            0 => cb.done(0),
            _ => cb.perform(turn(), move |cb, ()| next(cb, left - 1)),
        }
    }
    Box::pin(callback(move |cb| match depth {
        0 => next(cb, times),
        _ => cb.perform(descend(depth - 1, times), |cb, output| cb.done(black_box(output) + 1)),
    }))
}

fn nested(depth: usize, times: u64) -> impl Task<Output = Duration> {
    callback(move |cb| {
        let start = Instant::now();
        cb.perform(descend(depth, times), move |cb, output| {
            black_box(output);
            cb.done(start.elapsed());
        });
    })
}

fn suspends() -> impl Task<Output = u64> {
    callback(|cb| {
        let count = bump(0);
        memory::count_suspended();
        cb.perform(Never, move |cb, ()| cb.done(bump(count)));
    })
}
