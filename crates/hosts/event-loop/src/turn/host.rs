//! The loop as a [`Host`], which tasks call, and as [`SpawnedTasks`], which their handles call.

use std::{
    io,
    panic::Location,
    rc::Rc,
    sync::Arc,
    task::Waker,
    time::{Duration, Instant},
};

use quadrivium_core::{
    Canceller, Context, Hold, SendHold,
    host::{
        Host, HostedTask, Joined, Label, PartWakers, Reactor, Spawned, SpawnedTasks, TaskKey,
        WokenParts, contain,
    },
};

use super::Loop;
use crate::{
    tasks::{
        slot_key::{SLOTS, SlotKey},
        slots::JoinState,
    },
    trace::EventKind,
    wake::{integer_waker, mailbox::RemoteRequest},
};

impl Host for Loop {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn block_for(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    fn label(&self) -> Option<Label> {
        // The task that is ending comes first: a running task may cancel another one, but no task
        // is resumed inside a destructor.
        let key = self.ending.get().or(self.running.get())?;
        Some(self.state.borrow().slots.label(key.slot()))
    }

    fn spawn(
        self: Rc<Self>,
        body: HostedTask,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> Spawned {
        let is_full = self.state.borrow().slots.is_full();
        if is_full {
            // The body is dropped here, where nothing is borrowed and this loop is the host of its
            // destructors.
            let _entered = self.enter();
            drop(body);
            panic!(
                "a loop can have at most {SLOTS} tasks at once: spawn the next task when another \
                 one has ended"
            );
        }
        let mut state = self.state.borrow_mut();
        let parent = self.running.get().map(|key| state.slots.id(key.slot()));
        let (key, id) = state.slots.insert(body, name, spawned_at);
        state.ready.push(key);
        let closed = state.closed;
        drop(state);
        self.note(key.slot(), EventKind::Spawned(parent));
        if closed {
            self.refuse(key);
        }
        Spawned { tasks: self, key: key.into(), id }
    }

    fn reactor(&self) -> io::Result<Arc<dyn Reactor>> {
        self.reactor.sources()
    }

    fn hold(&self) -> Hold {
        Hold::new(self.holds.count())
    }

    fn send_hold(&self) -> SendHold {
        // The guard may be dropped on another thread, so it also counts as a handle that reaches
        // the loop.
        SendHold::new((self.holds.count(), self.remotes.count()))
    }

    fn local_waker(&self, waker: &Waker) -> Waker {
        integer_waker::local_copy(waker)
    }

    fn part_wakers(&self, woken: &Arc<WokenParts>) -> Option<Box<dyn PartWakers>> {
        self.make_part_wakers(woken)
    }
}

impl SpawnedTasks for Loop {
    fn join(&self, key: TaskKey, cx: &Context<'_>) -> Option<Joined> {
        let key = SlotKey::from(key);
        let joined = self.state.borrow_mut().slots.take_joined(key);
        if joined.is_some() {
            return joined;
        }
        let joiner = cx.local_waker();
        let mut state = self.state.borrow_mut();
        // Cloning another executor's waker runs user code, which may have ended the task. So check
        // again.
        let joined = state.slots.take_joined(key);
        if joined.is_none() {
            let former = state.slots.join(key, joiner);
            drop(state);
            drop(former);
        }
        joined
    }

    fn is_finished(&self, key: TaskKey) -> bool {
        self.state.borrow().slots.is_finished(key.into())
    }

    fn cancel(&self, key: TaskKey) {
        self.cancel_task(key.into());
    }

    fn canceller(&self, key: TaskKey) -> Canceller {
        let remote = self.remote();
        Canceller::new(move || remote.request(RemoteRequest::Cancel(key.into())))
    }

    fn detach(&self, key: TaskKey) {
        let key = SlotKey::from(key);
        let former = self.state.borrow_mut().slots.detach(key);
        match former {
            JoinState::Joined(unread) => self.drop_output(key, unread),
            // The waker may be another executor's, and may panic when it is dropped.
            JoinState::Joiner(waker) => _ = contain(|| drop(waker)),
            JoinState::NoJoiner | JoinState::Detached => {}
        }
    }
}
