//! Scopes: all children have ended before the parent goes on, however the scope ends.

use std::{
    cell::{Cell, OnceCell},
    rc::Rc,
    thread,
    time::Duration,
};

use quadrivium::{
    host::{Promise, RemoteHandle},
    prelude::*,
    scope::{CancelReason, ChildError, ChildFailure, Scope, ScopeError, ScopeHandle},
    task::BoxTask,
    time::now,
};

use crate::{Notes, Probe, Subject, body, map, notes_and_loop, traced};

laws! { ($) scopes:
    /// `join` returns the values in the order of spawning, whichever child ends first.
    return_the_values_in_the_order_of_spawning on VirtualClock;
    /// `next` returns the values in the order in which the children end. `join` has the others.
    give_the_values_as_the_children_end on VirtualClock;
    /// A scope without children ends at once.
    without_children_end_at_once;
    /// An error cancels the other children. Their destructors run in the same step, in the order
    /// of their spawns, and before the parent goes on.
    an_error_cancels_the_other_children on VirtualClock;
    /// After an error, no deadline is left, and the parent goes on in the next turn.
    an_error_is_joined_in_the_next_turn on VirtualClock;
    /// A panic cancels the other children, and `join` returns its message.
    a_panic_cancels_the_other_children on VirtualClock;
    /// A child that ends by a panic of its destructors has failed.
    a_panic_of_a_destructor_is_an_error needs QuietCancel;
    /// Errors after the first one are kept, too.
    all_errors_are_kept on VirtualClock;
    /// `join` returns the reason of the cancel. The children were dropped before `cancel` returned.
    a_cancel_gives_its_reason on VirtualClock;
    /// Of several reasons, the first counts.
    the_first_reason_counts on VirtualClock;
    /// A child that cancels its own scope is dropped at its next suspension.
    a_child_may_cancel_its_scope on VirtualClock;
    /// A child that drops its own scope is dropped at its next suspension, after the others.
    a_child_may_drop_its_scope on VirtualClock;
    /// A child that cancels its own parent is dropped at its next suspension, after the others.
    a_child_may_cancel_its_parent on VirtualClock;
    /// The error says in which leaf a cancelled child waited, and on which line it was spawned.
    the_error_says_where_children_waited on VirtualClock;
    /// A shielded child may end after a cancel, and its value counts as any other.
    a_shielded_child_may_end_by_itself on VirtualClock;
    /// A shielded child sees the cancel, and the reason.
    a_shielded_child_sees_the_cancel on VirtualClock;
    /// A shielded child that has not ended within its limit is cancelled.
    a_shielded_child_is_cancelled_at_its_limit on VirtualClock;
    /// A cancel at once cancels shielded children too, also after a plain cancel.
    a_cancel_at_once_ends_shielded_children on VirtualClock;
    /// A drop of the scope, or of the leaf that joins it, drops all children, also shielded ones.
    a_drop_ends_all_children on VirtualClock;
    /// A cancel of the parent drops the children before it returns.
    a_cancel_of_the_parent_drops_the_children on VirtualClock;
    /// A deadline cancels the scope, also while the parent does something else.
    a_deadline_cancels_the_scope on VirtualClock;
    /// A deadline can be moved to a later or an earlier time, and it can be removed.
    a_deadline_can_be_moved on VirtualClock;
    /// A deadline that has passed already cancels the scope in the next turn.
    a_deadline_may_have_passed on VirtualClock;
    /// With a limit, as many children run at once, and the others start in their order.
    a_limit_lets_the_others_wait on VirtualClock;
    /// A child that waits for room when the scope is cancelled never starts, shielded or not.
    a_waiting_child_is_not_started_after_a_cancel on VirtualClock;
    /// `room` waits until a child could start.
    room_waits_for_the_end_of_a_child on VirtualClock;
    /// A scope does not wait for children in the background, and they need no room. They end when
    /// all others have ended.
    the_background_ends_with_the_other_children on VirtualClock;
    /// A failure in the background cancels the scope.
    a_failure_in_the_background_cancels_the_scope on VirtualClock;
    /// A child may spawn children in its own scope, and the scope waits for them.
    a_child_may_spawn_children on VirtualClock;
    /// After a cancel or the end, a spawned task is dropped and never runs.
    a_closed_scope_takes_no_children;
    /// `cancel_when` cancels the scope when its task is done, and does not keep the scope open.
    a_task_may_cancel_the_scope on VirtualClock;
    /// Another thread may cancel the scope.
    another_thread_may_cancel;
    /// A failure with a function of its own is passed to it, and cancels nothing.
    a_failure_may_concern_only_its_child on VirtualClock;
    /// A cancel of the scope cancels an adopted task, and waits for its end.
    an_adopted_task_is_waited_for;
    /// An adopted task whose host is gone has failed.
    an_adopted_task_may_be_lost;
    /// `cancelled` ends with the scope, if the scope is not cancelled.
    the_end_is_seen_from_outside on VirtualClock;
    /// A spurious wake of the parent ends no scope.
    a_spurious_wake_ends_no_scope on VirtualClock;
    /// A scope is a task of another scope like any other: an error goes up from one to the other.
    scopes_nest on VirtualClock;
}

