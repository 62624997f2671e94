//! The differences between styles are the lines of the file `known_differences`, and no others.
//!
//! Each line of the file is observed in every style. Other behaviour that could differ and does not
//! is observed as well. It has no line.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    os::unix::process::ExitStatusExt,
    pin::Pin,
    rc::Rc,
    sync::{Arc, Mutex},
    thread,
};

use quadrivium::{
    JoinError, JoinHandle, Task,
    sync::Notify,
    task::{Context, Step, Wait},
};
use quadrivium_conformance::{Body, Subject, TestLoop, alone, body, new_loop, styles, turns};
use quadrivium_green::{NotPerformed, perform_without_unwinding, return_cancelled};

/// The name of an observation, and the function that makes it in a style.
type Observation = (&'static str, fn(Subject) -> String);

const OBSERVATIONS: [Observation; 10] = [
    ("thread::panicking() in a destructor when the task is cancelled", panicking_when_cancelled),
    ("thread::panicking() in a destructor when the loop is dropped", panicking_when_loop_dropped),
    ("thread::panicking() in a destructor at the end", panicking_at_the_end),
    ("thread::panicking() in a destructor when the body panics", panicking_when_the_body_panics),
    ("a std Mutex that is locked when the task is cancelled", mutex_when_cancelled),
    ("a std Mutex that is locked when the body panics", mutex_when_the_body_panics),
    ("a destructor that panics when the task is cancelled", panic_when_cancelled),
    (
        "a destructor that panics unless thread::panicking(), when the task is cancelled",
        careful_panic_when_cancelled,
    ),
    (
        "a destructor of a task whose loop is in a thread-local, when the thread ends",
        at_the_end_of_a_thread,
    ),
    (
        "a destructor when the task is cancelled in a call that can neither unwind nor fail",
        cancelled_in_a_call_that_cannot_fail,
    ),
];

#[test]
fn are_the_lines_of_the_file() {
    let mut known = BTreeMap::<_, Vec<_>>::new();
    for line in include_str!("../known_differences").lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<_> = line.split(" | ").collect();
        let [style, observed, here, elsewhere] = columns[..] else {
            panic!("four columns: {line}")
        };
        known.entry(observed).or_default().push((style, here, elsewhere));
    }
    for (observed, observe) in OBSERVATIONS {
        let known = known.remove(observed).unwrap_or_default();
        let styles = styles::ALL.map(|style| (style.name(), observe(style.into())));
        for (style, value) in &styles {
            let expected = match known.iter().find(|line| line.0 == *style) {
                Some((_, here, _)) => here,
                None => known.first().map_or(styles[0].1.as_str(), |line| line.2),
            };
            assert_eq!(value, expected, "{observed}, in the style {style}");
        }
    }
    assert!(known.is_empty(), "lines that no observation has: {known:?}");
}

/// Records `thread::panicking()` when it is dropped.
struct RecordsPanicking(Rc<Cell<Option<bool>>>);

impl Drop for RecordsPanicking {
    fn drop(&mut self) {
        self.0.set(Some(thread::panicking()));
    }
}

fn records_panicking() -> (Body, impl Fn() -> String) {
    let recorded = Rc::new(Cell::new(None));
    let body = body().hold(RecordsPanicking(Rc::clone(&recorded)));
    (body, move || recorded.get().expect("the destructor has run").to_string())
}

/// Cancels a task with this body where it is suspended, and returns the result of its join.
fn cancelled(subject: Subject, body: Body) -> Result<(), JoinError> {
    let mut event_loop = new_loop();
    let body = body.perform(Notify::new().notified());
    let handle: JoinHandle<()> = event_loop.spawn(subject.task(body));
    turns(&mut event_loop, 1);
    handle.cancel();
    event_loop.block_on(handle).unwrap()
}

fn panicking_when_cancelled(subject: Subject) -> String {
    let (body, recorded) = records_panicking();
    let _ = cancelled(subject, body);
    recorded()
}

fn panicking_when_loop_dropped(subject: Subject) -> String {
    let (body, recorded) = records_panicking();
    let mut event_loop = new_loop();
    drop(event_loop.spawn(subject.task(body.perform(Notify::new().notified()))));
    turns(&mut event_loop, 1);
    drop(event_loop);
    recorded()
}

