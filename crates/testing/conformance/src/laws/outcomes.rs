//! The ways in which a task on a host can end: a value, an error, a panic, a cancel, or a drop
//! before its start. The host may use any threads.

use std::{cell::RefCell, ops::ControlFlow, panic::resume_unwind, rc::Rc};

use futures::channel::oneshot;
use quadrivium::{
    JoinError,
    event_loop::RemoteHandle,
    future::{future, perform},
    spawn,
    sync::Notify,
    task::{BoxTask, RESUMED_AFTER_DONE, Step},
    time::{now, turn},
};

use crate::{Body, Notes, Output, Subject, TestLoop, body, in_drop, leaf, map, new_loop, styles};

laws! { ($) outcomes:
    /// The value of a task comes back from the thread on which it ran.
    a_value_comes_back;
    /// An error ends the body early, drops the values that it holds, and comes back as an error.
    an_error_comes_back;
    /// A panic drops the values that the task holds, and comes back with its payload.
    a_panic_comes_back;
    /// A cancel from outside drops the sub-task and then the task. Only then does the handle report
    /// the cancel.
    a_cancel_is_reported_after_the_drop;
    /// A destructor that runs in a cancel from outside has a host. It can read the time and spawn.
    a_destructor_in_a_cancel_has_a_host;
    /// The destructor of an unread output has the host of its task. It can read the time and spawn.
    an_unread_output_has_a_host;
    /// A task that is dropped or cancelled before its start runs nothing, and drops the values that
    /// it holds.
    a_task_dropped_before_its_start_never_runs;
    /// A value passes up through a hundred tasks of all styles, each of them performing the next.
    a_value_passes_through_a_hundred_tasks;
}

/// Hands a task to the host, and returns its handle.
fn hand<T: Send + 'static>(
    event_loop: &mut TestLoop,
    make: impl FnOnce() -> BoxTask<T> + Send + 'static,
) -> RemoteHandle<Output> {
    let make = || map(make(), |value| Box::new(value) as Output);
    event_loop.of_the_host().hand(Box::new(make))
}

/// Runs a task on a new host, and returns its output or the reason why there is none.
fn outcome<T: Send + 'static>(
    make: impl FnOnce() -> BoxTask<T> + Send + 'static,
) -> Result<T, JoinError> {
    let mut event_loop = new_loop();
    let handle = hand(&mut event_loop, make);
    let joined = event_loop.block_on(handle).expect("the loop of the test goes on");
    joined.map(|value| *value.downcast().expect("a host hands the value on"))
}

fn a_value_comes_back(subject: Subject) {
    let answer = outcome(move || subject.task(body().perform(turn()).output(|| 42)));
    assert_eq!(answer.unwrap(), 42);
}

fn an_error_comes_back(subject: Subject) {
    let notes = Notes::default();
    let own_notes = notes.clone();
    let fails = move || {
        let failed = Rc::new(RefCell::new(None));
        let error = Rc::clone(&failed);
        let mut result = Some(Err::<(), _>("no room".to_string()));
        let tries = leaf(move |_| Step::Done(result.take().expect(RESUMED_AFTER_DONE)));
        let body = body().hold(own_notes.when_dropped("held")).perform(turn());
        let body = body.try_perform(
            || tries,
            move |tried| match tried {
                Ok(()) => ControlFlow::Continue(()),
                Err(why) => {
                    error.replace(Some(why));
                    ControlFlow::Break(())
                }
            },
        );
        let body = body.note(&own_notes, "went on").perform(turn());
        subject.task(body.output(move || failed.take().map_or(Ok(()), Err)))
    };
    assert_eq!(outcome(fails).unwrap(), Err("no room".to_string()));
    assert_eq!(notes.lines(), ["held"]);
}

fn a_panic_comes_back(subject: Subject) {
    let notes = Notes::default();
    let own_notes = notes.clone();
    // Not `panic!`, which would print a message for every pair of styles on every host.
    let panics = move || {
        let body = body().hold(own_notes.when_dropped("held")).perform(turn());
        subject.task(body.run(|| resume_unwind(Box::new("as planned"))))
    };
    let Err(JoinError::Panicked(payload)) = outcome(panics) else {
        panic!("the handle must report the panic")
    };
    assert_eq!(payload.into_inner().downcast_ref(), Some(&"as planned"));
    assert_eq!(notes.lines(), ["held"]);
}

