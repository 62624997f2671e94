//! What a join handle asks of the host.

use std::{rc::Rc, sync::Arc, task::Wake};

use quadrivium::{
    host::*,
    prelude::*,
    task::{Canceller, Context, RESUMED_AFTER_DONE},
};

use super::host::{Entry, Outcome, SmallHost};

impl SpawnedTasks for SmallHost {
    fn join(&self, key: TaskKey, cx: &Context<'_>) -> Option<Joined> {
        // Another executor's waker runs code when it is cloned, which may
        // end the task: so this comes first.
        let joiner = cx.local_waker();
        let task = self.task(key).expect(RESUMED_AFTER_DONE);
        let former = task.outcome.take();
        if let Outcome::Joined(joined) = former {
            self.tasks.borrow_mut().remove(&key);
            return Some(joined);
        }
        task.outcome.replace(Outcome::Joiner(joiner));
        None
    }

    fn is_finished(&self, key: TaskKey) -> bool {
        let has_ended = |task: Rc<Entry>| {
            matches!(*task.outcome.borrow(), Outcome::Joined(_))
        };
        self.task(key).is_none_or(has_ended)
    }

    fn cancel(&self, key: TaskKey) {
        let Some(task) = self.task(key) else { return };
        // One that is running ends at its next suspension.
        task.waker.mark_cancelled();
        if let Some(body) = task.body.take() {
            self.end(&task, body, Err(JoinError::Cancelled));
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

    fn detach(&self, key: TaskKey) {
        let Some(task) = self.task(key) else { return };
        let former = task.outcome.replace(Outcome::Detached);
        let has_ended = matches!(former, Outcome::Joined(_));
        let this = self.this();
        run_destructors(move || {
            this.contain(&task, || drop(former));
            if has_ended {
                this.tasks.borrow_mut().remove(&key);
            }
        });
    }
}
