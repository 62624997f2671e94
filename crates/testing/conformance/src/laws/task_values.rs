//! Values that belong to a task: `LocalValue`, which only the task has, and `InheritedValue`, which
//! the tasks have as well that it spawns.

use std::{cell::Cell, num::NonZero, rc::Rc};

use quadrivium::{
    event_loop::Cluster,
    prelude::*,
    task::{BoxTask, InheritedValue, LocalValue},
};

use crate::{
    Body, Notes, Probe, Subject, body, in_destructor, new_loop, notes_and_loop, sockets::real_loop,
    turns,
};

laws! { ($) task_values:
    /// The body of a task sees its values, before and after each suspension, and so does a task
    /// that it performs.
    are_seen_by_the_task_and_by_what_it_performs;
    /// A task that runs between two steps of another one does not see the values of that task.
    are_seen_by_no_other_task;
    /// A spawned task has the inherited values of the task that spawned it, and so on. It has no
    /// local value of that task.
    are_inherited_by_spawned_tasks_as_declared;
    /// A value of an inner task hides the value of the task around it, and is hidden from it.
    of_an_inner_task_hide_those_around_it;
    /// Each part of a combinator has its own value.
    of_the_parts_of_a_combinator_are_apart;
    /// In a cancel, the destructors of a task see its own values, and not those of the task that
    /// cancels.
    are_seen_by_destructors_in_a_cancel;
    /// When a loop is dropped, the destructors of its tasks see their values.
    are_seen_by_destructors_of_a_dropped_loop;
    /// A value is dropped after the destructors of its task. An inherited value is dropped when the
    /// last task has ended.
    are_dropped_after_the_destructors;
    /// After a panic of a task, other tasks do not see its values.
    are_hidden_after_a_panic;
    /// A task on another loop inherits the values of the task that spawns it there.
    are_inherited_on_another_loop;
    /// A task of another loop that is dropped inside a task does not see the values of that task,
    /// unless it has inherited them.
    are_hidden_from_tasks_of_another_loop;
}

static LOCAL: LocalValue<Named> = LocalValue::new();
static INHERITED: InheritedValue<&str> = InheritedValue::new();
static OTHER: InheritedValue<u32> = InheritedValue::new();

