//! [`StageBox`]: one allocation, in which the stages of a callback task follow one another. A
//! *stage* is a sub-task that the callback task performs, and the callback to call with its output.
//!
//! The type of a stage depends on its callback, so each stage may have another size. The allocation
//! is as large as the largest stage so far. A smaller stage is made in the same place:
//!
//! ```text
//!   put ──1──► full ──2──► the sub-task runs ──4──► empty, and the callback runs ──► put
//!               ▲             │                                                       │
//!               ├─────3───────┘                                                       │
//!               └─────5───────────────────────────────────────────────────────────────┘
//! ```
//! 1. `StageBox::put` allocates, and makes the stage there.
//! 2. `resume` resumes the sub-task in its place.
//! 3. The sub-task suspends.
//! 4. The sub-task is done. `TaskThen::resume` takes the callback out, drops the sub-task, and
//!    calls the callback.
//! 5. `put` makes the next stage in the same place. It allocates only for a larger stage.
//!
//! So a loop of callbacks allocates in its first round only, whatever the types of its stages.
//!
//! Rejected: a `Box<dyn Stage>`, which needs no `unsafe`. Only a stage of the same type fits into
//! it, so a loop of two stages allocates for both. A stage also moves more often. A turn takes 1.7
//! times as long.

#![allow(unsafe_code)]

use std::{
    alloc::Layout,
    marker::PhantomData,
    mem,
    panic::Location,
    pin::Pin,
    ptr::{self, NonNull},
};

use quadrivium_core::{Context, RESUMED_AFTER_DONE, Step, Task, Wait};

use crate::place::StagePlace;

/// A place for one stage after another. `C` is the handle to the callback task, which owns this.
pub(crate) struct StageBox<C> {
    place: StagePlace,
    /// The functions of the stage in the place, or of the last stage there.
    functions: &'static StageFunctions,
    handle: PhantomData<fn(&mut C)>,
}

/// The functions of a stage, whose type is hidden. The first argument is its place.
struct StageFunctions {
    /// Resumes the stage. The second argument is the handle.
    resume: unsafe fn(NonNull<u8>, NonNull<()>, &mut Context<'_>) -> Option<Wait>,
    drop: unsafe fn(NonNull<u8>),
}

/// The handle to a callback task.
pub(crate) trait OwnsStages: Sized {
    /// Returns the box in which the stages of this task follow one another. It is the same box
    /// while a stage is resumed.
    fn stages(&mut self) -> &mut StageBox<Self>;
}

/// Resumes the stage of a callback task. If the sub-task suspends, returns its wait. If it is done,
/// calls the callback and returns `None`.
///
/// # Panics
///
/// When there is no stage.
#[inline]
pub(crate) fn resume<C: OwnsStages>(handle: &mut C, cx: &mut Context<'_>) -> Option<Wait> {
    let StageBox { place, functions, .. } = handle.stages();
    assert!(place.is_full, "{RESUMED_AFTER_DONE}");
    let (place, resume) = (place.pointer(), functions.resume);
    // SAFETY: the place is full, and `put` has chosen the function for the stage in it and for this
    // type of handle.
    unsafe { resume(place, NonNull::from(handle).cast(), cx) }
}

impl<C: OwnsStages> StageBox<C> {
    pub(crate) fn new() -> Self {
        Self { place: StagePlace::new(), functions: &NO_STAGE, handle: PhantomData }
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.place.is_full
    }

