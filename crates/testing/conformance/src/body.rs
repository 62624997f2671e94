//! [`Body`]: the steps of a task as a value, which every style can carry out.

use std::{any::Any, cell::Cell, collections::VecDeque, fmt, ops::ControlFlow, rc::Rc};

use quadrivium::{Task, task::BoxTask};

use crate::{Notes, Value, map};

/// A list of things to do, one after another, and the output in the end.
///
/// The values in it are dropped with the task that carries it out, wherever the task is suspended.
pub struct Body<T = ()> {
    parts: VecDeque<Part>,
    held: Vec<Box<dyn Any>>,
    output: Option<Box<dyn FnOnce() -> T>>,
    /// Whether a part has ended the body early, so that the remaining parts are skipped.
    is_over: Rc<Cell<bool>>,
}

/// The next thing that a style must do.
pub enum NextAction<T> {
    /// Perform this task, call the function that it returns, and call `go_on` again.
    Perform(BoxTask<Then>),
    /// End with this output.
    End(T),
}

/// The function with which a body uses the output of a task. It runs in the body of the style, and
/// not in the sub-task.
pub type Then = Box<dyn FnOnce()>;

enum Part {
    Run(Box<dyn FnOnce()>),
    Perform(Box<dyn FnOnce() -> BoxTask<Then>>),
    Repeat(Box<dyn FnMut() -> Option<BoxTask<Then>>>),
    Hold(Box<dyn Any>),
    Make(Box<dyn FnOnce() -> Box<dyn Any>>),
}

/// Returns a body that does nothing yet.
pub fn body() -> Body {
    Body {
        parts: VecDeque::new(),
        held: Vec::new(),
        output: Some(Box::new(|| ())),
        is_over: Rc::default(),
    }
}

impl<T: 'static> Body<T> {
    /// Runs a function.
    pub fn run(self, something: impl FnOnce() + 'static) -> Self {
        self.with(Part::Run(Box::new(something)))
    }

    /// Adds a line to the notes.
    pub fn note(self, notes: &Notes, line: impl Into<String>) -> Self {
        let (notes, line) = (notes.clone(), line.into());
        self.run(move || notes.add(line))
    }

    /// Performs this task, and drops its output.
    pub fn perform<P: Task + 'static>(self, task: P) -> Self {
        self.perform_then(|| task, drop)
    }

    /// Performs the task that `make` returns when the body gets here, and passes the output to
    /// `then`.
    pub fn perform_then<P: Task + 'static>(
        self,
        make: impl FnOnce() -> P + 'static,
        then: impl FnOnce(P::Output) + 'static,
    ) -> Self {
        self.with(Part::Perform(Box::new(|| {
            map(make(), |output| Box::new(|| then(output)) as Then)
        })))
    }

    /// Like [`perform_then`](Body::perform_then), but `then` may end the body early, as `?` does in
    /// a function.
    pub fn try_perform<P: Task + 'static>(
        self,
        make: impl FnOnce() -> P + 'static,
        then: impl FnOnce(P::Output) -> ControlFlow<()> + 'static,
    ) -> Self {
        let is_over = Rc::clone(&self.is_over);
        self.perform_then(make, move |output| is_over.set(then(output).is_break()))
    }

    /// Performs this number of tasks, one after another.
    pub fn repeat<P: Task + 'static>(
        self,
        times: usize,
        make: impl FnMut() -> P + 'static,
    ) -> Self {
        self.repeat_then(times, make, drop)
    }

    /// Like [`repeat`](Body::repeat), and passes each output to `then`.
    pub(crate) fn repeat_then<P: Task + 'static>(
        self,
        times: usize,
        mut make: impl FnMut() -> P + 'static,
        then: impl Fn(P::Output) + 'static,
    ) -> Self {
        let (mut left, then) = (times, Rc::new(then));
        self.with(Part::Repeat(Box::new(move || {
            left = left.checked_sub(1)?;
            let then = Rc::clone(&then);
            Some(map(make(), move |output| Box::new(move || then(output)) as Then))
        })))
    }

    /// Holds this value from here to the end of the body.
    pub fn hold(self, value: impl Any) -> Self {
        self.with(Part::Hold(Box::new(value)))
    }

    /// Holds the value that `make` returns when the body gets here.
    pub fn hold_new<V: Any>(self, make: impl FnOnce() -> V + 'static) -> Self {
        self.with(Part::Make(Box::new(|| Box::new(make()))))
    }

    /// Sets the output of the body.
    pub fn output<U>(self, output: impl FnOnce() -> U + 'static) -> Body<U> {
        let Self { parts, held, is_over, .. } = self;
        Body { parts, held, is_over, output: Some(Box::new(output)) }
    }

    /// Returns a body that performs this task and has the same output.
    pub fn performing(task: BoxTask<T>) -> Self {
        let slot = Rc::new(Cell::new(None));
        let filled = Rc::clone(&slot);
        body()
            .perform_then(|| task, move |output| filled.set(Some(output)))
            .output(move || slot.take().expect("the task was performed"))
    }

    /// Returns the same body, with an output whose type is erased.
    pub(crate) fn of_any_type(mut self) -> Body<Value> {
        let output = self.output.take().expect("it has not ended");
        self.output(|| Box::new(output()) as Value)
    }

    fn with(mut self, part: Part) -> Self {
        self.parts.push_back(part);
        self
    }

    /// Does everything up to the next task to perform. A style calls this in its loop.
    ///
    /// # Panics
    ///
    /// If a part of the body panics, and after the end.
    pub fn go_on(&mut self) -> NextAction<T> {
        while !self.is_over.get()
            && let Some(part) = self.parts.pop_front()
        {
            match part {
                Part::Run(something) => something(),
                Part::Hold(value) => self.held.push(value),
                Part::Make(make) => self.held.push(make()),
                Part::Perform(make) => return NextAction::Perform(make()),
                Part::Repeat(mut make) => {
                    if let Some(task) = make() {
                        self.parts.push_front(Part::Repeat(make));
                        return NextAction::Perform(task);
                    }
                }
            }
        }
        let output = self.output.take().expect("a body ends once");
        NextAction::End(output())
    }
}

impl<T> fmt::Debug for Body<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("parts", &self.parts.len()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for NextAction<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NextAction::Perform(_) => "Perform(..)",
            NextAction::End(_) => "End(..)",
        })
    }
}
