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
struct Cancels;

impl Schedule for Cancels {
    fn next(&mut self, _: &[TaskId]) -> usize {
        0
    }

    fn suspended(&mut self, task: TaskId) -> Fault {
        if task == TaskId(1) { Fault::Cancel } else { Fault::None }
    }
}

/// Waits for ever. When it is dropped, it records the task that `host::label` returns, and spawns a
/// task.
struct Asks(Rc<RefCell<Vec<TaskId>>>);

impl Task for Asks {
    type Output = ();

    fn resume(self: Pin<&mut Self>, _: &mut Context<'_>) -> Step<()> {
        Step::Suspended(Wait::Wake)
    }
}

impl Drop for Asks {
    fn drop(&mut self) {
        self.0.borrow_mut().extend(host::label().map(|label| label.id));
        drop(spawn(turn()));
    }
}

#[test]
fn of_a_task_that_a_schedule_cancels() {
    let of = Rc::default();
    let mut event_loop = EventLoop::with_schedule(Cancels).unwrap();
    drop(event_loop.spawn(Asks(Rc::clone(&of))));
    event_loop.turn().unwrap();
    assert_eq!(*of.borrow(), [TaskId(1)]);
    event_loop.run().unwrap();
    assert_eq!(event_loop.live(), 0);
}
