//! Observers: code that is told when a task is resumed, and when its step has ended.

use std::{cell::RefCell, collections::HashMap, rc::Rc, sync::Arc};

use quadrivium::{
    host::{self, Observer, Observing, RunningTask, Style},
    prelude::*,
    sync::Notify,
};

use crate::{Notes, Subject, body, catch_panic, in_drop, notes_and_loop, turns};

laws! { ($) observers:
    /// An observer is told of each step: before the body runs, after it, and when the task has
    /// ended.
    are_told_of_each_step on Observers;
    /// The steps of two tasks do not overlap for an observer.
    are_told_of_one_task_after_another on Observers;
    /// An observer is told when a cancel outside a run runs destructors, and that the task has
    /// ended.
    are_told_of_a_cancel on Observers;
    /// When a task cancels another one, the destructors of the other task count as a step of that
    /// task, inside the step of the first.
    are_told_of_a_cancel_in_a_step on Observers;
    /// When a body panics, an observer is told that the step has ended, and that the task has
    /// ended. The destructors have run before.
    are_told_of_a_panic on Observers;
    /// The drop of an unread output counts as a step of its task.
    are_told_of_an_unread_output on Observers;
    /// Of two observers, the second is told of the end of a step first.
    are_told_in_order on Observers;
    /// An observer that is removed inside a step is told of the end of that step. An observer that
    /// is registered inside a step is told of the next step first.
    come_and_go_between_steps on Observers;
    /// A panic of an observer changes nothing for the task and for other observers.
    may_panic on Observers;
    /// An observer may spawn a task and cancel another one.
    may_spawn_and_cancel on Observers;
}

/// Notes each call, with its own name in front and the name of the task behind.
struct Notetaker {
    name: &'static str,
    notes: Notes,
    /// The names of tasks. A host may have forgotten a task when it is done.
    tasks: RefCell<HashMap<RunningTask, Arc<str>>>,
}

impl Notetaker {
    fn note(&self, what: &str, task: RunningTask) {
        self.notes.add(format!("{}{what} {}", self.name, self.tasks.borrow()[&task]));
    }
}

impl Observer for Notetaker {
    fn resumed(&self, task: RunningTask, _: Style) {
        let name = host::label().and_then(|label| label.name);
        self.tasks.borrow_mut().insert(task, name.unwrap_or_else(|| "unnamed".into()));
        self.note("resumed", task);
    }

    fn suspended(&self, task: RunningTask) {
        self.note("suspended", task);
    }

    fn ended(&self, task: RunningTask) {
        self.note("ended", task);
    }
}

fn observe(notes: &Notes, name: &'static str) -> Observing {
    host::observe(Rc::new(Notetaker { name, notes: notes.clone(), tasks: RefCell::default() }))
}

fn are_told_of_each_step(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let observing = observe(&notes, "");
    let body = body().note(&notes, "first part").perform(turn()).note(&notes, "second part");
    let handle = event_loop.spawn_named("ada", subject.task(body));
    turns(&mut event_loop, 1);
    assert_eq!(notes.lines(), ["resumed ada", "first part", "suspended ada"]);
    event_loop.run().unwrap();
    assert_eq!(notes.lines()[3..], ["resumed ada", "second part", "suspended ada", "ended ada"]);
    drop(observing);
    drop(event_loop.spawn(subject.task(crate::body().perform(turn()))));
    event_loop.run().unwrap();
    assert_eq!(notes.lines().len(), 7, "an observer that is removed must hear no more");
    drop(handle);
}

fn are_told_of_one_task_after_another(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let _observing = observe(&notes, "");
    for name in ["ada", "bob"] {
        let body = body().note(&notes, "runs").perform(turn());
        drop(event_loop.spawn_named(name, subject.task(body)));
    }
    turns(&mut event_loop, 1);
    let steps = ["resumed ada", "runs", "suspended ada", "resumed bob", "runs", "suspended bob"];
    assert_eq!(notes.lines(), steps);
}

fn are_told_of_a_cancel(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let waits = body().hold(notes.when_dropped("dropped")).perform(Notify::new().notified());
    let handle = event_loop.spawn_named("ada", subject.task(waits));
    turns(&mut event_loop, 1);
    let _observing = observe(&notes, "");
    handle.cancel();
    assert_eq!(notes.lines(), ["resumed ada", "dropped", "suspended ada", "ended ada"]);
}

fn are_told_of_a_cancel_in_a_step(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let waits = body().hold(notes.when_dropped("dropped")).perform(Notify::new().notified());
    let handle = event_loop.spawn_named("ada", subject.task(waits));
    turns(&mut event_loop, 1);
    let _observing = observe(&notes, "");
    let body = body().run(move || handle.cancel()).note(&notes, "cancelled");
    drop(event_loop.spawn_named("bob", subject.task(body)));
    event_loop.run().unwrap();
    assert_eq!(
        notes.lines(),
        [
            "resumed bob",
            "resumed ada",
            "dropped",
            "suspended ada",
            "ended ada",
            // The step of the other task goes on.
            "cancelled",
            "suspended bob",
            "ended bob",
        ]
    );
}

