//! A panic ends one task, runs its destructors, and reaches who joins; everything else goes on.

use std::{
    cell::RefCell,
    panic::{panic_any, resume_unwind},
    rc::Rc,
};

use quadrivium::{event_loop::trace::Event, prelude::*, task::BoxTask};

use crate::styles::{Said, Style, body, new_loop, quietly, traced, turns, watched};

in_every_style![
    before_the_first_suspension,
    after_a_suspension,
    the_payload_is_kept,
    reaches_who_blocks_on_it,
    destructors_run_once,
    passes_through_what_performs_it,
    who_joins_may_go_on,
    a_payload_that_panics_when_dropped,
    in_a_destructor_at_the_end,
    in_a_destructor_when_dropped_by_cancel,
    of_a_borrow_held_across_a_suspension,
    in_a_trace,
    while_the_code_around_the_loop_unwinds,
];

/// A body that suspends so often and then panics.
fn panics_after(style: Style, suspensions: usize) -> BoxTask<()> {
    style.task(body().repeat(suspensions, turn).run(|| panic!("on purpose")))
}

fn before_the_first_suspension(style: Style) {
    let (mut event_loop, trace) = traced();
    let panics = event_loop.spawn(panics_after(style, 0));
    let other = event_loop.spawn(style.task(body().perform(turn()).worth(|| 42)));
    event_loop.run().unwrap();
    assert_eq!(
        trace.lines(),
        [
            "0ns task 1 spawned",
            "0ns task 2 spawned",
            // The panic ends task 1, and nothing else.
            "0ns task 1 resumed",
            "0ns task 1 panicked",
            "0ns task 2 resumed",
            "0ns task 2 suspended for a turn",
            "0ns task 2 resumed",
            "0ns task 2 done",
        ],
        "{style}"
    );
    let error = event_loop.block_on(panics).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("on purpose"));
    assert_eq!(error.to_string(), "the task panicked: on purpose");
    assert_eq!(event_loop.block_on(other).unwrap().unwrap(), 42);
}

fn after_a_suspension(style: Style) {
    let mut event_loop = new_loop();
    let panics = event_loop.spawn(panics_after(style, 3));
    let other = event_loop.spawn(style.task(body().repeat(5, turn).worth(|| 42)));
    turns(&mut event_loop, 4);
    assert!(panics.is_finished());
    assert_eq!(event_loop.live(), 1);
    assert_eq!(event_loop.block_on(other).unwrap().unwrap(), 42);
    let error = event_loop.block_on(panics).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("on purpose"));
}

fn the_payload_is_kept(style: Style) {
    let mut event_loop = new_loop();
    let panics = style.task(body().perform(turn()).run(|| panic_any(42_u8)));
    let handle = event_loop.spawn(panics);
    let Err(JoinError::Panicked(payload)) = event_loop.block_on(handle).unwrap() else { panic!() };
    assert_eq!(payload.downcast_ref(), Some(&42_u8));
}

fn reaches_who_blocks_on_it(style: Style) {
    let mut event_loop = new_loop();
    let error = event_loop.block_on(panics_after(style, 1)).unwrap_err();
    assert_eq!(error.to_string(), "the task panicked: on purpose");
    event_loop.block_on(style.task(body().perform(turn()))).unwrap();
}

fn destructors_run_once(style: Style) {
    let said = Said::default();
    let mut event_loop = new_loop();
    let body = body().hold(said.when_dropped("dropped")).perform(turn());
    let handle = event_loop.spawn(style.task(body.run(|| panic!("on purpose"))));
    turns(&mut event_loop, 2);
    assert_eq!(said.lines(), ["dropped"]);
    handle.cancel();
    drop(handle);
    drop(event_loop);
    assert_eq!(said.lines(), ["dropped"]);
}

fn passes_through_what_performs_it(style: Style) {
    let said = Said::default();
    let inner = body().hold(said.when_dropped("inner")).perform(turn());
    let inner = style.task(inner.run(|| panic!("on purpose")));
    let outer = body().hold(said.when_dropped("outer")).perform(inner).say(&said, "went on");
    let error = new_loop().block_on(style.task(outer)).unwrap_err();
    assert_eq!(error.to_string(), "the task panicked: on purpose");
    assert_eq!(said.lines(), ["inner", "outer"]);
}

