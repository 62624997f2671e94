//! [`Style`]: a way to make a task from a body, and the features that it supports.

use std::any::Any;

use quadrivium::task::BoxTask;

use crate::Body;

/// A way to suspend and resume tasks, as the laws use it.
///
/// [`styles`](crate::styles) contains the four styles of Quadrivium, each in about twenty lines.
pub trait Style: Sync {
    /// Returns the name of the style in lower case, such as `green`.
    fn name(&self) -> &'static str;

    /// Returns a task that carries out `body`. It calls [`Body::go_on`], performs each task that
    /// this returns, calls the output of the task, and returns the value with which the body ends.
    ///
    /// Nothing of the body may run before the task is resumed. Dropping the task must drop the task
    /// that it performs before it drops the body.
    fn task(&self, body: Body<Value>) -> BoxTask<Value>;

    /// Returns whether the style supports a feature that only some laws need. Laws that need a
    /// missing feature are skipped, and the reason is printed.
    fn supports(&self, feature: Feature) -> bool {
        let _ = feature;
        true
    }
}

/// The output of a body whose type is erased.
pub type Value = Box<dyn Any>;

/// A feature that a style may support or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Feature {
    /// A task may be resumed by hand, or by an executor that is not a host of Quadrivium.
    ByHand,
    /// A destructor that runs because its task is dropped sees no panic: `thread::panicking()`
    /// returns false. So the destructor may itself panic.
    QuietCancel,
    /// A suspended task in a thread-local is dropped when its thread ends, and its destructors run.
    DropAtThreadEnd,
}
