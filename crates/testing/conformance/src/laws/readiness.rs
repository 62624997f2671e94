//! Waiting until a descriptor is ready: which tasks are woken, and which are not.

use std::{
    fs::{self, File},
    io::{ErrorKind, PipeReader, PipeWriter, Write, pipe},
    net::Shutdown,
    thread,
};

use quadrivium::{
    event_loop::{Recorder, Turned},
    io::{Interest, ready},
    net::TcpStream,
    prelude::*,
    sync::Notify,
    task::Either,
};

use super::deadlock::expect_deadlock;
use crate::{
    NO_NOTES, Notes, Probe, Subject, body, map, new_loop,
    sockets::{bytes, real_loop, std_tcp, tcp},
    turns,
};

laws! { ($) readiness:
    /// A task that waits for a descriptor is suspended until ready, and woken by the reactor, which
    /// turns events of the kernel into wakes.
    is_reported_by_the_reactor;
    /// A wait for a pipe ends when the pipe has bytes, and when it is closed.
    of_a_pipe_comes_with_bytes_or_the_end;
    /// In a race of several descriptors, the first to be ready wins, as in `select`.
    of_several_descriptors_is_a_race;
    /// Several tasks may wait for one descriptor, in both directions, and all are woken.
    of_one_descriptor_wakes_several_tasks;
    /// A regular file cannot be waited for. The error says this.
    of_a_regular_file_is_an_error;
    /// No deadlock is reported while a task waits for a descriptor.
    is_awaited_without_a_deadlock;
    /// Once tasks wait for channels only, a deadlock is reported, even if one waited for a
    /// descriptor before.
    does_not_hide_a_later_deadlock on Deadlocks;
    /// A socket that the other end has half closed causes no more wakes.
    causes_no_wakes_after_a_half_close;
    /// A loop that waits for a descriptor sleeps instead of polling again and again.
    is_awaited_by_a_sleeping_loop;
    /// A task that is always ready does not keep another one from its descriptor.
    is_noticed_beside_a_busy_task;
    /// A virtual clock does not jump to a deadline before ready descriptors are noticed.
    is_noticed_before_the_clock_jumps on VirtualClock;
    /// A task that is cancelled between its wake and its resume leaves its descriptor to other
    /// tasks.
    is_left_to_other_tasks_by_a_cancel;
}

/// Makes a pipe, and spawns a task that waits until the pipe can be read.
fn waits(subject: Subject, event_loop: &EventLoop) -> (PipeWriter, JoinHandle<()>) {
    let (reader, writer) = pipe().unwrap();
    let waits = body().perform_ok(move || ready(&reader, Interest::Readable));
    (writer, event_loop.spawn(subject.task(waits)))
}

fn is_reported_by_the_reactor(subject: Subject) {
    let mut event_loop = real_loop();
    let trace = Recorder::default();
    event_loop.trace(trace.clone());
    let (mut writer, handle) = waits(subject, &event_loop);
    turns(&mut event_loop, 1);
    writer.write_all(b"!").unwrap();
    event_loop.run().unwrap();
    assert!(handle.is_finished());
    let lines = trace.events().into_iter().map(|event| event.kind.to_string());
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            "spawned",
            "resumed",
            // The descriptor is not tried first. The reactor reports that it is ready.
            "suspended until ready",
            "woken by the reactor",
            "resumed",
            "done",
        ]
    );
}

fn of_a_pipe_comes_with_bytes_or_the_end(subject: Subject) {
    let mut event_loop = real_loop();
    let (mut writer, handle) = waits(subject, &event_loop);
    turns(&mut event_loop, 2);
    assert!(!handle.is_finished());
    writer.write_all(b"!").unwrap();
    event_loop.block_on(handle).unwrap().unwrap();
    let (writer, handle) = waits(subject, &event_loop);
    turns(&mut event_loop, 2);
    assert!(!handle.is_finished());
    drop(writer);
    event_loop.block_on(handle).unwrap().unwrap();
}

fn of_several_descriptors_is_a_race(subject: Subject) {
    let mut event_loop = real_loop();
    let ((a, _to_a), (b, mut to_b)) = (pipe().unwrap(), pipe().unwrap());
    let read = |pipe: &PipeReader| ready(pipe, Interest::Readable);
    let first = map(race(read(&a), race(read(&b), ready(&to_b, Interest::Readable))), |it| {
        assert!(
            matches!(it, Either::Right(Either::Left(Ok(())))),
            "the second pipe is ready: it must win"
        );
    });
    let handle = event_loop.start(subject.task(body().perform(first)), 2);
    to_b.write_all(b"!").unwrap();
    event_loop.block_on(handle).unwrap().unwrap();
}

fn of_one_descriptor_wakes_several_tasks(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, mut other) = std_tcp();
    let wait = |event_loop: &EventLoop, interest| {
        let waits = ready(&one, interest);
        event_loop.spawn(subject.task(body().perform_ok(|| waits)))
    };
    let readers = [wait(&event_loop, Interest::Readable), wait(&event_loop, Interest::Readable)];
    let writer = wait(&event_loop, Interest::Writable);
    event_loop.block_on(writer).unwrap().unwrap();
    assert!(
        readers.iter().all(|reader| !reader.is_finished()),
        "the socket is writable only: no reader must be woken"
    );
    other.write_all(b"!").unwrap();
    readers.into_iter().for_each(|reader| event_loop.block_on(reader).unwrap().unwrap());
}

