//! Descriptors of a process that does nothing else: none is leaked, and numbers may be reused.

use std::{
    fs,
    io::{self, Write},
    iter,
    net::SocketAddr,
    os::fd::AsRawFd,
    process::{self, Command},
    thread,
};

use quadrivium::{
    event_loop::Turned,
    io::{Interest, ready},
    prelude::*,
};
use rustix::{
    io::Errno,
    process::{Resource, Rlimit, getrlimit, setrlimit},
};
use socket2::{Domain, Socket, Type};

use crate::{
    Probe, Subject, TestLoop, body,
    child::in_own_process,
    map,
    sockets::{listener, real_loop, tcp},
    turns,
};

laws! { ($) descriptors:
    /// A loop that is dropped while tasks wait for sockets closes the sockets and its own
    /// descriptors.
    a_dropped_loop_closes_its_descriptors;
    /// A new descriptor that gets the number of a closed one is not woken by an event of the closed
    /// one.
    a_reused_number_gets_no_old_event;
    /// A cancelled wait leaves no registration behind: the same descriptor can be waited for again.
    a_cancelled_wait_can_be_repeated;
    /// While no descriptor is left for a connection, every `accept` fails. Once there is one again,
    /// the connection is accepted.
    accept_fails_while_no_descriptor_is_left on Descriptors;
    /// A signal that interrupts the sleep of the loop has no effect on its tasks.
    a_signal_does_not_disturb_a_sleeping_loop;
}

/// Runs `something` in a process of its own.
pub(super) fn in_a_process(something: impl FnOnce()) {
    let (status, stderr) = in_own_process(something);
    assert!(status.success(), "{stderr}");
}

pub(super) fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

fn a_dropped_loop_closes_its_descriptors(subject: Subject) {
    in_a_process(|| {
        let before = open_descriptors();
        for _ in 0..3 {
            let mut event_loop = real_loop();
            let pairs: Vec<_> = (0..10).map(|_| tcp()).collect();
            for (one, other) in pairs {
                let reads = body().hold(other).perform_ok(move || one.read_owned([0; 1]));
                drop(event_loop.spawn(subject.task(reads)));
            }
            turns(&mut event_loop, 2);
            assert!(open_descriptors() > before + 20);
            drop(event_loop);
            assert_eq!(open_descriptors(), before);
        }
    });
}

fn a_reused_number_gets_no_old_event(subject: Subject) {
    in_a_process(|| {
        let mut event_loop = real_loop();
        let mut again = 0;
        for _ in 0..10 {
            let (one, other) = tcp();
            let number = one.as_raw_fd();
            let waits = event_loop.spawn(subject.task(body().perform(one.read_owned([0; 1]))));
            drop(one);
            turns(&mut event_loop, 1);
            // The kernel has an event that the loop has not fetched yet. Then the descriptor is
            // closed.
            other.into_std().unwrap().write_all(b"!").unwrap();
            waits.cancel();
            let (next, other) = tcp();
            again += usize::from([next.as_raw_fd(), other.as_raw_fd()].contains(&number));
            let probe = Probe::default();
            let waits = join(next.read_owned([0; 1]), probe.waits());
            let waits = event_loop.spawn(subject.task(body().perform(waits).hold(other)));
            assert_eq!(turns(&mut event_loop, 5), Turned::Waiting);
            assert_eq!(probe.resumes(), 1, "an event of the closed descriptor has woken the task");
            waits.cancel();
        }
        assert!(again > 0, "the test needs a descriptor number that is reused at once");
    });
}

fn a_cancelled_wait_can_be_repeated(subject: Subject) {
    in_a_process(|| {
        let mut event_loop = real_loop();
        let (reader, mut writer) = std::io::pipe().unwrap();
        let wait = |event_loop: &mut TestLoop| {
            let waits = ready(&reader, Interest::Readable);
            let waits = body().perform_ok(move || waits);
            let waits = event_loop.spawn(subject.task(waits));
            turns(event_loop, 2);
            waits
        };
        for _ in 0..3 {
            let waits = wait(&mut event_loop);
            assert!(!waits.is_finished());
            waits.cancel();
        }
        writer.write_all(b"!").unwrap();
        let waits = wait(&mut event_loop);
        event_loop.block_on(waits).unwrap().unwrap();
    });
}

/// Takes all descriptors that this process may have, until the result is dropped.
fn take_all_descriptors() -> Vec<fs::File> {
    let few = Rlimit { current: Some(64), maximum: getrlimit(Resource::Nofile).maximum };
    setrlimit(Resource::Nofile, few).unwrap();
    iter::from_fn(|| fs::File::open("/dev/null").ok()).collect()
}

fn accept_fails_while_no_descriptor_is_left(subject: Subject) {
    in_a_process(|| {
        let mut event_loop = real_loop();
        let (listener, address) = listener();
        let client = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let accept = |check: fn(io::Result<SocketAddr>)| {
            let accept = map(listener.accept(), |accepted| accepted.map(|(_, peer)| peer));
            subject.task(body().perform_then(move || accept, check))
        };
        let none_left = |accepted: io::Result<SocketAddr>| {
            let error = accepted.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(Errno::MFILE.raw_os_error()), "{error}");
        };
        // One `accept` waits already. The other starts when no new event reports the connection.
        let waits = event_loop.start(accept(none_left), 2);
        let all = take_all_descriptors();
        client.connect(&address.into()).unwrap();
        event_loop.block_on(waits).unwrap().unwrap();
        event_loop.block_on(accept(none_left)).unwrap();
        drop(all);
        event_loop.block_on(accept(|accepted| _ = accepted.unwrap())).unwrap();
    });
}

fn a_signal_does_not_disturb_a_sleeping_loop(subject: Subject) {
    in_a_process(|| {
        let mut event_loop = real_loop();
        let (reader, mut writer) = std::io::pipe().unwrap();
        let waits = body().perform_ok(move || ready(&reader, Interest::Readable));
        // Stopping and continuing a process interrupts its sleep in the kernel.
        let thread = thread::spawn(move || {
            let id = process::id();
            let script = format!("kill -STOP {id}; kill -CONT {id}");
            assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
            writer.write_all(b"!").unwrap();
        });
        event_loop.block_on(subject.task(waits)).unwrap();
        thread.join().unwrap();
    });
}