const MS: Duration = Duration::from_millis(1);

type Value = &'static str;
type TestScope = Scope<Value, Value>;
type TestHandle = ScopeHandle<Value, Value>;
type Ended = Result<Vec<Value>, ScopeError<Value>>;

/// A child that sleeps for this time and then ends. It notes when its values are dropped.
fn child(
    subject: Subject,
    notes: &Notes,
    ms: u32,
    ends: Result<Value, Value>,
) -> BoxTask<Result<Value, Value>> {
    let (Ok(name) | Err(name)) = ends;
    let held = notes.when_dropped(format!("{name} dropped"));
    subject.task(body().hold(held).perform(sleep(ms * MS)).output(move || ends))
}

/// Makes a parent: it makes a scope, performs some work, and joins the scope. It notes the end.
fn working<W: Task + 'static>(
    subject: Subject,
    notes: &Notes,
    begin: impl FnOnce() -> (TestScope, W) + 'static,
) -> BoxTask<()> {
    let (made, notes) = (Rc::new(Cell::new(None)), notes.clone());
    let scope = Rc::clone(&made);
    let begin = move || {
        let (scope, work) = begin();
        made.set(Some(scope));
        work
    };
    let join = move || scope.take().expect("the scope was made").join();
    let parent = body().perform_then(begin, drop);
    subject.task(parent.perform_then(join, move |ended| notes.add(summary(ended))))
}

/// Makes a parent that joins its scope at once.
fn parent(
    subject: Subject,
    notes: &Notes,
    make: impl FnOnce() -> TestScope + 'static,
) -> BoxTask<()> {
    let notes = notes.clone();
    let join = move || make().join();
    subject.task(body().perform_then(join, move |ended| notes.add(summary(ended))))
}

/// The values, or the reason and the names of the children that have failed and were cancelled.
fn summary(ended: Ended) -> String {
    let error = match ended {
        Ok(values) => return format!("Ok {values:?}"),
        Err(error) => error,
    };
    let reason = match error.reason {
        CancelReason::Requested { why, .. } => why.into_owned(),
        other => other.to_string(),
    };
    let failed: Vec<_> = error.errors.iter().map(|error| error.failure.to_string()).collect();
    let cancelled = error.cancelled.len();
    format!("{reason}, {failed:?} failed, {cancelled} cancelled")
}

fn return_the_values_in_the_order_of_spawning(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = Notes::default();
    event_loop.run_detached(parent(subject, &notes, move || {
        let scope = Scope::new();
        let children = [(3, "a"), (1, "b"), (2, "c")];
        for (ms, name) in children {
            scope.spawn(child(subject, &own, ms, Ok(name)));
        }
        scope
    }));
    assert_eq!(notes.lines(), ["Ok [\"a\", \"b\", \"c\"]"]);
    assert_eq!(event_loop.elapsed(), 3 * MS);
}

fn give_the_values_as_the_children_end(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (own, seen) = (Notes::default(), notes.clone());
    event_loop.run_detached(working(subject, &notes, move || {
        let scope = Scope::new();
        let children = [(3, "a"), (1, "b"), (4, "c"), (2, "d")];
        for (ms, name) in children {
            scope.spawn(child(subject, &own, ms, Ok(name)));
        }
        let handle = scope.handle();
        let next = move || handle.next();
        let noted = body().repeat_then(2, next, move |value| seen.add(format!("{value:?}")));
        (scope, subject.task(noted))
    }));
    assert_eq!(notes.lines(), ["Some(\"b\")", "Some(\"d\")", "Ok [\"a\", \"c\"]"]);
}

fn without_children_end_at_once(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (seen, scope) = (notes.clone(), Rc::new(TestScope::new()));
    let next = body().perform_then(
        move || scope.next(),
        move |value| {
            seen.add(format!("{value:?}"));
        },
    );
    event_loop.run_detached(subject.task(next));
    event_loop.run_detached(parent(subject, &notes, Scope::new));
    assert_eq!(notes.lines(), ["None", "Ok []"]);
}

