//! Held time: the virtual clock stands still while a task waits for something outside the loop.

use std::{cell::RefCell, rc::Rc, sync::mpsc, thread, time::Duration};

use quadrivium::{
    prelude::*,
    sync::Notify,
    task::{Step, Wait},
    test::{Faults, Simulation},
    time::{hold, send_hold},
};

use super::deadlock::expect_deadlock;
use crate::{Probe, Subject, body, leaf, map, new_loop, sockets::real_loop};

laws! { ($) held_time:
    /// While time is held no deadline comes, but wakes from outside do.
    no_deadline_comes on OwnClock;
    /// When the last hold is dropped, time passes again.
    ends_with_the_last_hold on OwnClock;
    /// A cancelled task drops its hold, and time passes again.
    ends_with_a_cancelled_holder on OwnClock;
    /// Another thread may drop a hold. Time then passes again, even if no task waits for that
    /// thread.
    may_be_released_by_another_thread on OwnClock;
    /// A run ends with a deadlock if time is held, only deadlines are left and no other thread can
    /// wake a task.
    a_sleep_under_a_hold_is_a_deadlock on OwnClock;
    /// On the real clock a hold has no effect.
    does_nothing_on_the_real_clock;
    /// A simulation delays no wake while time is held.
    delays_no_wake_in_a_simulation;
}

const SECOND: Duration = Duration::from_secs(1);

/// Runs a function on another thread, and waits until that thread has run it and wakes the task.
fn done_by_a_thread(something: impl FnOnce() + Send + 'static) -> impl Task<Output = ()> + Unpin {
    let (mut something, mut thread) = (Some(something), None);
    leaf(move |cx| {
        if let Some(something) = something.take() {
            let waker = cx.waker().clone();
            thread = Some(thread::spawn(move || {
                something();
                waker.wake();
            }));
            return Step::Suspended(Wait::Wake);
        }
        thread.take().unwrap().join().unwrap();
        Step::Done(())
    })
}

/// Waits for another thread, within a timeout that must not end.
fn in_time() -> impl Task<Output = ()> {
    map(timeout(SECOND, done_by_a_thread(|| ())), |done| done.expect("held time must stand still"))
}

fn no_deadline_comes(subject: Subject) {
    let mut event_loop = new_loop();
    event_loop.block_on(subject.task(body().hold_new(hold).perform(in_time()))).unwrap();
    assert_eq!(event_loop.elapsed(), Duration::ZERO);
}

fn ends_with_the_last_hold(subject: Subject) {
    let mut event_loop = new_loop();
    let holds = Rc::new(RefCell::new(Vec::new()));
    let [two, one, none] = [2, 1, 0].map(|left| {
        let holds = Rc::clone(&holds);
        move || holds.borrow_mut().resize_with(left, hold)
    });
    let task = body().run(two).perform(in_time()).run(one).perform(in_time());
    let task = task.run(none).perform(sleep(SECOND));
    event_loop.block_on(subject.task(task)).unwrap();
    assert_eq!(event_loop.elapsed(), SECOND);
}

fn ends_with_a_cancelled_holder(subject: Subject) {
    let mut event_loop = new_loop();
    let held = body().hold_new(hold).perform(Probe::default().waits());
    let held = event_loop.start(subject.task(held), 1);
    held.cancel();
    event_loop.block_on(subject.task(body().perform(sleep(SECOND)))).unwrap();
    assert_eq!(event_loop.elapsed(), SECOND);
}

fn may_be_released_by_another_thread(subject: Subject) {
    let mut event_loop = new_loop();
    let takes_it_along = || {
        let hold = send_hold();
        thread::spawn(move || {
            // Usually long enough for the loop to fall asleep.
            thread::sleep(Duration::from_millis(1));
            drop(hold);
        });
    };
    let task = subject.task(body().run(takes_it_along).perform(sleep(SECOND)));
    event_loop.block_on(task).unwrap();
    assert_eq!(event_loop.elapsed(), SECOND);
}

fn a_sleep_under_a_hold_is_a_deadlock(subject: Subject) {
    let mut event_loop = new_loop();
    let slept = event_loop.block_on(subject.task(body().hold_new(hold).perform(sleep(SECOND))));
    expect_deadlock(slept);
}

fn does_nothing_on_the_real_clock(subject: Subject) {
    let sleeps = body().hold_new(hold).perform(sleep(Duration::from_millis(1)));
    real_loop().block_on(subject.task(sleeps)).unwrap();
}

fn delays_no_wake_in_a_simulation(subject: Subject) {
    let faults = Faults::none().delayed_wakes(1.0, SECOND);
    Simulation::new().seeds(0..3).faults(faults).run(|event_loop| {
        let (notify, (sender, receiver)) = (Notify::new(), mpsc::channel());
        // The wake of this task is still delayed when time is held, and the thread waits for the
        // task.
        let helps = body().perform(notify.notified()).run(move || sender.send(()).unwrap());
        drop(event_loop.spawn(subject.task(helps)));
        let waits = body()
            .repeat(5, turn)
            .run(move || notify.notify_one())
            .hold_new(hold)
            .perform(done_by_a_thread(move || receiver.recv().unwrap()));
        event_loop.block_on(subject.task(waits)).unwrap();
        assert_eq!(event_loop.elapsed(), Duration::ZERO);
    });
}
