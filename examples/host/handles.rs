//! The requests of a join handle: to join, cancel and detach a task.

use std::{any::Any, rc::Rc, sync::Arc, task::Wake};

use quadrivium::{
    host::*,
    prelude::*,
    task::{Canceller, Context, RESUMED_AFTER_DONE},
};

use super::tasks::{Joining, SmallHost, SmallTask};

impl SpawnedTasks for SmallHost {
    fn join(
        &self,
        key: TaskKey,
        cx: &Context<'_>,
        output: &mut dyn Any,
    ) -> Option<(TaskId, Result<(), JoinError>)> {
        // The waker of another executor runs its own code when it is cloned,
        // and that code may end the task. So the clone comes first.
        let joiner = cx.local_waker();
        let task = self.task(key).expect(RESUMED_AFTER_DONE);
        let former = task.joining.take();
        if let Joining::Ended(joined) = former {
            self.tasks.borrow_mut().remove(&key);
            let take = |mut done: HostedTask| done.as_mut().take_output(output);
            return Some((task.label.id, joined.map(take)));
        }
        task.joining.replace(Joining::Joiner(joiner));
        None
    }

    fn is_finished(&self, key: TaskKey) -> bool {
        let has_ended = |task: Rc<SmallTask>| {
            matches!(*task.joining.borrow(), Joining::Ended(_))
        };
        self.task(key).is_none_or(has_ended)
    }

    fn cancel(&self, key: TaskKey) {
        let Some(task) = self.task(key) else { return };
        // A task that is running ends at its next suspension.
        task.waker.mark_cancelled();
        if let Some(body) = task.body.take() {
            self.fail(&task, body, JoinError::Cancelled);
        }
    }

    fn canceller(&self, key: TaskKey) -> Canceller {
        let waker = self.task(key).map(|task| Arc::clone(&task.waker));
        Canceller::new(move || {
            if let Some(waker) = &waker {
                waker.mark_cancelled();
                Arc::clone(waker).wake();
            }
        })
    }

    fn id(&self, key: TaskKey) -> TaskId {
        TaskId(key.0)
    }

    fn detach(&self, key: TaskKey) {
        let Some(task) = self.task(key) else { return };
        let former = task.joining.replace(Joining::Detached);
        let has_ended = matches!(former, Joining::Ended(_));
        let this = self.this();
        run_destructors(move || {
            this.contain(&task, || drop(former));
            if has_ended {
                this.tasks.borrow_mut().remove(&key);
            }
        });
    }
}
