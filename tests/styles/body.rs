//! [`Body`]: what a task is to do, as a value that every style can carry out.

use std::{any::Any, collections::VecDeque};

use quadrivium::{Task, task::BoxTask};

use super::{Said, leaf::map};

/// A list of things to do, one after another, and what it is worth in the end.
///
/// Everything in it is dropped with the task that carries it out, wherever that is suspended.
pub struct Body<T = ()> {
    parts: VecDeque<Part>,
    held: Vec<Box<dyn Any>>,
    worth: Option<Box<dyn FnOnce() -> T>>,
}

/// What a style has to do now: perform a task and call its output, or end.
pub enum Next<T> {
    Perform(BoxTask<Then>),
    End(T),
}

/// What the body does with an output, as the body of the style, not of the sub-task.
pub type Then = Box<dyn FnOnce()>;

enum Part {
    Run(Box<dyn FnOnce()>),
    Perform(Box<dyn FnOnce() -> BoxTask<Then>>),
    Repeat(Box<dyn FnMut() -> Option<BoxTask<Then>>>),
    Hold(Box<dyn Any>),
}

/// A body that does nothing yet.
pub fn body() -> Body {
    Body { parts: VecDeque::new(), held: Vec::new(), worth: Some(Box::new(|| ())) }
}

impl<T: 'static> Body<T> {
    /// Runs this.
    pub fn run(self, something: impl FnOnce() + 'static) -> Self {
        self.with(Part::Run(Box::new(something)))
    }

    /// Says this.
    pub fn say(self, said: &Said, line: &'static str) -> Self {
        let said = said.clone();
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

    /// Performs so many tasks.
    pub fn repeat<P: Task + 'static>(
        self,
        times: usize,
        mut make: impl FnMut() -> P + 'static,
    ) -> Self {
        let mut left = times;
        self.with(Part::Repeat(Box::new(move || {
            left = left.checked_sub(1)?;
            Some(map(make(), |_| Box::new(|| ()) as Then))
        })))
    }

    /// Holds this value from here to the end.
    pub fn hold(self, value: impl Any) -> Self {
        self.with(Part::Hold(Box::new(value)))
    }

    /// Is worth this in the end.
    pub fn worth<U>(self, worth: impl FnOnce() -> U + 'static) -> Body<U> {
        Body { parts: self.parts, held: self.held, worth: Some(Box::new(worth)) }
    }

    /// Performs this task and is worth what it is worth.
    pub fn performing(task: BoxTask<T>) -> Self {
        let output = std::rc::Rc::new(std::cell::RefCell::new(None));
        let slot = output.clone();
        body()
            .perform_then(|| task, move |output| *slot.borrow_mut() = Some(output))
            .worth(move || output.take().expect("the task was performed"))
    }

    fn with(mut self, part: Part) -> Self {
        self.parts.push_back(part);
        self
    }

    /// Does everything up to the next task to perform: what a style calls in its loop.
    pub fn go_on(&mut self) -> Next<T> {
        while let Some(part) = self.parts.pop_front() {
            match part {
                Part::Run(something) => something(),
                Part::Hold(value) => self.held.push(value),
                Part::Perform(make) => return Next::Perform(make()),
                Part::Repeat(mut make) => {
                    if let Some(task) = make() {
                        self.parts.push_front(Part::Repeat(make));
                        return Next::Perform(task);
                    }
                }
            }
        }
        let worth = self.worth.take().expect("a body ends once");
        Next::End(worth())
    }
}
