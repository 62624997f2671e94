//! Signals that tokio and this library listen for, in one process.

use std::{env, os::unix::process::ExitStatusExt, process::Command};

use quadrivium::{
    EventLoop,
    signal::{Signal, Signals, raise},
};
use tokio::{
    runtime::Runtime,
    signal::unix::{Signal as TokioSignal, SignalKind, signal},
};

const ALONE: &str = "QUADRIVIUM_ALONE";

/// Runs `something` in a process that runs only the test of this name. Returns the signal that
/// ended the process, if one did.
fn alone(test: &str, something: impl FnOnce()) -> Option<i32> {
    if env::var_os(ALONE).is_some() {
        something();
        std::process::exit(0);
    }
    let mut own = Command::new(env::current_exe().unwrap());
    let output = own.args(["--exact", test, "--nocapture"]).env(ALONE, "").output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() || output.status.signal().is_some(), "{stderr}");
    output.status.signal()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn new_tokio_listener(runtime: &Runtime) -> TokioSignal {
    let _inside = runtime.enter();
    signal(SignalKind::terminate()).unwrap()
}

/// Raises the signal, and checks that both listeners receive it.
fn assert_both_receive(runtime: &Runtime, theirs: &mut TokioSignal, ours: &Signals) {
    raise(Signal::Terminate).unwrap();
    runtime.block_on(theirs.recv()).unwrap();
    let received = EventLoop::new().unwrap().block_on(ours.next()).unwrap().unwrap();
    assert_eq!(received, Signal::Terminate);
}

#[test]
fn tokio_still_listens_after_our_last_listener_is_dropped() {
    let ended = alone("tokio_still_listens_after_our_last_listener_is_dropped", || {
        let runtime = runtime();
        let mut theirs = new_tokio_listener(&runtime);
        for _ in 0..2 {
            let ours = Signals::new([Signal::Terminate]).unwrap();
            assert_both_receive(&runtime, &mut theirs, &ours);
            drop(ours);
            raise(Signal::Terminate).unwrap();
            runtime.block_on(theirs.recv()).unwrap();
        }
    });
    assert_eq!(ended, None);
}

/// The documentation of `Signals` recommends this for a listener of tokio that starts after ours.
#[test]
fn a_later_listener_of_tokio_needs_one_of_ours() {
    let ended = alone("a_later_listener_of_tokio_needs_one_of_ours", || {
        let ours = Signals::new([Signal::Terminate]).unwrap();
        std::mem::forget(ours.clone());
        let runtime = runtime();
        let mut theirs = new_tokio_listener(&runtime);
        assert_both_receive(&runtime, &mut theirs, &ours);
        drop(ours);
        raise(Signal::Terminate).unwrap();
        runtime.block_on(theirs.recv()).unwrap();
    });
    assert_eq!(ended, None);
}
