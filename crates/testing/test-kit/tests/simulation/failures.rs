//! The message of a failing run contains the cause and the way to run it again.

use std::{cell::Cell, rc::Rc};

use quadrivium::{
    EventLoop, JoinError,
    prelude::*,
    test::{Simulation, choose, every_order, simulate},
};

use crate::styles::{Style, in_every_style, panics, script};

/// Two tasks add one to a balance. Each reads it, lets the other task run, and writes it, so an
/// update may be lost.
fn lost_update(style: Style, event_loop: &mut EventLoop) {
    let balance = Rc::new(Cell::new(0));
    for _ in 0..2 {
        let (read, write) = (Rc::clone(&balance), Rc::clone(&balance));
        let seen = Rc::new(Cell::new(0));
        let store = Rc::clone(&seen);
        let adds = script().run(move || store.set(read.get())).turns(1);
        drop(event_loop.spawn(style.task(adds.run(move || write.set(seen.get() + 1)))));
    }
    event_loop.run().unwrap();
    assert_eq!(balance.get(), 2, "an update was lost");
}

/// Returns the text between two parts of a message.
fn between<'a>(message: &'a str, before: &str, after: &str) -> &'a str {
    let rest = &message[message.find(before).expect(before) + before.len()..];
    &rest[..rest.find(after).expect(after)]
}

#[test]
fn seeds_find_a_race_and_the_printed_seed_replays_it() {
    in_every_style(|style| {
        let program = |event_loop: &mut EventLoop| lost_update(style, event_loop);
        let message = panics(|| simulate(program));
        assert!(message.contains("an update was lost"), "{message}");
        assert!(message.contains("task 2 done"), "it shows the trace: {message}");
        assert!(!message.contains("not deterministic"), "{message}");

        let test = "cargo test failures::seeds_find_a_race_and_the_printed_seed_replays_it\nFor";
        assert!(message.contains(test) || message.contains("cargo test\nFor"), "{message}");
        let seed: u64 = between(&message, "QUADRIVIUM_SEED=", " ").parse().unwrap();
        let replay = Simulation::new().replay(seed, program);
        assert!(replay.result.unwrap_err().contains("an update was lost"));
        let last = replay.trace.last().unwrap();
        assert!(message.trim_end().ends_with(last), "{last}: {message}");
    });
}

#[test]
fn every_order_finds_a_race_and_the_printed_choices_replay_it() {
    in_every_style(|style| {
        // Wrong in one order of four: b must not be last.
        let program = |event_loop: &mut EventLoop| {
            let steps = Rc::new(Cell::new(0));
            let (first, second) = (Rc::clone(&steps), Rc::clone(&steps));
            let a = script().turns(2).run(move || first.set(first.get() + 1));
            let b = script().run(move || assert_eq!(second.get(), 0, "b is too late"));
            drop(event_loop.spawn(style.task(a)));
            event_loop.block_on(style.task(b)).unwrap();
        };
        let message = panics(|| _ = every_order(program));
        assert!(message.contains("b is too late"), "{message}");
        let choices = between(&message, "replay_order(\"", "\"").to_string();
        let replay = Simulation::new().replay_order(&choices, program);
        assert!(replay.result.unwrap_err().contains("b is too late"));
        assert!(message.trim_end().ends_with(replay.trace.last().unwrap()), "{message}");
    });
}

#[test]
fn an_error_is_a_failure() {
    in_every_style(|style| {
        let never = || style.task(script().perform(sleep(std::time::Duration::MAX)));
        let message = panics(|| simulate(|event_loop| event_loop.block_on(never())));
        assert!(message.contains("seed 0 fails: deadlock: no task is ready"), "{message}");
        simulate(|event_loop| event_loop.block_on(style.task(script())));
    });
}

#[test]
fn a_panic_of_a_task_that_is_not_joined_is_a_failure() {
    in_every_style(|style| {
        let program = |event_loop: &mut EventLoop| {
            drop(event_loop.spawn_named("worker", style.task(script().run(|| panic!("oh no")))));
            event_loop.run()
        };
        let message = panics(|| simulate(program));
        assert!(message.contains("after 0ns task 1 \"worker\" panicked"), "{message}");
        Simulation::new().tolerate_panics().run(program);
    });
}

