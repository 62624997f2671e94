//! What a snapshot of the tasks says about each wait: the leaf, the line, the object, and which
//! tasks could end the wait.

use std::{cell::RefCell, future::pending, panic::Location, rc::Rc, time::Duration};

use quadrivium::{
    future::future,
    inspect::{LeafKind, ObjectInfo, TaskId, TaskInfo, TaskRef, TaskState, WaitInfo, WaitedFor},
    prelude::*,
    sync::{Mutex, MutexGuard, Notify, Semaphore, channel},
};

use crate::{Body, Subject, TestLoop, body, new_loop, turns};

laws! { ($) explained_waits:
    /// A wait is shown with its leaf, and with the line that made the leaf.
    a_leaf_is_shown_with_its_line;
    /// A lock is shown with the line that made it, its name, the task that took it, and the line
    /// that took it.
    a_lock_names_the_task_that_took_it;
    /// A guard that was moved to another task is still shown as taken by the task that took it.
    a_moved_guard_was_taken_by_its_first_task;
    /// A permit that was taken is shown until it is returned, also by a task that is cancelled.
    a_cancelled_task_has_taken_nothing;
    /// A task that has ended is not named by its number, which another task may have.
    a_task_that_has_ended_is_not_named;
    /// A channel is shown with the number of its ends, and with the task that used each end last.
    a_channel_names_the_users_of_its_ends;
    /// A new object shows nothing of an object that is gone.
    an_object_that_is_gone_leaves_nothing;
    /// A join is shown with its task, while the joining task has the handle.
    a_join_names_its_task;
    /// A join is shown without a task when another task has taken the handle.
    a_join_whose_handle_was_taken_names_no_task;
    /// A combinator of many tasks is shown with the number of parts that are left.
    a_combinator_counts_its_parts;
    /// A deadline is shown as the time that is left on the clock of the loop.
    a_deadline_is_the_time_that_is_left on VirtualClock;
    /// A timeout around a leaf is shown with the leaf.
    a_timeout_is_shown_with_its_leaf on VirtualClock;
    /// A task that awaits a future of another crate is woken from outside.
    a_foreign_future_is_woken_from_outside;
    /// The message of a panic names the task that has panicked.
    a_panic_names_its_task;
}

const SECOND: Duration = Duration::from_secs(1);

/// Returns what the task with this number does.
#[track_caller]
fn task(event_loop: &TestLoop, number: u64) -> TaskInfo {
    event_loop.tasks().get(TaskId(number)).expect("the task has not ended").clone()
}

/// Returns what the task with this number waits for.
#[track_caller]
fn wait(event_loop: &TestLoop, number: u64) -> WaitInfo {
    match task(event_loop, number).state {
        TaskState::Waiting(wait) => wait,
        other => panic!("the task does not wait: {other:?}"),
    }
}

#[track_caller]
fn object(wait: &WaitInfo) -> &ObjectInfo {
    match &wait.object {
        WaitedFor::Object(object) => object,
        other => panic!("the task waits for no object: {other:?}"),
    }
}

/// Returns the tasks that have taken what the task with this number waits for.
#[track_caller]
fn takers(event_loop: &TestLoop, number: u64) -> Vec<TaskRef> {
    object(&wait(event_loop, number)).taken.iter().map(|taken| taken.by.clone()).collect()
}

fn named(number: u64, name: &str) -> TaskRef {
    TaskRef::Task(TaskId(number), Some(name.into()))
}

#[track_caller]
fn here() -> &'static Location<'static> {
    Location::caller()
}

fn a_leaf_is_shown_with_its_line(subject: Subject) {
    let mut event_loop = new_loop();
    let notify = Notify::new();
    let (notified, line) = (notify.notified(), here());
    drop(event_loop.spawn(subject.task(body().perform(turn()).perform(notified))));
    assert_eq!(task(&event_loop, 1).state, TaskState::Ready);
    turns(&mut event_loop, 2);
    let wait = wait(&event_loop, 1);
    assert_eq!(wait.kind, LeafKind::Notified);
    assert_eq!(wait.line.map(|it| (it.file(), it.line())), Some((line.file(), line.line())));
    assert!(!wait.is_one_of_several);
    assert_eq!(wait.deadline, None);
}

/// Puts the lock where other code finds it.
fn keeps<T: 'static>(kept: &Rc<RefCell<Option<T>>>) -> impl FnOnce(T) + use<T> {
    let kept = Rc::clone(kept);
    move |it| *kept.borrow_mut() = Some(it)
}

