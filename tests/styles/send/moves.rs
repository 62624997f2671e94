//! A task of each `Send` style is resumed on two threads in turn.

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

/// The events of a task, in order, each with the name of its thread.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn add(&self, line: &str) {
        let thread = thread::current();
        let line = format!("{}: {line}", thread.name().expect("the test names its threads"));
        self.0.lock().unwrap().push(line);
    }
}

/// A waker that counts its wakes.
#[derive(Default)]
struct CountsWakes(AtomicUsize);

impl Wake for CountsWakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Returns a leaf that suspends for one turn. In each resume it wakes the present waker.
fn suspend_once(notes: &Notes) -> impl Task<Output = ()> + Send + use<> {
    let (notes, mut is_second) = (notes.clone(), false);
    leaf(move |cx| {
        notes.add("leaf");
        cx.waker().wake_by_ref();
        match std::mem::replace(&mut is_second, true) {
            false => Step::Suspended(Wait::Turn),
            true => Step::Done(()),
        }
    })
}

/// Performs the leaf twice, and returns the number of performs.
fn as_callback(notes: Notes) -> SendTask {
    fn perform_next(cb: &mut Callback<usize>, notes: Notes, n: usize) {
        notes.add("body");
        match n {
            2 => cb.done(n),
            _ => cb.perform(suspend_once(&notes), move |cb, ()| perform_next(cb, notes, n + 1)),
        }
    }
    Box::pin(callback(|cb| perform_next(cb, notes, 0)))
}

/// The same as a generator.
fn as_generator(notes: Notes) -> SendTask {
    Box::pin(generator(|mut co| async move {
        let mut n = 0;
        loop {
            notes.add("body");
            match n {
                2 => return n,
                _ => co.perform(suspend_once(&notes)).await,
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
fn assert_continues_on_another_thread(make: fn(Notes) -> SendTask) {
    let (notes, here, there) =
        (Notes::default(), Arc::<CountsWakes>::default(), Arc::<CountsWakes>::default());
    let task = make(notes.clone());
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
        // The leaf that has suspended here is done there, and the body continues there.
        "there: leaf",
        "there: body",
        "there: leaf",
        // And back.
        "here: leaf",
        "here: body",
    ];
    assert_eq!(*notes.0.lock().unwrap(), expected);
    // Each wake reaches the waker of the present resume.
    let wakes = [here, there].map(|counts| counts.0.load(Ordering::Relaxed));
    assert_eq!(wakes, [2, 2]);
}

#[test]
fn a_callback_continues_on_another_thread() {
    assert_continues_on_another_thread(as_callback);
}

#[test]
fn a_generator_continues_on_another_thread() {
    assert_continues_on_another_thread(as_generator);
}

#[test]
fn a_moved_task_keeps_no_waker_of_its_former_thread() {
    for make in [as_callback, as_generator] {
        let (notes, counts) = (Notes::default(), Arc::<CountsWakes>::default());
        let task = make(notes.clone());
        let (task, _) = resume_on("here", task, Arc::clone(&counts).into());
        let (task, _) = resume_on("there", task, Waker::noop().clone());
        // After a resume with another waker, the task does not hold the first one.
        assert_eq!(Arc::strong_count(&counts), 1);
        drop(task);
        assert_eq!(Arc::strong_count(&notes.0), 1, "dropped on a third thread");
    }
}
