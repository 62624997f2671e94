//! Signals to the process. They are process-wide, and other tests raise the same ones meanwhile.

use std::{
    io::{self, ErrorKind},
    os::unix::process::ExitStatusExt,
    sync::OnceLock,
    thread,
};

use quadrivium::{
    event_loop::Turned,
    prelude::*,
    signal::{self, Signal, Signals, is_ignored},
};

use super::ended_children::started_by;
use crate::{Subject, body, child::in_own_process, new_loop, sockets::real_loop, turns};

laws! { ($) signals:
    /// A signal is heard, and which it is.
    heard;
    /// Every listener hears every signal.
    by_several_listeners;
    /// A signal that came before it was asked for is heard.
    before_it_is_asked_for;
    /// A program that waits only for a signal is no deadlock, on any clock.
    no_deadlock;
    /// A wait that is cancelled misses nothing.
    a_cancelled_wait;
    /// What nobody can hear is an error, and nothing is listened for.
    that_cannot_be_heard;
    /// A listener that cannot be made, because of one of its signals, leaves the others what they
    /// do by default.
    a_listener_that_cannot_be_made;
    /// When nobody listens any more, a signal does what it does by default.
    its_default_comes_back;
    /// A signal that was ignored from the start is heard, and when nobody listens any more, it is
    /// ignored again.
    ignored_from_the_start;
}

/// Sends this process a signal. From the first time on the process listens for it until it ends: a
/// current that fails drops its own listeners, and the signal would end the process.
fn raise(signal: Signal) -> io::Result<()> {
    static KEPT: OnceLock<Signals> = OnceLock::new();
    KEPT.get_or_init(|| {
        Signals::new([Signal::User1, Signal::User2]).expect("these can be listened for")
    });
    signal::raise(signal)
}

/// Waits for this signal, which is all that `signals` listens for.
fn hears(subject: Subject, signals: &Signals, signal: Signal) -> quadrivium::task::BoxTask<()> {
    let signals = signals.clone();
    subject.task(body().perform_eq(move || signals.next(), signal))
}

fn heard(subject: Subject) {
    let mut event_loop = real_loop();
    for signal in [Signal::User1, Signal::User2] {
        let signals = Signals::new([signal]).unwrap();
        let heard = event_loop.start(hears(subject, &signals, signal), 2);
        raise(signal).unwrap();
        event_loop.block_on(heard).unwrap().unwrap();
    }
}

fn by_several_listeners(subject: Subject) {
    let mut event_loop = real_loop();
    let listeners = [0; 3].map(|_| Signals::new([Signal::User1]).unwrap());
    let tasks: Vec<_> = listeners
        .iter()
        .map(|signals| event_loop.spawn(hears(subject, signals, Signal::User1)))
        .collect();
    raise(Signal::User1).unwrap();
    for heard in event_loop.block_on(join_all(tasks)).unwrap() {
        heard.unwrap();
    }
}

fn before_it_is_asked_for(subject: Subject) {
    let signals = Signals::new([Signal::User2]).unwrap();
    raise(Signal::User2).unwrap();
    real_loop().block_on(hears(subject, &signals, Signal::User2)).unwrap();
}

fn no_deadlock(subject: Subject) {
    for mut event_loop in [real_loop(), new_loop()] {
        let signals = Signals::new([Signal::User1]).unwrap();
        let thread = thread::spawn(|| raise(Signal::User1).unwrap());
        event_loop.block_on(hears(subject, &signals, Signal::User1)).unwrap();
        thread.join().unwrap();
    }
}

fn a_cancelled_wait(subject: Subject) {
    let mut event_loop = real_loop();
    let signals = Signals::new([Signal::User1]).unwrap();
    let waits = event_loop.start(hears(subject, &signals, Signal::User1), 1);
    waits.cancel();
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
    raise(Signal::User1).unwrap();
    event_loop.block_on(hears(subject, &signals, Signal::User1)).unwrap();
}

fn that_cannot_be_heard(subject: Subject) {
    for deaf in [Signal::Kill, Signal::Stop, Signal::Other(11), Signal::Other(0), Signal::Other(99)]
    {
        let error = Signals::new([Signal::User1, deaf]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{deaf}: {error}");
    }
    // And the next one hears.
    before_it_is_asked_for(subject);
}

fn a_listener_that_cannot_be_made(_: Subject) {
    let (status, said) = in_own_process(|| {
        // The C library keeps this one to itself, and says so when it is asked.
        let error = Signals::new([Signal::Terminate, Signal::from(32)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        eprintln!("refused");
        let _ = raise(Signal::Terminate);
        unreachable!("it ends the process");
    });
    assert_eq!((status.signal(), said.contains("refused")), (Some(15), true), "{said}");
}

fn its_default_comes_back(subject: Subject) {
    let (status, said) = in_own_process(|| {
        let [one, two] = [0; 2].map(|_| Signals::new([Signal::Terminate]).unwrap());
        drop(one);
        raise(Signal::Terminate).unwrap();
        real_loop().block_on(hears(subject, &two, Signal::Terminate)).unwrap();
        eprintln!("heard");
        drop(two);
        let _ = raise(Signal::Terminate);
        unreachable!("it ends the process");
    });
    assert_eq!((status.signal(), said.contains("heard")), (Some(15), true), "{said}");
}

fn ignored_from_the_start(subject: Subject) {
    // `nohup`, and a shell for a job in the background, let a process ignore some signals.
    let env = ["env", "--default-signal=INT", "--ignore-signal=TERM"];
    started_by(&env, 125, "", || {
        assert!(is_ignored(Signal::Terminate) && !is_ignored(Signal::Interrupt));
        for _ in 0..2 {
            let signals = Signals::new([Signal::Terminate]).unwrap();
            assert!(!is_ignored(Signal::Terminate));
            raise(Signal::Terminate).unwrap();
            real_loop().block_on(hears(subject, &signals, Signal::Terminate)).unwrap();
            drop(signals);
            raise(Signal::Terminate).unwrap();
        }
    });
}