fn a_lock_names_the_task_that_took_it(subject: Subject) {
    let mut event_loop = new_loop();
    let (mutex, made_at) = (Mutex::new(()).named("money"), here());
    let (lock, taken_at) = (mutex.lock(), here());
    let guard = Rc::default();
    let takes = body().perform_then(move || lock, keeps(&guard)).perform(Notify::new().notified());
    drop(event_loop.spawn_named("takes", subject.task(takes)));
    drop(event_loop.spawn_named("waits", subject.task(body().perform(mutex.lock()))));
    turns(&mut event_loop, 1);
    let shown = wait(&event_loop, 2);
    let shown = object(&shown);
    assert_eq!(shown.name.as_deref(), Some("money"));
    assert_eq!(shown.made_at.line(), made_at.line());
    assert_eq!(shown.taken.len(), 1);
    assert_eq!(shown.taken[0].by, named(1, "takes"));
    assert_eq!(shown.taken[0].line.line(), taken_at.line());
    drop(guard.take());
    turns(&mut event_loop, 1);
    assert!(event_loop.tasks().get(TaskId(2)).is_none(), "it has got the lock");
}

fn a_moved_guard_was_taken_by_its_first_task(subject: Subject) {
    let mut event_loop = new_loop();
    let mutex = Mutex::new(());
    let moved: Rc<RefCell<Option<MutexGuard<()>>>> = Rc::default();
    let never = Notify::new();
    let locks = mutex.clone();
    let takes = body().perform_then(move || locks.lock(), keeps(&moved)).perform(never.notified());
    drop(event_loop.spawn_named("takes", subject.task(takes)));
    let gets = body().hold_new(move || moved.take().expect("it was put there"));
    drop(event_loop.spawn_named("has it now", subject.task(gets.perform(never.notified()))));
    drop(event_loop.spawn_named("waits", subject.task(body().perform(mutex.lock()))));
    turns(&mut event_loop, 1);
    assert_eq!(takers(&event_loop, 3), [named(1, "takes")]);
}

fn a_cancelled_task_has_taken_nothing(subject: Subject) {
    let mut event_loop = new_loop();
    let permits = Semaphore::new(2);
    let never = Notify::new();
    let handles = ["one", "two"].map(|name| {
        let (permits, kept) = (permits.clone(), Rc::default());
        let takes = body().perform_then(move || permits.acquire(), keeps(&kept)).hold(kept);
        event_loop.spawn_named(name, subject.task(takes.perform(never.notified())))
    });
    drop(event_loop.spawn_named("waits", subject.task(body().perform(permits.acquire_many(2)))));
    turns(&mut event_loop, 1);
    assert_eq!(takers(&event_loop, 3), [named(1, "one"), named(2, "two")]);
    handles[0].cancel();
    turns(&mut event_loop, 1);
    assert_eq!(takers(&event_loop, 3), [named(2, "two")]);
    handles[1].cancel();
    turns(&mut event_loop, 1);
    assert!(event_loop.tasks().get(TaskId(3)).is_none(), "it has got the permits");
}

fn a_task_that_has_ended_is_not_named(subject: Subject) {
    let mut event_loop = new_loop();
    let mutex = Mutex::new(());
    let kept: Rc<RefCell<Option<MutexGuard<()>>>> = Rc::default();
    let locks = mutex.clone();
    let takes = body().perform_then(move || locks.lock(), keeps(&kept));
    event_loop.block_on(subject.task(takes)).unwrap();
    // It may be in the slot of the task that has ended.
    drop(event_loop.spawn_named("waits", subject.task(body().perform(mutex.lock()))));
    turns(&mut event_loop, 1);
    assert_eq!(takers(&event_loop, 2), [TaskRef::Ended]);
    drop(kept);
}

fn a_channel_names_the_users_of_its_ends(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, receiver) = channel::unbounded();
    let (sends, never) = (sender.clone(), Notify::new());
    let waits = body().perform(receiver.recv()).perform(receiver.recv());
    drop(event_loop.spawn_named("receives", subject.task(waits)));
    let uses = body().perform(sends.send(())).hold(sends).perform(never.notified());
    drop(event_loop.spawn_named("sends", subject.task(uses)));
    turns(&mut event_loop, 2);
    let shown = wait(&event_loop, 1);
    let shown = object(&shown);
    assert_eq!(shown.senders.count, 2);
    assert_eq!(shown.senders.last_used_by, Some(named(2, "sends")));
    assert_eq!(shown.receivers.last_used_by, Some(named(1, "receives")));
    drop(sender);
}

fn an_object_that_is_gone_leaves_nothing(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, receiver) = channel::unbounded();
    let receiver = receiver.named("the former one");
    event_loop.block_on(subject.task(body().perform(sender.send(())))).unwrap();
    drop((sender, receiver));
    let ((_sender, receiver), made_at) = (channel::unbounded::<()>(), here());
    drop(event_loop.spawn(subject.task(body().perform(receiver.recv()))));
    turns(&mut event_loop, 1);
    let shown = wait(&event_loop, 2);
    let shown = object(&shown);
    assert_eq!(shown.name, None);
    assert_eq!(shown.made_at.line(), made_at.line());
    assert_eq!((shown.senders.count, &shown.senders.last_used_by), (1, &None));
}