/// A value with a name, which may note its own end.
struct Named(&'static str, Option<Box<dyn FnOnce()>>);

impl Drop for Named {
    fn drop(&mut self) {
        in_destructor(|| {
            if let Some(note) = self.1.take() {
                note();
            }
        });
    }
}

fn named(name: &'static str) -> Named {
    Named(name, None)
}

/// Returns the values that the calling code sees.
fn seen() -> String {
    let local = LOCAL.with(|value| value.0).unwrap_or("-");
    let inherited = INHERITED.value().unwrap_or("-");
    match OTHER.value() {
        Some(other) => format!("{local} {inherited} {other}"),
        None => format!("{local} {inherited}"),
    }
}

/// Notes which values it sees.
fn notes_seen(body: Body, notes: &Notes, by: &str) -> Body {
    let (notes, by) = (notes.clone(), by.to_string());
    body.run(move || notes.add(format!("{by}: {}", seen())))
}

/// Notes which values its destructor sees.
struct SeesInDrop(Notes, &'static str);

impl Drop for SeesInDrop {
    fn drop(&mut self) {
        in_destructor(|| self.0.add(format!("{} ends: {}", self.1, seen())));
    }
}

/// A task with both values, which waits for the probe in the middle.
fn waits(subject: Subject, notes: &Notes, name: &'static str, probe: &Probe) -> BoxTask<()> {
    let body = notes_seen(body().hold(SeesInDrop(notes.clone(), name)), notes, name);
    let body = notes_seen(body.perform(probe.waits()), notes, name);
    let task = INHERITED.provide(name, LOCAL.provide(named(name), subject.task(body)));
    Box::pin(task)
}

fn are_seen_by_the_task_and_by_what_it_performs(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let inner = notes_seen(notes_seen(body(), &notes, "inner").perform(turn()), &notes, "inner");
    let outer = notes_seen(body().perform(turn()), &notes, "outer").perform(subject.task(inner));
    let outer = notes_seen(outer, &notes, "outer");
    let task = LOCAL.provide(named("a"), INHERITED.provide("b", subject.task(outer)));
    event_loop.block_on(subject.task(body().perform(task))).unwrap();
    assert_eq!(notes.lines(), ["outer: a b", "inner: a b", "inner: a b", "outer: a b"]);
    assert_eq!(seen(), "- -");
}

fn are_seen_by_no_other_task(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (probe, never) = (Probe::default(), Probe::default());
    let one = event_loop.start(waits(subject, &notes, "one", &probe), 0);
    let other = event_loop.start(waits(subject, &notes, "two", &never), 0);
    let without = notes_seen(body(), &notes, "three");
    let without =
        event_loop.start(subject.task(notes_seen(without.perform(turn()), &notes, "three")), 2);
    probe.open();
    probe.wake();
    event_loop.block_on(one).unwrap().unwrap();
    drop((other, without));
    assert_eq!(
        notes.lines(),
        [
            "one: one one",
            "two: two two",
            "three: - -",
            "three: - -",
            "one: one one",
            "one ends: one one",
        ]
    );
}

fn are_inherited_by_spawned_tasks_as_declared(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let grandchild = notes_seen(body().perform(turn()), &notes, "grandchild");
    let child = notes_seen(body(), &notes, "child")
        .perform_then(move || spawn(subject.task(grandchild)), |joined| joined.unwrap());
    let child = notes_seen(child, &notes, "child");
    let (given, own) = (notes.clone(), notes.clone());
    let with_own = move || {
        let sees = notes_seen(body().perform(turn()), &given, "with its own");
        spawn(INHERITED.provide("own", OTHER.provide(3, subject.task(sees))))
    };
    let parent = body()
        .perform_then(move || spawn(subject.task(child)), |joined| joined.unwrap())
        .perform_then(with_own, |joined| joined.unwrap());
    let parent = notes_seen(parent, &own, "parent");
    let task = INHERITED.provide("i", OTHER.provide(1, subject.task(parent)));
    event_loop.block_on(LOCAL.provide(named("l"), task)).unwrap();
    assert_eq!(
        notes.lines(),
        [
            "child: - i 1",
            "grandchild: - i 1",
            "child: - i 1",
            "with its own: - own 3",
            "parent: l i 1",
        ]
    );
}

fn of_an_inner_task_hide_those_around_it(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let child = subject.task(notes_seen(body(), &notes, "child"));
    let inner = notes_seen(body().perform(turn()), &notes, "inner")
        .perform_then(move || spawn(child), |joined| joined.unwrap());
    let inner = LOCAL.provide(named("l2"), INHERITED.provide("i2", subject.task(inner)));
    let outer = notes_seen(notes_seen(body(), &notes, "outer").perform(inner), &notes, "outer");
    let outer = LOCAL.provide(named("l1"), INHERITED.provide("i1", subject.task(outer)));
    event_loop.block_on(outer).unwrap();
    assert_eq!(notes.lines(), ["outer: l1 i1", "inner: l2 i2", "child: - i2", "outer: l1 i1"]);
}

fn of_the_parts_of_a_combinator_are_apart(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let part = |name: &'static str, after: u32| {
        let body = notes_seen(body().repeat(after as usize, turn), &notes, name);
        INHERITED.provide(name, subject.task(body))
    };
    let parts = join(join_all([part("a", 1), part("b", 2)]), race(part("c", 1), part("d", 9)));
    let outer = notes_seen(body().perform(parts), &notes, "whole");
    event_loop.block_on(INHERITED.provide("w", subject.task(outer))).unwrap();
    assert_eq!(notes.lines(), ["a: - a", "c: - c", "b: - b", "whole: - w"]);
}

fn are_seen_by_destructors_in_a_cancel(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let never = Probe::default();
    let [one, other] =
        ["one", "two"].map(|name| event_loop.start(waits(subject, &notes, name, &never), 1));
    let cancels = notes_seen(body().run(move || one.cancel()), &notes, "three");
    let cancels = INHERITED.provide("three", subject.task(cancels));
    event_loop.block_on(cancels).unwrap();
    other.cancel();
    let ends = &notes.lines()[2..];
    assert_eq!(ends, ["one ends: one one", "three: - three", "two ends: two two"]);
}

fn are_seen_by_destructors_of_a_dropped_loop(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let never = Probe::default();
    drop(event_loop.start(waits(subject, &notes, "one", &never), 1));
    let child = body().hold(SeesInDrop(notes.clone(), "child")).perform(never.waits());
    let spawns = body().run(move || drop(spawn(subject.task(child))));
    drop(event_loop.start(OTHER.provide(5, subject.task(spawns)), 2));
    drop(event_loop);
    assert_eq!(notes.lines(), ["one: one one", "one ends: one one", "child ends: - - 5"]);
}

fn are_dropped_after_the_destructors(subject: Subject) {
    struct Noting(Notes);
    impl Drop for Noting {
        fn drop(&mut self) {
            in_destructor(|| self.0.add("inherited value dropped"));
        }
    }
    static NOTING: InheritedValue<Noting> = InheritedValue::new();
    for cancelled in [false, true] {
        let (notes, mut event_loop) = notes_and_loop();
        let into = notes.clone();
        let value = Named("l", Some(Box::new(move || into.add("local value dropped"))));
        let child = subject.task(body().hold(notes.when_dropped("child ends")).repeat(3, turn));
        let waits = if cancelled { usize::MAX } else { 1 };
        // The output of the child stays unread in the meantime.
        let handle_of_child = Rc::new(Cell::new(None));
        let keep = Rc::clone(&handle_of_child);
        let spawns = move || keep.set(Some(spawn(child)));
        let parent = body().hold(notes.when_dropped("parent ends")).run(spawns);
        let parent = LOCAL.provide(value, subject.task(parent.repeat(waits, turn)));
        let handle = event_loop.start(NOTING.provide(Noting(notes.clone()), parent), 2);
        handle.cancel();
        turns(&mut event_loop, 5);
        let seen_so_far = notes.lines();
        let expected =
            ["parent ends", "local value dropped", "child ends", "inherited value dropped"];
        assert!(handle_of_child.take().is_some_and(|child| child.is_finished()));
        assert_eq!(seen_so_far, expected);
    }
}

fn are_hidden_after_a_panic(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let panics = body().perform(turn()).run(|| panic!("on purpose"));
    let panics = LOCAL.provide(named("l"), INHERITED.provide("i", subject.task(panics)));
    let handle = event_loop.start(panics, 0);
    let next = subject.task(notes_seen(body().repeat(2, turn), &notes, "next"));
    event_loop.block_on(next).unwrap();
    assert!(handle.is_finished());
    assert_eq!(notes.lines(), ["next: - -"]);
    assert_eq!(seen(), "- -");
}

fn are_inherited_on_another_loop(subject: Subject) {
    let notes = Notes::default();
    let cluster = Rc::new(Cluster::new(NonZero::<usize>::MIN).unwrap());
    let (there, shared) = (notes.clone(), Rc::clone(&cluster));
    let spawns = body().perform_then(
        move || {
            shared.spawn(move || {
                there.add(format!("made: {}", seen()));
                let child = notes_seen(body().perform(turn()), &there, "child");
                let body = notes_seen(body().perform(turn()), &there, "there");
                subject
                    .task(body.perform_then(move || spawn(subject.task(child)), |it| it.unwrap()))
            })
        },
        |joined| joined.unwrap(),
    );
    let spawns = LOCAL.provide(named("l"), INHERITED.provide("i", subject.task(spawns)));
    real_loop().block_on(spawns).unwrap();
    assert_eq!(notes.lines(), ["made: - i", "there: - i", "child: - i"]);
    Rc::into_inner(cluster).expect("the task has ended").finish().unwrap();
}

fn are_hidden_from_tasks_of_another_loop(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (own, never) = (notes.clone(), Probe::default());
    let sees_in_drop = |name| body().hold(SeesInDrop(notes.clone(), name)).perform(never.waits());
    let mut other = new_loop();
    drop(other.start(subject.task(sees_in_drop("without")), 1));
    let inherits = subject.task(sees_in_drop("child"));
    let outer = body().run(move || {
        drop(other.spawn(inherits));
        drop(other);
        own.add(format!("outer: {}", seen()));
    });
    let outer = LOCAL.provide(named("l"), INHERITED.provide("i", subject.task(outer)));
    event_loop.block_on(outer).unwrap();
    assert_eq!(notes.lines(), ["without ends: - -", "child ends: - i", "outer: l i"]);
}
