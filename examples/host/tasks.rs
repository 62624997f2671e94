//! [`SmallHost`]: the tasks of the host, and what it keeps of each.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    io, mem,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::{Rc, Weak},
    sync::Arc,
    time::Instant,
};

use quadrivium::{host::*, prelude::*, task::LocalWaker};

use super::wakers::{ReadyKeys, TaskWaker};

/// The state of the host. While code of a task runs, no part of it is borrowed,
/// because that code may call the host.
pub struct SmallHost {
    this: Weak<SmallHost>,
    /// The tasks whose output may still be asked for.
    pub tasks: RefCell<BTreeMap<TaskKey, Rc<SmallTask>>>,
    /// The number of tasks that were spawned.
    pub spawned: Cell<u64>,
    pub ready: Arc<ReadyKeys>,
    /// The tasks that wait for deadlines. If a task is woken earlier, its entry
    /// stays and wakes it once more, which is harmless.
    pub deadlines: RefCell<BTreeMap<Instant, Vec<Arc<TaskWaker>>>>,
    pub reactor: MioReactor,
    /// The loop is being dropped. Tasks that are spawned now are dropped, too.
    pub is_closed: Cell<bool>,
    /// The task whose code or destructors run.
    pub label: RefCell<Option<Label>>,
}

pub struct SmallTask {
    pub label: Label,
    pub waker: Arc<TaskWaker>,
    /// `None` while the task runs, and after its end.
    pub body: RefCell<Option<HostedTask>>,
    pub joining: RefCell<Joining>,
}

/// Whether the output of a task is there, and whether a task waits for it.
#[derive(Default)]
pub enum Joining {
    #[default]
    NotJoined,
    /// A task waits for the output.
    Joiner(LocalWaker),
    /// The join handle was dropped, so the output is not wanted.
    Detached,
    Ended(Joined),
}

impl SmallHost {
    pub fn new() -> io::Result<Rc<Self>> {
        let (reactor, unpark) = MioReactor::with_waker()?;
        let ready = ReadyKeys::new(unpark);
        Ok(Rc::new_cyclic(|this| SmallHost {
            this: Weak::clone(this),
            tasks: RefCell::default(),
            spawned: Cell::default(),
            ready,
            deadlines: RefCell::default(),
            reactor,
            is_closed: Cell::default(),
            label: RefCell::default(),
        }))
    }

    /// Runs code of a task, with this host entered. A panic becomes an error.
    pub fn run<R>(
        &self,
        task: &SmallTask,
        code: impl FnOnce() -> R,
    ) -> Result<R, JoinError> {
        let _entered = enter(self.this());
        let outer = self.label.replace(Some(task.label.clone()));
        let ran = catch_unwind(AssertUnwindSafe(code));
        self.label.replace(outer);
        ran.map_err(JoinError::panicked)
    }

    /// Runs code of a task where a panic cannot be reported. The payload of the
    /// panic is leaked, because dropping it may panic, too.
    pub fn contain(&self, task: &SmallTask, code: impl FnOnce()) {
        self.run(task, code).unwrap_or_else(mem::forget);
    }

    pub fn this(&self) -> Rc<SmallHost> {
        self.this.upgrade().expect("the loop or a handle has it")
    }

    pub fn task(&self, key: TaskKey) -> Option<Rc<SmallTask>> {
        self.tasks.borrow().get(&key).cloned()
    }

    /// Returns the first task that is ready or suspended.
    pub fn first_live_task(&self) -> Option<TaskKey> {
        let tasks = self.tasks.borrow();
        let live = tasks.iter().find(|(_, it)| it.body.borrow().is_some());
        live.map(|(key, _)| *key)
    }

    pub fn first_deadline(&self) -> Option<Instant> {
        self.deadlines.borrow().keys().next().copied()
    }
}