/// Cancels the task once it is suspended. Its handle must report the cancel.
fn is_cancelled(
    event_loop: &mut TestLoop,
    handle: RemoteHandle<Output>,
    is_suspended: oneshot::Receiver<()>,
) {
    let cancels = future(async move {
        is_suspended.await.expect("the task suspends");
        handle.cancel();
        perform(handle).await.err()
    });
    let ended = event_loop.block_on(cancels).expect("the loop of the test goes on");
    assert!(matches!(ended, Some(JoinError::Cancelled)), "{ended:?}");
}

fn a_cancel_is_reported_after_the_drop(subject: Subject) {
    let notes = Notes::default();
    let (own_notes, (suspends, is_suspended)) = (notes.clone(), oneshot::channel());
    let mut event_loop = new_loop();
    let handle = hand(&mut event_loop, move || {
        let inner = body().hold(own_notes.when_dropped("sub-task"));
        let inner = inner.run(|| suspends.send(()).expect("it is waited for"));
        let inner = subject.task(inner.perform(Notify::new().notified()));
        subject.task(body().hold(own_notes.when_dropped("task")).perform(inner))
    });
    is_cancelled(&mut event_loop, handle, is_suspended);
    assert_eq!(notes.lines(), ["sub-task", "task"]);
}

/// Returns a value that, when dropped, asks its host for the time, spawns a task and notes that
/// both worked. Then it drops `asked`, which reports this to the test.
fn uses_its_host(subject: Subject, notes: Notes, asked: Option<oneshot::Sender<()>>) -> impl Send {
    in_drop(move || {
        now();
        notes.add("has asked");
        let child = body().hold(notes.when_dropped("child dropped"));
        drop(spawn(subject.task(child)));
        drop(asked);
    })
}

fn a_destructor_in_a_cancel_has_a_host(subject: Subject) {
    let notes = Notes::default();
    let (own_notes, (suspends, is_suspended)) = (notes.clone(), oneshot::channel());
    let mut event_loop = new_loop();
    let handle = hand(&mut event_loop, move || {
        let body = body().hold(uses_its_host(subject, own_notes, None));
        let body = body.run(|| suspends.send(()).expect("it is waited for"));
        subject.task(body.perform(Notify::new().notified()))
    });
    is_cancelled(&mut event_loop, handle, is_suspended);
    assert_eq!(notes.lines()[0], "has asked");
}

fn an_unread_output_has_a_host(subject: Subject) {
    let notes = Notes::default();
    let (own_notes, (asked, has_asked)) = (notes.clone(), oneshot::channel());
    let mut event_loop = new_loop();
    let output = uses_its_host(subject, own_notes, Some(asked));
    // The task ends after its handle is dropped. Otherwise the handle would own the output.
    let (ends, may_end) = oneshot::channel::<()>();
    let make = move || subject.task(body().perform(future(may_end)).output(|| output));
    drop(hand(&mut event_loop, make));
    drop(ends);
    let waits = future(async move { has_asked.await.is_err() });
    assert!(event_loop.block_on(waits).expect("the loop of the test goes on"));
    assert_eq!(notes.lines()[0], "has asked");
}

fn a_task_dropped_before_its_start_never_runs(subject: Subject) {
    let notes = Notes::default();
    let own_notes = notes.clone();
    let ended = outcome(move || {
        let never = move || {
            let body = body().hold(own_notes.when_dropped("held")).note(&own_notes, "ran");
            subject.task(body.perform(turn()))
        };
        let cancels = body().perform_then(
            move || {
                drop(never());
                let handle = spawn(never());
                handle.cancel();
                handle
            },
            |joined| assert!(matches!(joined, Err(JoinError::Cancelled)), "{joined:?}"),
        );
        subject.task(cancels)
    });
    ended.unwrap();
    assert_eq!(notes.lines(), ["held", "held"]);
}

fn a_value_passes_through_a_hundred_tasks(subject: Subject) {
    let value = outcome(move || {
        let innermost = subject.task(body().perform(turn()).output(|| 42));
        let styles = styles::ALL.iter().copied().cycle().take(99);
        styles.fold(innermost, |task, style| Subject::of(style).task(Body::performing(task)))
    });
    assert_eq!(value.unwrap(), 42);
}