fn are_told_of_a_panic(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let _observing = observe(&notes, "");
    let body = body().hold(notes.when_dropped("dropped")).perform(turn()).run(|| {
        // Not `panic!`, which would print a message for every pair of styles.
        std::panic::resume_unwind(Box::new("as planned"))
    });
    let handle = event_loop.spawn_named("ada", subject.task(body));
    event_loop.run().unwrap();
    let lines = notes.lines();
    assert_eq!(lines[..2], ["resumed ada", "suspended ada"]);
    assert_eq!(lines[2], "resumed ada");
    assert_eq!(lines.last().unwrap(), "ended ada");
    assert_eq!(notes.count("ended ada"), 1);
    assert_eq!(notes.count("resumed ada"), notes.count("suspended ada"));
    // A destructor may run in the step that panics, or after it.
    let dropped = lines.iter().position(|line| line == "dropped").unwrap();
    assert_eq!(lines[dropped - 1], "resumed ada", "destructors must run inside a pair of calls");
    drop(handle);
}

fn are_told_of_an_unread_output(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let output = notes.when_dropped("dropped");
    let handle = event_loop.spawn_named("ada", subject.task(body().output(|| output)));
    turns(&mut event_loop, 1);
    let _observing = observe(&notes, "");
    drop(handle);
    assert_eq!(notes.lines(), ["resumed ada", "dropped", "suspended ada"]);
}

fn are_told_in_order(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let _observing = [observe(&notes, "1: "), observe(&notes, "2: ")];
    drop(event_loop.spawn_named("ada", subject.task(body().perform(turn()))));
    turns(&mut event_loop, 1);
    let calls = ["1: resumed ada", "2: resumed ada", "2: suspended ada", "1: suspended ada"];
    assert_eq!(notes.lines(), calls);
}

fn come_and_go_between_steps(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let observing = Rc::new(RefCell::new(vec![observe(&notes, "1: ")]));
    let (changes, own_notes) = (Rc::clone(&observing), notes.clone());
    let changes = move || {
        let former = changes.replace(vec![observe(&own_notes, "2: ")]);
        drop(former);
    };
    drop(event_loop.spawn_named("ada", subject.task(body().run(changes).perform(turn()))));
    event_loop.run().unwrap();
    assert_eq!(
        notes.lines(),
        [
            "1: resumed ada",
            "1: suspended ada",
            "2: resumed ada",
            "2: suspended ada",
            "2: ended ada",
        ]
    );
    drop(observing);
}

/// Panics in every call.
struct Panics;

impl Observer for Panics {
    fn resumed(&self, _: RunningTask, _: Style) {
        std::panic::resume_unwind(Box::new("resumed"));
    }

    fn suspended(&self, _: RunningTask) {
        std::panic::resume_unwind(Box::new("suspended"));
    }
}

fn may_panic(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let _observing = [host::observe(Rc::new(Panics)), observe(&notes, "")];
    let handle = event_loop.spawn_named("ada", subject.task(body().output(|| 7)));
    let output = catch_panic(|| event_loop.block_on(handle)).unwrap().unwrap();
    assert_eq!(output.unwrap(), 7);
    assert_eq!(notes.count("ended ada"), 1);
}

/// Cancels its task when another one is resumed, and spawns one.
struct Meddles {
    subject: Subject,
    notes: Notes,
    cancels: RefCell<Option<JoinHandle<()>>>,
}

impl Observer for Meddles {
    fn resumed(&self, _: RunningTask, _: Style) {
        let Some(handle) = self.cancels.take() else { return };
        handle.cancel();
        drop(spawn(self.subject.task(body().note(&self.notes, "spawned"))));
    }

    fn suspended(&self, _: RunningTask) {}
}

fn may_spawn_and_cancel(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let ada = body().hold(notes.when_dropped("dropped")).perform(Notify::new().notified());
    let ada = event_loop.start(subject.task(ada), 1);
    let own_notes = notes.clone();
    let held = in_drop(move || own_notes.add("runs"));
    let cancels = RefCell::new(Some(ada));
    let _observing = host::observe(Rc::new(Meddles { subject, notes: notes.clone(), cancels }));
    drop(event_loop.spawn(subject.task(body().hold(held))));
    event_loop.run().unwrap();
    assert_eq!(notes.lines(), ["dropped", "runs", "spawned"]);
    assert_eq!(event_loop.live(), 0);
}
