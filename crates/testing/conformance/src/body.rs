//! [`Body`]: what a task is to do, as a value that every style can carry out.

use std::{any::Any, cell::Cell, collections::VecDeque, fmt, ops::ControlFlow, rc::Rc};

use quadrivium::{Task, task::BoxTask};

use crate::{Said, Value, map};

/// A list of things to do, one after another, and what it is worth in the end.
///
/// Everything in it is dropped with the task that carries it out, wherever that is suspended.
pub struct Body<T = ()> {
    parts: VecDeque<Part>,
    held: Vec<Box<dyn Any>>,
    worth: Option<Box<dyn FnOnce() -> T>>,
    /// A part has broken off: what is left is not done.
    is_over: Rc<Cell<bool>>,
}

/// What a style has to do now.
pub enum NextAction<T> {
    /// To perform this task, call its output, and ask again.
    Perform(BoxTask<Then>),
    /// To end, worth this.
    End(T),
}

/// What the body does with an output, as the body of the style, not of the sub-task.
pub type Then = Box<dyn FnOnce()>;

enum Part {
    Run(Box<dyn FnOnce()>),
    Perform(Box<dyn FnOnce() -> BoxTask<Then>>),
    Repeat(Box<dyn FnMut() -> Option<BoxTask<Then>>>),
    Hold(Box<dyn Any>),
    Make(Box<dyn FnOnce() -> Box<dyn Any>>),
}

/// A body that does nothing yet.
pub fn body() -> Body {
    Body {
        parts: VecDeque::new(),
        held: Vec::new(),
        worth: Some(Box::new(|| ())),
        is_over: Rc::default(),
    }
}

impl<T: 'static> Body<T> {
    /// Runs this.
    pub fn run(self, something: impl FnOnce() + 'static) -> Self {
        self.with(Part::Run(Box::new(something)))
    }

    /// Says this.
    pub fn say(self, said: &Said, line: impl Into<String>) -> Self {
        let (said, line) = (said.clone(), line.into());
        self.run(move || said.say(line))
    }

    /// Performs this task, whatever it is worth.
    pub fn perform<P: Task + 'static>(self, task: P) -> Self {
        self.perform_then(|| task, drop)
    }

    /// Performs the task that `make` makes when the body has come so far, and gives the output on.
    pub fn perform_then<P: Task + 'static>(
        self,
        make: impl FnOnce() -> P + 'static,
        then: impl FnOnce(P::Output) + 'static,
    ) -> Self {
        self.with(Part::Perform(Box::new(|| {
            map(make(), |output| Box::new(|| then(output)) as Then)
        })))
    }

    /// The same, and goes on or breaks off as `then` says: what `?` is in a program.
    pub fn try_perform<P: Task + 'static>(
        self,
        make: impl FnOnce() -> P + 'static,
        then: impl FnOnce(P::Output) -> ControlFlow<()> + 'static,
    ) -> Self {
        let is_over = Rc::clone(&self.is_over);
        self.perform_then(make, move |output| is_over.set(then(output).is_break()))
    }

    /// Performs so many tasks.
    pub fn repeat<P: Task + 'static>(
        self,
        times: usize,
        make: impl FnMut() -> P + 'static,
    ) -> Self {
        self.repeat_then(times, make, drop)
    }

    /// The same, and gives each output on.
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

    /// Holds this value from here to the end.
    pub fn hold(self, value: impl Any) -> Self {
        self.with(Part::Hold(Box::new(value)))
    }

    /// Holds the value that `make` makes when the body has come so far.
    pub fn hold_new<V: Any>(self, make: impl FnOnce() -> V + 'static) -> Self {
        self.with(Part::Make(Box::new(|| Box::new(make()))))
    }

    /// Is worth this in the end.
    pub fn worth<U>(self, worth: impl FnOnce() -> U + 'static) -> Body<U> {
        let Self { parts, held, is_over, .. } = self;
        Body { parts, held, is_over, worth: Some(Box::new(worth)) }
    }

    /// Performs this task and is worth what it is worth.
    pub fn performing(task: BoxTask<T>) -> Self {
        let output = Rc::new(Cell::new(None));
        let slot = Rc::clone(&output);
        body()
            .perform_then(|| task, move |output| slot.set(Some(output)))
            .worth(move || output.take().expect("the task was performed"))
    }

    /// The same, worth a value whose type is forgotten.
    pub(crate) fn of_any_type(mut self) -> Body<Value> {
        let worth = self.worth.take().expect("it has not ended");
        self.worth(|| Box::new(worth()) as Value)
    }

    fn with(mut self, part: Part) -> Self {
        self.parts.push_back(part);
        self
    }

    /// Does everything up to the next task to perform: what a style calls in its loop.
    ///
    /// # Panics
    ///
    /// When a part of the body panics, and after the end.
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
        let worth = self.worth.take().expect("a body ends once");
        NextAction::End(worth())
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
