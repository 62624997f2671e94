//! Functions that run on other OS threads: their output, when they start, and how they end.

use std::{
    cell::Cell,
    sync::{
        Arc, Barrier,
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, ThreadId},
    time::Duration,
};

use quadrivium::{
    event_loop::Turned,
    prelude::*,
    test::{Faults, Simulation},
    thread::{offload, offload_checked},
};

use crate::{Notes, Subject, body, in_drop, map, new_loop, sockets::real_loop, turns};

laws! { ($) offload:
    /// The function runs on another OS thread, and the task returns its output.
    runs_on_another_thread;
    /// `offload_checked` tells the function that it got a thread, and runs it there.
    checked_reports_that_there_is_a_thread;
    /// A function whose task is dropped before its first resume never starts.
    starts_lazily;
    /// Other tasks run while the function runs.
    lets_other_tasks_run;
    /// Many functions at once all run, and each task gets its own output.
    runs_many_functions_at_once;
    /// A function that blocks does not keep other functions from starting.
    is_not_delayed_by_a_blocked_function;
    /// A panic of the function continues in the task that performs it, and later functions still
    /// run.
    passes_a_panic_to_its_task;
    /// A function whose task is cancelled runs to its end. Its output is dropped on its own thread.
    continues_when_its_task_is_cancelled;
    /// A timeout ends the wait for the function, but not the function.
    continues_after_a_timeout;
    /// The virtual clock stands still while the function runs, and goes on afterwards.
    stops_the_virtual_clock on OwnClock;
    /// In a simulation with delayed wakes, spurious wakes and cancels, functions run and end as
    /// usual.
    works_in_a_simulation;
}

const SECOND: Duration = Duration::from_secs(1);

/// Returns a function that reports its start and then waits for permission to end, with the two
/// channels for that.
fn controlled_work<T: Send + 'static>(
    output: T,
) -> (impl FnOnce() -> T + Send, Receiver<()>, Sender<()>) {
    let (begins, begun) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel();
    let work = move || {
        begins.send(()).unwrap();
        goes_on.recv().unwrap();
        output
    };
    (work, begun, go_on)
}

fn runs_on_another_thread(subject: Subject) {
    let own = thread::current().id();
    let works = body().perform_then(
        move || offload(move || (thread::current().id() != own, "done")),
        |output| assert_eq!(output, (true, "done")),
    );
    new_loop().block_on(subject.task(works)).unwrap();
}

fn checked_reports_that_there_is_a_thread(subject: Subject) {
    let own = thread::current().id();
    let works = body().perform_then(
        move || offload_checked(move |started| (started.is_ok(), thread::current().id() != own)),
        |output| assert_eq!(output, (true, true)),
    );
    new_loop().block_on(subject.task(works)).unwrap();
}

fn starts_lazily(subject: Subject) {
    let (sender, receiver) = mpsc::channel::<()>();
    let work = offload(move || sender.send(()).unwrap());
    let task = subject.task(body().perform(race(turn(), work)));
    drop(task);
    assert!(receiver.recv().is_err(), "the function must be dropped without having run");
}

fn lets_other_tasks_run(subject: Subject) {
    let mut event_loop = new_loop();
    let (work, begun, go_on) = controlled_work(());
    let works = event_loop.spawn(subject.task(body().perform(offload(work))));
    let allows = body().perform(turn()).run(move || {
        begun.recv().unwrap();
        go_on.send(()).unwrap();
    });
    event_loop.block_on(subject.task(allows)).unwrap();
    event_loop.block_on(works).unwrap().unwrap();
}

fn runs_many_functions_at_once(subject: Subject) {
    let mut event_loop = new_loop();
    let tasks: Vec<_> = (0..50)
        .map(|n| {
            let works = body().perform_then(
                move || offload(move || 2 * n),
                move |m| {
                    assert_eq!(m, 2 * n);
                },
            );
            event_loop.spawn(subject.task(works))
        })
        .collect();
    for done in event_loop.block_on(join_all(tasks)).unwrap() {
        done.unwrap();
    }
}

fn is_not_delayed_by_a_blocked_function(subject: Subject) {
    let mut event_loop = new_loop();
    // Each function waits for all the others.
    let barrier = Arc::new(Barrier::new(10));
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            let meets = move || barrier.wait();
            let works = body().perform_then(move || offload(meets), |_| {});
            event_loop.spawn(subject.task(works))
        })
        .collect();
    for done in event_loop.block_on(join_all(tasks)).unwrap() {
        done.unwrap();
    }
}

fn passes_a_panic_to_its_task(subject: Subject) {
    let mut event_loop = new_loop();
    let notes = Notes::default();
    let panics = offload(|| {
        std::panic::resume_unwind(Box::new("no output"));
    });
    let task =
        body().hold(notes.when_dropped("dropped")).perform(panics).note(&notes, "not reached");
    match event_loop.block_on(subject.task(task)) {
        Err(RunError::Task(JoinError::Panicked(payload))) => {
            assert_eq!(payload.message(), Some("no output"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(notes.lines(), ["dropped"]);
    event_loop.block_on(subject.task(body().perform(offload(|| ())))).unwrap();
}

/// Returns a value that sends the id of the thread on which it is dropped.
fn reports_its_drop(sender: Sender<ThreadId>) -> impl Send {
    in_drop(move || _ = sender.send(thread::current().id()))
}

fn continues_when_its_task_is_cancelled(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, dropped) = mpsc::channel();
    let (work, begun, go_on) = controlled_work(reports_its_drop(sender));
    let works = event_loop.start(subject.task(body().perform(offload(work))), 1);
    begun.recv().unwrap();
    works.cancel();
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
    assert!(dropped.try_recv().is_err(), "the function must not have ended yet");
    go_on.send(()).unwrap();
    assert_ne!(dropped.recv().unwrap(), thread::current().id());
}

fn continues_after_a_timeout(subject: Subject) {
    let mut event_loop = real_loop();
    let (sender, dropped) = mpsc::channel();
    let (work, _begun, go_on) = controlled_work(reports_its_drop(sender));
    let task = body().perform_then(
        move || timeout(Duration::from_millis(1), offload(work)),
        |output| assert!(output.is_err()),
    );
    event_loop.block_on(subject.task(task)).unwrap();
    // If the function has not started by now, it never does, and is dropped all the same.
    let _ = go_on.send(());
    dropped.recv().unwrap();
}

fn stops_the_virtual_clock(subject: Subject) {
    let mut event_loop = new_loop();
    let task = body().perform(map(timeout(SECOND, offload(|| ())), |done| done.unwrap()));
    let start = Cell::new(event_loop.now());
    event_loop.block_on(subject.task(task.perform(sleep(SECOND)))).unwrap();
    assert_eq!(event_loop.now() - start.get(), SECOND);
}

fn works_in_a_simulation(subject: Subject) {
    let faults = Faults::none().delayed_wakes(0.5, SECOND).spurious_wakes(0.2, SECOND);
    Simulation::new().seeds(0..5).faults(faults.cancels(0.2)).run(|event_loop| {
        let works = || subject.task(body().repeat(3, || offload(|| ())).perform(sleep(SECOND)));
        drop((event_loop.spawn(works()), event_loop.spawn(works())));
        // A task of `block_on` is never cancelled by the simulation.
        event_loop.block_on(works()).unwrap();
        event_loop.run().unwrap();
    });
}
