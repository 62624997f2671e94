//! The loop as a [`Host`], which tasks call, and as [`SpawnedTasks`], which their handles call.

use std::{
    any::Any,
    io,
    panic::Location,
    rc::Rc,
    sync::Arc,
    task::Waker,
    time::{Duration, Instant},
};

use quadrivium_core::{
    Canceller, Context, Hold, JoinError, SendHold,
    host::{
        Host, HostedTask, Label, OwnWakers, PartWakers, Reactor, SpawnedTasks, TaskId, TaskKey,
        WokenParts, contain,
    },
    inspect::{LeafKind, Note, ObjectNumber, note},
};

use super::Loop;
use crate::{
    tasks::slot_key::{SLOTS, SlotKey},
    wake::{integer_waker, mailbox::RemoteRequest},
};

impl Host for Loop {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn has_come(&self, deadline: Instant) -> bool {
        self.clock.has_come(deadline)
    }

    fn block_for(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    fn label(&self) -> Option<Label> {
        // The task that is ending comes first: a running task may cancel another one, but no task
        // is resumed inside a destructor.
        let key = self.ending.get().or(self.running.get())?;
        Some(self.state.try_borrow().ok()?.slots.label(key.slot()))
    }

    fn spawn(
        &self,
        body: HostedTask,
        name: Option<&str>,
        spawned_at: &'static Location<'static>,
    ) -> TaskKey {
        let mut state = self.state.borrow_mut();
        let key = match state.slots.insert(body, name, spawned_at) {
            Ok(key) => key,
            Err(body) => {
                drop(state);
                self.panic_when_full(body)
            }
        };
        state.ready.push(key);
        let closed = state.closed;
        drop(state);
        if self.tells.get() {
            self.record_spawn(key);
        }
        if closed {
            self.refuse(key);
        }
        key.into()
    }

    fn empty_cell(&self) -> Option<HostedTask> {
        self.state.borrow_mut().slots.take_empty_cell()
    }

    fn tasks(self: Rc<Self>) -> Rc<dyn SpawnedTasks> {
        self
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

    fn own_wakers(&self) -> Option<OwnWakers> {
        Some(integer_waker::OWN_WAKERS)
    }

    fn first_part(&self, n: usize) -> usize {
        match &self.scheduled {
            Some(scheduled) => scheduled.ask(|schedule| schedule.first_part(n)),
            None => self.rotation.first(n),
        }
    }

    fn part_wakers(&self, woken: &Arc<WokenParts>) -> Option<Box<dyn PartWakers>> {
        self.make_part_wakers(woken)
    }
}

impl SpawnedTasks for Loop {
    fn join(
        &self,
        key: TaskKey,
        cx: &Context<'_>,
        output: &mut dyn Any,
    ) -> Option<(TaskId, Result<(), JoinError>)> {
        let key = self.slot_key(key);
        let joined = self.state.borrow_mut().slots.take_joined(key, output);
        if joined.is_none() {
            return self.wait_for_end(key, cx, output);
        }
        joined
    }

    fn is_finished(&self, key: TaskKey) -> bool {
        self.state.borrow_mut().slots.is_finished(self.slot_key(key))
    }

    fn cancel(&self, key: TaskKey) {
        self.cancel_task(self.slot_key(key));
    }

    fn canceller(&self, key: TaskKey) -> Canceller {
        let (remote, key) = (self.remote(), self.slot_key(key));
        self.note_canceller(key);
        Canceller::new(move || remote.request(RemoteRequest::Cancel(key)))
    }

    fn id(&self, key: TaskKey) -> TaskId {
        self.state.borrow().slots.id(self.slot_key(key).slot())
    }

    fn note(&self, key: TaskKey) -> Option<Note> {
        let mut state = self.state.borrow_mut();
        let key = self.slot_key(key);
        state.slots.is_suspended(key).then(|| state.slots.note(key.slot()))
    }

    fn detach(&self, key: TaskKey) {
        let key = self.slot_key(key);
        let (joiner, unread) = self.state.borrow_mut().slots.detach(key);
        if let Some(joiner) = joiner {
            // The waker may be another executor's, and may panic when it is dropped.
            contain(|| drop(joiner));
        }
        if let Some(unread) = unread {
            self.drop_output(key, unread);
        }
    }
}

impl Loop {
    /// Stores the waker of a task that waits for the end of another one.
    #[inline(never)]
    fn wait_for_end(
        &self,
        key: SlotKey,
        cx: &Context<'_>,
        output: &mut dyn Any,
    ) -> Option<(TaskId, Result<(), JoinError>)> {
        let joiner = cx.local_waker();
        let mut state = self.state.borrow_mut();
        // Cloning another executor's waker runs user code, which may have ended the task. So check
        // again.
        if state.slots.is_finished(key) {
            drop(state);
            return self.join(key.into(), cx, output);
        }
        let former = state.slots.join(key, joiner);
        drop(state);
        drop(former);
        let is_of_this_loop = self.note_join(key);
        let joined = match is_of_this_loop {
            true => ObjectNumber::of_index(key.slot()),
            false => ObjectNumber::NONE,
        };
        note(LeafKind::Join, cx.line(), joined);
        None
    }

    fn slot_key(&self, key: TaskKey) -> SlotKey {
        SlotKey::of(self.index, key)
    }

    /// Panics, because no slot is left for this task. The task is dropped first, while nothing is
    /// borrowed and this loop is the host of its destructors.
    #[cold]
    fn panic_when_full(&self, body: HostedTask) -> ! {
        let _entered = self.enter();
        drop(body);
        panic!(
            "a loop can have at most {SLOTS} tasks at once: spawn the next task when another one \
             has ended"
        );
    }
}
