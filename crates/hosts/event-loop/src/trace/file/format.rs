//! [`TraceFormat`]: what the formats of trace files have in common.

use quadrivium_core::host::TaskId;

/// Writes the parts of a trace as bytes. Times are in nanoseconds, and each is later than the one
/// before.
pub(super) trait TraceFormat {
    /// Names the loop.
    fn begin_loop(&mut self, name: &str, out: &mut Vec<u8>);

    /// Makes the track of a task.
    fn add_task(&mut self, task: TaskId, label: &str, out: &mut Vec<u8>);

    /// Begins a slice on the track of a task. Each slice of a track ends before the next begins.
    fn begin_slice(&mut self, at: u64, task: TaskId, slice: &Slice<'_>, out: &mut Vec<u8>);

    /// Ends the slice of a task.
    fn end_slice(&mut self, at: u64, task: TaskId, out: &mut Vec<u8>);

    /// Adds a point to the track of a task. A flow that begins there ends at a slice.
    fn add_instant(
        &mut self,
        at: u64,
        task: TaskId,
        name: &str,
        flow: Option<Flow>,
        out: &mut Vec<u8>,
    );

    /// Adds a value to the counter of ready tasks.
    fn count_ready(&mut self, at: u64, ready: usize, out: &mut Vec<u8>);
}

/// A part of a track.
#[derive(Default)]
pub(super) struct Slice<'a> {
    pub(super) name: &'a str,
    /// Names and values that a viewer shows for the slice.
    pub(super) details: &'a [(&'static str, String)],
    /// The flow that ends where the slice begins.
    pub(super) flow: Option<Flow>,
}

/// The number of an arrow from a task to another one. No other arrow of the file has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flow(pub(super) u64);
