//! Cancels happen at any suspension, but never to the task that a `block_on` waits for.

use std::rc::Rc;

use quadrivium::{
    JoinError,
    test::{Faults, Simulation},
};

use crate::styles::{in_every_style, script};

#[test]
fn a_task_is_cancelled_where_it_suspends() {
    in_every_style(|style| {
        let always = Simulation::new().seeds(0..1).faults(Faults::none().cancels(1.0));
        let replay = always.replay(0, |event_loop| {
            let value = Rc::new(());
            let captured = Rc::clone(&value);
            let task = event_loop.spawn(style.task(script().turns(1).run(move || drop(captured))));
            assert!(matches!(event_loop.block_on(task), Ok(Err(JoinError::Cancelled))));
            assert_eq!(Rc::strong_count(&value), 1, "its destructors have run");
        });
        assert_eq!(replay.result, Ok(()));
        assert_eq!(
            // The seed decides the order of the two tasks.
            replay.trace.iter().filter(|line| line.contains("task 1 ")).collect::<Vec<_>>(),
            [
                "0ns task 1 spawned",
                "0ns task 1 resumed",
                "0ns task 1 suspended for a turn",
                "0ns task 1 cancelled", // The fault. It spares the task that joins it.
            ]
        );
    });
}

#[test]
fn the_task_of_block_on_is_never_cancelled() {
    in_every_style(|style| {
        let always = Simulation::new().faults(Faults::none().cancels(1.0));
        always.run(|event_loop| event_loop.block_on(style.task(script().turns(10))));
    });
}

#[test]
fn a_cancel_can_come_at_every_suspension() {
    in_every_style(|style| {
        let mut seen = std::collections::BTreeSet::new();
        let now_and_then = Simulation::new().faults(Faults::none().cancels(0.3));
        now_and_then.run(|event_loop| {
            let notes = crate::styles::Notes::default();
            let task = (0..4).fold(script(), |script, n| {
                let notes = notes.clone();
                script.turns(1).run(move || notes.add(n))
            });
            drop(event_loop.spawn(style.task(task)));
            event_loop.run().unwrap();
            seen.insert(notes.lines().len());
        });
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    });
}