fn a_join_names_its_task(subject: Subject) {
    let mut event_loop = new_loop();
    let never = subject.task(body().perform(Notify::new().notified()));
    let handle = event_loop.spawn_named("stands still", never);
    drop(event_loop.spawn(subject.task(body().perform(handle))));
    turns(&mut event_loop, 1);
    let wait = wait(&event_loop, 2);
    assert_eq!(wait.kind, LeafKind::Join);
    // A style of yours need not know the line. Whole reports of ours are in `tests/inspect`.
    assert_eq!(wait.object, WaitedFor::Task(named(1, "stands still")));
}

fn a_join_whose_handle_was_taken_names_no_task(subject: Subject) {
    let mut event_loop = new_loop();
    let never = body().perform(Notify::new().notified());
    let handle = event_loop.spawn_named("stands still", subject.task(never));
    let shared = Rc::new(RefCell::new(Some(handle)));
    let first = Rc::clone(&shared);
    let joins = crate::leaf(move |cx| {
        let mut handle = first.borrow_mut();
        std::pin::Pin::new(handle.as_mut().expect("it is there")).resume(cx)
    });
    drop(event_loop.spawn(subject.task(body().perform(joins))));
    let second = body().perform(turn()).perform_then(move || shared.take().unwrap(), drop);
    drop(event_loop.spawn(subject.task(second)));
    turns(&mut event_loop, 1);
    let joined = WaitedFor::Task(named(1, "stands still"));
    assert_eq!(wait(&event_loop, 2).object, joined);
    turns(&mut event_loop, 1);
    assert_eq!(wait(&event_loop, 3).object, joined);
    let former = wait(&event_loop, 2);
    assert_eq!((former.kind, former.object), (LeafKind::Join, WaitedFor::Nothing));
}

fn a_combinator_counts_its_parts(subject: Subject) {
    let mut event_loop = new_loop();
    let notifies = [(); 3].map(|()| Notify::new());
    let (all, line) = (join_all(notifies.iter().map(Notify::notified).collect::<Vec<_>>()), here());
    drop(event_loop.spawn(subject.task(body().perform(all))));
    turns(&mut event_loop, 1);
    let shown = |event_loop: &TestLoop| {
        let wait = wait(event_loop, 1);
        (wait.kind, wait.line.map(Location::line), wait.object)
    };
    let expected = |left| (LeafKind::JoinAll, Some(line.line()), WaitedFor::Parts(left));
    assert_eq!(shown(&event_loop), expected(3));
    notifies[1].notify_one();
    turns(&mut event_loop, 1);
    assert_eq!(shown(&event_loop), expected(2));
}

fn a_deadline_is_the_time_that_is_left(subject: Subject) {
    let mut event_loop = new_loop();
    drop(event_loop.spawn(subject.task(body().perform(sleep(3 * SECOND)))));
    turns(&mut event_loop, 1);
    event_loop.advance(SECOND);
    let wait = wait(&event_loop, 1);
    assert_eq!((wait.kind, wait.deadline), (LeafKind::Sleep, Some(2 * SECOND)));
}

fn a_timeout_is_shown_with_its_leaf(subject: Subject) {
    let mut event_loop = new_loop();
    let limited = timeout(3 * SECOND, Notify::new().notified());
    drop(event_loop.spawn(subject.task(body().perform(limited))));
    turns(&mut event_loop, 1);
    let wait = wait(&event_loop, 1);
    assert_eq!((wait.kind, wait.deadline), (LeafKind::Notified, Some(3 * SECOND)));
}

fn a_foreign_future_is_woken_from_outside(subject: Subject) {
    let mut event_loop = new_loop();
    drop(event_loop.spawn(subject.task(body().perform(future(pending::<()>())))));
    turns(&mut event_loop, 1);
    let wait = wait(&event_loop, 1);
    assert_eq!((wait.kind, wait.line), (LeafKind::Outside, None));
}

fn a_panic_names_its_task(subject: Subject) {
    let mut event_loop = new_loop();
    let panics = subject.task(body().perform(turn()).run(|| panic!("on purpose")));
    let handle = event_loop.spawn_named("panics", panics);
    let spawned_at = task(&event_loop, 1).label.spawned_at;
    let joined = event_loop.block_on(subject.task(Body::performing(Box::pin(handle)))).unwrap();
    assert_eq!(
        joined.unwrap_err().to_string(),
        format!("task 1 \"panics\" (spawned at {spawned_at}) panicked: on purpose")
    );
}
