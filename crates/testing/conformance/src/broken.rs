//! Styles that are broken on purpose. Each law that does not hold for such a style must fail by
//! name, and must not stop the other laws.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    env,
    pin::Pin,
    process::{Child, Command, Stdio},
    task::Waker,
};

use quadrivium::{
    Task,
    task::{BoxTask, Context, Step},
};

use crate::{Body, Style, Subject, Value, Virtual, check, check_on, laws, styles::Future};

/// The future style with one mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    /// Keeps a `RefCell` of the thread borrowed while it resumes and drops. So no task can be made
    /// or run inside another.
    Borrows,
    /// Drops a task only when it makes the next one.
    DropsLate,
    /// Resumes a task again as soon as it has suspended.
    IsImpatient,
    /// Runs to the first suspension when it is made.
    StartsEarly,
}

const ALL: [Broken; 4] =
    [Broken::Borrows, Broken::DropsLate, Broken::IsImpatient, Broken::StartsEarly];

thread_local! {
    static BORROWED: RefCell<()> = const { RefCell::new(()) };
    /// Leaked, since a destructor that panics at the end of the thread would end the process.
    static GRAVEYARD: &'static RefCell<Vec<BoxTask<Value>>> = Box::leak(Box::default());
}

impl Style for Broken {
    fn name(&self) -> &'static str {
        "broken"
    }

    fn task(&self, body: Body<Value>) -> BoxTask<Value> {
        let mut task = Future.task(body);
        let mut first = None;
        match self {
            Broken::StartsEarly => {
                first = Some(task.as_mut().resume(&mut Context::new(Waker::noop())));
            }
            Broken::Borrows => BORROWED.with_borrow_mut(|()| ()),
            Broken::DropsLate => drop(GRAVEYARD.with(|graveyard| graveyard.take())),
            Broken::IsImpatient => {}
        }
        Box::pin(BrokenTask { how: *self, task: Some(task), first })
    }
}

struct BrokenTask {
    how: Broken,
    task: Option<BoxTask<Value>>,
    first: Option<Step<Value>>,
}

impl Task for BrokenTask {
    type Output = Value;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Value> {
        if let Some(first) = self.first.take() {
            return first;
        }
        let how = self.how;
        let task = self.task.as_mut().expect("it is not dropped").as_mut();
        match how {
            Broken::Borrows => BORROWED.with_borrow_mut(|()| task.resume(cx)),
            Broken::IsImpatient => match { task }.as_mut().resume(cx) {
                Step::Suspended(_) => self.task.as_mut().expect("as before").as_mut().resume(cx),
                done => done,
            },
            Broken::DropsLate | Broken::StartsEarly => task.resume(cx),
        }
    }
}

impl Drop for BrokenTask {
    fn drop(&mut self) {
        let task = self.task.take().expect("it is dropped once");
        match self.how {
            Broken::DropsLate => GRAVEYARD.with(|graveyard| graveyard.borrow_mut().push(task)),
            // No second panic: a destructor of a style that panics ends the process, whatever the
            // laws do.
            Broken::Borrows => BORROWED.with(|cell| {
                let _borrowed = cell.try_borrow_mut();
                drop(task);
            }),
            Broken::IsImpatient | Broken::StartsEarly => drop(task),
        }
    }
}

/// The topics whose laws use destructors, and `signals`, since a signal without a listener ends the
/// process.
const TOPICS: [&str; 14] = [
    "lifecycle",
    "every_suspension",
    "cancel",
    "join",
    "panics",
    "unwinding",
    "channels",
    "mutexes",
    "watches",
    "broadcasts",
    "wakes",
    "foreign_wakers",
    "signals",
    "reentrancy",
];

/// The environment variable that names the style for the child process.
const STYLE: &str = "QUADRIVIUM_BROKEN_STYLE";

/// Starts a process that checks all laws for a style.
fn start_checks(how: Broken, test: &str) -> Child {
    Command::new(env::current_exe().expect("a test runs from a file"))
        .args(["--exact", test.split_once("::").expect("it is in a module").1, "--nocapture"])
        .env(STYLE, format!("{how:?}"))
        .env("QUADRIVIUM_LAW_LIMIT", "1")
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the test can start itself")
}

#[test]
fn every_law_that_fails_fails_by_name_and_the_process_survives() {
    let test =
        concat!(module_path!(), "::every_law_that_fails_fails_by_name_and_the_process_survives");
    if let Ok(style) = env::var(STYLE) {
        let how = ALL.iter().find(|how| format!("{how:?}") == style).expect("it is one of them");
        let laws = laws().filter(|law| TOPICS.contains(&law.topic));
        check_on(&Virtual, Subject::of(how), laws, test);
        return;
    }
    let expected = [
        (Broken::Borrows, "join::a_race_drops_the_loser_first"),
        (Broken::DropsLate, "lifecycle::a_drop_before_the_start_drops_the_body"),
        (Broken::IsImpatient, "lifecycle::runs_from_suspension_to_suspension"),
        (Broken::StartsEarly, "lifecycle::building_runs_nothing"),
    ];
    // All at the same time.
    let started = expected.map(|(how, law)| (how, law, start_checks(how, test)));
    for (how, law, child) in started {
        let output = child.wait_with_output().expect("a child can be waited for");
        let stderr = String::from_utf8_lossy(&output.stderr);
        // The test must fail, and the process must not be killed.
        assert_eq!(output.status.code(), Some(101), "{how:?}: {stderr}");
        // The last list, since a law that runs in a process of its own may print another one.
        let mut lists = stderr.lines().filter_map(|line| line.strip_prefix(LIST));
        let names = lists.next_back().expect("a list");
        let names: BTreeSet<_> = names.split(", ").collect();
        assert!(names.contains(law), "{how:?}: {law} is not in {names:?}");
    }
}

#[test]
fn the_law_to_look_at_first_is_named() {
    let first = |subject| check::first_that_fails(subject);
    let early = first(Subject::of(&Broken::StartsEarly));
    assert_eq!(early.as_deref(), Some("lifecycle::building_runs_nothing"));
    assert_eq!(first(Subject::of(&Future)), None);
}

/// The text before the names of the laws that do not hold.
const LIST: &str = "these laws do not hold for broken on virtual clock: ";