fn who_joins_may_go_on(style: Style) {
    let said = Said::default();
    let then = said.clone();
    let joins = body().perform_then(
        move || spawn(panics_after(style, 1)),
        move |joined| then.say(joined.unwrap_err().to_string()),
    );
    new_loop().block_on(style.task(joins.say(&said, "went on"))).unwrap();
    assert_eq!(said.lines(), ["the task panicked: on purpose", "went on"]);
}

/// A payload that panics when it is dropped, with a payload that does so too.
struct Grenade(u8);

impl Drop for Grenade {
    fn drop(&mut self) {
        if self.0 > 0 {
            resume_unwind(Box::new(Grenade(self.0 - 1)));
        }
    }
}

fn a_payload_that_panics_when_dropped(style: Style) {
    let mut event_loop = new_loop();
    let grenade = || style.task(body().perform(turn()).run(|| resume_unwind(Box::new(Grenade(2)))));
    // Nobody will read the payload: the loop drops it.
    drop(event_loop.spawn(grenade()));
    let unread = event_loop.spawn(grenade());
    event_loop.run().unwrap();
    // Here it is the handle that drops it.
    drop(unread);
    event_loop.block_on(style.task(body().perform(turn()))).unwrap();
}

/// Panics when it is dropped, unless another panic is under way.
struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("in a destructor");
        }
    }
}

fn in_a_destructor_at_the_end(style: Style) {
    let mut event_loop = new_loop();
    let handle = event_loop.spawn(style.task(body().perform(turn()).hold(PanicsInDrop)));
    event_loop.run().unwrap();
    let error = event_loop.block_on(handle).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("in a destructor"));
}

fn in_a_destructor_when_dropped_by_cancel(style: Style) {
    let mut event_loop = new_loop();
    let body = body().hold(PanicsInDrop).perform(turn());
    let handle = event_loop.spawn(style.task(body));
    turns(&mut event_loop, 1);
    // The panic belongs to the task, not to who cancels it.
    handle.cancel();
    let joined = event_loop.block_on(handle).unwrap();
    if style.is_green() {
        // A known difference: the destructor sees a panic under way, the cancel itself.
        assert!(matches!(joined, Err(JoinError::Cancelled)));
    } else {
        assert_eq!(joined.unwrap_err().panic_message(), Some("in a destructor"));
    }
}

fn of_a_borrow_held_across_a_suspension(style: Style) {
    let mut event_loop = new_loop();
    let shared: &'static RefCell<u32> = Box::leak(Box::default());
    let (sender, held) = (Rc::new(RefCell::new(None)), Rc::new(RefCell::new(None)));
    let keeps = Rc::clone(&held);
    let borrows = body().run(move || *keeps.borrow_mut() = Some(shared.borrow_mut()));
    let lets_go = Rc::clone(&held);
    let borrows = borrows.repeat(2, turn).run(move || *lets_go.borrow_mut() = None);
    let first = event_loop.spawn(style.task(borrows));
    let second = event_loop.spawn(style.task(body().run(|| *shared.borrow_mut() += 1)));
    *sender.borrow_mut() = Some(());
    event_loop.run().unwrap();
    // The second one meets the borrow: its own panic, and the first one goes on.
    assert!(event_loop.block_on(first).unwrap().is_ok());
    let error = event_loop.block_on(second).unwrap().unwrap_err();
    assert!(error.to_string().contains("already"), "{error}");
    *shared.borrow_mut() += 1;
}

fn in_a_trace(style: Style) {
    let mut event_loop = new_loop();
    let mut has_panicked = false;
    event_loop.trace(move |_: &Event| {
        assert!(std::mem::replace(&mut has_panicked, true), "in a trace");
    });
    let handle = event_loop.spawn(style.task(body().perform(turn()).worth(|| 42)));
    // A trace belongs to who runs the loop, so the panic does too; the loop is whole after it.
    assert_eq!(quietly(|| event_loop.run().unwrap()), Err("in a trace".to_string()));
    assert_eq!(event_loop.block_on(handle).unwrap().unwrap(), 42);
}

fn while_the_code_around_the_loop_unwinds(style: Style) {
    let said = Said::default();
    let inside = said.clone();
    let unwinds = quietly(move || {
        let mut event_loop = new_loop();
        let body = body().hold(inside.when_dropped("dropped")).perform(turn());
        let _handle = event_loop.spawn(style.task(body.say(&inside, "went on")));
        let _watched = watched(style, &event_loop);
        turns(&mut event_loop, 1);
        panic!("around the loop");
    });
    assert_eq!(unwinds, Err::<(), _>("around the loop".to_string()));
    assert_eq!(said.lines(), ["dropped"]);
}
