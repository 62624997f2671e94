//! Runs one test in every style: a [`Script`] is a list of tasks to perform, and a [`Style`] makes
//! a task of it.

use std::{
    cell::RefCell,
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    rc::Rc,
};

use quadrivium::{
    EventLoop, future, green,
    prelude::*,
    task::{BoxTask, Context, Step},
    test::Simulation,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Callback,
    Generator,
    Future,
    Green,
}

/// Runs a test in each style.
pub fn in_every_style(test: impl Fn(Style)) {
    for style in [Style::Callback, Style::Generator, Style::Future, Style::Green] {
        println!("in style {style:?}");
        test(style);
    }
}

/// The tasks that a task performs, one after another. Each is made when the one before it is done.
#[derive(Default)]
pub struct Script {
    parts: VecDeque<Part>,
}

type Part = Box<dyn FnOnce() -> BoxTask<()>>;

/// Returns a script that performs nothing yet.
pub fn script() -> Script {
    Script::default()
}

impl Script {
    /// Performs the task that `make` returns, and passes its output to `then`.
    pub fn then<P: Task + 'static>(
        mut self,
        make: impl FnOnce() -> P + 'static,
        then: impl FnOnce(P::Output) + 'static,
    ) -> Self {
        self.parts
            .push_back(Box::new(|| Box::pin(Map { task: Box::pin(make()), then: Some(then) })));
        self
    }

    /// Performs this task, and drops its output.
    pub fn perform<P: Task + 'static>(self, task: P) -> Self {
        self.then(|| task, drop)
    }

    /// Calls this function.
    pub fn run(self, something: impl FnOnce() + 'static) -> Self {
        self.then(|| Nothing, |()| something())
    }

    /// Suspends for `n` turns, so that other tasks run.
    pub fn turns(self, n: usize) -> Self {
        (0..n).fold(self, |script, _| script.perform(turn()))
    }

    fn next(&mut self) -> Option<BoxTask<()>> {
        self.parts.pop_front().map(|make| make())
    }
}

impl Style {
    pub fn task(self, script: Script) -> BoxTask<()> {
        match self {
            Style::Callback => Box::pin(callback(|cb| perform_rest(cb, script))),
            Style::Generator => Box::pin(generator(|mut co| async move {
                let mut script = script;
                while let Some(task) = script.next() {
                    co.perform(task).await;
                }
            })),
            Style::Future => Box::pin(future(async move {
                let mut script = script;
                while let Some(task) = script.next() {
                    future::perform(task).await;
                }
            })),
            Style::Green => Box::pin(green(move || {
                let mut script = script;
                while let Some(task) = script.next() {
                    green::perform(task);
                }
            })),
        }
    }
}

fn perform_rest(cb: &mut Callback<()>, mut script: Script) {
    match script.next() {
        Some(task) => cb.perform(task, |cb, ()| perform_rest(cb, script)),
        None => cb.done(()),
    }
}

struct Nothing;

impl Task for Nothing {
    type Output = ();

    fn resume(self: Pin<&mut Self>, _: &mut Context<'_>) -> Step<()> {
        Step::Done(())
    }
}

struct Map<P: Task, F> {
    task: Pin<Box<P>>,
    then: Option<F>,
}

impl<P: Task, F> Unpin for Map<P, F> {}

impl<P: Task, F: FnOnce(P::Output)> Task for Map<P, F> {
    type Output = ();

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<()> {
        match self.task.as_mut().resume(cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(output) => {
                let then = self.then.take().expect("a task is done once");
                then(output);
                Step::Done(())
            }
        }
    }
}

/// Lines that tasks have noted, in order. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Notes(Rc<RefCell<Vec<String>>>);

impl Notes {
    pub fn add(&self, line: impl ToString) {
        self.0.borrow_mut().push(line.to_string());
    }

    pub fn lines(&self) -> Vec<String> {
        self.0.borrow().clone()
    }
}

/// Returns the message of the panic that `something` must raise.
pub fn panics(something: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(something)).expect_err("it panics");
    *payload.downcast::<String>().expect("it panics with a message")
}

/// Returns the trace of one task that a `block_on` waits for, with seed 0.
pub fn trace(simulation: &Simulation, task: impl Fn() -> BoxTask<()>) -> Vec<String> {
    simulation.replay(0, |event_loop: &mut EventLoop| event_loop.block_on(task()).unwrap()).trace
}
