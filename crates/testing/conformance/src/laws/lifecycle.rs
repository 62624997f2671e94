//! The life of a task: it starts lazily, is suspended, resumed and done, and its destructors run in
//! time.

use std::{cell::Cell, rc::Rc};

use quadrivium::{
    prelude::*,
    sync::oneshot,
    task::{RESUMED_AFTER_DONE, Step, Wait},
};

use crate::{
    NO_NOTES, Notes, Subject, body, catch_panic,
    event_loop::{expect_done, expect_suspended},
    is_done, leaf, new_loop, notes_and_loop, resume, turns,
};

laws! { ($) lifecycle:
    /// Building a task runs nothing. Its first resume starts the body.
    building_runs_nothing needs ByHand;
    /// One resume runs the body to its next suspension, and no further.
    runs_from_suspension_to_suspension needs ByHand;
    /// A task that performs a sub-task returns the wait of the sub-task unchanged.
    waits_for_what_its_sub_task_waits_for needs ByHand;
    /// The output of a sub-task reaches the body, and the output of the body reaches the caller of
    /// `resume`. The outputs need not be `Clone`.
    outputs_reach_the_caller needs ByHand;
    /// Every resume after the end panics with `RESUMED_AFTER_DONE`.
    a_resume_after_done_panics needs ByHand;
    /// A resume after a panic panics again. The body neither runs nor suspends.
    a_resume_after_a_panic_panics needs ByHand;
    /// A resume before the wait is over loses nothing and skips nothing.
    a_spurious_resume_is_harmless needs ByHand;
    /// A task that is dropped before its start drops the values that its body holds.
    a_drop_before_the_start_drops_the_body needs ByHand;
    /// When `drop` of a suspended task returns, the destructors of its sub-task and then its own
    /// have run.
    a_drop_while_suspended_runs_destructors_inside_out needs ByHand;
    /// When a task is done, its body has been dropped.
    a_task_that_is_done_has_dropped_its_body needs ByHand;
    /// A sub-task that is done is dropped before the body continues.
    a_sub_task_is_dropped_before_its_output_is_used needs ByHand;
    /// A boxed task may be moved while it is suspended.
    a_suspended_task_can_be_moved needs ByHand;
    /// A join handle returns the output of its task.
    a_handle_returns_the_output;
    /// `is_finished` returns false until the task has ended.
    a_handle_reports_the_end;
    /// A task whose handle is dropped continues.
    a_task_without_a_handle_goes_on;
    /// A body can spawn tasks on the host that drives it.
    a_task_can_spawn_tasks;
    /// `block_on` returns when its task is done. The other tasks continue in the next run.
    block_on_leaves_other_tasks_suspended;
    /// A loop counts the tasks that have not ended.
    the_loop_counts_unfinished_tasks;
}

fn building_runs_nothing(subject: Subject) {
    let notes = Notes::default();
    let task = subject.task(body().note(&notes, "started"));
    assert_eq!(notes.lines(), NO_NOTES);
    let mut task = task;
    expect_done(&mut task);
    assert_eq!(notes.lines(), ["started"]);
}

fn runs_from_suspension_to_suspension(subject: Subject) {
    let notes = Notes::default();
    let body = body().note(&notes, "one").perform(turn()).note(&notes, "two").perform(turn());
    let mut task = subject.task(body.note(&notes, "three"));
    expect_suspended(&mut task);
    assert_eq!(notes.lines(), ["one"]);
    expect_suspended(&mut task);
    assert_eq!(notes.lines(), ["one", "two"]);
    expect_done(&mut task);
    assert_eq!(notes.lines(), ["one", "two", "three"]);
}

fn waits_for_what_its_sub_task_waits_for(subject: Subject) {
    let deadline = std::time::Instant::now();
    for wait in [Wait::Turn, Wait::Wake, Wait::Until(deadline)] {
        let expected = wait.clone();
        let waits = leaf(move |_| Step::<()>::Suspended(wait.clone()));
        let mut task = subject.task(body().perform(waits));
        assert_eq!(
            expect_suspended(&mut task),
            expected,
            "the task must return the wait of its sub-task"
        );
    }
}

fn outputs_reach_the_caller(subject: Subject) {
    // The value can be neither copied nor cloned. It goes from a sub-task through the body.
    let slot = Rc::new(Cell::new(None));
    let output = Rc::clone(&slot);
    let sub = leaf(|_| Step::Done(Box::new(6)));
    let body = body().perform_then(|| sub, move |six| slot.set(Some(six)));
    let mut task = subject.task(body.output(move || *output.take().unwrap() * 7));
    assert_eq!(expect_done(&mut task), 42);
}

fn a_resume_after_done_panics(subject: Subject) {
    let mut task = subject.task(body().perform(turn()));
    expect_suspended(&mut task);
    expect_done(&mut task);
    for _ in 0..2 {
        assert_eq!(
            catch_panic(|| is_done(&resume(&mut task))),
            Err(RESUMED_AFTER_DONE.to_string())
        );
    }
}