fn an_error_cancels_the_other_children(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    event_loop.run_detached(parent(subject, &notes, move || {
        let scope = Scope::new();
        let children = [(9, Ok("a")), (1, Ok("b")), (2, Err("c")), (9, Ok("d"))];
        for (ms, ends) in children {
            scope.spawn(child(subject, &own, ms, ends));
        }
        scope
    }));
    let dropped = ["b dropped", "c dropped", "a dropped", "d dropped"];
    assert_eq!(notes.lines()[..4], dropped);
    assert_eq!(notes.lines()[4..], ["a child has failed, [\"c\"] failed, 2 cancelled"]);
    assert_eq!(event_loop.elapsed(), 2 * MS);
}

fn an_error_is_joined_in_the_next_turn(subject: Subject) {
    let (mut event_loop, trace) = traced();
    let notes = Notes::default();
    let own = notes.clone();
    event_loop.run_detached(parent(subject, &notes, move || {
        let scope = Scope::new();
        scope.spawn(child(subject, &own, 5, Ok("sleeps")));
        scope.spawn(child(subject, &own, 1, Err("fails")));
        scope
    }));
    trace.expect(&[
        "0ns task 1 spawned",
        // The parent spawns two children, and waits for their ends.
        "0ns task 1 resumed",
        "0ns task 2 spawned by task 1",
        "0ns task 3 spawned by task 1",
        "0ns task 1 suspended until woken",
        "0ns task 2 resumed",
        "0ns task 2 suspended until 5ms",
        "0ns task 3 resumed",
        "0ns task 3 suspended until 1ms",
        "1ms task 3 woken by its deadline",
        // The second child fails. In the same step the first is cancelled, and so no child is left.
        "1ms task 3 resumed",
        "1ms task 1 woken by task 3",
        "1ms task 2 cancelled",
        "1ms task 3 done",
        "1ms task 1 resumed",
        "1ms task 1 done",
    ]);
}

fn a_panic_cancels_the_other_children(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    event_loop.run_detached(parent(subject, &notes, move || {
        let scope = Scope::new();
        scope.spawn(child(subject, &own, 9, Ok("a")));
        let held = own.when_dropped("panics dropped");
        let panics = body().hold(held).perform(sleep(MS)).run(|| panic!("on purpose"));
        scope.spawn(subject.task(panics.output(|| Ok("unreachable"))));
        scope
    }));
    let reason = "a child has failed, [\"panicked: on purpose\"] failed, 1 cancelled";
    assert_eq!(notes.lines(), ["panics dropped", "a dropped", reason]);
}

struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        if !thread::panicking() {
            panic!("on purpose");
        }
    }
}

fn a_panic_of_a_destructor_is_an_error(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    event_loop.run_detached(working(subject, &notes, move || {
        let scope = Scope::new();
        let waits = body()
            .hold(PanicsInDrop)
            .perform(Probe::default().waits())
            .output(|| Ok("unreachable"));
        scope.spawn(subject.task(waits));
        let handle = scope.handle();
        (scope, subject.task(body().perform(turn()).run(move || handle.cancel("enough"))))
    }));
    assert_eq!(notes.lines(), ["enough, [\"panicked: on purpose\"] failed, 1 cancelled"]);
}

fn all_errors_are_kept(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = Notes::default();
    event_loop.run_detached(parent(subject, &notes, move || {
        let scope = Scope::new();
        for (ms, name) in [(3, "third"), (1, "first"), (2, "second")] {
            let fails = child(subject, &own, ms, Err(name));
            scope.child().shielded(9 * MS).spawn(fails);
        }
        scope
    }));
    let failed = "[\"first\", \"second\", \"third\"]";
    assert_eq!(notes.lines(), [format!("a child has failed, {failed} failed, 0 cancelled")]);
    assert_eq!(event_loop.elapsed(), 3 * MS);
}

fn a_cancel_gives_its_reason(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    event_loop.run_detached(working(subject, &notes, move || {
        let scope = Scope::new();
        scope.spawn(child(subject, &own, 9, Ok("a")));
        scope.spawn(child(subject, &own, 9, Ok("b")));
        let handle = scope.handle();
        let cancels = body().perform(sleep(MS)).run(move || {
            handle.cancel("enough");
            own.add("cancelled");
        });
        (scope, subject.task(cancels))
    }));
    let reason = "enough, [] failed, 2 cancelled";
    assert_eq!(notes.lines(), ["a dropped", "b dropped", "cancelled", reason]);
    assert_eq!(event_loop.elapsed(), MS);
}

fn the_first_reason_counts(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = Notes::default();
    event_loop.run_detached(parent(subject, &notes, move || {
        let scope = Scope::new();
        let fails = child(subject, &own, 2, Err("late"));
        scope.child().shielded(9 * MS).spawn(fails);
        scope.cancel("first");
        scope.cancel("second");
        assert!(
            matches!(scope.reason(), Some(CancelReason::Requested { why, .. }) if why == "first")
        );
        scope
    }));
    assert_eq!(notes.lines(), ["first, [\"late\"] failed, 0 cancelled"]);
}

