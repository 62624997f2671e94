//! Reports of tasks that join each other. They come at once, while other tasks run, and only if
//! nothing but a cancel can end the wait.

use std::{cell::RefCell, rc::Rc, time::Duration};

use quadrivium::{
    event_loop::Report,
    future::future,
    prelude::*,
    task::{BoxTask, Step, Wait},
};

use crate::{Subject, TestLoop, body, leaf, new_loop, reports::Reports, turns};

laws! { ($) join_cycles:
    /// A task that joins itself is reported in the turn in which it does, while another task lives.
    a_self_join_is_reported_at_once;
    /// Tasks that join each other are reported in the turn in which the last of them does.
    a_cycle_is_reported_at_once;
    /// A report contains each task of the cycle, what it waits for, and no other task.
    a_report_contains_the_tasks_of_the_cycle;
    /// A cycle is reported once, although its tasks are woken and wait again.
    a_cycle_is_reported_once;
    /// A chain of joins is not reported, however long it is.
    a_chain_is_not_reported;
    /// A cycle is not reported at once if one of its waits has a deadline.
    a_deadline_prevents_a_report;
    /// A cycle is not reported at once if one of its waits is a race.
    a_race_prevents_a_report;
    /// A cycle is not reported at once if one of its tasks also waits in a leaf that makes no note.
    a_leaf_without_a_note_prevents_a_report;
    /// A cycle is not reported if one of its tasks has a canceller.
    a_canceller_prevents_a_report;
    /// That holds, too, if the leaf without a note has stored the task's waker in an earlier step.
    a_leaf_without_a_note_prevents_later_reports;
    /// A cycle is not reported at once if code outside the loop may wake one of its tasks.
    a_cloned_waker_prevents_a_report;
    /// A join that was polled once in another task is not part of a cycle.
    a_join_that_was_moved_is_not_reported;
}

const SECOND: Duration = Duration::from_secs(1);

/// A handle that a task takes when it runs.
pub(super) type Handle = Rc<RefCell<Option<JoinHandle<()>>>>;

/// Makes a loop with a task that lives on, so that the loop finds no deadlock.
pub(super) fn loop_that_lives() -> (TestLoop, Reports) {
    let event_loop = new_loop();
    let reports = Reports::of(&event_loop);
    drop(event_loop.spawn_named(
        "lives",
        future(async {
            loop {
                turn().await;
            }
        }),
    ));
    (event_loop, reports)
}

/// Spawns tasks. Each joins the next one, and the last one joins the first. `wait` makes the wait
/// of the first one from the handle that it joins.
fn spawn_cycle<W: Task + 'static>(
    subject: Subject,
    event_loop: &TestLoop,
    names: &[&str],
    wait: impl FnOnce(JoinHandle<()>) -> W + 'static,
) -> Vec<Handle> {
    let handles: Vec<Handle> = names.iter().map(|_| Handle::default()).collect();
    let next = |n: usize| Rc::clone(&handles[(n + 1) % names.len()]);
    let first = next(0);
    let first = body().perform_then(move || wait(first.take().unwrap()), drop);
    let others = (1..names.len()).map(|n| {
        let joined = next(n);
        body().perform_then(move || joined.take().unwrap(), drop)
    });
    for ((name, body), handle) in names.iter().zip([first].into_iter().chain(others)).zip(&handles)
    {
        *handle.borrow_mut() = Some(event_loop.spawn_named(name, subject.task(body)));
    }
    handles
}

fn a_self_join_is_reported_at_once(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    spawn_cycle(subject, &event_loop, &["joins itself"], |handle| handle);
    turns(&mut event_loop, 1);
    assert_eq!(reports.take_names(), ["joins: joins itself"]);
}

fn a_cycle_is_reported_at_once(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    let late = move |handle: JoinHandle<()>| subject.task(body().repeat(3, turn).perform(handle));
    spawn_cycle(subject, &event_loop, &["one", "two", "three"], late);
    turns(&mut event_loop, 3);
    assert_eq!(reports.len(), 0);
    turns(&mut event_loop, 1);
    assert_eq!(reports.take_names(), ["joins: one, two, three"]);
}

fn a_report_contains_the_tasks_of_the_cycle(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    spawn_cycle(subject, &event_loop, &["one", "two"], |handle| handle);
    turns(&mut event_loop, 1);
    let report = reports.take().pop().expect("there is a report");
    let text = report.to_string();
    let Report::JoinCycle(tasks) = report else { panic!("{text}") };
    assert_eq!(tasks.cycles().len(), 1);
    let start = "tasks wait for the end of each other, so none of them can end\ntask 2 \"one\" (";
    assert!(text.starts_with(start), "{text}");
    for line in [
        "waits for join of task 3 \"two\"",
        "waits for join of task 2 \"one\"",
        "└── back to task 2 \"one\"",
    ] {
        assert!(text.contains(line), "{line} is missing:\n{text}");
    }
}

