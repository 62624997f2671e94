//! [`Parts`]: any number of tasks side by side, each with a waker of its own.
//!
//! ```text
//!   a part is woken ───────────────────► ┌────────────────────────────────┐
//!   a part suspends for a turn ────────► │ the set of parts to be resumed │ ──► in the order
//!   a part's deadline has come ─ heap ─► └────────────────────────────────┘     of the parts
//! ```
//!
//! A resume of the whole resumes the parts in the set, and no other. So all parts together cost as
//! much as their own resumes, however many parts wait meanwhile.
//!
//! The set is shared with the wakers. When a part wakes a part behind it, that part is resumed in
//! the same pass, and any other part in the next pass. So parts see each other's changes as if each
//! of them was resumed in every pass.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    ops::{ControlFlow, Range},
    panic::Location,
    pin::Pin,
    sync::{Arc, Weak},
    task::Waker,
    time::Instant,
};

use crate::{
    Context, Step, Task, Wait,
    host::{
        PartWakers, WokenParts,
        part_set::PartSet,
        part_wakers::{ForeignPartWakers, of_current_host},
    },
    inspect::{LeafKind, ObjectNumber, note, put_back, take_note},
};

/// Any number of tasks side by side. A task that is done is dropped at once.
pub(super) struct Parts<T> {
    parts: Vec<Option<Part<T>>>,
    /// Number of parts that are not done.
    left: usize,
    /// Number of parts that wait until a descriptor is ready.
    waiting_for_sources: usize,
    /// The deadlines of the parts, the earliest first. An entry counts only if it is the present
    /// wait of its part.
    deadlines: BinaryHeap<Reverse<(Instant, usize)>>,
    /// The parts that the next resume has to resume. At first, these are all parts.
    to_resume: Arc<PartSet>,
    wakers: WakersOfParts,
    combinator: Combinator,
}

/// What reports say about the combinator: what it is, and the line that made it.
#[derive(Clone, Copy)]
pub(super) struct Combinator {
    kind: LeafKind,
    line: &'static Location<'static>,
}

impl Combinator {
    /// The calling line counts as the line that made the combinator.
    #[track_caller]
    pub(super) fn new(kind: LeafKind) -> Self {
        Self { kind, line: Location::caller() }
    }
}

struct Part<T> {
    task: Pin<Box<T>>,
    wait: Wait,
}

/// The wakers of the parts, after the first resume.
#[derive(Default)]
struct WakersOfParts {
    /// Owned by the wakers.
    woken: Weak<WokenParts>,
    /// The wakers that the host makes, if it makes any.
    hosted: Option<Box<dyn PartWakers>>,
    /// The others take an allocation each.
    foreign: ForeignPartWakers,
}

impl<T: Task> Parts<T> {
    pub(super) fn new(combinator: Combinator, tasks: impl IntoIterator<Item = T>) -> Self {
        let part = |task| Some(Part { task: Box::pin(task), wait: Wait::Wake });
        let parts: Vec<_> = tasks.into_iter().map(part).collect();
        Self {
            left: parts.len(),
            waiting_for_sources: 0,
            deadlines: BinaryHeap::new(),
            to_resume: Arc::new(PartSet::all(parts.len())),
            wakers: WakersOfParts::default(),
            combinator,
            parts,
        }
    }

    /// Returns the number of parts, including the parts that are done.
    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    /// Returns the number of parts that are not done.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// Resumes the parts that may go on, in their order. Calls `done` with the index and the output
    /// of each part that is done. If it returns `Break`, the other parts have to wait for the next
    /// resume.
    pub(super) fn resume(
        &mut self,
        cx: &Context<'_>,
        done: impl FnMut(usize, T::Output) -> ControlFlow<()>,
    ) -> ControlFlow<(), Wait> {
        self.resume_from(0, cx, done)
    }