fn a_child_may_cancel_its_scope(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    event_loop.run_detached(parent(subject, &notes, move || {
        let scope = Scope::new();
        scope.spawn(child(subject, &own, 9, Ok("other")));
        let (handle, then) = (scope.handle(), own.clone());
        let cancels = body().hold(own.when_dropped("own dropped")).perform(turn()).run(move || {
            handle.cancel("enough");
            then.add("goes on");
        });
        let cancels = cancels.perform(turn()).note(&own, "too late");
        scope.spawn(subject.task(cancels.output(|| Ok("unreachable"))));
        scope
    }));
    let reason = "enough, [] failed, 2 cancelled";
    assert_eq!(notes.lines(), ["other dropped", "goes on", "own dropped", reason]);
}

/// Spawns a child that does something, and two that only wait. Notes when each is dropped.
fn spawn_acting(subject: Subject, notes: &Notes, scope: &TestHandle, act: impl FnOnce() + 'static) {
    scope.child().shielded(60_000 * MS).spawn(child(subject, notes, 60_000, Ok("shielded")));
    let acts = body().hold(notes.when_dropped("acting dropped")).perform(sleep(MS)).run(act);
    let acts = acts.note(notes, "acted").perform(sleep(MS)).note(notes, "too late");
    scope.spawn(subject.task(acts.output(|| Ok("unreachable"))));
    scope.spawn(child(subject, notes, 60_000, Ok("other")));
}

fn a_child_may_drop_its_scope(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    let spawns = body().run(move || {
        let scope = Rc::new(Cell::new(Some(TestScope::new())));
        let dropped = Rc::clone(&scope);
        let owned = scope.take().expect("it was made");
        spawn_acting(subject, &own, &owned, move || drop(dropped.take()));
        scope.set(Some(owned));
    });
    event_loop.run_detached(subject.task(spawns));
    let dropped = ["shielded dropped", "other dropped", "acted", "acting dropped"];
    assert_eq!(notes.lines(), dropped);
    assert_eq!(event_loop.elapsed(), MS, "no deadline is left");
}

fn a_child_may_cancel_its_parent(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    let handle = Rc::new(OnceCell::<JoinHandle<()>>::new());
    let parent_handle = Rc::clone(&handle);
    let parent = parent(subject, &notes, move || {
        let scope = Scope::new();
        spawn_acting(subject, &own, &scope, move || {
            parent_handle.get().expect("the parent was spawned").cancel();
        });
        scope
    });
    handle.set(event_loop.spawn(parent)).expect("it is set once");
    event_loop.run().unwrap();
    let dropped = ["shielded dropped", "other dropped", "acted", "acting dropped"];
    assert_eq!(notes.lines(), dropped);
    assert_eq!(event_loop.elapsed(), MS);
}

fn the_error_says_where_children_waited(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let (own, line) = (notes.clone(), line!());
    let join = move || {
        let scope = TestScope::new();
        scope.child().named("waits").spawn(child(subject, &own, 9, Ok("a")));
        scope.deadline_in(MS);
        scope.join()
    };
    let seen = notes.clone();
    event_loop.run_detached(subject.task(body().perform_then(join, move |ended| {
        let error = ended.expect_err("its deadline has passed");
        let [child] = &error.cancelled[..] else { panic!("one child was cancelled: {error}") };
        let spawned_at = child.child.spawned_at;
        let waited = child.waited_for.expect("the child has waited");
        assert_eq!((spawned_at.file(), spawned_at.line()), (file!(), line + 3));
        assert_eq!(waited.line().expect("a sleep has a line").file(), file!());
        seen.add(format!("{} {}", child.child.name.as_ref().expect("a name"), waited.kind()));
    })));
    assert_eq!(notes.lines(), ["a dropped", "waits sleep"]);
}

fn a_shielded_child_may_end_by_itself(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    event_loop.run_detached(working(subject, &notes, move || {
        let scope = Scope::new();
        scope.child().shielded(9 * MS).spawn(child(subject, &own, 5, Ok("shielded")));
        scope.spawn(child(subject, &own, 5, Ok("other")));
        let (handle, next) = (scope.handle(), scope.handle());
        let cancels = body().perform(sleep(MS)).run(move || handle.cancel("enough"));
        let noted = own.clone();
        let cancels = cancels.perform_then(
            move || next.next(),
            move |value| {
                noted.add(format!("{value:?}"));
            },
        );
        (scope, subject.task(cancels))
    }));
    let reason = "enough, [] failed, 1 cancelled";
    let value = "Some(\"shielded\")";
    assert_eq!(notes.lines(), ["other dropped", "shielded dropped", value, reason]);
    assert_eq!(event_loop.elapsed(), 5 * MS);
}

