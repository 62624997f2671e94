//! [`Observer`]: is told when a task is resumed on this thread, and when its step has ended.
//!
//! ```text
//!   host ─ observed_step ─► resumed ─► the step, or destructors ─► suspended ─► next task
//!                                                                       └─► ended, after the last
//! ```
//!
//! An observer restores what the code of tasks keeps in thread-locals, or watches what the code
//! does. Hosts ask [`is_observed`], which is one load. Nothing else is done while there is no
//! observer.

use std::{
    cell::{Cell, RefCell},
    fmt,
    marker::PhantomData,
    rc::Rc,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::contain;
use crate::inspect::{RunningTask, Style};

/// Is told when a task is resumed on this thread, and when its step has ended.
///
/// [`observe`] registers an observer for a thread, and [`observe_all_threads`] for all threads. The
/// event loop and may's workers have observers. Other hosts have them if they call
/// [`observed_step`].
///
/// The calls come in pairs. Destructors of a task count as a step of the task when they run outside
/// of one: because of a cancel, after a panic, or because an unread output is dropped. They may run
/// inside a step of another task, so pairs may be nested.
///
/// In [`resumed`](Observer::resumed), [`label`](super::label) returns the number, the name and the
/// spawn line of the task. After the step the host may have forgotten them. The calls are made on
/// the stack of the host, also for green threads. A panic of an observer is ignored.
///
/// ```
/// use quadrivium::{
///     host::{self, Observer, RunningTask, Style},
///     prelude::*,
/// };
/// use std::{cell::Cell, rc::Rc};
///
/// /// Counts the steps of green threads.
/// #[derive(Default)]
/// struct GreenSteps(Cell<u32>);
///
/// impl Observer for GreenSteps {
///     fn resumed(&self, _task: RunningTask, style: Style) {
///         self.0.update(|n| n + u32::from(style == Style::Green));
///     }
///
///     fn suspended(&self, _task: RunningTask) {}
/// }
///
/// let steps = Rc::new(GreenSteps::default());
/// let observing = host::observe(Rc::clone(&steps) as _);
/// EventLoop::new()?.block_on(green(|| quadrivium::green::perform(turn())))?;
/// assert_eq!(steps.0.get(), 2);
/// drop(observing);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Observer {
    /// A step of this task begins, or destructors of the task begin to run.
    fn resumed(&self, task: RunningTask, style: Style);

    /// The step that [`resumed`](Observer::resumed) has announced has ended: the task has
    /// suspended, is done, or has panicked. Or the destructors have run.
    fn suspended(&self, task: RunningTask);

    /// The task has ended, and will not be resumed again. This follows the last
    /// [`suspended`](Observer::suspended). If an output of the task is dropped unread later, that
    /// is one more pair. By default this does nothing.
    fn ended(&self, task: RunningTask) {
        _ = task;
    }
}

/// The observers of a thread, in the order of their registration. A step keeps the list with which
/// it began, so that its calls are pairs.
type Observers = Rc<[Rc<dyn Observer>]>;

/// Makes an observer for one thread.
type MakeObserver = fn() -> Rc<dyn Observer>;

thread_local! {
    /// Whether `OBSERVERS` has any. It has no destructor, so it is found in one load.
    static IS_OBSERVED: Cell<bool> = const { Cell::new(false) };
    static OBSERVERS: RefCell<Option<Observers>> = const { RefCell::new(None) };
    /// How many of `FOR_ALL_THREADS` have an observer on this thread.
    static MADE: Cell<usize> = const { Cell::new(0) };
}

static FOR_ALL_THREADS: Mutex<Vec<MakeObserver>> = Mutex::new(Vec::new());
/// The length of `FOR_ALL_THREADS`, which hosts read without the lock.
static MAKERS: AtomicUsize = AtomicUsize::new(0);

/// Registers an observer for this thread, until the guard is dropped. It is told of the steps that
/// begin from the next turn on.
pub fn observe(observer: Rc<dyn Observer>) -> Observing {
    change(|observers| observers.push(Rc::clone(&observer)));
    Observing { observer, _stays_on_this_thread: PhantomData }
}

