//! Loops, tasks and handles in thread-locals, which are dropped when little else of the thread is
//! left.

use std::{cell::RefCell, thread};

use quadrivium::{prelude::*, task::BoxTask};

use crate::{Subject, TestLoop, WhenDroppedPrints, body, child::in_own_process, new_loop, turns};

laws! { ($) thread_locals:
    /// A loop in a thread-local is dropped with its tasks at the end of the thread.
    drop_a_loop_at_the_end_of_the_thread needs DropAtThreadEnd;
    /// A task in a thread-local is dropped at the end of the thread.
    drop_a_task_at_the_end_of_the_thread needs ByHand, DropAtThreadEnd;
    /// A handle in a thread-local is dropped at the end of the thread.
    drop_a_handle_at_the_end_of_the_thread;
}

thread_local! {
    static LOOP: RefCell<Option<TestLoop>> = const { RefCell::new(None) };
    static TASK: RefCell<Option<BoxTask<()>>> = const { RefCell::new(None) };
    static HANDLE: RefCell<Option<JoinHandle<()>>> = const { RefCell::new(None) };
}

/// Runs `something` on a thread of a process of its own, and returns what it printed. A panic in
/// the destructor of a thread-local ends the process.
fn on_a_thread(something: impl FnOnce() + Send + 'static) -> String {
    let (status, stderr) = in_own_process(|| thread::spawn(something).join().unwrap());
    assert!(status.success(), "{stderr}");
    stderr
}

/// Spawns a task and lets it suspend.
fn suspended(subject: Subject, event_loop: &mut TestLoop) -> JoinHandle<()> {
    let body = body().hold(WhenDroppedPrints("dropped")).repeat(usize::MAX, turn);
    let handle = event_loop.spawn(subject.task(body));
    turns(event_loop, 1);
    handle
}

fn drop_a_loop_at_the_end_of_the_thread(subject: Subject) {
    let printed = on_a_thread(move || {
        // Used first, so that this thread-local may be dropped last. The thread-locals of the loop
        // itself are gone by then.
        LOOP.with_borrow_mut(|event_loop| *event_loop = Some(new_loop()));
        LOOP.with_borrow_mut(|event_loop| drop(suspended(subject, event_loop.as_mut().unwrap())));
    });
    assert!(printed.contains("dropped"), "{printed}");
}

fn drop_a_task_at_the_end_of_the_thread(subject: Subject) {
    let printed = on_a_thread(move || {
        TASK.set(None);
        let body = body().hold(WhenDroppedPrints("dropped")).perform(turn());
        let mut task = subject.task(body);
        assert!(!crate::is_done(&crate::resume(&mut task)));
        TASK.set(Some(task));
    });
    assert!(printed.contains("dropped"), "{printed}");
}

fn drop_a_handle_at_the_end_of_the_thread(subject: Subject) {
    let printed = on_a_thread(move || {
        HANDLE.set(None);
        let mut event_loop = new_loop();
        HANDLE.set(Some(suspended(subject, &mut event_loop)));
    });
    assert!(printed.contains("dropped"), "{printed}");
}
