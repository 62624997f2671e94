//! [`Script`]: a small program as a value, which every style can play and a machine can make up.
//!
//! A style is tested with scripts by playing the same one in two styles and comparing what is left:
//! the trace of the loop and everything the bodies and destructors said, line by line.
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
mod play;
mod record;
mod rules;
mod shrink;
mod text;

pub use cast::Cast;
pub use compare::{agree, compare};
pub use generate::scripts;
pub use play::{CHANNELS, play, play_on};
pub use record::PlayRecord;
pub use rules::check_rules;
pub use shrink::shrink;

/// A small program: instructions, carried out one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Script {
    /// Which member of the [`Cast`] plays it.
    pub part: u8,
    /// What it does.
    pub instructions: Vec<Instruction>,
}

/// One thing a script does. Times are in milliseconds of the loop's clock.
///
/// Numbers of tasks, channels and ends mean those there are: they wrap around.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Instruction {
    /// Lets the others run.
    Turn,
    /// Sleeps so long.
    Sleep(u8),
    /// Keeps the CPU so long.
    Work(u8),
    /// Holds a value whose destructor says so.
    Hold,
    /// Spawns a script; its handle goes to the end of the list of handles.
    Spawn(Script),
    /// Takes a handle off the list, if it is there, and joins its task.
    Join(u8),
    /// Cancels a task on the list: another one, or itself.
    Cancel(u8),
    /// Takes a handle off the list and drops it.
    Detach(u8),
    /// Sends on a channel.
    Send(u8),
    /// Receives from a channel.
    Recv(u8),
    /// Waits to be notified.
    Wait,
    /// Notifies one who waits, or the next to come.
    NotifyOne,
    /// Notifies all who wait.
    NotifyAll,
    /// Writes to an end of a connection, which has two.
    Write(u8),
    /// Reads from an end of a connection.
    Read(u8),
    /// Closes the writing of an end of a connection.
    CloseWrite(u8),
    /// Performs a script, and fails if that fails.
    Perform(Script),
    /// Performs two scripts side by side.
    Both(Script, Script),
    /// Performs two scripts until the first is done.
    Race(Script, Script),
    /// Performs a script for so long at most.
    Timeout(u8, Script),
    /// Ends this script as a failure.
    Fail,
    /// Panics.
    Panic,
}

impl Script {
    /// A script of these instructions, played by the first of a cast.
    pub fn new(instructions: impl IntoIterator<Item = Instruction>) -> Self {
        Self { part: 0, instructions: instructions.into_iter().collect() }
    }

    /// How many instructions it has, with those of the scripts it contains.
    pub fn size(&self) -> usize {
        let contained = self.instructions.iter().flat_map(Instruction::scripts);
        self.instructions.len() + contained.map(Script::size).sum::<usize>()
    }

    /// How deep it contains scripts; 1 when it contains none.
    pub fn depth(&self) -> usize {
        let contained = self.instructions.iter().flat_map(Instruction::scripts);
        1 + contained.map(Script::depth).max().unwrap_or(0)
    }

    /// The same, played by another of a cast.
    pub fn played_by(mut self, part: u8) -> Self {
        self.part = part;
        self
    }
}
