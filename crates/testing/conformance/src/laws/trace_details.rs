//! The details in the trace: the leaf in which a task has suspended, its line and its object.

use quadrivium::{
    event_loop::trace::{Suspension, TracedObject},
    prelude::*,
    sync::channel,
};

use crate::{Subject, body, traced};

laws! { ($) trace_details:
    /// A suspension in the trace has the leaf, the line that made it, the object with its line, and
    /// the bytes of the task.
    have_the_leaf_its_line_and_its_object;
    /// A task that only lets other tasks run has no leaf in the trace, but the line of its turn.
    have_no_leaf_in_a_turn;
    /// A join in the trace has the task that is joined.
    have_the_task_that_is_joined;
    /// The lines of the trace leave the details out, and comparable events are equal.
    are_not_in_the_lines on VirtualClock;
}

/// Runs a task named `ada` with this body, and returns its suspensions in the trace.
fn suspensions(subject: Subject, body: crate::Body) -> Vec<Suspension> {
    let (mut event_loop, trace) = traced();
    let task = event_loop.spawn_named("ada", subject.task(body));
    event_loop.run().unwrap();
    drop(task);
    let of_ada = |name: &Option<std::sync::Arc<str>>| name.as_deref() == Some("ada");
    let events = trace.events().into_iter().filter(|event| of_ada(&event.name));
    events.filter_map(|event| event.suspension).collect()
}

fn have_the_leaf_its_line_and_its_object(subject: Subject) {
    let (sender, receiver, made_at) = {
        let (sender, receiver) = channel::unbounded::<u32>();
        (sender, receiver, line!() - 1)
    };
    let (recv, waits_at) = (receiver.recv(), line!());
    let sends = body().perform(turn()).run(move || drop(sender));
    let receives = body().run(move || drop(spawn(subject.task(sends)))).perform(recv);
    let suspensions = suspensions(subject, receives);
    let is_recv = |it: &&Suspension| it.leaf.is_some_and(|leaf| leaf.to_string() == "recv");
    let suspension = suspensions.iter().find(is_recv).expect("the receiver has waited");
    let line = suspension.line.expect("the line is known");
    assert_eq!((line.file(), line.line()), (file!(), waits_at));
    let Some(TracedObject::Shared { made_at: at, .. }) = suspension.object else {
        panic!("{suspension:?} must name the channel")
    };
    assert_eq!((at.file(), at.line()), (file!(), made_at));
    assert!(suspension.bytes > 0, "{suspension:?}");
}

fn have_no_leaf_in_a_turn(subject: Subject) {
    let (waits, made_at) = (body().perform_then(|| turn(), |()| ()), line!());
    let suspensions = suspensions(subject, waits);
    let [suspension] = &suspensions[..] else { panic!("{suspensions:?}") };
    assert_eq!((suspension.leaf, &suspension.object), (None, &None));
    let line = suspension.line.expect("the line is known");
    assert_eq!((line.file(), line.line()), (file!(), made_at));
    assert!(suspension.bytes > 0, "{suspension:?}");
}

fn have_the_task_that_is_joined(subject: Subject) {
    let child = move || spawn(subject.task(body().perform(turn())));
    let suspensions = suspensions(subject, body().perform_then(child, |joined| joined.unwrap()));
    let joins = suspensions.iter().find(|it| matches!(it.object, Some(TracedObject::Task(_))));
    let joins = joins.expect("the join is in the trace");
    assert_eq!(joins.leaf.map(|leaf| leaf.to_string()).as_deref(), Some("join"));
}

fn are_not_in_the_lines(subject: Subject) {
    let (mut event_loop, trace) = traced();
    event_loop.block_on(subject.task(body().perform(turn()))).unwrap();
    trace.expect(&[
        "0ns task 1 spawned",
        "0ns task 1 resumed",
        "0ns task 1 suspended for a turn",
        "0ns task 1 resumed",
        "0ns task 1 done",
    ]);
    for event in trace.events() {
        assert!(event.detailed().to_string().starts_with(&event.to_string()));
        assert_eq!(event.comparable().suspension, None);
        assert_eq!(event.comparable().to_string(), event.to_string());
    }
}