fn a_shielded_child_sees_the_cancel(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    event_loop.run_detached(working(subject, &notes, move || {
        let scope = Scope::new();
        let (handle, cancels) = (scope.handle(), scope.handle());
        let sees = body().perform_then(
            move || handle.cancelled(),
            move |reason| {
                own.add(reason.to_string().split_once(' ').expect("a line follows").0);
            },
        );
        scope.child().shielded(Duration::MAX).spawn(subject.task(sees.output(|| Ok("saw it"))));
        (scope, subject.task(body().perform(sleep(MS)).run(move || cancels.cancel("enough"))))
    }));
    assert_eq!(notes.lines(), ["enough", "enough, [] failed, 0 cancelled"]);
    assert_eq!(event_loop.elapsed(), MS);
}

fn a_shielded_child_is_cancelled_at_its_limit(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    event_loop.run_detached(working(subject, &notes, move || {
        let scope = Scope::new();
        for (limit, name) in [(5, "long"), (2, "short")] {
            scope.child().shielded(limit * MS).spawn(child(subject, &own, 99, Ok(name)));
        }
        let handle = scope.handle();
        let cancels = body().perform(sleep(MS)).run(move || handle.cancel("enough"));
        (scope, subject.task(cancels.perform(sleep(3 * MS)).note(&own, "4 ms")))
    }));
    let reason = "enough, [] failed, 2 cancelled";
    assert_eq!(notes.lines(), ["short dropped", "4 ms", "long dropped", reason]);
    assert_eq!(event_loop.elapsed(), 6 * MS);
}

fn a_cancel_at_once_ends_shielded_children(subject: Subject) {
    for cancels_before in [false, true] {
        let (notes, mut event_loop) = notes_and_loop();
        let own = notes.clone();
        event_loop.run_detached(working(subject, &notes, move || {
            let scope = Scope::new();
            let shielded = child(subject, &own, 99, Ok("shielded"));
            scope.child().shielded(Duration::MAX).spawn(shielded);
            let handle = scope.handle();
            let cancels = body().perform(sleep(MS)).run(move || {
                if cancels_before {
                    handle.cancel("enough");
                    own.add("cancelled");
                }
                handle.cancel_at_once("quick");
            });
            (scope, subject.task(cancels))
        }));
        let expected = match cancels_before {
            true => vec!["cancelled", "shielded dropped", "enough, [] failed, 1 cancelled"],
            false => vec!["shielded dropped", "quick, [] failed, 1 cancelled"],
        };
        assert_eq!(notes.lines(), expected);
        assert_eq!(event_loop.elapsed(), MS);
    }
}

/// Makes a scope with a plain and a shielded child, which sleep for a long time.
fn two_children(subject: Subject, notes: &Notes) -> TestScope {
    let scope = Scope::new();
    scope.spawn(child(subject, notes, 60_000, Ok("plain")));
    let shielded = child(subject, notes, 60_000, Ok("shielded"));
    scope.child().shielded(60_000 * MS).spawn(shielded);
    scope
}

fn a_drop_ends_all_children(subject: Subject) {
    for joins in [false, true] {
        let (notes, mut event_loop) = notes_and_loop();
        let own = notes.clone();
        let drops = body().perform_then(
            move || {
                let scope = two_children(subject, &own);
                let dropped: BoxTask<()> = match joins {
                    true => Box::pin(map(race(scope.join(), sleep(MS)), drop)),
                    false => subject.task(body().hold(scope).perform(sleep(MS))),
                };
                dropped
            },
            drop,
        );
        event_loop.run_detached(subject.task(drops.note(&notes, "went on")));
        assert_eq!(notes.lines(), ["plain dropped", "shielded dropped", "went on"]);
        assert_eq!(event_loop.elapsed(), MS, "no deadline is left");
    }
}

fn a_cancel_of_the_parent_drops_the_children(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    let parent = parent(subject, &notes, move || two_children(subject, &own));
    event_loop.start(parent, 2).cancel();
    assert_eq!(notes.lines(), ["plain dropped", "shielded dropped"]);
    event_loop.run().unwrap();
    assert_eq!(event_loop.elapsed(), Duration::ZERO);
}

fn a_deadline_cancels_the_scope(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    event_loop.run_detached(working(subject, &notes, move || {
        let scope = Scope::new();
        scope.deadline_in(2 * MS);
        scope.spawn(child(subject, &own, 1, Ok("quick")));
        scope.spawn(child(subject, &own, 9, Ok("slow")));
        (scope, subject.task(body().perform(sleep(4 * MS)).note(&own, "4 ms")))
    }));
    let reason = "the deadline has passed, [] failed, 1 cancelled";
    assert_eq!(notes.lines(), ["quick dropped", "slow dropped", "4 ms", reason]);
    assert_eq!(event_loop.elapsed(), 4 * MS);
}

