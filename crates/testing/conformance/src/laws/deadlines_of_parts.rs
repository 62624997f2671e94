//! Deadlines of the parts of a combinator, such as `join_all`. Each deadline resumes its own part
//! only, and the whole waits for the earliest one.

use std::{rc::Rc, time::Duration};

use quadrivium::{
    prelude::*,
    sync::{channel, oneshot},
    task::{BoxTask, Step, Wait},
    time::now,
};

use crate::{Notes, Subject, body, leaf, new_loop, traced};

laws! { ($) deadlines_of_parts:
    /// The whole waits for the earliest deadline, and a deadline resumes its own part only.
    each_deadline_resumes_its_own_part on VirtualClock;
    /// A part may replace its deadline in each step. Former deadlines resume nothing.
    former_deadlines_resume_nothing on VirtualClock;
    /// The whole does not wait for the deadline of a timeout that was met.
    a_timeout_that_is_met_leaves_no_deadline on VirtualClock;
    /// A part that is resumed at its deadline may wait for the same deadline again.
    a_deadline_that_has_come_may_be_armed_again on VirtualClock;
}

const MS: Duration = Duration::from_millis(1);

/// A part that sleeps for these times, and notes its name and the time of each resume.
fn sleeper(subject: Subject, notes: &Notes, name: &'static str, ms: &'static [u64]) -> BoxTask<()> {
    let mut task = subject.task(ms.iter().fold(body(), |body, &ms| {
        body.perform_then(move || sleep(Duration::from_millis(ms)), drop)
    }));
    let (notes, mut start) = (notes.clone(), None);
    Box::pin(leaf(move |cx| {
        let start = *start.get_or_insert_with(now);
        notes.add(format!("{name} at {:?}", now() - start));
        task.as_mut().resume(cx)
    }))
}

fn each_deadline_resumes_its_own_part(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let notes = Notes::default();
    let a = sleeper(subject, &notes, "a", &[3, 3]);
    let b = sleeper(subject, &notes, "b", &[1, 3, 2]);
    event_loop.run_detached(subject.task(body().perform(join_all([a, b]))));
    let expected =
        ["a at 0ns", "b at 0ns", "b at 1ms", "a at 3ms", "b at 4ms", "a at 6ms", "b at 6ms"];
    assert_eq!(notes.lines(), expected);
    trace.with("suspended").expect(&[
        "0ns task 1 suspended until 1ms",
        "1ms task 1 suspended until 3ms",
        "3ms task 1 suspended until 4ms",
        "4ms task 1 suspended until 6ms",
    ]);
}

fn former_deadlines_resume_nothing(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, receiver) = channel::bounded(1);
    // Each receive has a limit, which the next receive replaces.
    let receives = subject.task(body().repeat(100, move || timeout(100 * MS, receiver.recv())));
    let count = Rc::new(std::cell::Cell::new(0));
    let own_count = Rc::clone(&count);
    let mut receives = receives;
    let counted: BoxTask<()> = Box::pin(leaf(move |cx| {
        own_count.set(own_count.get() + 1);
        receives.as_mut().resume(cx)
    }));
    let sends = subject.task(body().repeat_then(
        100,
        move || {
            sender.try_send(()).unwrap();
            sleep(MS)
        },
        drop,
    ));
    // The sender is dropped at last, and the receiver is done before.
    event_loop.block_on(subject.task(body().perform(join_all([counted, sends])))).unwrap();
    assert_eq!(event_loop.elapsed(), 100 * MS);
    assert!(count.get() <= 101, "{} resumes", count.get());
}

fn a_timeout_that_is_met_leaves_no_deadline(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let (first, limited) = oneshot::channel();
    let (second, unlimited) = oneshot::channel();
    let receives = subject.task(body().perform(timeout(2 * MS, limited)).perform(unlimited));
    let sends = body().perform(sleep(MS)).run(move || first.send(()).unwrap());
    let sends = sends.perform(sleep(4 * MS)).run(move || second.send(()).unwrap());
    let sends = subject.task(sends);
    event_loop.run_detached(subject.task(body().perform(join_all([receives, sends]))));
    trace.with("suspended").expect(&[
        "0ns task 1 suspended until 1ms",
        // The first part is woken, and goes on in the next step.
        "1ms task 1 suspended until 2ms",
        "1ms task 1 suspended until 5ms",
        // The second part sends and is done. The first part goes on in the next step.
        "5ms task 1 suspended until woken",
    ]);
}

fn a_deadline_that_has_come_may_be_armed_again(subject: Subject) {
    let mut event_loop = new_loop();
    let mut deadline = None;
    let mut left = 5;
    // It is resumed at its deadline, and returns the same deadline again.
    let insists = leaf(move |_| {
        let deadline = *deadline.get_or_insert_with(|| now() + MS);
        left -= 1;
        match left {
            0 => Step::Done(()),
            _ => Step::Suspended(Wait::Until(deadline)),
        }
    });
    let parts =
        [subject.task(body().perform(insists)), subject.task(body().perform(sleep(9 * MS)))];
    event_loop.block_on(subject.task(body().perform(join_all(parts)))).unwrap();
    assert_eq!(event_loop.elapsed(), 9 * MS);
}