    /// Makes a stage in the empty place.
    ///
    /// # Panics
    ///
    /// When there is a stage.
    #[inline]
    #[track_caller]
    pub(crate) fn put<P, F>(&mut self, task: P, then: F)
    where
        P: Task + 'static,
        F: FnOnce(&mut C, P::Output) + 'static,
    {
        assert!(!self.place.is_full, "a stage is made in an empty place");
        self.place.fit(Layout::new::<TaskThen<P, F>>());
        let line = Location::caller();
        let stage = self.place.pointer().cast::<TaskThen<P, F>>().as_ptr();
        // The fields are written one by one, so that the compiler copies none of them twice.
        // SAFETY: the place is empty, and the stage fits.
        unsafe {
            (&raw mut (*stage).task).write(task);
            (&raw mut (*stage).then).write(then);
            (&raw mut (*stage).line).write(line);
        }
        self.functions = &const {
            StageFunctions {
                resume: TaskThen::<P, F>::resume::<C>,
                drop: TaskThen::<P, F>::drop_in_place,
            }
        };
        self.place.is_full = true;
    }
}

/// A box whose stages are all `Send`.
pub(crate) struct SendStageBox<C>(StageBox<C>);

// SAFETY: `put` takes only stages that are `Send`, and the box owns its stage.
unsafe impl<C> Send for SendStageBox<C> {}

impl<C: OwnsStages> SendStageBox<C> {
    pub(crate) fn new() -> Self {
        Self(StageBox::new())
    }

    #[track_caller]
    pub(crate) fn put<P, F>(&mut self, task: P, then: F)
    where
        P: Task + Send + 'static,
        F: FnOnce(&mut C, P::Output) + Send + 'static,
    {
        self.0.put(task, then);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.0.is_full()
    }

    pub(crate) fn stages(&mut self) -> &mut StageBox<C> {
        &mut self.0
    }
}

/// The functions before the first stage. They are never called.
static NO_STAGE: StageFunctions = StageFunctions { resume: |_, _, _| None, drop: |_| {} };

impl<C> StageBox<C> {
    /// Drops the stage, if there is one.
    fn clear(&mut self) {
        if mem::take(&mut self.place.is_full) {
            // SAFETY: the stage was in its place, and is dropped once.
            unsafe { (self.functions.drop)(self.place.pointer()) };
        }
    }
}

impl<C> Drop for StageBox<C> {
    fn drop(&mut self) {
        self.clear();
    }
}

/// A stage: a sub-task, and the callback to call with its output.
struct TaskThen<P, F> {
    /// It is pinned: it stays in its place until it is dropped.
    task: P,
    then: F,
    /// The line of the `perform`.
    line: &'static Location<'static>,
}

impl<P: Task, F> TaskThen<P, F> {
    /// # Safety
    ///
    /// A stage of this type is in the place, which the box of the handle owns. The handle is of
    /// this type, and nothing else uses it during the call.
    unsafe fn resume<C>(
        place: NonNull<u8>,
        handle: NonNull<()>,
        cx: &mut Context<'_>,
    ) -> Option<Wait>
    where
        C: OwnsStages,
        F: FnOnce(&mut C, P::Output),
    {
        // SAFETY: the caller guarantees both types. No reference to the whole stage is made,
        // because the callback makes the next stage in its place while this function runs.
        let (task, then, line, handle) = unsafe {
            let stage = place.cast::<Self>().as_ptr();
            let (task, then) = (&raw mut (*stage).task, &raw const (*stage).then);
            (task, then, (*stage).line, handle.cast::<C>().as_mut())
        };
        let unwinding = ClearsBox(handle.stages());
        let mut cx = Context::performed_at(line, cx.waker());
        // SAFETY: the sub-task does not move until it is dropped, so it is pinned.
        let step = unsafe { Pin::new_unchecked(&mut *task) }.resume(&mut cx);
        mem::forget(unwinding);
        let output = match step {
            Step::Suspended(wait) => return Some(wait),
            Step::Done(output) => output,
        };
        handle.stages().place.is_full = false;
        // SAFETY: the box counts as empty, so it uses neither of them any more.
        let then = unsafe { then.read() };
        // The sub-task is dropped before its output is used, as in the other styles.
        // SAFETY: as above.
        unsafe { ptr::drop_in_place(task) };
        then(handle, output);
        None
    }

    /// # Safety
    ///
    /// A stage of this type is in the place. It is not used afterwards.
    unsafe fn drop_in_place(place: NonNull<u8>) {
        // SAFETY: the caller guarantees it.
        unsafe { place.cast::<Self>().drop_in_place() };
    }
}

/// Drops the stage if its sub-task panics, as the other styles do.
struct ClearsBox<'a, C>(&'a mut StageBox<C>);

impl<C> Drop for ClearsBox<'_, C> {
    fn drop(&mut self) {
        self.0.clear();
    }
}