/// Runs a child for 9 ms. After 1 ms, the deadline of the scope is moved from 5 ms.
fn elapsed_with_moved_deadline(
    subject: Subject,
    move_it: impl FnOnce(&TestHandle) + 'static,
) -> (Duration, bool) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = Notes::default();
    event_loop.run_detached(working(subject, &notes, move || {
        let scope = Scope::new();
        scope.deadline_in(5 * MS);
        scope.spawn(child(subject, &own, 9, Ok("a")));
        let handle = scope.handle();
        (scope, subject.task(body().perform(sleep(MS)).run(move || move_it(&handle))))
    }));
    (event_loop.elapsed(), notes.lines()[0].starts_with("Ok"))
}

fn a_deadline_can_be_moved(subject: Subject) {
    let moved = |move_it: fn(&TestHandle)| elapsed_with_moved_deadline(subject, move_it);
    assert_eq!(moved(|_| ()), (5 * MS, false));
    assert_eq!(moved(|scope| scope.deadline_in(6 * MS)), (7 * MS, false));
    assert_eq!(moved(|scope| scope.deadline_in(MS)), (2 * MS, false));
    assert_eq!(moved(|scope| scope.deadline_in(8 * MS + MS)), (9 * MS, true));
    assert_eq!(moved(|scope| scope.no_deadline()), (9 * MS, true));
    assert_eq!(moved(|scope| scope.deadline_in(Duration::MAX)), (9 * MS, true));
    let earlier = |scope: &TestHandle| {
        let deadline = scope.deadline().expect("it has one");
        scope.deadline_at(deadline - 2 * MS);
    };
    assert_eq!(moved(earlier), (3 * MS, false));
}

fn a_deadline_may_have_passed(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    event_loop.run_detached(parent(subject, &notes, move || {
        let scope = Scope::new();
        scope.spawn(child(subject, &own, 9, Ok("a")));
        scope.deadline_at(now());
        scope
    }));
    assert_eq!(notes.lines(), ["a dropped", "the deadline has passed, [] failed, 1 cancelled"]);
    assert_eq!(event_loop.elapsed(), Duration::ZERO);
}

/// A child that notes when it starts, and sleeps for this time.
fn noted(subject: Subject, notes: &Notes, ms: u32, name: Value) -> BoxTask<Result<Value, Value>> {
    let starts = body().note(notes, format!("{name} starts")).perform(sleep(ms * MS));
    subject.task(starts.note(notes, format!("{name} ends")).output(move || Ok(name)))
}

fn a_limit_lets_the_others_wait(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    event_loop.run_detached(parent(subject, &notes, move || {
        let scope = Scope::new().at_most(2);
        let children = [(3, "a"), (1, "b"), (1, "c"), (3, "d")];
        for (ms, name) in children {
            scope.spawn(noted(subject, &own, ms, name));
        }
        scope
    }));
    assert_eq!(
        notes.lines(),
        [
            "a starts",
            "b starts",
            // Each child starts when another one ends.
            "b ends",
            "c starts",
            "c ends",
            "d starts",
            "a ends",
            "d ends",
            "Ok [\"a\", \"b\", \"c\", \"d\"]",
        ]
    );
    assert_eq!(event_loop.elapsed(), 5 * MS);
}

fn a_waiting_child_is_not_started_after_a_cancel(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    event_loop.run_detached(working(subject, &notes, move || {
        let scope = Scope::new().at_most(1);
        let shielded = |name, ms| {
            scope.child().shielded(60_000 * MS).spawn(noted(subject, &own, ms, name));
        };
        shielded("a", 3);
        shielded("b", 3);
        scope.spawn(noted(subject, &own, 3, "c"));
        let handle = scope.handle();
        (scope, subject.task(body().perform(sleep(MS)).run(move || handle.cancel("enough"))))
    }));
    assert_eq!(notes.lines(), ["a starts", "a ends", "enough, [] failed, 2 cancelled"]);
    assert_eq!(event_loop.elapsed(), 3 * MS);
}

fn room_waits_for_the_end_of_a_child(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    event_loop.run_detached(working(subject, &notes, move || {
        let scope = Scope::new().at_most(2);
        scope.spawn(noted(subject, &own, 5, "a"));
        let (handle, spawns) = (scope.handle(), scope.handle());
        let names = Cell::new(["c", "b"].to_vec());
        let spawn_next = move |()| {
            let mut left = names.take();
            let name = left.pop().expect("it is called twice");
            names.set(left);
            own.add(format!("room for {name}"));
            spawns.spawn(noted(subject, &own, 3, name));
        };
        let room = move || handle.room();
        (scope, subject.task(body().repeat_then(2, room, spawn_next)))
    }));
    assert_eq!(
        notes.lines(),
        [
            "room for b",
            "a starts",
            "b starts",
            "b ends",
            "room for c",
            "c starts",
            "a ends",
            "c ends",
            "Ok [\"a\", \"b\", \"c\"]",
        ]
    );
    assert_eq!(event_loop.elapsed(), 6 * MS);
}

