//! [`Note`]: what a suspended task waits for, in two words.
//!
//! While a task is resumed, its note is in a thread-local. The leaf writes it when it suspends, and
//! the host takes it after the step. A thread-local is used because the body of an `async` block
//! has no parameter through which a note could reach the host.

use std::panic::Location;

use super::{
    LeafKind,
    object_number::{LAST_OBJECT, ObjectNumber},
};
#[cfg(doc)]
use crate::Context;
use crate::current_step::{CURRENT_STEP, NO_NOTE, NO_TASK};

/// What a suspended task waits for: the kind of the leaf, the line that made it, and its object.
///
/// ```text
///   31        30             24 23               0
///  ┌─────────┬─────────────────┬──────────────────┐
///  │ several │ kind            │ object           │  and the line, in the other word
///  └─────────┴─────────────────┴──────────────────┘
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    word: u32,
    line: Option<&'static Location<'static>>,
}

const KIND_SHIFT: u32 = 24;
const SEVERAL: u32 = 1 << 31;

const _: () = assert!(LAST_OBJECT < 1 << KIND_SHIFT, "the number and the kind share a word");

/// A task, as its host identifies it: on this thread no other task has this number at the same
/// time. A host chooses the number, and makes it known with [`begin_step`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RunningTask(pub u64);

/// The task that was running at some time, if there was one. In one word, because every message
/// through a channel stores one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PastTask(u64);

impl PastTask {
    pub(super) const NONE: Self = Self(NO_TASK);

    /// Returns the task that is running now.
    #[inline]
    pub(super) fn now() -> Self {
        Self(CURRENT_STEP.with(|step| step.running.get()))
    }

    pub(super) fn get(self) -> Option<RunningTask> {
        (self.0 != NO_TASK).then_some(RunningTask(self.0))
    }
}

/// Begins a step of this task. A host calls this before each resume, instead of
/// [`fairness::begin_step`](crate::fairness::begin_step).
#[inline]
pub fn begin_step(task: RunningTask) {
    CURRENT_STEP.with(|step| {
        step.done.set(0);
        step.note.set(NO_NOTE);
        step.running.set(task.0);
    });
}

/// Returns the task that is being resumed on this thread, if its host has said which.
pub fn running_task() -> Option<RunningTask> {
    PastTask::now().get()
}

/// The steps of a host. While this exists, the host resumes tasks. Then the step continues in which
/// the host was called, if there is one. Made by [`steps`].
#[derive(Debug)]
#[must_use = "the steps of the host end when this is dropped"]
pub struct InspectedSteps {
    outer_running: u64,
    outer_note: Note,
}

/// Interrupts the step of another host on this thread, if there is one. A host calls this before it
/// begins steps, and before it runs the destructors of a task.
#[inline]
pub fn steps() -> InspectedSteps {
    let outer_running = CURRENT_STEP.with(|step| step.running.replace(NO_TASK));
    InspectedSteps { outer_running, outer_note: take_note() }
}

impl InspectedSteps {
    /// Sets which task is running: its destructors are run, but it is not resumed.
    pub fn of_destructors(self, task: RunningTask) -> Self {
        CURRENT_STEP.with(|step| step.running.set(task.0));
        self
    }
}

impl Drop for InspectedSteps {
    #[inline]
    fn drop(&mut self) {
        CURRENT_STEP.with(|step| {
            step.running.set(self.outer_running);
            step.note.set(self.outer_note.word);
            step.line.set(self.outer_note.line);
        });
    }
}

/// Notes what the calling leaf waits for. A leaf calls this whenever it suspends for another reason
/// than a turn. `line` is the line that made the leaf, or at least [`Context::line`].
///
/// If several leaves suspend in one step, such as the parts of a [`join`](crate::join), the first
/// one counts. But a deadline gives way to every other leaf, because most deadlines are timeouts.
#[inline]
pub fn note(kind: LeafKind, line: Option<&'static Location<'static>>, object: ObjectNumber) {
    let word = (kind as u32) << KIND_SHIFT | object.0;
    CURRENT_STEP.with(|step| match step.note.get() {
        NO_NOTE => {
            step.note.set(word);
            step.line.set(line);
        }
        former => note_one_more(former, word, line),
    });
}

/// Notes the line of a call of [`turn`](crate::turn). The function does so, and not the leaf, so
/// that the shortest of all waits keeps no line, and costs one store more.
#[inline]
pub(crate) fn note_turn(line: &'static Location<'static>) {
    CURRENT_STEP.with(|step| step.turn_line.set(Some(line)));
}

