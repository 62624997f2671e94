//! Where a loop keeps its tasks, and which of them are ready.

pub(crate) mod slots;
mod spawn_lines;
pub(crate) mod ready_queue;
pub(crate) mod part_slots;
pub(crate) mod slot_key;
