//! What cannot be done says so.

use std::num::NonZero;

use quadrivium::{may, prelude::*};

use super::{message, two_workers};

fn panic_of<T: Send + 'static>(task: impl Task<Output = T> + Send + 'static) -> String {
    two_workers();
    match may::block_on(task) {
        Err(JoinError::Panicked(payload)) => message(&*payload),
        Err(JoinError::Cancelled) => panic!("it was cancelled"),
        Ok(_) => panic!("it should have panicked"),
    }
}

#[test]
fn spawn_of_a_task_that_need_not_be_send() {
    let text = panic_of(future(async { drop(spawn(turn())) }));
    assert!(text.contains("use `may::spawn`"), "{text}");
}

#[test]
fn block_on_inside_a_task() {
    let text = panic_of(future(async { may::block_on(turn()).unwrap() }));
    assert!(text.contains("perform it instead"), "{text}");
}

#[test]
fn settings_that_come_too_late() {
    two_workers();
    assert_eq!(may::workers(), 2);
    let three = NonZero::new(3).unwrap();
    let late = may::Config::new().workers(three).stack_size(64 * 1024).start().unwrap_err();
    assert!(matches!(late, may::StartError::TooLate));
    assert!(late.to_string().contains("before the first task"), "{late}");
    assert_eq!(may::workers(), 2);
}

#[test]
#[should_panic(expected = "there is no worker 2 of may: they are 0 to 1")]
fn a_worker_that_is_not_there() {
    two_workers();
    drop(may::spawn_pinned(2, turn));
}
