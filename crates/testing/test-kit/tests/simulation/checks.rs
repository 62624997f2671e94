//! Each check passes and fails in every style, with a message that says what to do.

use std::{cell::RefCell, rc::Rc, time::Duration};

use quadrivium::{
    EventLoop, JoinHandle, RunError, Task,
    prelude::*,
    task::BoxTask,
    test::{Faults, Simulation, max_step, must_not_suspend, must_suspend, no_leaked_tasks},
    time::block_for,
};

use crate::styles::{Script, Style, in_every_style, script};

const SECOND: Duration = Duration::from_secs(1);

/// A check around a task of the inner style, performed by one of the outer.
fn checked<C: Task + 'static>(
    style: Style,
    inner: Script,
    check: impl FnOnce(BoxTask<()>) -> C,
) -> Result<(), RunError> {
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    let checked = check(style.task(inner));
    event_loop.block_on(style.task(script().perform(checked)))
}

/// The message of the panic that the check must raise.
fn fails<C: Task + 'static>(
    style: Style,
    inner: Script,
    check: impl FnOnce(BoxTask<()>) -> C,
) -> String {
    match checked(style, inner, check) {
        Err(RunError::Task(error)) => error.panic_message().expect("it panics").to_string(),
        other => panic!("the check passes: {other:?}"),
    }
}

#[test]
fn a_task_that_must_suspend() {
    in_every_style(|style| {
        checked(style, script().turns(1), must_suspend).unwrap();
        let message = fails(style, script(), |task| must_suspend(task));
        assert!(message.contains("must_suspend at crates/testing/test-kit/tests/"), "{message}");
        assert!(message.contains("perform turn() in it"), "{message}");
    });
}

#[test]
fn a_task_that_must_not_suspend() {
    in_every_style(|style| {
        checked(style, script().run(|| ()), must_not_suspend).unwrap();
        let message = fails(style, script().turns(1), |task| must_not_suspend(task));
        assert!(
            message.contains("must_not_suspend at crates/testing/test-kit/tests/"),
            "{message}"
        );
        assert!(message.contains("use what does not wait"), "{message}");
    });
}

#[test]
fn a_task_whose_steps_are_short() {
    in_every_style(|style| {
        // Two steps of a second each, and an hour of waiting between.
        let work = || script().perform(block_for(SECOND)).perform(sleep(SECOND * 3600));
        let twice = || work().perform(block_for(SECOND));
        checked(style, twice(), |task| max_step(SECOND, task)).unwrap();
        let message = fails(style, twice(), |task| max_step(SECOND / 2, task));
        assert!(message.contains("a step took 1s where 500ms is allowed"), "{message}");
        assert!(message.contains("max_step at crates/testing/test-kit/tests/"), "{message}");
    });
}

#[test]
fn a_task_that_leaves_none_behind() {
    in_every_style(|style| {
        let child = move || spawn(style.task(script().turns(3)));
        checked(style, script().then(child, |joined| joined.unwrap()), no_leaked_tasks).unwrap();
        // Detached, but done in time.
        checked(style, script().run(move || drop(child())).turns(9), no_leaked_tasks).unwrap();
        // Cancelled.
        checked(style, script().run(move || child().cancel()), no_leaked_tasks).unwrap();
    });
}

#[test]
fn a_task_that_leaves_some_behind() {
    in_every_style(|style| {
        let leaks = move || {
            drop(spawn_named("left", style.task(script().turns(9))));
            drop(spawn(style.task(script())));
        };
        let message = fails(style, script().run(leaks).turns(3), |task| no_leaked_tasks(task));
        assert!(message.contains("no_leaked_tasks at crates/testing/test-kit/tests/"), "{message}");
        let left = "these are not: task 2 \"left\" (spawned at crates/testing/test-kit/tests/";
        assert!(message.contains(left), "{message}");
        assert!(!message.contains("task 3"), "that one is done: {message}");
        assert!(message.contains("join or cancel them"), "{message}");
    });
}