fn the_background_ends_with_the_other_children(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    event_loop.run_detached(parent(subject, &notes, move || {
        let scope = Scope::new().at_most(1);
        for shield in [Duration::ZERO, Duration::MAX] {
            let held = own.when_dropped("background dropped");
            let job = subject.task(body().hold(held).perform(sleep(60_000 * MS)).output(|| Ok(())));
            scope.child().shielded(shield).spawn_background(job);
        }
        scope.spawn(child(subject, &own, 2, Ok("a")));
        scope
    }));
    let dropped = ["a dropped", "background dropped", "background dropped", "Ok [\"a\"]"];
    assert_eq!(notes.lines(), dropped);
    assert_eq!(event_loop.elapsed(), 2 * MS);
}

fn a_failure_in_the_background_cancels_the_scope(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    event_loop.run_detached(parent(subject, &notes, move || {
        let scope = Scope::new();
        let job = subject.task(body().perform(sleep(MS)).output(|| Err("job")));
        scope.child().spawn_background(job);
        scope.spawn(child(subject, &own, 9, Ok("a")));
        scope
    }));
    assert_eq!(notes.lines(), ["a dropped", "a child has failed, [\"job\"] failed, 1 cancelled"]);
}

fn a_child_may_spawn_children(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = Notes::default();
    event_loop.run_detached(parent(subject, &notes, move || {
        let scope = Scope::new();
        let handle = scope.handle();
        let spawns = body().perform(sleep(MS)).run(move || {
            handle.spawn(child(subject, &own, 3, Ok("grandchild")));
        });
        scope.spawn(subject.task(spawns.output(|| Ok("child"))));
        scope
    }));
    assert_eq!(notes.lines(), ["Ok [\"child\", \"grandchild\"]"]);
    assert_eq!(event_loop.elapsed(), 4 * MS);
}

fn a_closed_scope_takes_no_children(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    let kept = Rc::new(Cell::new(None));
    let ended = Rc::clone(&kept);
    let cancels = parent(subject, &notes, move || {
        let scope = Scope::new();
        kept.set(Some(scope.handle()));
        scope.cancel("enough");
        scope.spawn(child(subject, &own, 0, Ok("a")));
        scope
    });
    let own = notes.clone();
    let spawns = body().perform(cancels).run(move || {
        let handle: TestHandle = ended.take().expect("it was kept");
        assert!(handle.is_closed() && handle.is_empty());
        handle.spawn(child(subject, &own, 0, Ok("b")));
    });
    event_loop.run_detached(subject.task(spawns));
    let reason = "enough, [] failed, 0 cancelled";
    assert_eq!(notes.lines(), ["a dropped", reason, "b dropped"]);
}

fn a_task_may_cancel_the_scope(subject: Subject) {
    for (ms, expected) in [(2, "enough, [] failed, 1 cancelled"), (9, "Ok [\"a\"]")] {
        let (notes, mut event_loop) = notes_and_loop();
        let own = Notes::default();
        event_loop.run_detached(parent(subject, &notes, move || {
            let scope = Scope::new();
            scope.spawn(child(subject, &own, 5, Ok("a")));
            scope.cancel_when(subject.task(body().perform(sleep(ms * MS))), "enough");
            scope
        }));
        assert_eq!(notes.lines(), [expected]);
        assert_eq!(event_loop.elapsed(), ms.min(5) * MS);
    }
}

fn another_thread_may_cancel(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    event_loop.run_detached(parent(subject, &notes, move || {
        let scope = Scope::new();
        let waits = body().hold(own.when_dropped("dropped")).perform(Probe::default().waits());
        scope.spawn(subject.task(waits.output(|| Ok("unreachable"))));
        let canceller = scope.canceller();
        thread::spawn(move || canceller.cancel("from outside"));
        scope
    }));
    assert_eq!(notes.lines(), ["dropped", "from outside, [] failed, 1 cancelled"]);
}

