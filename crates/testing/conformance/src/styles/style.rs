//! [`Style`]: a way to make a task of a body, and what it supports.

use std::any::Any;

use quadrivium::task::BoxTask;

use crate::Body;

/// A way to suspend and resume, as far as the laws must know it.
///
/// [`styles`](crate::styles) has the four of Quadrivium, each about twenty lines.
pub trait Style: Sync {
    /// What it is called, in lower case, such as `green`.
    fn name(&self) -> &'static str;

    /// A task that carries out `body`: it calls [`Body::go_on`], performs each task that comes out,
    /// calls its output, and is worth what the body ends with.
    ///
    /// Nothing of the body may run before the task is resumed, and dropping the task drops the task
    /// it performs before the body.
    fn task(&self, body: Body<Value>) -> BoxTask<Value>;

    /// Whether it supports what only some laws need. Those it does not support are skipped, and say
    /// so.
    fn supports(&self, feature: Feature) -> bool {
        let _ = feature;
        true
    }
}

/// What a body is worth when nobody knows its type.
pub type Value = Box<dyn Any>;

/// What a style may support or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Feature {
    /// A task may be resumed by hand, or by an executor that is no host of ours.
    ByHand,
    /// A destructor that runs because its task is dropped sees no panic under way
    /// (`thread::panicking()` is false), so it may itself panic.
    QuietCancel,
    /// A suspended task in a thread-local is dropped as its thread ends, and its destructors run.
    DropAtThreadEnd,
}
