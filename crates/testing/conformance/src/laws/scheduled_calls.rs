//! Calls of plain functions, now or later: `call_soon`, `call_later`, `call_every` and
//! `on_readable`, used by the body of any style.

use std::{
    cell::{Cell, RefCell},
    io::{Read, Write},
    os::unix::net::UnixStream,
    rc::Rc,
    time::Duration,
};

use quadrivium::{
    callback::{Call, call_at, call_every, call_later, call_soon, on_readable, on_writable},
    event_loop::Turned,
    prelude::*,
    time::{block_for, now},
};

use crate::{
    NO_NOTES, Notes, Subject, TestLoop, body, catch_panic, new_loop, notes_and_loop,
    sockets::real_loop, turns,
};

laws! { ($) scheduled_calls:
    /// Functions passed to `call_soon` run in the order of the calls, after the body.
    call_soon_keeps_the_order;
    /// `call_later` calls its function at its time. Calls for equal times keep their order.
    call_later_keeps_the_order_of_times on VirtualClock;
    /// The delay of `call_later` counts from that call, even if the body then keeps the CPU.
    call_later_counts_from_the_call on VirtualClock;
    /// `call_every` repeats until it is cancelled, also by the function itself.
    call_every_repeats_until_cancelled on VirtualClock;
    /// `call_every` skips the times that pass while the CPU is kept busy. The later times do not
    /// move.
    call_every_skips_missed_times on OwnClock;
    /// A call that is cancelled is not made, and the function is dropped at once.
    a_cancelled_call_is_not_made on VirtualClock;
    /// Cancelling a call again, or after it was made, does nothing.
    a_late_cancel_does_nothing;
    /// Dropping the handle of a call does not cancel it.
    dropping_the_handle_cancels_nothing on VirtualClock;
    /// A panic in a call ends that call alone. A task that waits for the call gets an error.
    a_panic_is_an_error_for_a_waiting_task;
    /// A call that is due only after `Duration::MAX` delays no task that does not wait for it.
    a_call_that_never_comes_delays_nothing on VirtualClock;
    /// `on_readable` calls its function as long as there are bytes to read, until it is cancelled.
    on_readable_repeats_until_cancelled;
    /// `on_readable` of a descriptor that cannot be waited for calls its function once, with an
    /// error.
    on_readable_of_a_regular_file_is_an_error;
    /// `on_writable` calls its function at once if the descriptor can be written.
    on_writable_is_called_at_once;
    /// Asking for a call without a host panics with a clear message.
    a_call_without_a_host_panics;
}

/// Runs a body that asks for calls until the body and the calls are done, and returns the notes.
fn run_body(subject: Subject, asks: impl FnOnce(Notes) + 'static) -> Vec<String> {
    run_body_on(&mut new_loop(), subject, asks)
}

fn run_body_on(
    event_loop: &mut TestLoop,
    subject: Subject,
    asks: impl FnOnce(Notes) + 'static,
) -> Vec<String> {
    let notes = Notes::default();
    let own = notes.clone();
    let task = event_loop.spawn(subject.task(body().run(|| asks(own))));
    event_loop.run().unwrap();
    assert!(task.is_finished());
    event_loop.block_on(task).unwrap().unwrap();
    notes.lines()
}

fn noting(notes: &Notes, line: &'static str) -> impl FnOnce() + use<> {
    let notes = notes.clone();
    move || notes.add(line)
}

fn call_soon_keeps_the_order(subject: Subject) {
    let notes = run_body(subject, |own| {
        for line in ["one", "two", "three"] {
            call_soon(noting(&own, line));
        }
        own.add("asked");
    });
    assert_eq!(notes, ["asked", "one", "two", "three"]);
}

fn call_later_keeps_the_order_of_times(subject: Subject) {
    let notes = run_body(subject, |own| {
        let second = Duration::from_secs(1);
        call_later(2 * second, noting(&own, "last"));
        call_later(second, noting(&own, "first"));
        call_at(now() + second, noting(&own, "second"));
        call_later(second, noting(&own, "third"));
    });
    assert_eq!(notes, ["first", "second", "third", "last"]);
}

fn call_later_counts_from_the_call(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    let asks = body()
        .run(move || {
            let begin = now();
            call_later(Duration::from_secs(2), move || own.add(format!("{:?}", now() - begin)));
        })
        .perform(block_for(Duration::from_secs(1)));
    event_loop.run_detached(subject.task(asks));
    assert_eq!(notes.lines(), ["2s"]);
}

/// The slot of a call, where the called function finds its own handle.
type CallSlot = Rc<RefCell<Option<Call>>>;

fn cancel(slot: &CallSlot) {
    slot.borrow().as_ref().expect("it was asked for").cancel();
}

fn call_every_repeats_until_cancelled(subject: Subject) {
    let notes = run_body(subject, |own| {
        let (begin, slot) = (now(), CallSlot::default());
        let inside = Rc::clone(&slot);
        let call = call_every(Duration::from_secs(1), move || {
            own.add(format!("{:?}", now() - begin));
            if now() - begin == Duration::from_secs(3) {
                cancel(&inside);
                cancel(&inside);
            }
        });
        slot.replace(Some(call));
    });
    assert_eq!(notes, ["1s", "2s", "3s"]);
}