#[test]
fn a_panic_that_is_handled_can_be_tolerated() {
    in_every_style(|style| {
        Simulation::new().tolerate_panics().run(|event_loop| {
            let fails = event_loop.spawn(style.task(script().run(|| panic!("oh no"))));
            let joined = event_loop.block_on(fails).unwrap();
            assert!(matches!(joined, Err(JoinError::Panicked(_))));
        });
    });
}

#[test]
fn a_program_that_is_not_deterministic_is_reported() {
    in_every_style(|style| {
        let runs = Cell::new(0);
        let program = |event_loop: &mut EventLoop| {
            runs.set(runs.get() + 1);
            event_loop.block_on(style.task(script().turns(runs.get()))).unwrap();
            panic!("it fails");
        };
        let message = panics(|| simulate::<()>(program));
        assert!(message.contains("the program itself is not deterministic"), "{message}");
    });
}

#[test]
fn a_program_that_fails_only_once_is_reported() {
    in_every_style(|style| {
        let runs = Cell::new(0);
        let program = |event_loop: &mut EventLoop| {
            runs.set(runs.get() + 1);
            event_loop.block_on(style.task(script())).unwrap();
            assert!(runs.get() > 1, "it fails");
        };
        let message = panics(|| simulate(program));
        assert!(message.contains("did not fail the second time"), "{message}");
    });
}

#[test]
fn a_payload_that_panics_when_dropped_hides_no_seed() {
    struct Payload;
    impl Drop for Payload {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    let message = panics(|| {
        simulate(|_| {
            if choose(2) < 2 {
                std::panic::panic_any(Payload)
            }
        });
    });
    assert!(message.contains("seed 0 fails: the program panicked"), "{message}");
    assert!(message.contains("Nothing happened to a task."), "{message}");
    assert_eq!(choose(9), 0, "and the thread is in no simulation any more");
}

#[test]
fn a_simulation_inside_another_does_not_change_it() {
    in_every_style(|style| {
        let program = |inner: bool| {
            Simulation::new().replay(3, |event_loop| {
                drop(event_loop.spawn(style.task(script().turns(2))));
                let before = choose(1000);
                if inner {
                    assert_eq!(every_order(|_| _ = choose(3)), 3);
                    // A second loop is an ordinary one, whose order the simulation does not decide.
                    let mut second = EventLoop::with_virtual_clock().unwrap();
                    second.block_on(style.task(script().turns(2))).unwrap();
                    panics(|| simulate(|_| assert!(choose(2) > 2, "it fails")));
                }
                event_loop.block_on(style.task(script().turns(2))).unwrap();
                (before, choose(1000))
            })
        };
        assert_eq!(program(true), program(false));
    });
}

#[test]
fn every_order_notices_that_the_choices_change() {
    in_every_style(|style| {
        let runs = Cell::new(0);
        let message = panics(|| {
            every_order(|event_loop| {
                runs.set(runs.get() + 1);
                for _ in 0..1 + runs.get() {
                    drop(event_loop.spawn(style.task(script())));
                }
                event_loop.run()
            });
        });
        assert!(message.contains("the program itself is not deterministic"), "{message}");
    });
}

#[test]
fn every_order_notices_that_choices_are_missing() {
    in_every_style(|style| {
        let runs = Cell::new(0_usize);
        let message = panics(|| {
            every_order(|event_loop| {
                runs.set(runs.get() + 1);
                // Three tasks in the first two runs, and then only one: the rest of the orders
                // would be left out.
                for _ in 0..if runs.get() < 3 { 3 } else { 1 } {
                    drop(event_loop.spawn(style.task(script())));
                }
                event_loop.run()
            });
        });
        assert!(message.contains("run 3 fails, with the choices 0: only 0 of"), "{message}");
        assert!(message.contains("the program itself is not deterministic"), "{message}");
    });
}

#[test]
fn misuse_panics_with_the_cause() {
    let program = |_: &mut EventLoop| ();
    let message = panics(|| Simulation::new().seeds(5..5).run(program));
    assert!(message.contains("needs a seed to try: 5..5 has none"), "{message}");
    let message = panics(|| _ = Simulation::new().replay_order("1,2", program));
    assert!(message.contains("choices are numbers with dots between"), "{message}");
    let message = panics(|| _ = quadrivium::test::Faults::none().cancels(1.5));
    assert!(message.contains("from 0 (never) to 1 (always), not 1.5"), "{message}");
}