/// Takes the line of the latest call of [`turn`](crate::turn) on this thread. A host that traces
/// calls this before a step, and after a step that has suspended for a turn. Then it is `None` if
/// the task gives way for another reason, such as [fairness](crate::fairness).
pub fn take_turn_line() -> Option<&'static Location<'static>> {
    CURRENT_STEP.with(|step| step.turn_line.take())
}

#[cold]
fn note_one_more(former: u32, word: u32, line: Option<&'static Location<'static>>) {
    CURRENT_STEP.with(|step| {
        if kind_of(former) == LeafKind::Sleep {
            step.note.set(word | SEVERAL);
            step.line.set(line);
        } else {
            step.note.set(former | SEVERAL);
        }
    });
}

/// Returns the note of this step so far. A host calls this when the step has ended.
#[inline]
pub fn take_note() -> Note {
    CURRENT_STEP.with(|step| Note { word: step.note.get(), line: step.line.get() })
}

/// Puts a note back that [`take_note`] has returned earlier in this step. A combinator does so with
/// the note from before its parts were resumed. Then it notes itself, instead of its parts: only
/// the parts that were woken are resumed, so their notes do not show what the others wait for.
#[inline]
pub fn put_back(note: Note) {
    CURRENT_STEP.with(|step| {
        step.note.set(note.word);
        step.line.set(note.line);
    });
}

/// Calls `resume`, which resumes a leaf inside of the calling leaf. `line` counts as the line of
/// that inner leaf, because no user has made it.
#[inline]
pub fn noted_at<R>(line: &'static Location<'static>, resume: impl FnOnce() -> R) -> R {
    let before = take_note();
    put_back(Note::NOTHING);
    let resumed = resume();
    let inner = take_note();
    put_back(before);
    if inner.word != NO_NOTE {
        note(inner.kind(), Some(line), inner.object());
        CURRENT_STEP.with(|step| step.note.update(|word| word | inner.word & SEVERAL));
    }
    resumed
}

impl Note {
    /// The note of a task that no leaf has made a note for.
    pub const NOTHING: Self = Self { word: NO_NOTE, line: None };

    /// Returns the note as two words, in which it takes 12 bytes. A host may have a million.
    #[inline]
    pub fn into_words(self) -> (u32, Option<&'static Location<'static>>) {
        (self.word, self.line)
    }

    /// Returns the note that [`into_words`](Self::into_words) has made into these words.
    #[inline]
    pub fn from_words(word: u32, line: Option<&'static Location<'static>>) -> Self {
        Self { word, line }
    }

    /// Returns the kind of the leaf.
    pub fn kind(self) -> LeafKind {
        kind_of(self.word)
    }

    /// Returns the line that made the leaf, if it is known. If a function of std has called the
    /// constructor, as `iter.map(Notify::notified)` does, the line is not known.
    pub fn line(self) -> Option<&'static Location<'static>> {
        self.line.filter(|line| self.word != NO_NOTE && !is_of_std(line.file()))
    }

    /// Returns the number of the object that the leaf waits for, if it has one.
    pub fn object(self) -> ObjectNumber {
        ObjectNumber(self.word & LAST_OBJECT)
    }

    /// Returns whether other leaves have suspended in the same step.
    pub fn is_one_of_several(self) -> bool {
        self.word & SEVERAL != 0
    }
}

/// Returns whether this is a source file of std. Its path is the one where std was built, or the
/// one where rustup has installed the sources.
fn is_of_std(file: &str) -> bool {
    file.starts_with("/rustc/") || file.contains("/lib/rustlib/src/rust/library/")
}

fn kind_of(word: u32) -> LeafKind {
    LeafKind::of_number((word & !SEVERAL) >> KIND_SHIFT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn note_here(kind: LeafKind) -> Note {
        let word = (kind as u32) << KIND_SHIFT;
        Note { word, line: Some(Location::caller()) }
    }

    #[test]
    fn a_line_of_std_is_not_the_line_of_a_leaf() {
        let here = note_here(LeafKind::Lock);
        assert!(here.line().is_some_and(|line| line.file().ends_with("note.rs")));
        // The iterator calls the function, and the iterator is in std.
        let in_std = [LeafKind::Lock].into_iter().map(note_here).next().expect("there is one");
        assert!(in_std.line.is_some());
        assert_eq!(in_std.line(), None);
    }
}