fn panicking_at_the_end(subject: Subject) -> String {
    let (body, recorded) = records_panicking();
    new_loop().block_on(subject.task(body)).unwrap();
    recorded()
}

fn panicking_when_the_body_panics(subject: Subject) -> String {
    let (body, recorded) = records_panicking();
    let _ = new_loop().block_on(subject.task(body.run(|| panic!("on purpose"))));
    recorded()
}

thread_local! {
    static LOOP: RefCell<Option<TestLoop>> = const { RefCell::new(None) };
}

/// A task that is never done. It releases its value when it is dropped.
struct Forever(#[expect(dead_code, reason = "it is dropped, which is looked at")] Arc<()>);

impl Task for Forever {
    type Output = ();

    fn resume(self: Pin<&mut Self>, _: &mut Context<'_>) -> Step<()> {
        Step::Suspended(Wait::Wake)
    }
}

fn at_the_end_of_a_thread(subject: Subject) -> String {
    let dropped = Arc::new(());
    let forever = Forever(Arc::clone(&dropped));
    let ends = thread::spawn(move || {
        // Used before the first green thread, so it is dropped after the stacks of this thread.
        LOOP.set(None);
        let mut event_loop = new_loop();
        drop(event_loop.spawn(subject.task(body().perform(forever))));
        turns(&mut event_loop, 1);
        LOOP.set(Some(event_loop));
    });
    ends.join().unwrap();
    match Arc::strong_count(&dropped) {
        1 => "runs".to_string(),
        _ => "does not run".to_string(),
    }
}

/// A call such as a lock of std in a patched green thread. Only a green thread suspends inside.
fn call_that_cannot_fail() {
    let waits = Forever(Arc::default());
    if perform_without_unwinding(waits) == Err(NotPerformed::Cancelled) {
        return_cancelled(1);
    }
}

fn cancelled_in_a_call_that_cannot_fail(subject: Subject) -> String {
    let dropped = Rc::new(());
    let held = Rc::clone(&dropped);
    let body = body().run(move || {
        let _held = held;
        call_that_cannot_fail();
    });
    let _ = cancelled(subject, body);
    match Rc::strong_count(&dropped) {
        1 => "runs".to_string(),
        _ => "does not run".to_string(),
    }
}

/// Returns a body that holds a lock, and a function that returns whether the mutex is poisoned.
fn locks() -> (Body, impl Fn() -> String) {
    let mutex: &'static Mutex<()> = Box::leak(Box::default());
    let guard: Rc<Cell<Option<_>>> = Rc::default();
    let held = Rc::clone(&guard);
    let body = body().run(move || held.set(Some(mutex.lock().unwrap()))).hold(guard);
    (body, || if mutex.is_poisoned() { "poisoned" } else { "usable" }.to_string())
}

fn mutex_when_cancelled(subject: Subject) -> String {
    let (body, state) = locks();
    let _ = cancelled(subject, body);
    state()
}

fn mutex_when_the_body_panics(subject: Subject) -> String {
    let (body, state) = locks();
    let _ = new_loop().block_on(subject.task(body.run(|| panic!("on purpose"))));
    state()
}

/// Panics when it is dropped. A careful one does not while another panic is under way.
struct PanicsInDrop {
    careful: bool,
}

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        assert!(self.careful && thread::panicking(), "in a destructor");
    }
}

fn name_of(joined: Result<(), JoinError>) -> String {
    match joined {
        Ok(()) => "done".to_string(),
        Err(JoinError::Cancelled) => "JoinError::Cancelled".to_string(),
        Err(JoinError::Panicked(_)) => "JoinError::Panicked".to_string(),
    }
}

fn careful_panic_when_cancelled(subject: Subject) -> String {
    name_of(cancelled(subject, body().hold(PanicsInDrop { careful: true })))
}

/// Runs in a process of its own, because it may end the process.
fn panic_when_cancelled(subject: Subject) -> String {
    let test = "known_differences::are_the_lines_of_the_file";
    let output = alone(test, &subject.to_string(), || {
        let joined = cancelled(subject, body().hold(PanicsInDrop { careful: false }));
        eprintln!("outcome: {}", name_of(joined));
    });
    if output.status.signal().is_some() {
        return "aborts the process".to_string();
    }
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = stderr.lines().find_map(|line| line.strip_prefix("outcome: "));
    line.unwrap_or("nothing").to_string()
}
