//! A program that does not end is a failure and does not hang the test.

use std::{cell::RefCell, rc::Rc};

use quadrivium::{
    EventLoop,
    sync::notify::Notify,
    test::{Simulation, every_order},
};

use crate::styles::{Script, Style, in_every_style, panics, script};

/// Spawns two tasks that wake each other for ever.
fn livelock(style: Style, event_loop: &mut EventLoop) {
    let notifies = [Notify::new(), Notify::new()];
    for (mine, other) in [(0, 1), (1, 0)] {
        let (mine, other) = (notifies[mine].clone(), notifies[other].clone());
        other.notify_one();
        drop(event_loop.spawn(style.task(for_ever(
            move || {
                let other = other.clone();
                script().perform(mine.notified()).run(move || other.notify_one())
            },
            style,
        ))));
    }
    event_loop.run().unwrap();
}

/// Returns a script whose last part spawns the same script again, because a script cannot loop.
fn for_ever(make: impl Fn() -> Script + 'static, style: Style) -> Script {
    let make = Rc::new(make);
    let first = make();
    let again = Rc::new(RefCell::new(None::<Rc<dyn Fn()>>));
    let this = Rc::downgrade(&again);
    *again.borrow_mut() = Some(Rc::new(move || {
        let again = this.upgrade().and_then(|again| again.borrow().clone());
        let next = make().run(move || again.iter().for_each(|again| again()));
        drop(quadrivium::spawn(style.task(next)));
    }));
    first.run(move || {
        let spawn_next = again.borrow().clone().expect("it was stored above");
        spawn_next();
        // Kept alive, because it spawns the next script.
        std::mem::forget(again);
    })
}

#[test]
fn a_livelock_is_a_failure() {
    in_every_style(|style| {
        let simulation = Simulation::new().seeds(3..4).max_steps(1_000);
        let message = panics(|| simulation.run(|event_loop| livelock(style, event_loop)));
        let cause = "seed 3 fails: the program has not ended after 1000 steps";
        assert!(message.contains(cause), "{message}");
        assert!(message.contains("woken by task"), "it shows which task: {message}");
    });
}

#[test]
fn too_many_orders_are_a_failure() {
    in_every_style(|style| {
        let program = |event_loop: &mut EventLoop| {
            for _ in 0..2 {
                drop(event_loop.spawn(style.task(script().turns(2))));
            }
            event_loop.run()
        };
        assert_eq!(Simulation::new().max_orders(20).every_order(program), 20, "as many as allowed");
        let message = panics(|| _ = Simulation::new().max_orders(19).every_order(program));
        assert!(message.contains("every order takes more than 19 runs"), "{message}");
        assert_eq!(every_order(program), 20);
    });
}