#[test]
fn a_task_whose_children_leave_some_behind() {
    in_every_style(|style| {
        let grandchild = move || drop(spawn_named("grandchild", style.task(script().turns(9))));
        let child = move || spawn(style.task(script().turns(2).run(grandchild)));
        let parent = script().then(child, |joined| joined.unwrap());
        let message = fails(style, parent, |task| no_leaked_tasks(task));
        assert!(message.contains("\"grandchild\""), "{message}");
    });
}

#[test]
fn a_task_in_whose_destructors_some_are_left_behind() {
    struct Leaves(Style);
    impl Drop for Leaves {
        fn drop(&mut self) {
            drop(spawn_named("left", self.0.task(script().turns(9))));
        }
    }
    in_every_style(|style| {
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        let child = Rc::new(RefCell::new(None::<JoinHandle<()>>));
        let (gives, takes) = (Rc::clone(&child), Rc::clone(&child));
        let spawns = move || {
            let held = Leaves(style);
            let holds = script().turns(9).run(move || drop(held));
            gives.replace(Some(spawn(style.task(holds))));
        };
        // Cancelled by somebody who is not checked.
        let cancels = script().turns(2).run(move || takes.take().unwrap().cancel());
        drop(event_loop.spawn(style.task(cancels)));
        let parent = no_leaked_tasks(style.task(script().run(spawns).turns(5)));
        let message = event_loop.block_on(parent).unwrap_err().to_string();
        assert!(message.contains("these are not: task 4 \"left\""), "{message}");
    });
}

#[test]
fn checks_in_each_other() {
    in_every_style(|style| {
        let child = move || spawn(style.task(script().turns(2)));
        let inner = move || script().then(child, |joined| joined.unwrap());
        let all = move |inner: Script| {
            let inner = must_suspend(no_leaked_tasks(style.task(inner)));
            max_step(SECOND, no_leaked_tasks(style.task(script().perform(inner))))
        };
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        event_loop.block_on(all(inner())).unwrap();
        // The inner one of two is the one that tells.
        let leaks = script().run(move || drop(child())).turns(1);
        let error = event_loop.block_on(all(leaks)).unwrap_err();
        assert!(error.to_string().contains("these are not: task 4 "), "{error}");
        assert_eq!(event_loop.live(), 1, "it is left, and goes on");
        event_loop.run().unwrap();
        // A spurious resume breaks no check.
        let faults = Faults::none().spurious_wakes(0.5, SECOND);
        Simulation::new().faults(faults).run(|event_loop| event_loop.block_on(all(inner())));
    });
}

#[test]
fn what_others_spawn_is_not_leaked() {
    in_every_style(|style| {
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        let spawns = move || drop(spawn(style.task(script().turns(100))));
        drop(event_loop.spawn(style.task(script().turns(1).run(spawns))));
        event_loop.block_on(no_leaked_tasks(style.task(script().turns(5)))).unwrap();
    });
}

#[test]
fn a_check_is_worth_what_its_task_is_worth() {
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    let all = future(async {
        let one = must_suspend(future(async { turn().await })).await;
        let two = must_not_suspend(future(async { 2 })).await;
        let three = max_step(SECOND, future(async { 3 })).await;
        let four = no_leaked_tasks(future(async { 4 })).await;
        (one, two, three, four)
    });
    assert_eq!(event_loop.block_on(all).unwrap(), ((), 2, 3, 4));
}

#[test]
fn no_leaked_tasks_hands_on_what_the_host_has() {
    // Descriptors, and the hold by which time waits for work elsewhere.
    in_every_style(|style| {
        let (one, other) = quadrivium::net::UnixStream::pair().unwrap();
        let late = Rc::new(RefCell::new(None));
        let takes = Rc::clone(&late);
        let inner = script()
            .perform(other.write_all_owned(*b"!"))
            .then(move || one.read_owned([0; 1]), |read| assert_eq!(read.0.unwrap(), 1))
            .then(
                || quadrivium::thread::offload(|| std::thread::sleep(Duration::from_millis(5))),
                drop,
            )
            .run(move || *takes.borrow_mut() = Some(quadrivium::time::now()));
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        let begin = event_loop.now();
        drop(event_loop.spawn(sleep(SECOND)));
        event_loop.block_on(no_leaked_tasks(style.task(inner))).unwrap();
        assert_eq!(late.take(), Some(begin), "no time has passed");
    });
}
