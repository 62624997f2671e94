//! Work on other OS threads: what it is worth, when it begins, and what becomes of it.

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

use crate::{Said, Subject, body, in_drop, map, new_loop, sockets::real_loop, turns};

laws! { ($) offload:
    /// The work is done on another OS thread, and the task is worth what it returns.
    on_another_thread;
    /// Checked work is told that it has a thread of its own, and that is where it is done.
    checked_work_is_told_that_it_has_a_thread;
    /// Work whose task is dropped before it is resumed never begins.
    it_is_lazy;
    /// The other tasks run while it is at work.
    the_others_run_meanwhile;
    /// Much work at once is all done, and each task gets its own output.
    much_at_once;
    /// Work that blocks keeps no other work from beginning.
    beside_blocked_work;
    /// A panic of the work goes on in the task that performs it, and the next work is done.
    a_panic_goes_on_in_the_task;
    /// Work whose task is cancelled runs to its end, and its output is dropped on its thread.
    cancelled_at_work;
    /// A timeout ends the wait for work, and not the work.
    a_timeout_around_it;
    /// Virtual time stands still while it is at work, and goes on afterwards.
    virtual_time_stands_still on OwnClock;
    /// In a simulation, with late and spurious wakes and cancels, it is done as ever.
    in_a_simulation;
}

const SECOND: Duration = Duration::from_secs(1);

/// Work that says when it has begun, and goes on when it is told to.
fn told<T: Send + 'static>(output: T) -> (impl FnOnce() -> T + Send, Receiver<()>, Sender<()>) {
    let (begins, begun) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel();
    let work = move || {
        begins.send(()).unwrap();
        goes_on.recv().unwrap();
        output
    };
    (work, begun, go_on)
}

fn on_another_thread(subject: Subject) {
    let own = thread::current().id();
    let works = body().perform_then(
        move || offload(move || (thread::current().id() != own, "done")),
        |output| assert_eq!(output, (true, "done")),
    );
    new_loop().block_on(subject.task(works)).unwrap();
}

fn checked_work_is_told_that_it_has_a_thread(subject: Subject) {
    let own = thread::current().id();
    let works = body().perform_then(
        move || offload_checked(move |started| (started.is_ok(), thread::current().id() != own)),
        |output| assert_eq!(output, (true, true)),
    );
    new_loop().block_on(subject.task(works)).unwrap();
}

fn it_is_lazy(subject: Subject) {
    let (sender, receiver) = mpsc::channel::<()>();
    let work = offload(move || sender.send(()).unwrap());
    let task = subject.task(body().perform(race(turn(), work)));
    drop(task);
    assert!(receiver.recv().is_err(), "it was dropped and has not run");
}

fn the_others_run_meanwhile(subject: Subject) {
    let mut event_loop = new_loop();
    let (work, begun, go_on) = told(());
    let works = event_loop.spawn(subject.task(body().perform(offload(work))));
    let tells = body().perform(turn()).run(move || {
        begun.recv().unwrap();
        go_on.send(()).unwrap();
    });
    event_loop.block_on(subject.task(tells)).unwrap();
    event_loop.block_on(works).unwrap().unwrap();
}

fn much_at_once(subject: Subject) {
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

fn beside_blocked_work(subject: Subject) {
    let mut event_loop = new_loop();
    // Each of them waits for all the others.
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

fn a_panic_goes_on_in_the_task(subject: Subject) {
    let mut event_loop = new_loop();
    let said = Said::default();
    let panics = offload(|| {
        std::panic::resume_unwind(Box::new("no output"));
    });
    let task = body().hold(said.when_dropped("dropped")).perform(panics).say(&said, "not reached");
    match event_loop.block_on(subject.task(task)) {
        Err(RunError::Task(JoinError::Panicked(payload))) => {
            assert_eq!(payload.message(), Some("no output"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(said.lines(), ["dropped"]);
    event_loop.block_on(subject.task(body().perform(offload(|| ())))).unwrap();
}

/// Tells on which thread it is dropped.
fn tells(sender: Sender<ThreadId>) -> impl Send {
    in_drop(move || _ = sender.send(thread::current().id()))
}

fn cancelled_at_work(subject: Subject) {
    let mut event_loop = new_loop();
    let (sender, dropped) = mpsc::channel();
    let (work, begun, go_on) = told(tells(sender));
    let works = event_loop.start(subject.task(body().perform(offload(work))), 1);
    begun.recv().unwrap();
    works.cancel();
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
    assert!(dropped.try_recv().is_err(), "it is still at work");
    go_on.send(()).unwrap();
    assert_ne!(dropped.recv().unwrap(), thread::current().id());
}

fn a_timeout_around_it(subject: Subject) {
    let mut event_loop = real_loop();
    let (sender, dropped) = mpsc::channel();
    let (work, _begun, go_on) = told(tells(sender));
    let task = body().perform_then(
        move || timeout(Duration::from_millis(1), offload(work)),
        |output| assert!(output.is_err()),
    );
    event_loop.block_on(subject.task(task)).unwrap();
    // Had it not begun by then, it never does, and is dropped all the same.
    let _ = go_on.send(());
    dropped.recv().unwrap();
}

fn virtual_time_stands_still(subject: Subject) {
    let mut event_loop = new_loop();
    let task = body().perform(map(timeout(SECOND, offload(|| ())), |done| done.unwrap()));
    let start = Cell::new(event_loop.now());
    event_loop.block_on(subject.task(task.perform(sleep(SECOND)))).unwrap();
    assert_eq!(event_loop.now() - start.get(), SECOND);
}

fn in_a_simulation(subject: Subject) {
    let faults = Faults::none().delayed_wakes(0.5, SECOND).spurious_wakes(0.2, SECOND);
    Simulation::new().seeds(0..5).faults(faults.cancels(0.2)).run(|event_loop| {
        let works = || subject.task(body().repeat(3, || offload(|| ())).perform(sleep(SECOND)));
        drop((event_loop.spawn(works()), event_loop.spawn(works())));
        // Who is blocked on is not cancelled.
        event_loop.block_on(works()).unwrap();
        event_loop.run().unwrap();
    });
}