fn a_resume_after_a_panic_panics(subject: Subject) {
    let mut task = subject.task(body().perform(turn()).run(|| panic!("on purpose")));
    expect_suspended(&mut task);
    assert_eq!(catch_panic(|| is_done(&resume(&mut task))), Err("on purpose".to_string()));
    // Styles may use different messages, but all must panic.
    let again = catch_panic(|| is_done(&resume(&mut task)));
    assert!(again.is_err(), "the task must panic, but its resume returned; done: {again:?}");
}

fn a_spurious_resume_is_harmless(subject: Subject) {
    let notes = Notes::default();
    let (sender, receiver) = oneshot::channel();
    let body = body().perform(receiver).note(&notes, "received");
    let mut task = subject.task(body);
    for _ in 0..3 {
        assert_eq!(expect_suspended(&mut task), Wait::Wake);
    }
    sender.send(()).unwrap();
    expect_done(&mut task);
    assert_eq!(notes.lines(), ["received"]);
}

fn a_drop_before_the_start_drops_the_body(subject: Subject) {
    let notes = Notes::default();
    let task = subject.task(body().note(&notes, "started").hold(notes.when_dropped("dropped")));
    drop(task);
    assert_eq!(notes.lines(), ["dropped"]);
}

fn a_drop_while_suspended_runs_destructors_inside_out(subject: Subject) {
    let notes = Notes::default();
    let in_sub_task = notes.when_dropped("sub-task");
    let sub_task = leaf(move |_| {
        let _ = &in_sub_task;
        Step::<()>::Suspended(Wait::Wake)
    });
    let mut task = subject
        .task(body().hold(notes.when_dropped("body")).perform(sub_task).note(&notes, "went on"));
    expect_suspended(&mut task);
    assert_eq!(notes.lines(), NO_NOTES);
    drop(task);
    // From the inside out, and all of them before `drop` returns.
    assert_eq!(notes.lines(), ["sub-task", "body"]);
}

fn a_task_that_is_done_has_dropped_its_body(subject: Subject) {
    let notes = Notes::default();
    let mut task = subject.task(body().hold(notes.when_dropped("dropped")).output(|| 42));
    assert_eq!(expect_done(&mut task), 42);
    assert_eq!(notes.lines(), ["dropped"], "a task that is done must have dropped its body");
}

fn a_sub_task_is_dropped_before_its_output_is_used(subject: Subject) {
    let notes = Notes::default();
    let in_sub_task = notes.when_dropped("sub-task dropped");
    let sub_task = leaf(move |_| {
        let _ = &in_sub_task;
        Step::Done(())
    });
    let then = notes.clone();
    let body = body().perform_then(|| sub_task, move |()| then.add("output used"));
    expect_done(&mut subject.task(body));
    assert_eq!(notes.lines(), ["sub-task dropped", "output used"]);
}

fn a_suspended_task_can_be_moved(subject: Subject) {
    let mut task = subject.task(body().perform(turn()).output(|| 42));
    expect_suspended(&mut task);
    let mut elsewhere = Vec::from([task]);
    assert_eq!(expect_done(&mut elsewhere[0]), 42);
}

fn a_handle_returns_the_output(subject: Subject) {
    let mut event_loop = new_loop();
    let handle = event_loop.spawn(subject.task(body().perform(turn()).output(|| 42)));
    event_loop.run().unwrap();
    assert_eq!(event_loop.block_on(handle).unwrap().unwrap(), 42);
}

fn a_handle_reports_the_end(subject: Subject) {
    let mut event_loop = new_loop();
    let handle = event_loop.spawn(subject.task(body().perform(turn())));
    let is_finished = || handle.is_finished();
    assert_eq!((is_finished(), "spawned"), (false, "spawned"));
    turns(&mut event_loop, 1);
    assert_eq!((is_finished(), "suspended"), (false, "suspended"));
    turns(&mut event_loop, 1);
    assert_eq!((is_finished(), "done"), (true, "done"));
}

fn a_task_without_a_handle_goes_on(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    event_loop.run_detached(subject.task(body().perform(turn()).note(&notes, "done")));
    assert_eq!(notes.lines(), ["done"]);
}

fn a_task_can_spawn_tasks(subject: Subject) {
    let notes = Notes::default();
    let child = subject.task(body().note(&notes, "child"));
    let parent = body().perform_ok(|| spawn(child));
    let mut event_loop = new_loop();
    event_loop.block_on(subject.task(parent.note(&notes, "parent"))).unwrap();
    assert_eq!(notes.lines(), ["child", "parent"]);
}

fn block_on_leaves_other_tasks_suspended(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let other = event_loop.spawn(subject.task(body().repeat(3, turn).note(&notes, "other")));
    event_loop.block_on(subject.task(body().perform(turn()))).unwrap();
    assert_eq!(notes.lines(), NO_NOTES);
    assert_eq!((other.is_finished(), event_loop.live()), (false, 1));
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["other"]);
}

fn the_loop_counts_unfinished_tasks(subject: Subject) {
    let mut event_loop = new_loop();
    assert_eq!(event_loop.live(), 0);
    let handles = [0, 1, 2].map(|n| event_loop.spawn(subject.task(body().repeat(n, turn))));
    for left in [3, 2, 1, 0] {
        assert_eq!(event_loop.live(), left);
        turns(&mut event_loop, 1);
    }
    assert_eq!(handles.map(|handle| handle.is_finished()), [true; 3]);
}
