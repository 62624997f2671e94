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

struct SendOnWake(mpsc::Sender<()>);

impl Wake for SendOnWake {
    fn wake(self: Arc<Self>) {
        let _ = self.0.send(());
    }
}

impl ByHand {
    pub fn new() -> Self {
        let (sender, woken) = mpsc::channel();
        Self { waker: Waker::from(Arc::new(SendOnWake(sender))), woken }
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
pub struct Record(Arc<Mutex<Vec<&'static str>>>);

impl Record {
    pub fn add(&self, line: &'static str) {
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
pub struct WhenDropped(Record, &'static str);

impl Drop for WhenDropped {
    fn drop(&mut self) {
        self.0.add(self.1);
    }
}
