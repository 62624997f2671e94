//! A task of each style that is `Send`, resumed on two threads in turn.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
    thread,
};

use quadrivium::{
    Task,
    callback::send::{Callback, callback},
    generator::send::generator,
    task::{Context, Step, Wait},
};
use quadrivium_conformance::leaf;

type SendTask = Pin<Box<dyn Task<Output = usize> + Send>>;

/// What was done on which thread, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn say(&self, line: &str) {
        let thread = thread::current();
        let line = format!("{}: {line}", thread.name().expect("the test names its threads"));
        self.0.lock().unwrap().push(line);
    }
}

/// A waker that counts.
#[derive(Default)]
struct Counts(AtomicUsize);

impl Wake for Counts {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A leaf that gives way once. It wakes whoever resumes it, each time.
fn gives_way(log: &Log) -> impl Task<Output = ()> + Send + use<> {
    let (log, mut is_second) = (log.clone(), false);
    leaf(move |cx| {
        log.say("leaf");
        cx.waker().wake_by_ref();
        match std::mem::replace(&mut is_second, true) {
            false => Step::Suspended(Wait::Turn),
            true => Step::Done(()),
        }
    })
}

/// Gives way twice, and is worth how often it began.
fn as_callback(log: Log) -> SendTask {
    fn go_on(cb: &mut Callback<usize>, log: Log, n: usize) {
        log.say("body");
        match n {
            2 => cb.done(n),
            _ => cb.perform(gives_way(&log), move |cb, ()| go_on(cb, log, n + 1)),
        }
    }
    Box::pin(callback(|cb| go_on(cb, log, 0)))
}

/// The same.
fn as_generator(log: Log) -> SendTask {
    Box::pin(generator(|mut co| async move {
        let mut n = 0;
        loop {
            log.say("body");
            match n {
                2 => return n,
                _ => co.perform(gives_way(&log)).await,
            }
            n += 1;
        }
    }))
}

/// Moves the task to a new thread of this name, resumes it there, and brings it back.
fn resume_on(name: &str, mut task: SendTask, waker: Waker) -> (SendTask, Step<usize>) {
    let resume = move || {
        let step = task.as_mut().resume(&mut Context::new(&waker));
        (task, step)
    };
    thread::Builder::new().name(name.into()).spawn(resume).unwrap().join().unwrap()
}

#[track_caller]
fn goes_on_elsewhere(make: fn(Log) -> SendTask) {
    let (log, here, there) = (Log::default(), Arc::<Counts>::default(), Arc::<Counts>::default());
    let task = make(log.clone());
    let (task, step) = resume_on("here", task, Arc::clone(&here).into());
    assert!(matches!(step, Step::Suspended(Wait::Turn)));
    let (task, step) = resume_on("there", task, Arc::clone(&there).into());
    assert!(matches!(step, Step::Suspended(Wait::Turn)));
    let (task, step) = resume_on("here", task, Arc::clone(&here).into());
    assert!(matches!(step, Step::Done(2)));
    drop(task);
    let expected = [
        // The first resume begins.
        "here: body",
        "here: leaf",
        // What has suspended here is done there, and what comes then goes on there.
        "there: leaf",
        "there: body",
        "there: leaf",
        // And back.
        "here: leaf",
        "here: body",
    ];
    assert_eq!(*log.0.lock().unwrap(), expected);
    // The waker is that of who resumes now.
    let wakes = [here, there].map(|counts| counts.0.load(Ordering::Relaxed));
    assert_eq!(wakes, [2, 2]);
}

#[test]
fn a_callback_goes_on_elsewhere() {
    goes_on_elsewhere(as_callback);
}

#[test]
fn a_generator_goes_on_elsewhere() {
    goes_on_elsewhere(as_generator);
}

#[test]
fn nothing_of_it_is_left_where_it_was() {
    for make in [as_callback, as_generator] {
        let (log, counts) = (Log::default(), Arc::<Counts>::default());
        let task = make(log.clone());
        let (task, _) = resume_on("here", task, Arc::clone(&counts).into());
        let (task, _) = resume_on("there", task, Waker::noop().clone());
        // Resumed with another waker, it holds none of the first.
        assert_eq!(Arc::strong_count(&counts), 1);
        drop(task);
        assert_eq!(Arc::strong_count(&log.0), 1, "dropped on a third thread");
    }
}
