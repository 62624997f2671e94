//! The differences between styles are those in the file `known_differences`, and no others are
//! known.
//!
//! Each line of the file is observed in every style. So is what could differ and does not: that has
//! no line.

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

/// What is observed, and how it is in a style.
type Observation = (&'static str, fn(Subject) -> String);

const OBSERVATIONS: [Observation; 9] = [
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
];

#[test]
fn are_those_in_the_file() {
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
    assert!(known.is_empty(), "lines that nobody observes: {known:?}");
}

/// Tells what `thread::panicking()` is when it is dropped.
struct Tells(Rc<Cell<Option<bool>>>);

impl Drop for Tells {
    fn drop(&mut self) {
        self.0.set(Some(thread::panicking()));
    }
}

fn tells() -> (Body, impl Fn() -> String) {
    let told = Rc::new(Cell::new(None));
    let body = body().hold(Tells(Rc::clone(&told)));
    (body, move || told.get().expect("the destructor has run").to_string())
}

/// Cancels a task with this body where it is suspended; what it comes to.
fn cancelled(subject: Subject, body: Body) -> Result<(), JoinError> {
    let mut event_loop = new_loop();
    let body = body.perform(Notify::new().notified());
    let handle: JoinHandle<()> = event_loop.spawn(subject.task(body));
    turns(&mut event_loop, 1);
    handle.cancel();
    event_loop.block_on(handle).unwrap()
}

fn panicking_when_cancelled(subject: Subject) -> String {
    let (body, told) = tells();
    let _ = cancelled(subject, body);
    told()
}

fn panicking_when_loop_dropped(subject: Subject) -> String {
    let (body, told) = tells();
    let mut event_loop = new_loop();
    drop(event_loop.spawn(subject.task(body.perform(Notify::new().notified()))));
    turns(&mut event_loop, 1);
    drop(event_loop);
    told()
}

fn panicking_at_the_end(subject: Subject) -> String {
    let (body, told) = tells();
    new_loop().block_on(subject.task(body)).unwrap();
    told()
}

fn panicking_when_the_body_panics(subject: Subject) -> String {
    let (body, told) = tells();
    let _ = new_loop().block_on(subject.task(body.run(|| panic!("on purpose"))));
    told()
}

thread_local! {
    static LOOP: RefCell<Option<TestLoop>> = const { RefCell::new(None) };
}

/// Never done. Dropped, it lets go of what it holds.
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
        // Touched before the first green thread, so dropped after its stacks.
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

/// A body that holds a lock from here on, and whether the mutex is poisoned.
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

/// Panics when it is dropped; a careful one not while another panic is under way.
struct PanicsInDrop {
    careful: bool,
}

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        assert!(self.careful && thread::panicking(), "in a destructor");
    }
}

fn come_to(joined: Result<(), JoinError>) -> String {
    match joined {
        Ok(()) => "done".to_string(),
        Err(JoinError::Cancelled) => "JoinError::Cancelled".to_string(),
        Err(JoinError::Panicked(_)) => "JoinError::Panicked".to_string(),
    }
}

fn careful_panic_when_cancelled(subject: Subject) -> String {
    come_to(cancelled(subject, body().hold(PanicsInDrop { careful: true })))
}

/// In a process of its own, since it may end it.
fn panic_when_cancelled(subject: Subject) -> String {
    let test = "known_differences::are_those_in_the_file";
    let output = alone(test, &subject.to_string(), || {
        let joined = cancelled(subject, body().hold(PanicsInDrop { careful: false }));
        eprintln!("came to {}", come_to(joined));
    });
    if output.status.signal().is_some() {
        return "aborts the process".to_string();
    }
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = stderr.lines().find_map(|line| line.strip_prefix("came to "));
    line.unwrap_or("nothing").to_string()
}