/// Registers an observer for each thread that has a host, until the end of the process. `make` is
/// called on each of these threads when a host is [entered](super::enter) next.
pub fn observe_all_threads(make: fn() -> Rc<dyn Observer>) {
    let mut makers = FOR_ALL_THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    makers.push(make);
    MAKERS.store(makers.len(), Ordering::Release);
}

/// Makes the observers for this thread that are registered for all threads. Called when a host is
/// entered.
#[inline]
pub(super) fn begin_on_this_thread() {
    if MADE.get() != MAKERS.load(Ordering::Relaxed) {
        make_observers();
    }
}

#[cold]
fn make_observers() {
    let makers = FOR_ALL_THREADS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let made = MADE.replace(makers.len());
    for make in makers.into_iter().skip(made) {
        if let Some(observer) = contain(make) {
            change(|observers| observers.push(observer));
        }
    }
}

/// Replaces the list of this thread's observers by a list with a change. Does nothing while the
/// thread ends.
fn change(change: impl FnOnce(&mut Vec<Rc<dyn Observer>>)) {
    let former = OBSERVERS.try_with(|observers| observers.borrow().clone());
    let Ok(former) = former else { return };
    let mut list = former.iter().flat_map(|list| list.iter().cloned()).collect();
    change(&mut list);
    IS_OBSERVED.set(!list.is_empty());
    let list = (!list.is_empty()).then(|| list.into());
    // Destructors of observers are user code, so they run when nothing is borrowed.
    drop(OBSERVERS.try_with(|observers| observers.replace(list)));
}

/// A guard: while it exists, an observer is registered for this thread. Made by [`observe`].
#[must_use = "the observer is removed when this is dropped"]
pub struct Observing {
    observer: Rc<dyn Observer>,
    _stays_on_this_thread: PhantomData<*const ()>,
}

impl Drop for Observing {
    fn drop(&mut self) {
        change(|observers| {
            let last = observers.iter().rposition(|it| Rc::ptr_eq(it, &self.observer));
            _ = last.map(|index| observers.remove(index));
        });
    }
}

impl fmt::Debug for Observing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observing").finish_non_exhaustive()
    }
}

/// Returns whether this thread has observers. For hosts.
#[inline]
pub fn is_observed() -> bool {
    IS_OBSERVED.get()
}

/// Tells the observers of this thread that a step of a task begins. When the result is dropped,
/// also by unwinding, they are told that the step has ended. Returns `None` if there are none. For
/// hosts: call this while the host is entered, its [`label`](super::Host::label) is the task's, and
/// nothing is borrowed.
pub fn observed_step(task: RunningTask, style: Style) -> Option<ObservedStep> {
    if !is_observed() {
        return None;
    }
    // It fails in the destructor of another thread-local, at the end of the thread.
    let observers = OBSERVERS.try_with(|observers| observers.borrow().clone()).ok().flatten()?;
    for observer in observers.iter() {
        contain(|| observer.resumed(task, style));
    }
    Some(ObservedStep { observers, task, is_last: false })
}

/// A step whose begin and end observers are told. Made by [`observed_step`].
#[must_use = "the step ends when this is dropped"]
pub struct ObservedStep {
    observers: Observers,
    task: RunningTask,
    is_last: bool,
}

impl ObservedStep {
    /// Ends the last step of a task: the task is done, or its destructors have run.
    pub fn end_task(mut self) {
        self.is_last = true;
    }
}

impl Drop for ObservedStep {
    /// The observer that came last is the first to be told, as with destructors.
    fn drop(&mut self) {
        for observer in self.observers.iter().rev() {
            contain(|| observer.suspended(self.task));
            if self.is_last {
                contain(|| observer.ended(self.task));
            }
        }
    }
}

impl fmt::Debug for ObservedStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedStep").field("task", &self.task).finish_non_exhaustive()
    }
}
