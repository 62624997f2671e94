//! Notes about waiting tasks: what a suspended task waits for, on which line, and which task could
//! end the wait.
//!
//! ```text
//!   leaf suspends ── note ──► this thread's note ── after the step ──► the host keeps it
//!                                                                      with the suspended task
//!   leaf waits for an object ──► the object's record ◄── a task takes the object
//! ```
//!
//! A note is three values: the kind of the leaf, the line that made the leaf, and the number of the
//! object that it waits for, such as a lock. They are two words. So every host keeps them, also
//! while no code asks for them. A host copies them when a report is made, and never resumes a task
//! in order to describe it.

mod leaf_kind;
mod local_wakers;
mod long_step;
mod note;
mod object;
mod object_number;
mod object_table;
mod places;
mod report;
pub mod snapshot;
mod style;

pub use leaf_kind::LeafKind;
pub(crate) use local_wakers::count as count_local_waker;
pub use local_wakers::take_local_wakers;
pub use long_step::{Activity, BlockingSystemCall, LongStep};
pub(crate) use note::note_turn;
pub use note::{
    InspectedSteps, Note, RunningTask, begin_step, note, noted_at, put_back, running_task, steps,
    take_note, take_turn_line,
};
pub use object::{End, Object, ObjectKind, ObjectRecord, Side, Taken, TakenIndex};
pub use object_number::ObjectNumber;
pub use object_table::record_of;
pub use places::{KeptPlace, KeptPlaces, keep_places};
pub use report::{Report, Reporter};
pub use style::Style;
