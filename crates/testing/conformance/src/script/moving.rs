//! The things that scripts take, begin, and move between tasks: guards, permits, and leaves that
//! were resumed once.

use std::{any::Any, cell::RefCell, rc::Rc};

use quadrivium::{
    JoinHandle,
    sync::{
        Mutex, Semaphore,
        channel::{self, Receiver, Sender},
    },
    task::{BoxTask, RESUMED_AFTER_DONE, Step},
};

use crate::{leaf, map};

/// The number of permits of each semaphore.
const PERMITS: [usize; 2] = [1, 2];

/// The number of things that the channel has room for.
const ROOM: usize = 2;

/// A thing that any task may drop, finish or give away.
pub(super) enum Thing {
    /// A guard or a permit.
    Taken { _released_when_dropped: Box<dyn Any> },
    /// It was resumed once, perhaps by another task. Its output may be a thing.
    Begun(BoxTask<Option<Thing>>),
}

impl Thing {
    fn taken(taken: impl Any) -> Self {
        Self::Taken { _released_when_dropped: Box::new(taken) }
    }
}

/// The objects that the scripts of a play take, and the list of the things that they have.
#[derive(Clone)]
pub(super) struct Things {
    mutexes: Rc<[Mutex<()>; 3]>,
    semaphores: Rc<[Semaphore; 2]>,
    channel: Rc<(Sender<Thing>, Receiver<Thing>)>,
    list: Rc<RefCell<Vec<Thing>>>,
}

impl Things {
    pub(super) fn new() -> Self {
        Self {
            mutexes: Rc::new([(); 3].map(Mutex::new)),
            semaphores: Rc::new(PERMITS.map(Semaphore::new)),
            channel: Rc::new(channel::bounded(ROOM)),
            list: Rc::default(),
        }
    }

    pub(super) fn lock(&self, n: u8) -> BoxTask<Option<Thing>> {
        map(self.mutexes[usize::from(n) % 3].lock(), |guard| Some(Thing::taken(guard)))
    }

    pub(super) fn acquire(&self, n: u8) -> BoxTask<Option<Thing>> {
        let acquire = self.semaphores[usize::from(n) % 2].acquire();
        map(acquire, |permit| permit.ok().map(Thing::taken))
    }

    pub(super) fn receive(&self) -> BoxTask<Option<Thing>> {
        map(self.channel.1.recv(), Result::ok)
    }

    /// Returns a task that sends the thing with this number, if there is one.
    pub(super) fn give(&self, n: u8) -> BoxTask<&'static str> {
        match self.take(n) {
            Some(thing) => map(self.channel.0.send(thing), |_| "given"),
            None => ready("nothing to give"),
        }
    }

    /// Returns a leaf of some kind, which is to be resumed once. `handle` is there for a join.
    pub(super) fn to_begin<T: 'static>(
        &self,
        n: u8,
        handle: impl FnOnce(u8) -> Option<JoinHandle<T>>,
    ) -> BoxTask<Option<Thing>> {
        match (n % 8, n / 8) {
            (kind @ 0..3, _) => self.lock(kind),
            (kind @ 3..5, _) => self.acquire(kind),
            (5, _) => self.receive(),
            (_, which) => match handle(which) {
                Some(handle) => map(handle, |_| None),
                None => ready(None),
            },
        }
    }

    /// Returns a leaf that resumes this task once, and puts it or its output on the list.
    pub(super) fn begin(&self, task: BoxTask<Option<Thing>>) -> BoxTask<&'static str> {
        let (things, mut begun) = (self.clone(), Some(task));
        Box::pin(leaf(move |cx| {
            let mut task = begun.take().expect(RESUMED_AFTER_DONE);
            Step::Done(match task.as_mut().resume(cx) {
                Step::Suspended(_) => things.put(Some(Thing::Begun(task)), "begun"),
                Step::Done(thing) => things.put(thing, "done at once"),
            })
        }))
    }

    /// Returns a task that finishes the thing with this number, if it was begun.
    pub(super) fn finish(&self, n: u8) -> BoxTask<Option<Thing>> {
        match self.take(n) {
            Some(Thing::Begun(task)) => task,
            thing => ready(thing),
        }
    }

    /// Puts a thing at the end of the list.
    pub(super) fn put(&self, thing: Option<Thing>, done: &'static str) -> &'static str {
        self.list.borrow_mut().extend(thing);
        done
    }

    /// Takes a thing off the list. The caller drops it, while nothing is borrowed.
    pub(super) fn take(&self, n: u8) -> Option<Thing> {
        let mut list = self.list.borrow_mut();
        let n = usize::from(n).checked_rem(list.len())?;
        Some(list.remove(n))
    }

    /// Takes all things off the list.
    pub(super) fn take_all(&self) -> Vec<Thing> {
        self.list.take()
    }
}

/// Returns a task that is done at once.
pub(super) fn ready<T: 'static>(output: T) -> BoxTask<T> {
    let mut output = Some(output);
    Box::pin(leaf(move |_| Step::Done(output.take().expect(RESUMED_AFTER_DONE))))
}
