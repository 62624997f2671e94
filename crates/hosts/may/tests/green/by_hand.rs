//! Helpers that resume a may green thread by hand, and record the destructors of its body.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, mpsc},
    task::{Wake, Waker},
};

use quadrivium::{
    Task,
    task::{Context, Step, Wait},
};

/// Resumes a task, and waits until its waker is woken.
pub struct ByHand {
    waker: Waker,
    woken: mpsc::Receiver<()>,
}

struct Tells(mpsc::Sender<()>);

impl Wake for Tells {
    fn wake(self: Arc<Self>) {
        let _ = self.0.send(());
    }
}

impl ByHand {
    pub fn new() -> Self {
        let (tells, woken) = mpsc::channel();
        Self { waker: Waker::from(Arc::new(Tells(tells))), woken }
    }

    pub fn resume<T: Task + Unpin>(&self, task: &mut T) -> Step<T::Output> {
        Pin::new(task).resume(&mut Context::new(&self.waker))
    }

    /// Resumes a task whose body runs afterwards, and waits until the body asks or ends.
    pub fn resume_and_wait<T: Task + Unpin>(&self, task: &mut T) {
        assert!(matches!(self.resume(task), Step::Suspended(Wait::Wake)));
        self.woken.recv().unwrap();
    }
}

/// The lines that bodies and destructors record, on any thread.
#[derive(Clone, Default)]
pub struct Said(Arc<Mutex<Vec<&'static str>>>);

impl Said {
    pub fn say(&self, line: &'static str) {
        self.0.lock().unwrap().push(line);
    }

    pub fn lines(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().clone()
    }

    pub fn when_dropped(&self, line: &'static str) -> WhenDropped {
        WhenDropped(self.clone(), line)
    }
}

/// Records its line when it is dropped.
pub struct WhenDropped(Said, &'static str);

impl Drop for WhenDropped {
    fn drop(&mut self) {
        self.0.say(self.1);
    }
}
