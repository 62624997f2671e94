//! [`Script`]: a small program as a value, which every style can play and a machine can generate.
//!
//! To test a style, the same script is played in two styles, and their records are compared. A
//! record is the trace of the loop, and between its lines the notes of the bodies and destructors.
//!
//! ```
//! use quadrivium_conformance::script::{Cast, Instruction::*, Script, play};
//! use quadrivium_conformance::styles::{Callback, Green};
//!
//! let child = Script::new([Sleep(2), Send(0)]);
//! let script = Script::new([Spawn(child), Recv(0), Turn]);
//! let records = [Cast::all(&Callback), Cast::all(&Green)].map(|cast| play(&script, &cast));
//! assert_eq!(records[0], records[1]);
//! ```

mod cast;
mod compare;
mod generate;
mod moving;
mod play;
mod record;
mod rules;
mod shrink;
mod text;

pub use cast::Cast;
pub use compare::{agree, compare};
pub use generate::{moving_scripts, scripts};
pub use play::{CHANNELS, play, play_on};
pub use record::{PlayRecord, ReportedCycle};
pub use rules::check_rules;
pub use shrink::shrink;

/// A small program: instructions that are carried out one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Script {
    /// The index of the member of the [`Cast`] that plays the script.
    pub part: u8,
    /// The instructions, in order.
    pub instructions: Vec<Instruction>,
}

/// One instruction of a script. Times are in milliseconds of the loop's clock.
///
/// Numbers of tasks, channels and ends wrap around if there are fewer of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Instruction {
    /// Lets other tasks run.
    Turn,
    /// Sleeps for this time.
    Sleep(u8),
    /// Keeps the CPU for this time.
    Work(u8),
    /// Holds a value whose destructor adds a note.
    Hold,
    /// Spawns a script. Its handle goes to the end of the list of handles.
    Spawn(Script),
    /// Takes a handle off the list, if there is one, and joins its task.
    Join(u8),
    /// Cancels a task on the list. It may be the task itself.
    Cancel(u8),
    /// Takes a handle off the list and drops it.
    Detach(u8),
    /// Sends on a channel.
    Send(u8),
    /// Receives from a channel.
    Recv(u8),
    /// Waits to be notified.
    Wait,
    /// Notifies one waiting task, or the next one that waits.
    NotifyOne,
    /// Notifies all waiting tasks.
    NotifyAll,
    /// Writes to one of the two ends of a connection.
    Write(u8),
    /// Reads from an end of the connection.
    Read(u8),
    /// Closes the writing half of an end of the connection.
    CloseWrite(u8),
    /// Locks a mutex. The guard goes to the end of the list of things.
    Lock(u8),
    /// Takes a permit of a semaphore. It goes to the end of the list of things.
    Acquire(u8),
    /// Resumes a lock, a permit, a receive or a join once. It goes to the end of the list of
    /// things, or its output does.
    Begin(u8),
    /// Takes a thing off the list. If it was begun, performs it to its end. Puts it back.
    Finish(u8),
    /// Takes a thing off the list and drops it.
    Release(u8),
    /// Takes a thing off the list and sends it through the channel of things.
    Give(u8),
    /// Receives a thing from that channel. It goes to the end of the list.
    Take,
    /// Performs a script, and fails if the script fails.
    Perform(Script),
    /// Performs two scripts side by side.
    Both(Script, Script),
    /// Performs two scripts until the first of them is done.
    Race(Script, Script),
    /// Performs a script for at most this time.
    Timeout(u8, Script),
    /// Ends this script with a failure.
    Fail,
    /// Panics.
    Panic,
}

impl Script {
    /// Returns a script of these instructions, played by the first member of a cast.
    pub fn new(instructions: impl IntoIterator<Item = Instruction>) -> Self {
        Self { part: 0, instructions: instructions.into_iter().collect() }
    }

    /// Returns the number of its instructions, including the scripts inside it.
    pub fn size(&self) -> usize {
        let contained = self.instructions.iter().flat_map(Instruction::scripts);
        self.instructions.len() + contained.map(Script::size).sum::<usize>()
    }

    /// Returns how deep it contains scripts. A script without others has depth 1.
    pub fn depth(&self) -> usize {
        let contained = self.instructions.iter().flat_map(Instruction::scripts);
        1 + contained.map(Script::depth).max().unwrap_or(0)
    }

    /// Returns the same script, played by another member of the cast.
    pub fn played_by(mut self, part: u8) -> Self {
        self.part = part;
        self
    }
}
