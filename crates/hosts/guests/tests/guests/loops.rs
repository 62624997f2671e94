//! A loop inside tokio or smol that keeps its tasks from one future to the next.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    thread,
    time::Duration,
};

use quadrivium::{
    executor::GuestLoop,
    green::perform,
    net::UnixStream,
    prelude::*,
    sync::{Notify, channel},
};

use crate::executors::{TestedExecutor, on_every_executor};

const MS: Duration = Duration::from_millis(1);

on_every_executor! {
    tasks_outlive_a_future,
    sockets_outlive_a_future,
    run_ends_with_the_last_task,
    a_dropped_future_cancels_its_task_and_no_other,
    nothing_is_spawned_before_the_first_poll,
    a_panic_is_an_error,
    a_deadlock_is_an_error_and_the_loop_can_go_on,
    a_stop_from_another_thread_is_an_error,
    another_thread_spawns_a_task,
    a_loop_inside_a_loop_is_an_error,
    a_loop_answers_another_thread,
    a_loop_that_is_not_polled_says_so,
}

fn new_loop<E: TestedExecutor>() -> GuestLoop<E::Executor> {
    GuestLoop::new(E::executor()).expect("a loop can exist")
}

fn tasks_outlive_a_future<E: TestedExecutor>() {
    let mut guest_loop = new_loop::<E>();
    let (sender, receiver) = channel::bounded(1);
    let counting = guest_loop.spawn(green(move || {
        let mut i = 1;
        while perform(sender.send(i)).is_ok() {
            perform(sleep(MS));
            i += 1;
        }
    }));
    E::block_on(async {
        // Two futures, and the same task in both.
        for i in 1..=2 {
            assert_eq!(guest_loop.perform(receiver.recv()).await.unwrap(), Ok(i));
        }
    });
    assert!(!counting.is_finished());
}

fn sockets_outlive_a_future<E: TestedExecutor>() {
    let (near, far) = UnixStream::pair().unwrap();
    let mut guest_loop = new_loop::<E>();
    E::block_on(async {
        let writing = guest_loop.perform(future(async move {
            sleep(MS).await;
            far.write_all(b"hello").await.unwrap();
            far
        }));
        let far = writing.await.unwrap();
        // The second future receives events of a socket that the first future has registered.
        let reading = guest_loop.perform(green(move || {
            let mut buffer = [0; 5];
            perform(future(async move { near.read_exact(&mut buffer).await.map(|_| buffer) }))
        }));
        assert_eq!(&reading.await.unwrap().unwrap(), b"hello");
        drop(far);
    });
}

fn run_ends_with_the_last_task<E: TestedExecutor>() {
    let mut guest_loop = new_loop::<E>();
    let handles = [3, 1, 2].map(|n| guest_loop.spawn(sleep(n * MS)));
    E::block_on(guest_loop.run()).unwrap();
    assert!(handles.iter().all(JoinHandle::is_finished));
    assert_eq!(guest_loop.live(), 0);
}

fn a_dropped_future_cancels_its_task_and_no_other<E: TestedExecutor>() {
    let mut guest_loop = new_loop::<E>();
    let sleeping = guest_loop.spawn(sleep(MS));
    E::block_on(async {
        let mut performing = Box::pin(guest_loop.perform(sleep(1000 * MS)));
        poll_fn(|cx| {
            assert!(performing.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        drop(performing);
        assert_eq!(guest_loop.live(), 1);
        guest_loop.run().await.unwrap();
    });
    assert!(sleeping.is_finished());
}

fn nothing_is_spawned_before_the_first_poll<E: TestedExecutor>() {
    let mut guest_loop = new_loop::<E>();
    E::block_on(async { drop(guest_loop.perform(turn())) });
    assert_eq!(guest_loop.live(), 0);
}

fn a_panic_is_an_error<E: TestedExecutor>() {
    let mut guest_loop = new_loop::<E>();
    let panics = guest_loop.perform(green(|| {
        perform(turn());
        panic!("as planned")
    }));
    let ended: Result<(), RunError> = E::block_on(panics);
    let Err(RunError::Task(JoinError::Panicked(payload))) = ended else { panic!("{ended:?}") };
    assert_eq!(payload.message(), Some("as planned"));
}

fn a_deadlock_is_an_error_and_the_loop_can_go_on<E: TestedExecutor>() {
    let mut guest_loop = new_loop::<E>();
    let notify = Notify::new();
    let waits = guest_loop.spawn(notify.notified());
    let error = E::block_on(guest_loop.perform(notify.notified())).unwrap_err();
    let RunError::Deadlock(deadlock) = error else { panic!("{error}") };
    assert_eq!(deadlock.tasks.len(), 2);
    // The task that was performed is cancelled. The other task can go on.
    assert_eq!(guest_loop.live(), 1);
    notify.notify_one();
    E::block_on(guest_loop.run()).unwrap();
    assert!(waits.is_finished());
}

fn a_stop_from_another_thread_is_an_error<E: TestedExecutor>() {
    let mut guest_loop = new_loop::<E>();
    let stopper = guest_loop.stopper();
    let stopping = thread::spawn(move || stopper.stop());
    let error = E::block_on(guest_loop.perform(Notify::new().notified())).unwrap_err();
    assert!(matches!(error, RunError::Stopped), "{error}");
    stopping.join().unwrap();
}

fn another_thread_spawns_a_task<E: TestedExecutor>() {
    let mut guest_loop = new_loop::<E>();
    let spawner = guest_loop.spawner();
    let spawning = thread::spawn(move || spawner.spawn(|| green(|| 42)));
    let performing = async {
        let handle = spawning.join().unwrap();
        guest_loop.perform(handle).await
    };
    assert_eq!(E::block_on(performing).unwrap().unwrap(), 42);
}

fn a_loop_inside_a_loop_is_an_error<E: TestedExecutor>() {
    let mut inner = new_loop::<E>();
    let mut outer = new_loop::<E>();
    let nested = future(async move {
        let mut performing = pin!(inner.perform(turn()));
        poll_fn(|cx| performing.as_mut().poll(cx)).await
    });
    let error = E::block_on(outer.perform(nested)).unwrap().unwrap_err();
    assert!(matches!(error, RunError::Nested), "{error}");
}

fn a_loop_answers_another_thread<E: TestedExecutor>() {
    let mut guest_loop = new_loop::<E>();
    let inspector = guest_loop.inspector();
    assert!(inspector.is_guest());
    let _waits = guest_loop.spawn_named("waits", sleep(Duration::from_secs(3_600)));
    let stopper = guest_loop.stopper();
    let elsewhere = thread::spawn(move || {
        let tasks = inspector.tasks(Duration::from_secs(60));
        stopper.stop();
        tasks
    });
    E::block_on(async { guest_loop.run().await.unwrap() });
    let tasks = elsewhere.join().unwrap().unwrap();
    assert_eq!(tasks.labels().next().unwrap().name.as_deref(), Some("waits"));
}

fn a_loop_that_is_not_polled_says_so<E: TestedExecutor>() {
    let mut guest_loop = new_loop::<E>();
    let inspector = guest_loop.inspector();
    E::block_on(async {
        // The executor polls it once, and then does something else.
        let mut run = pin!(guest_loop.perform(sleep(Duration::from_secs(3_600))));
        poll_fn(|cx| {
            assert!(run.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        let asked = thread::spawn(move || inspector.tasks(MS)).join().unwrap();
        assert_eq!(
            asked.unwrap_err().to_string(),
            "the loop has not answered for 1ms: the executor around it does not poll it"
        );
    });
}