    /// Like [`resume`](Parts::resume), but the part `first` is the first in the order. The parts
    /// before it come last.
    pub(super) fn resume_from(
        &mut self,
        first: usize,
        cx: &Context<'_>,
        mut done: impl FnMut(usize, T::Output) -> ControlFlow<()>,
    ) -> ControlFlow<(), Wait> {
        let woken = self.begin_resume(cx);
        let note_before = take_note();
        let mut waits_for_a_turn = self.resume_range(first..self.len(), &woken, &mut done)?;
        if first > 0 {
            waits_for_a_turn |= self.resume_range(0..first, &woken, &mut done)?;
        }
        put_back(note_before);
        ControlFlow::Continue(match waits_for_a_turn {
            true => Wait::Turn,
            false => {
                self.note();
                self.wait()
            }
        })
    }

    /// Notes the combinator and the number of its parts that are not done.
    fn note(&self) {
        if let Ok(left @ 1..) = u32::try_from(self.left) {
            note(self.combinator.kind, Some(self.combinator.line), ObjectNumber::of_index(left));
        }
    }

    /// Resumes the parts in this range. Returns whether one of them waits for a turn.
    #[inline]
    fn resume_range(
        &mut self,
        range: Range<usize>,
        woken: &Arc<WokenParts>,
        done: &mut impl FnMut(usize, T::Output) -> ControlFlow<()>,
    ) -> ControlFlow<(), bool> {
        let mut waits_for_a_turn = false;
        let mut word = range.start / 64;
        while let Some(next) = self.to_resume.next_word(word)
            && next * 64 < range.end
        {
            let within = bits_within(&range, next);
            waits_for_a_turn |= self.resume_word(next, within, woken, done)?;
            word = next + 1;
        }
        ControlFlow::Continue(waits_for_a_turn)
    }

    /// Resumes the parts that are these bits of one word of the set. Returns whether one of them
    /// waits for a turn.
    fn resume_word(
        &mut self,
        word: usize,
        within: u64,
        woken: &Arc<WokenParts>,
        done: &mut impl FnMut(usize, T::Output) -> ControlFlow<()>,
    ) -> ControlFlow<(), bool> {
        let set = woken.parts();
        let (mut bits, mut turns) = (set.take_from_word(word, within), 0);
        while bits != 0 {
            let bit = bits.trailing_zeros();
            bits &= bits - 1;
            let index = word * 64 + bit as usize;
            match self.resume_part(index, woken) {
                None | Some(Step::Suspended(Wait::Until(_) | Wait::Ready | Wait::Wake)) => {}
                Some(Step::Suspended(Wait::Turn)) => turns |= 1 << bit,
                Some(Step::Done(output)) => {
                    if done(index, output).is_break() {
                        set.insert_into_word(word, bits | turns);
                        return ControlFlow::Break(());
                    }
                }
            }
            // Parts behind this one were woken, perhaps by this one.
            bits |= set.take_from_word(word, (u64::MAX - 1) << bit & within);
        }
        set.insert_into_word(word, turns);
        ControlFlow::Continue(turns != 0)
    }

    /// Resumes a part and records its wait. Returns `None` if the part was done before.
    fn resume_part(&mut self, index: usize, woken: &Arc<WokenParts>) -> Option<Step<T::Output>> {
        let part = self.parts[index].as_mut()?;
        let waker = self.wakers.waker(woken, index);
        let step = part.task.as_mut().resume(&mut Context::new(&waker));
        let wait = match &step {
            Step::Suspended(wait) => wait.clone(),
            Step::Done(_) => Wait::Wake,
        };
        self.waiting_for_sources += usize::from(wait == Wait::Ready);
        self.waiting_for_sources -= usize::from(part.wait == Wait::Ready);
        if let Wait::Until(deadline) = wait
            && part.wait != wait
        {
            self.deadlines.push(Reverse((deadline, index)));
        }
        part.wait = wait;
        if let Step::Done(_) = step {
            self.parts[index] = None;
            self.left -= 1;
        }
        Some(step)
    }

