//! Signals to the process. They are process-wide, and other tests raise the same ones meanwhile.

use std::{
    io::{self, ErrorKind},
    os::unix::process::ExitStatusExt,
    sync::OnceLock,
    thread,
    time::Duration,
};

use quadrivium::{
    event_loop::Turned,
    prelude::*,
    scope::{CancelReason, Scope},
    signal::{self, Signal, Signals, is_ignored},
};

use super::ended_children::started_by;
use crate::{Subject, body, child::in_own_process, new_loop, sockets::real_loop, turns};

laws! { ($) signals:
    /// A listener receives a signal, and returns which one it was.
    are_received;
    /// Every listener receives every signal.
    reach_every_listener;
    /// A signal that comes before the wait is received.
    before_the_wait_are_received;
    /// A program that waits for a signal only is no deadlock, on any clock.
    are_awaited_without_a_deadlock;
    /// After a cancelled wait, no signal is missed.
    are_not_missed_after_a_cancelled_wait;
    /// Listening for a signal that cannot be caught is an error, and changes nothing for other
    /// listeners.
    that_cannot_be_caught_are_an_error;
    /// If one signal of a new listener is refused, the other signals keep their default action.
    keep_their_default_if_a_listener_is_refused;
    /// When the last listener is dropped, a signal has its default action again.
    have_their_default_without_listeners;
    /// A signal that was ignored at the start of the process can be received. When the last
    /// listener is dropped, it is ignored again.
    ignored_at_the_start_are_ignored_again;
    /// The first signal cancels a scope, and the reason names the line that has connected them.
    /// Shielded children go on until the second signal.
    cancel_a_scope;
}

/// Sends this process a signal. From the first call on, the process always has a listener for it.
/// Otherwise a law that fails would drop its own listeners, and the signal would end the process.
fn raise(signal: Signal) -> io::Result<()> {
    static KEPT: OnceLock<Signals> = OnceLock::new();
    KEPT.get_or_init(|| {
        Signals::new([Signal::User1, Signal::User2]).expect("these can be listened for")
    });
    signal::raise(signal)
}

/// A task that waits for this signal. `signals` must listen for no other.
fn receives(subject: Subject, signals: &Signals, signal: Signal) -> quadrivium::task::BoxTask<()> {
    let signals = signals.clone();
    subject.task(body().perform_eq(move || signals.next(), signal))
}

fn are_received(subject: Subject) {
    let mut event_loop = real_loop();
    for signal in [Signal::User1, Signal::User2] {
        let signals = Signals::new([signal]).unwrap();
        let received = event_loop.start(receives(subject, &signals, signal), 2);
        raise(signal).unwrap();
        event_loop.block_on(received).unwrap().unwrap();
    }
}

fn reach_every_listener(subject: Subject) {
    let mut event_loop = real_loop();
    let listeners = [0; 3].map(|_| Signals::new([Signal::User1]).unwrap());
    let tasks: Vec<_> = listeners
        .iter()
        .map(|signals| event_loop.spawn(receives(subject, signals, Signal::User1)))
        .collect();
    raise(Signal::User1).unwrap();
    for received in event_loop.block_on(join_all(tasks)).unwrap() {
        received.unwrap();
    }
}

fn before_the_wait_are_received(subject: Subject) {
    let signals = Signals::new([Signal::User2]).unwrap();
    raise(Signal::User2).unwrap();
    real_loop().block_on(receives(subject, &signals, Signal::User2)).unwrap();
}

fn are_awaited_without_a_deadlock(subject: Subject) {
    for mut event_loop in [real_loop(), new_loop()] {
        let signals = Signals::new([Signal::User1]).unwrap();
        let thread = thread::spawn(|| raise(Signal::User1).unwrap());
        event_loop.block_on(receives(subject, &signals, Signal::User1)).unwrap();
        thread.join().unwrap();
    }
}

fn are_not_missed_after_a_cancelled_wait(subject: Subject) {
    let mut event_loop = real_loop();
    let signals = Signals::new([Signal::User1]).unwrap();
    let waits = event_loop.start(receives(subject, &signals, Signal::User1), 1);
    waits.cancel();
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
    raise(Signal::User1).unwrap();
    event_loop.block_on(receives(subject, &signals, Signal::User1)).unwrap();
}

fn that_cannot_be_caught_are_an_error(subject: Subject) {
    for refused in
        [Signal::Kill, Signal::Stop, Signal::Other(11), Signal::Other(0), Signal::Other(99)]
    {
        let error = Signals::new([Signal::User1, refused]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{refused}: {error}");
    }
    // Later listeners still work.
    before_the_wait_are_received(subject);
}

fn keep_their_default_if_a_listener_is_refused(_: Subject) {
    let (status, stderr) = in_own_process(|| {
        // The C library reserves this signal, and refuses it with an error.
        let error = Signals::new([Signal::Terminate, Signal::from(32)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        eprintln!("refused");
        let _ = raise(Signal::Terminate);
        unreachable!("the signal must end the process");
    });
    assert_eq!((status.signal(), stderr.contains("refused")), (Some(15), true), "{stderr}");
}

fn have_their_default_without_listeners(subject: Subject) {
    let (status, stderr) = in_own_process(|| {
        let [one, two] = [0; 2].map(|_| Signals::new([Signal::Terminate]).unwrap());
        drop(one);
        raise(Signal::Terminate).unwrap();
        real_loop().block_on(receives(subject, &two, Signal::Terminate)).unwrap();
        eprintln!("received");
        drop(two);
        let _ = raise(Signal::Terminate);
        unreachable!("the signal must end the process");
    });
    assert_eq!((status.signal(), stderr.contains("received")), (Some(15), true), "{stderr}");
}

fn ignored_at_the_start_are_ignored_again(subject: Subject) {
    // `nohup` starts a process that ignores some signals. A shell does so for a background job.
    let env = ["env", "--default-signal=INT", "--ignore-signal=TERM"];
    started_by(&env, 125, "", || {
        assert!(is_ignored(Signal::Terminate) && !is_ignored(Signal::Interrupt));
        for _ in 0..2 {
            let signals = Signals::new([Signal::Terminate]).unwrap();
            assert!(!is_ignored(Signal::Terminate));
            raise(Signal::Terminate).unwrap();
            real_loop().block_on(receives(subject, &signals, Signal::Terminate)).unwrap();
            drop(signals);
            raise(Signal::Terminate).unwrap();
        }
    });
}

fn cancel_a_scope(subject: Subject) {
    let (status, stderr) = in_own_process(|| {
        let parent = future(async move {
            let scope = Scope::<(), ()>::new();
            let connected = line!() + 1;
            Signals::new([Signal::Terminate]).unwrap().cancel(&scope);
            let waits = || subject.task(body().perform(sleep(Duration::MAX)).output(|| Ok(())));
            scope.spawn(waits());
            scope.child().shielded(Duration::MAX).spawn(waits());
            turn().await;
            // The listener is a child, too. It ends with the second signal.
            for children in [2, 0] {
                raise(Signal::Terminate).unwrap();
                while scope.len() != children {
                    sleep(Duration::from_millis(1)).await;
                }
                let Some(CancelReason::Requested { why, at }) = scope.reason() else {
                    panic!("{:?}", scope.reason());
                };
                assert_eq!((&*why, at.line(), at.file()), ("SIGTERM", connected, file!()));
            }
            eprintln!("ended");
        });
        real_loop().block_on(parent).unwrap();
    });
    assert!(status.success() && stderr.contains("ended"), "{status}: {stderr}");
}
