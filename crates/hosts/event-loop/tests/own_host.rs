//! When a schedule cancels a task, the destructors of the task have its loop as their host, and
//! `host::label` returns the task.

use std::{cell::RefCell, pin::Pin, rc::Rc};

use quadrivium_core::{
    Context, Step, Task, Wait,
    host::{self, TaskId},
    spawn, turn,
};
use quadrivium_event_loop::{EventLoop, Fault, Schedule};

/// Cancels the first task once it is suspended.
struct CancelFirst;

impl Schedule for CancelFirst {
    fn next(&mut self, _: &[TaskId]) -> usize {
        0
    }

    fn suspended(&mut self, task: TaskId) -> Fault {
        if task == TaskId(1) { Fault::Cancel } else { Fault::None }
    }
}

/// Waits for ever. When it is dropped, it records the task that `host::label` returns, and spawns a
/// task.
struct RecordLabel(Rc<RefCell<Vec<TaskId>>>);

impl Task for RecordLabel {
    type Output = ();

    fn resume(self: Pin<&mut Self>, _: &mut Context<'_>) -> Step<()> {
        Step::Suspended(Wait::Wake)
    }
}

impl Drop for RecordLabel {
    fn drop(&mut self) {
        self.0.borrow_mut().extend(host::label().map(|label| label.id));
        drop(spawn(turn()));
    }
}

#[test]
fn destructors_of_a_task_that_a_schedule_cancels_have_its_host() {
    let labels = Rc::default();
    let mut event_loop = EventLoop::with_schedule(CancelFirst).unwrap();
    drop(event_loop.spawn(RecordLabel(Rc::clone(&labels))));
    event_loop.turn().unwrap();
    assert_eq!(*labels.borrow(), [TaskId(1)]);
    event_loop.run().unwrap();
    assert_eq!(event_loop.live(), 0);
}