fn a_cycle_is_reported_once(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    let wakes_itself = |mut handle: JoinHandle<()>| {
        let mut woken = 0;
        leaf(move |cx| {
            let step = std::pin::Pin::new(&mut handle).resume(cx);
            if woken < 5 {
                woken += 1;
                cx.waker().wake_by_ref();
            }
            step
        })
    };
    spawn_cycle(subject, &event_loop, &["one", "two"], wakes_itself);
    turns(&mut event_loop, 10);
    assert_eq!(reports.take_names(), ["joins: one, two"]);
}

fn a_chain_is_not_reported(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    let mut last = event_loop.spawn(subject.task(body().repeat(5, turn)));
    for _ in 0..100 {
        last = event_loop.spawn(subject.task(body().perform(last)));
    }
    turns(&mut event_loop, 4);
    assert!(!last.is_finished());
    turns(&mut event_loop, 200);
    assert!(last.is_finished());
    assert_eq!(reports.len(), 0);
}

/// The first task of a cycle of two waits in this way. The cycle is not reported at once.
fn is_not_reported<W: Task + 'static>(
    subject: Subject,
    wait: impl FnOnce(JoinHandle<()>) -> W + 'static,
) {
    let (mut event_loop, reports) = loop_that_lives();
    spawn_cycle(subject, &event_loop, &["one", "two"], wait);
    turns(&mut event_loop, 10);
    assert_eq!(reports.take_names(), [""; 0]);
}

fn a_deadline_prevents_a_report(subject: Subject) {
    is_not_reported(subject, |handle| timeout(SECOND, handle));
}

fn a_race_prevents_a_report(subject: Subject) {
    let notify = quadrivium::sync::Notify::new();
    let notified = notify.clone();
    is_not_reported(subject, move |handle| race(handle, notified.notified()));
    is_not_reported(subject, move |handle| race(notify.notified(), handle));
}

fn a_leaf_without_a_note_prevents_a_report(subject: Subject) {
    let waits_silently = || {
        leaf(|cx| {
            // Code on this thread may wake the task with this waker.
            drop(cx.local_waker());
            Step::<()>::Suspended(Wait::Wake)
        })
    };
    is_not_reported(subject, move |handle| race(handle, waits_silently()));
    is_not_reported(subject, move |handle| race(waits_silently(), handle));
}

fn a_leaf_without_a_note_prevents_later_reports(subject: Subject) {
    let mut waker = None;
    let waits_silently = leaf(move |cx| {
        if waker.is_none() {
            waker = Some(cx.local_waker());
            // The task is woken once, and the leaf then waits with the waker that it has.
            cx.waker().wake_by_ref();
        }
        Step::<()>::Suspended(Wait::Wake)
    });
    let mut steps = 0;
    is_not_reported(subject, move |mut handle: JoinHandle<()>| {
        let mut waits_silently = waits_silently;
        leaf(move |cx| {
            steps += 1;
            if steps > 1 {
                assert!(matches!(std::pin::Pin::new(&mut handle).resume(cx), Step::Suspended(_)));
            }
            std::pin::Pin::new(&mut waits_silently).resume(cx)
        })
    });
}

fn a_canceller_prevents_a_report(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    let handles = spawn_cycle(subject, &event_loop, &["one", "two"], |handle| handle);
    let canceller = handles[1].borrow().as_ref().expect("it has not run").canceller();
    turns(&mut event_loop, 10);
    assert_eq!(reports.len(), 0);
    canceller.cancel();
    turns(&mut event_loop, 10);
    assert_eq!(event_loop.live(), 1);
}

fn a_cloned_waker_prevents_a_report(subject: Subject) {
    let clones: Rc<RefCell<Vec<std::task::Waker>>> = Rc::default();
    is_not_reported(subject, move |mut handle: JoinHandle<()>| {
        leaf(move |cx| {
            clones.borrow_mut().push(cx.waker().clone());
            std::pin::Pin::new(&mut handle).resume(cx)
        })
    });
}

/// Resumes the handle once, and puts it back for another task.
fn polls_once(subject: Subject, handle: &Handle) -> BoxTask<()> {
    let handle = Rc::clone(handle);
    let polls = leaf(move |cx| {
        let mut handle = handle.borrow_mut();
        let joined = handle.as_mut().expect("it is there");
        assert!(matches!(std::pin::Pin::new(joined).resume(cx), Step::Suspended(_)));
        Step::Done(())
    });
    // Nothing wakes the task any more.
    let waits = leaf(|_| Step::<()>::Suspended(Wait::Wake));
    subject.task(body().perform(polls).perform(waits))
}

fn a_join_that_was_moved_is_not_reported(subject: Subject) {
    let (mut event_loop, reports) = loop_that_lives();
    let (first, second) = (Handle::default(), Handle::default());
    let polls = event_loop.spawn_named("polls once", polls_once(subject, &second));
    *first.borrow_mut() = Some(polls);
    let joined = Rc::clone(&first);
    let joins = body().repeat(2, turn).perform_then(move || joined.take().unwrap(), drop);
    *second.borrow_mut() = Some(event_loop.spawn_named("joins", subject.task(joins)));
    turns(&mut event_loop, 1);
    // Another task joins the handle from here on.
    let joins = event_loop.spawn(subject.task(body().perform(second.take().unwrap())));
    turns(&mut event_loop, 10);
    assert_eq!(reports.take_names(), [""; 0]);
    drop(joins);
}