    /// Puts the parts whose deadlines have come into the set, and prepares the wakers.
    fn begin_resume(&mut self, cx: &Context<'_>) -> Arc<WokenParts> {
        if self.deadlines.len() > 2 * self.parts.len() {
            self.forget_former_deadlines();
        }
        if !self.deadlines.is_empty() {
            self.wake_due(cx.now());
        }
        self.wakers.begin_resume(cx, &self.to_resume, self.parts.len())
    }

    fn wake_due(&mut self, now: Instant) {
        while let Some(&Reverse((deadline, index))) = self.deadlines.peek()
            && deadline <= now
        {
            self.deadlines.pop();
            if let Some(part) = &mut self.parts[index]
                && part.wait == Wait::Until(deadline)
            {
                // If the part waits for the same deadline again, it is entered again.
                part.wait = Wait::Wake;
                self.to_resume.insert(index);
            }
        }
    }

    /// Removes the entries of deadlines for which no part waits any more.
    #[cold]
    fn forget_former_deadlines(&mut self) {
        let deadline = |(index, part): (usize, &Option<Part<T>>)| match part.as_ref()?.wait {
            Wait::Until(deadline) => Some(Reverse((deadline, index))),
            Wait::Turn | Wait::Ready | Wait::Wake => None,
        };
        self.deadlines = self.parts.iter().enumerate().filter_map(deadline).collect();
    }

    /// Returns the wait of the whole, if no part waits for a turn.
    fn wait(&mut self) -> Wait {
        while let Some(&Reverse((deadline, index))) = self.deadlines.peek() {
            if self.parts[index].as_ref().is_some_and(|it| it.wait == Wait::Until(deadline)) {
                return Wait::Until(deadline);
            }
            self.deadlines.pop();
        }
        match self.waiting_for_sources {
            0 => Wait::Wake,
            _ => Wait::Ready,
        }
    }
}

/// Returns the bits of this word whose numbers are in the range. At least one is.
fn bits_within(range: &Range<usize>, word: usize) -> u64 {
    let from_start = u64::MAX << range.start.saturating_sub(word * 64);
    let to_end = u64::MAX >> (word * 64 + 64).saturating_sub(range.end);
    from_start & to_end
}

impl WakersOfParts {
    /// Prepares the wakers for a resume with this context. On another host they are new wakers, so
    /// that each part has to be resumed.
    fn begin_resume(
        &mut self,
        cx: &Context<'_>,
        to_resume: &Arc<PartSet>,
        len: usize,
    ) -> Arc<WokenParts> {
        let mut woken = self.woken.upgrade();
        if self.may_be_of_another_host(woken.as_deref(), cx) {
            *self = Self::default();
            woken = None;
            (0..len).for_each(|part| to_resume.insert(part));
        }
        let woken = woken.unwrap_or_else(|| {
            let woken = Arc::new(WokenParts::new(Arc::clone(to_resume), len));
            self.woken = Arc::downgrade(&woken);
            self.hosted = of_current_host(&woken);
            woken
        });
        woken.begin_resume(cx, self.hosted.is_some());
        woken
    }

    /// A host that makes no wakers for parts is recognised by the waker of the combinator. This is
    /// another one after a move within the host as well, where resuming all parts does no harm.
    fn may_be_of_another_host(&self, woken: Option<&WokenParts>, cx: &Context<'_>) -> bool {
        match &self.hosted {
            Some(hosted) => !hosted.are_of_this_host(),
            None => woken.is_some_and(|woken| !woken.wakes(cx.waker())),
        }
    }

    #[inline]
    fn waker(&mut self, woken: &Arc<WokenParts>, part: usize) -> Waker {
        match &self.hosted {
            Some(hosted) => hosted.waker(part),
            None => self.foreign.waker(woken, part),
        }
    }
}

/// The combinator is gone, so its waker goes before the wakers of the parts.
impl Drop for WakersOfParts {
    fn drop(&mut self) {
        if let Some(woken) = self.woken.upgrade() {
            woken.forget_combinator();
        }
    }
}
