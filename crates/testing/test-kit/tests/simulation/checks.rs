//! Each check passes and fails in every style. A failure's message contains the remedy.

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

/// Performs a check around a task that runs this script. Both tasks are of this style.
fn checked<C: Task + 'static>(
    style: Style,
    inner: Script,
    check: impl FnOnce(BoxTask<()>) -> C,
) -> Result<(), RunError> {
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    let checked = check(style.task(inner));
    event_loop.block_on(style.task(script().perform(checked)))
}

/// Returns the message of the panic that the check must raise.
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
fn must_suspend_passes_and_fails() {
    in_every_style(|style| {
        checked(style, script().turns(1), must_suspend).unwrap();
        let message = fails(style, script(), |task| must_suspend(task));
        assert!(message.contains("must_suspend at crates/testing/test-kit/tests/"), "{message}");
        assert!(message.contains("perform turn() in it"), "{message}");
    });
}

#[test]
fn must_not_suspend_passes_and_fails() {
    in_every_style(|style| {
        checked(style, script().run(|| ()), must_not_suspend).unwrap();
        let message = fails(style, script().turns(1), |task| must_not_suspend(task));
        assert!(
            message.contains("must_not_suspend at crates/testing/test-kit/tests/"),
            "{message}"
        );
        assert!(message.contains("use operations that do not wait"), "{message}");
    });
}

#[test]
fn max_step_passes_and_fails() {
    in_every_style(|style| {
        // Two steps of a second each, with an hour of waiting between them.
        let work = || script().perform(block_for(SECOND)).perform(sleep(SECOND * 3600));
        let twice = || work().perform(block_for(SECOND));
        checked(style, twice(), |task| max_step(SECOND, task)).unwrap();
        let message = fails(style, twice(), |task| max_step(SECOND / 2, task));
        assert!(message.contains("a step took 1s where 500ms is allowed"), "{message}");
        assert!(message.contains("max_step at crates/testing/test-kit/tests/"), "{message}");
    });
}

#[test]
fn no_leaked_tasks_passes_when_every_child_has_ended() {
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
fn no_leaked_tasks_names_children_that_are_left() {
    in_every_style(|style| {
        let leaks = move || {
            drop(spawn_named("left", style.task(script().turns(9))));
            drop(spawn(style.task(script())));
        };
        let message = fails(style, script().run(leaks).turns(3), |task| no_leaked_tasks(task));
        assert!(message.contains("no_leaked_tasks at crates/testing/test-kit/tests/"), "{message}");
        let left = "it spawned are not: task 2 \"left\" (spawned at crates/testing/test-kit/tests/";
        assert!(message.contains(left), "{message}");
        assert!(!message.contains("task 3"), "task 3 is done: {message}");
        assert!(message.contains("join or cancel them"), "{message}");
    });
}

#[test]
fn no_leaked_tasks_names_grandchildren_that_are_left() {
    in_every_style(|style| {
        let grandchild = move || drop(spawn_named("grandchild", style.task(script().turns(9))));
        let child = move || spawn(style.task(script().turns(2).run(grandchild)));
        let parent = script().then(child, |joined| joined.unwrap());
        let message = fails(style, parent, |task| no_leaked_tasks(task));
        assert!(message.contains("\"grandchild\""), "{message}");
    });
}

#[test]
fn no_leaked_tasks_names_tasks_that_destructors_spawned() {
    struct SpawnsInDrop(Style);
    impl Drop for SpawnsInDrop {
        fn drop(&mut self) {
            drop(spawn_named("left", self.0.task(script().turns(9))));
        }
    }
    in_every_style(|style| {
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        let child = Rc::new(RefCell::new(None::<JoinHandle<()>>));
        let (stored, taken) = (Rc::clone(&child), Rc::clone(&child));
        let spawns = move || {
            let spawner = SpawnsInDrop(style);
            let child = script().turns(9).run(move || drop(spawner));
            stored.replace(Some(spawn(style.task(child))));
        };
        // Cancelled by a task that is not checked.
        let cancels = script().turns(2).run(move || taken.take().unwrap().cancel());
        drop(event_loop.spawn(style.task(cancels)));
        let parent = no_leaked_tasks(style.task(script().run(spawns).turns(5)));
        let message = event_loop.block_on(parent).unwrap_err().to_string();
        assert!(message.contains("it spawned are not: task 4 \"left\""), "{message}");
    });
}

#[test]
fn checks_can_be_nested() {
    in_every_style(|style| {
        let child = move || spawn(style.task(script().turns(2)));
        let inner = move || script().then(child, |joined| joined.unwrap());
        let all = move |inner: Script| {
            let inner = must_suspend(no_leaked_tasks(style.task(inner)));
            max_step(SECOND, no_leaked_tasks(style.task(script().perform(inner))))
        };
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        event_loop.block_on(all(inner())).unwrap();
        // The inner one of the two checks panics.
        let leaks = script().run(move || drop(child())).turns(1);
        let error = event_loop.block_on(all(leaks)).unwrap_err();
        assert!(error.to_string().contains("it spawned are not: task 4 "), "{error}");
        assert_eq!(event_loop.live(), 1, "it is left, and goes on");
        event_loop.run().unwrap();
        // A spurious resume breaks no check.
        let faults = Faults::none().spurious_wakes(0.5, SECOND);
        Simulation::new().faults(faults).run(|event_loop| event_loop.block_on(all(inner())));
    });
}

#[test]
fn tasks_that_other_tasks_spawn_do_not_count_as_leaked() {
    in_every_style(|style| {
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        let spawns = move || drop(spawn(style.task(script().turns(100))));
        drop(event_loop.spawn(style.task(script().turns(1).run(spawns))));
        event_loop.block_on(no_leaked_tasks(style.task(script().turns(5)))).unwrap();
    });
}

#[test]
fn a_check_returns_the_output_of_its_task() {
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
fn no_leaked_tasks_passes_descriptors_and_holds_on_to_the_host() {
    // Descriptors, and the hold that stops virtual time while work on another thread is under way.
    in_every_style(|style| {
        let (one, other) = quadrivium::net::UnixStream::pair().unwrap();
        let ended_at = Rc::new(RefCell::new(None));
        let notes = Rc::clone(&ended_at);
        let inner = script()
            .perform(other.write_all_owned(*b"!"))
            .then(move || one.read_owned([0; 1]), |read| assert_eq!(read.0.unwrap(), 1))
            .then(
                || quadrivium::thread::offload(|| std::thread::sleep(Duration::from_millis(5))),
                drop,
            )
            .run(move || *notes.borrow_mut() = Some(quadrivium::time::now()));
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        let begin = event_loop.now();
        drop(event_loop.spawn(sleep(SECOND)));
        event_loop.block_on(no_leaked_tasks(style.task(inner))).unwrap();
        assert_eq!(ended_at.take(), Some(begin), "no time has passed");
    });
}