fn of_a_regular_file_is_an_error(subject: Subject) {
    let path = crate::sockets::NewPath::new();
    fs::write(&path.0, "always ready").unwrap();
    let file = File::open(&path.0).unwrap();
    let waits = body().perform_then(
        move || ready(&file, Interest::Readable),
        |ready| {
            let error = ready.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().contains("a regular file"), "{error}");
        },
    );
    real_loop().block_on(subject.task(waits)).unwrap();
}

fn is_awaited_without_a_deadlock(subject: Subject) {
    let mut event_loop = real_loop();
    let (mut writer, handle) = waits(subject, &event_loop);
    // A second task waits for the first.
    let joins = event_loop.spawn(subject.task(body().perform(handle)));
    let thread = thread::spawn(move || writer.write_all(b"!").unwrap());
    event_loop.run().unwrap();
    assert!(joins.is_finished());
    thread.join().unwrap();
}

fn does_not_hide_a_later_deadlock(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, other) = tcp();
    let notify = Notify::new();
    let reads = one.clone();
    let stuck = body()
        .perform_ok(move || reads.read_exact_owned([0; 1]))
        .hold(one)
        .perform(notify.notified());
    drop(event_loop.spawn(subject.task(stuck)));
    drop(event_loop.spawn(subject.task(body().perform(other.write_all_owned("!")).hold(other))));
    expect_deadlock(event_loop.run());
}

fn causes_no_wakes_after_a_half_close(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, other) = tcp();
    other.shutdown(Shutdown::Write).unwrap();
    let probe = Probe::default();
    let ends = body().perform_eq(move || one.read_owned([0; 1]), 0).perform(probe.waits());
    let trace = Recorder::default();
    event_loop.trace(trace.clone());
    let _handle = event_loop.spawn(subject.task(ends));
    while probe.resumes() == 0 {
        turns(&mut event_loop, 1);
    }
    let before = trace.lines().len();
    assert_eq!(turns(&mut event_loop, 100), Turned::Waiting);
    assert_eq!(trace.lines().len(), before, "a half-closed socket must cause no more wakes");
}

/// Returns whether a thread of this process sleeps, according to the kernel.
fn is_asleep(id: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/self/task/{id}/stat")).unwrap();
    stat.rsplit(')').next().unwrap().trim_start().starts_with('S')
}

fn is_awaited_by_a_sleeping_loop(subject: Subject) {
    let mut event_loop = real_loop();
    let (mut writer, handle) = waits(subject, &event_loop);
    let own = fs::read_link("/proc/thread-self").unwrap();
    let own = own.file_name().unwrap().to_str().unwrap().to_string();
    let thread = thread::spawn(move || {
        // A loop that polls again and again would be seen running now and then.
        let mut in_a_row = 0;
        while in_a_row < 50 {
            in_a_row = if is_asleep(&own) { in_a_row + 1 } else { 0 };
            thread::yield_now();
        }
        writer.write_all(b"!").unwrap();
    });
    event_loop.block_on(handle).unwrap().unwrap();
    thread.join().unwrap();
}

fn is_noticed_beside_a_busy_task(subject: Subject) {
    let notes = Notes::default();
    let mut event_loop = real_loop();
    let (mut writer, handle) = waits(subject, &event_loop);
    turns(&mut event_loop, 1);
    writer.write_all(b"!").unwrap();
    drop(event_loop.spawn(subject.task(body().repeat(1_000, turn).note(&notes, "done"))));
    event_loop.block_on(handle).unwrap().unwrap();
    assert_eq!(
        notes.lines(),
        NO_NOTES,
        "the descriptor must be noticed while the other task still runs"
    );
}

fn is_noticed_before_the_clock_jumps(subject: Subject) {
    let mut event_loop = new_loop();
    let (mut writer, handle) = waits(subject, &event_loop);
    let sleeps = body().perform(sleep(std::time::Duration::from_secs(1_000)));
    drop(event_loop.spawn(subject.task(sleeps)));
    writer.write_all(b"!").unwrap();
    event_loop.block_on(handle).unwrap().unwrap();
    assert_eq!(event_loop.elapsed(), std::time::Duration::ZERO);
    event_loop.run().unwrap();
    assert_eq!(event_loop.elapsed(), std::time::Duration::from_secs(1_000));
}

fn is_left_to_other_tasks_by_a_cancel(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, mut other) = std_tcp();
    let one = TcpStream::from_std(one).unwrap();
    let reads = |one: &TcpStream| {
        let one = one.clone();
        subject.task(body().perform_ok(move || one.read_exact_owned([0; 2])))
    };
    let first = event_loop.start(reads(&one), 1);
    // The second task cancels the first in the same turn in which the first is woken.
    let cancels = Probe::default();
    let victim = first.canceller();
    let cancelling =
        body().perform(cancels.waits()).run(move || drop(victim)).run(move || first.cancel());
    let cancelling = event_loop.start(subject.task(cancelling), 1);
    cancels.open();
    cancels.wake();
    other.write_all(&bytes(2)).unwrap();
    event_loop.block_on(cancelling).unwrap().unwrap();
    event_loop.block_on(reads(&one)).unwrap();
}
