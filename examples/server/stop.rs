//! [`Stop`]: whether a server serves, lets its connections end, or ends them.

use std::{cell::Cell, pin::Pin};

use quadrivium::{
    sync::{Notify, notify::Notified},
    task::{Context, Perform, Step, Task},
};

#[derive(Clone, Default)]
pub struct Stop {
    changed: Notify,
    stage: std::rc::Rc<Cell<StopStage>>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopStage {
    #[default]
    Serving,
    /// Connections may end by themselves.
    Stopping,
    /// Connections are cancelled.
    AtOnce,
}

impl Stop {
    pub fn stop(&self) {
        self.stage.set(match self.stage.get() {
            StopStage::Serving => StopStage::Stopping,
            StopStage::Stopping | StopStage::AtOnce => StopStage::AtOnce,
        });
        self.changed.notify_all();
    }

    pub fn is_stopping(&self) -> bool {
        self.stage.get() >= StopStage::Stopping
    }

    /// Waits for the first stop.
    pub fn first_stop(&self) -> Stopped {
        Stopped {
            stop: self.clone(),
            stage: StopStage::Stopping,
            waiting: None,
        }
    }

    /// Waits for the second stop.
    pub fn second_stop(&self) -> Stopped {
        Stopped { stop: self.clone(), stage: StopStage::AtOnce, waiting: None }
    }
}

/// A task that waits until the stop has reached a stage.
pub struct Stopped {
    stop: Stop,
    stage: StopStage,
    waiting: Option<Notified>,
}

impl Task for Stopped {
    type Output = ();

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<()> {
        let Self { stop, stage, waiting } = &mut *self;
        loop {
            if stop.stage.get() >= *stage {
                return Step::Done(());
            }
            let change = waiting.get_or_insert_with(|| stop.changed.notified());
            match Pin::new(change).resume(cx) {
                Step::Suspended(wait) => return Step::Suspended(wait),
                Step::Done(()) => *waiting = None,
            }
        }
    }
}

impl IntoFuture for Stopped {
    type Output = ();
    type IntoFuture = Perform<Self>;

    fn into_future(self) -> Self::IntoFuture {
        Perform::new(self)
    }
}