fn call_every_skips_missed_times(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (own, slot) = (notes.clone(), CallSlot::default());
    let asks = body()
        .run(move || {
            let (begin, inside) = (now(), Rc::clone(&slot));
            let call = call_every(Duration::from_secs(1), move || {
                own.add(format!("{:?}", now() - begin));
                if own.lines().len() == 3 {
                    cancel(&inside);
                }
            });
            slot.replace(Some(call));
        })
        .perform(turn())
        .perform(turn())
        // The call is due after one second, and made after two and a half.
        .perform(block_for(Duration::from_millis(2500)));
    event_loop.run_detached(subject.task(asks));
    assert_eq!(notes.lines(), ["2.5s", "3s", "4s"]);
}

fn a_cancelled_call_is_not_made(subject: Subject) {
    let notes = run_body(subject, |own| {
        for call in [
            call_soon(holding(&own)),
            call_later(Duration::from_secs(1), holding(&own)),
            call_every(Duration::from_secs(1), {
                let mut holding = Some(holding(&own));
                move || holding.take().unwrap()()
            }),
        ] {
            call.cancel();
            assert!(call.is_finished());
        }
        own.add("cancelled");
    });
    assert_eq!(notes, ["dropped", "dropped", "dropped", "cancelled"]);
}

/// Returns a function that notes its call, and holds a value that notes its drop.
fn holding(notes: &Notes) -> impl FnOnce() + use<> {
    let (held, notes) = (notes.when_dropped("dropped"), notes.clone());
    move || {
        notes.add("called");
        drop(held);
    }
}

fn a_late_cancel_does_nothing(subject: Subject) {
    let (notes, slot) = (Notes::default(), Rc::new(Cell::new(None)));
    let (own, keeps) = (notes.clone(), Rc::clone(&slot));
    run_body(subject, move |_| keeps.set(Some(call_soon(noting(&own, "called")))));
    let call = slot.take().unwrap();
    call.cancel();
    call.cancel();
    assert!(call.is_finished());
    assert_eq!(notes.lines(), ["called"]);
}

fn dropping_the_handle_cancels_nothing(subject: Subject) {
    let notes =
        run_body(subject, |own| drop(call_later(Duration::from_secs(1), noting(&own, "called"))));
    assert_eq!(notes, ["called"]);
}

fn a_panic_is_an_error_for_a_waiting_task(subject: Subject) {
    let notes = Notes::default();
    let (own, error_notes) = (notes.clone(), notes.clone());
    let slot = Rc::new(Cell::new(None));
    let keeps = Rc::clone(&slot);
    let asks = body()
        .run(move || {
            keeps.set(Some(call_soon(|| panic!("in the call")).into_task()));
            call_soon(noting(&own, "called"));
        })
        .perform_then(
            move || slot.take().unwrap(),
            move |ended| error_notes.add(ended.unwrap_err().panic_message().expect("it has one")),
        );
    new_loop().block_on(subject.task(asks)).unwrap();
    assert_eq!(notes.count("in the call"), 1);
    assert_eq!(notes.count("called"), 1);
}

fn a_call_that_never_comes_delays_nothing(subject: Subject) {
    let notes = Notes::default();
    let own = notes.clone();
    let asks = body()
        .run(move || {
            call_later(Duration::MAX, noting(&own, "called"));
            call_every(Duration::MAX, noting_often(&own));
        })
        .perform(sleep(Duration::from_secs(1)));
    new_loop().block_on(subject.task(asks)).unwrap();
    assert_eq!(notes.lines(), NO_NOTES);
}

fn noting_often(notes: &Notes) -> impl FnMut() + use<> {
    let notes = notes.clone();
    move || notes.add("called")
}

fn on_readable_repeats_until_cancelled(subject: Subject) {
    let mut event_loop = real_loop();
    let (mut one, mut other) = UnixStream::pair().unwrap();
    let notes = run_body_on(&mut event_loop, subject, move |own| {
        let slot = CallSlot::default();
        let inside = Rc::clone(&slot);
        let call = on_readable(other.try_clone().unwrap(), move |ready| {
            ready.unwrap();
            let mut byte = [0];
            other.read_exact(&mut byte).unwrap();
            own.add(char::from(byte[0]).to_string());
            if byte == *b"c" {
                cancel(&inside);
            }
        });
        slot.replace(Some(call));
        one.write_all(b"abcd").unwrap();
    });
    assert_eq!(notes, ["a", "b", "c"]);
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
}

fn on_readable_of_a_regular_file_is_an_error(subject: Subject) {
    let mut event_loop = real_loop();
    let notes = run_body_on(&mut event_loop, subject, move |own| {
        let file = std::fs::File::open("/proc/self/exe").unwrap();
        on_readable(file, move |ready| own.add(if ready.is_err() { "error" } else { "ready" }));
    });
    assert_eq!(notes, ["error"]);
}

fn on_writable_is_called_at_once(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, _other) = UnixStream::pair().unwrap();
    let notes = run_body_on(&mut event_loop, subject, move |own| {
        let slot = CallSlot::default();
        let inside = Rc::clone(&slot);
        let call = on_writable(one, move |ready| {
            ready.unwrap();
            own.add("writable");
            cancel(&inside);
        });
        slot.replace(Some(call));
    });
    assert_eq!(notes, ["writable"]);
}

fn a_call_without_a_host_panics(_: Subject) {
    for asks in [|| _ = call_soon(|| ()), || _ = call_later(Duration::ZERO, || ())] {
        let refused = catch_panic(asks).unwrap_err();
        assert!(refused.contains("no host drives this thread"), "{refused}");
    }
}
