//! Sockets that are dropped, replaced or moved to another loop, also while the reactor reports
//! others.

use std::{
    io::{self, ErrorKind, Read, Write},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Wake, Waker},
    thread,
};

use quadrivium::{net::TcpStream, prelude::*, task::Context};

use crate::{
    Subject, body, is_done, leaf,
    sockets::{bytes, real_loop, std_tcp, tcp},
    turns,
    wakers::WakeCount,
};

laws! { ($) moving_sockets:
    /// A foreign waker may drop other sockets that are ready in the same batch of events, and reuse
    /// their descriptor numbers.
    may_be_dropped_by_a_waker_of_the_same_batch;
    /// A socket continues to work on the loop of another thread.
    work_on_the_loop_of_another_thread;
    /// While a task of one loop waits for a socket, another loop refuses the same socket.
    are_refused_by_a_second_loop;
}

type Reading = Pin<Box<dyn Task<Output = (io::Result<usize>, [u8; 1])> + Send>>;

/// A waker that drops a socket when it is woken, and waits for a new one with the same number.
struct Replaces {
    victim: Mutex<Option<TcpStream>>,
    reads: Mutex<Vec<(Reading, TcpStream)>>,
    woken: WakeCount,
    task: Waker,
}

impl Wake for Replaces {
    fn wake(self: Arc<Self>) {
        drop(self.victim.lock().unwrap().take());
        let (one, other) = tcp();
        let mut reads: Reading = Box::pin(one.read_owned([0; 1]));
        assert!(!is_done(&reads.as_mut().resume(&mut Context::new(&self.woken.waker()))));
        self.reads.lock().unwrap().push((reads, other));
        self.task.wake_by_ref();
    }
}

fn may_be_dropped_by_a_waker_of_the_same_batch(subject: Subject) {
    let mut event_loop = real_loop();
    let ((a, to_a), (b, to_b)) = (tcp(), tcp());
    // The socket `b` is registered. After this only the waker owns it.
    let waits = event_loop.start(subject.task(body().perform(b.read_owned([0; 1]))), 2);
    waits.cancel();
    let woken = WakeCount::default();
    let (mut victim, counts) = (Some(b), woken.clone());
    let (mut read, mut replaces) = (a.read_owned([0; 1]), None);
    let reads = leaf(move |cx: &mut Context<'_>| {
        let replaces = replaces.get_or_insert_with(|| {
            let (victim, task) = (Mutex::new(victim.take()), cx.waker().clone());
            Arc::new(Replaces { victim, task, woken: counts.clone(), reads: Mutex::default() })
        });
        let waker = Waker::from(Arc::clone(replaces));
        Pin::new(&mut read).resume(&mut Context::new(&waker))
    });
    let reads = event_loop.spawn(subject.task(body().perform_ok(|| reads)));
    // In these turns the reactor has reported that the sockets can be written.
    turns(&mut event_loop, 2);
    // Both are readable in one batch of events, this one first.
    for mut to in [to_a, to_b].map(|to| to.into_std().unwrap()) {
        to.write_all(b"!").unwrap();
    }
    event_loop.block_on(reads).unwrap().unwrap();
    assert_eq!(woken.take(), 0, "the new socket must not get the event of the dropped one");
}

fn work_on_the_loop_of_another_thread(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, mut other) = std_tcp();
    let one = TcpStream::from_std(one).unwrap();
    let reads = one.clone();
    let waits = event_loop.start(subject.task(body().perform(reads.read_owned([0; 1]))), 1);
    waits.cancel();
    drop(reads);
    let thread = thread::spawn(move || {
        let mut there = real_loop();
        let (reads, again) = (one.clone(), one);
        let reads = body().perform_ok(move || reads.read_exact_owned([0; 2]));
        let reads = there.spawn(subject.task(reads));
        turns(&mut there, 1);
        other.write_all(&bytes(2)).unwrap();
        there.block_on(reads).unwrap().unwrap();
        (again, other)
    });
    // The loop with which the socket was registered last is dropped.
    let (one, mut other) = thread.join().unwrap();
    let reads = body().perform_ok(move || one.read_exact_owned([0; 3]));
    let reads = event_loop.start(subject.task(reads), 1);
    other.write_all(&bytes(3)).unwrap();
    event_loop.block_on(reads).unwrap().unwrap();
}

fn are_refused_by_a_second_loop(subject: Subject) {
    let (mut here, mut there) = (real_loop(), real_loop());
    let (one, mut other) = std_tcp();
    let one = TcpStream::from_std(one).unwrap();
    let read = |one: &TcpStream| {
        let one = one.clone();
        subject.task(body().perform_ok(move || one.read_owned([0; 1])))
    };
    let waits = here.spawn(read(&one));
    turns(&mut here, 1);
    let too = one.clone();
    let refused = body().perform_then(
        move || too.read_owned([0; 1]),
        |(n, _)| {
            let error = n.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ResourceBusy);
            assert!(error.to_string().contains("another host"), "{error}");
        },
    );
    there.block_on(subject.task(refused)).unwrap();
    waits.cancel();
    let waits = there.spawn(read(&one));
    turns(&mut there, 1);
    other.write_all(b"!").unwrap();
    there.block_on(waits).unwrap().unwrap();
    let mut rest = Vec::new();
    drop(one);
    other.read_to_end(&mut rest).unwrap();
}