fn a_failure_may_concern_only_its_child(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    event_loop.run_detached(parent(subject, &notes, move || {
        let scope = Scope::new();
        let panics = body().perform(sleep(2 * MS)).run(|| panic!("on purpose"));
        let panics = subject.task(panics.output(|| Ok("unreachable")));
        let fails = child(subject, &Notes::default(), 1, Err("an error"));
        for (name, task) in [("one", fails), ("two", panics)] {
            let own = own.clone();
            let report = move |error: ChildError<_>| {
                let name = error.child.name.expect("it has a name");
                own.add(format!("{name}: {}", error.failure));
            };
            scope.child().named(name).on_failure(report).spawn(task);
        }
        scope.spawn(child(subject, &own, 3, Ok("a")));
        scope
    }));
    let reports = ["one: an error", "two: panicked: on purpose"];
    assert_eq!(notes.lines()[..2], reports);
    assert_eq!(notes.lines()[2..], ["a dropped", "Ok [\"a\"]"]);
}

/// Makes a parent that adopts a task, whose host is the test.
fn adopts(
    subject: Subject,
    notes: &Notes,
    works: impl FnOnce(TestHandle, Promise<Result<Value, Value>>) -> BoxTask<()> + 'static,
) -> BoxTask<()> {
    working(subject, notes, move || {
        let scope = Scope::new();
        let (promise, handle) = RemoteHandle::new();
        scope.child().adopt(handle);
        let work = works(scope.handle(), promise);
        (scope, work)
    })
}

fn an_adopted_task_is_waited_for(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    event_loop.run_detached(adopts(subject, &notes, move |scope, promise| {
        let cancels = body().repeat(2, turn).run(move || scope.cancel("enough"));
        let ends = cancels.repeat(2, turn).run(move || {
            own.add(format!("is cancelled: {}", promise.is_cancelled()));
            promise.end(Ok(Err("ended elsewhere")));
        });
        subject.task(ends)
    }));
    let reason = "enough, [\"ended elsewhere\"] failed, 0 cancelled";
    assert_eq!(notes.lines(), ["is cancelled: true", reason]);
}

fn an_adopted_task_may_be_lost(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    event_loop.run_detached(adopts(subject, &notes, move |_, promise| {
        subject.task(body().perform(turn()).run(move || drop(promise)))
    }));
    let lost = ChildFailure::<Value>::Cancelled.to_string();
    assert_eq!(notes.lines(), [format!("a child has failed, [{lost:?}] failed, 0 cancelled")]);
}

fn the_end_is_seen_from_outside(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    event_loop.run_detached(parent(subject, &notes, move || {
        let scope = Scope::new();
        let (handle, seen) = (scope.handle(), own.clone());
        let sees = body().perform_then(
            move || handle.cancelled(),
            move |reason| {
                seen.add(reason.to_string());
            },
        );
        drop(spawn(subject.task(sees)));
        scope.spawn(child(subject, &Notes::default(), 1, Ok("a")));
        scope
    }));
    assert_eq!(notes.lines(), ["Ok [\"a\"]", "all children have ended"]);
}

fn a_spurious_wake_ends_no_scope(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = Notes::default();
    let probe = Probe::default();
    let wakes = probe.clone();
    let join = move || {
        let scope = TestScope::new();
        scope.spawn(child(subject, &own, 2, Ok("a")));
        scope.spawn(
            subject.task(
                body()
                    .perform(sleep(MS))
                    .run(move || {
                        wakes.wake();
                        wakes.open();
                    })
                    .output(|| Ok("b")),
            ),
        );
        join(scope.join(), probe.waits())
    };
    let seen = notes.clone();
    let joins = body().perform_then(join, move |(ended, ())| seen.add(summary(ended)));
    event_loop.run_detached(subject.task(joins));
    assert_eq!(notes.lines(), ["Ok [\"a\", \"b\"]"]);
    assert_eq!(event_loop.elapsed(), 2 * MS);
}

fn scopes_nest(subject: Subject) {
    let (notes, mut event_loop) = notes_and_loop();
    let own = notes.clone();
    event_loop.run_detached(parent(subject, &notes, move || {
        let scope = Scope::new();
        let inner_notes = own.clone();
        let inner = move || {
            let inner = TestScope::new();
            inner.spawn(child(subject, &inner_notes, 9, Ok("inner")));
            inner.spawn(child(subject, &inner_notes, 1, Err("fails")));
            map(inner.join(), |ended| ended.map(|_| "unreachable").map_err(|_| "from inside"))
        };
        let output = Rc::new(Cell::new(Ok("")));
        let filled = Rc::clone(&output);
        let joins = body().perform_then(inner, move |ended| filled.set(ended));
        scope.spawn(subject.task(joins.output(move || output.get())));
        scope.spawn(child(subject, &own, 9, Ok("outer")));
        scope
    }));
    let reason = "a child has failed, [\"from inside\"] failed, 1 cancelled";
    assert_eq!(notes.lines(), ["fails dropped", "inner dropped", "outer dropped", reason]);
}
