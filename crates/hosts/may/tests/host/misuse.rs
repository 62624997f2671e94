//! Misuse panics or fails, with a message that names the remedy.

use std::num::NonZero;

use quadrivium::{event_loop::RemoteHandle, may, prelude::*};

use super::{message, two_workers};

fn panic_of<T: Send + 'static>(task: impl Task<Output = T> + Send + 'static) -> String {
    two_workers();
    match may::block_on(task) {
        Err(JoinError::Panicked(payload)) => message(&*payload.into_inner()),
        Err(JoinError::Cancelled) => panic!("the task was cancelled"),
        Ok(_) => panic!("the task should have panicked"),
    }
}

#[test]
fn spawn_inside_a_task_panics_with_the_remedy() {
    let text = panic_of(future(async { drop(spawn(turn())) }));
    assert!(text.contains("use `may::spawn`"), "{text}");
}

#[test]
fn block_on_inside_a_task_panics() {
    let text = panic_of(future(async { may::block_on(turn()).unwrap() }));
    assert!(text.contains("perform the task instead"), "{text}");
}

/// Returns the message of the panic of a task that runs elsewhere.
fn message_of(handle: RemoteHandle<()>) -> String {
    message(&*match may::block_on(handle).unwrap() {
        Err(JoinError::Panicked(payload)) => payload.into_inner(),
        joined => panic!("the task should have panicked: {joined:?}"),
    })
}

#[test]
fn block_on_inside_a_pinned_task_or_its_closure_panics() {
    two_workers();
    // On a single worker, each of them would wait for a task that only the same worker can run.
    let inside = may::spawn_pinned(0, || green(|| may::block_on(turn()).unwrap()));
    let making = may::spawn_pinned(1, || {
        may::block_on(turn()).unwrap();
        turn()
    });
    for handle in [inside, making] {
        let text = message_of(handle);
        assert!(text.contains("perform the task instead"), "{text}");
    }
}

#[test]
fn block_on_inside_a_task_of_a_loop_panics() {
    two_workers();
    let blocks = future(async { may::block_on(turn()).unwrap() });
    let error = EventLoop::new().unwrap().block_on(blocks).unwrap_err();
    assert!(error.to_string().contains("perform the task instead"), "{error}");
}

#[test]
fn settings_after_the_start_are_an_error() {
    two_workers();
    assert_eq!(may::workers(), 2);
    let three = NonZero::new(3).unwrap();
    let late = may::Config::new().workers(three).stack_size(64 * 1024).start().unwrap_err();
    assert!(matches!(late, may::StartError::TooLate));
    assert!(late.to_string().contains("before the first task"), "{late}");
    assert_eq!(may::workers(), 2);
    // May's own configuration does not change it either.
    ::may::config().set_workers(3);
    assert_eq!(may::workers(), 2);
}

#[test]
#[should_panic(expected = "may has no worker 2: its workers have the numbers 0 to 1")]
fn spawn_pinned_on_a_worker_that_does_not_exist_panics() {
    two_workers();
    drop(may::spawn_pinned(2, turn));
}
