//! [`TrackEvents`]: Perfetto's native format, a sequence of `TracePacket` messages.
//!
//! The track of the process has a track for each loop. That one has a counter, and a track for each
//! task. The format is described at <https://perfetto.dev/docs/reference/synthetic-track-event>.

use std::{env, path::Path, process};

use quadrivium_core::host::TaskId;

use super::{
    format::{Flow, Slice, TraceFormat},
    protobuf::FieldBytes,
};

/// A trace is its packets alone.
pub(super) const START: &[u8] = b"";
pub(super) const END: &[u8] = b"";

/// The field of the message `Trace`.
const PACKET: u32 = 1;

/// The fields of the message `TracePacket`.
mod packet {
    pub(super) const TIMESTAMP: u32 = 8;
    pub(super) const SEQUENCE_ID: u32 = 10;
    pub(super) const TRACK_EVENT: u32 = 11;
    pub(super) const SEQUENCE_FLAGS: u32 = 13;
    pub(super) const TRACK_DESCRIPTOR: u32 = 60;
    pub(super) const INCREMENTAL_STATE_CLEARED: u64 = 1;
}

/// The fields of the message `TrackDescriptor`, and of the messages in it.
mod track {
    pub(super) const UUID: u32 = 1;
    pub(super) const NAME: u32 = 2;
    pub(super) const PROCESS: u32 = 3;
    pub(super) const PARENT_UUID: u32 = 5;
    pub(super) const COUNTER: u32 = 8;
    pub(super) const CHILD_ORDERING: u32 = 11;
    pub(super) const ORDER_RANK: u32 = 12;
    pub(super) const EXPLICIT: u64 = 3;
    pub(super) const PROCESS_PID: u32 = 1;
    pub(super) const PROCESS_NAME: u32 = 6;
    pub(super) const COUNTER_UNIT_NAME: u32 = 6;
}

/// The fields of the message `TrackEvent`, and of the messages in it.
mod event {
    pub(super) const DEBUG_ANNOTATION: u32 = 4;
    pub(super) const TYPE: u32 = 9;
    pub(super) const TRACK_UUID: u32 = 11;
    pub(super) const NAME: u32 = 23;
    pub(super) const COUNTER_VALUE: u32 = 30;
    pub(super) const FLOW_ID: u32 = 47;
    pub(super) const TERMINATING_FLOW_ID: u32 = 48;
    pub(super) const SLICE_BEGIN: u64 = 1;
    pub(super) const SLICE_END: u64 = 2;
    pub(super) const INSTANT: u64 = 3;
    pub(super) const COUNTER: u64 = 4;
    pub(super) const ANNOTATION_TEXT: u32 = 6;
    pub(super) const ANNOTATION_NAME: u32 = 10;
}

/// The uuid of the track of the process.
const PROCESS_UUID: u64 = 1;

/// The uuids of a loop's tracks begin at its number times this.
const UUIDS_OF_A_LOOP: u64 = 1 << 48;

pub(super) struct TrackEvents {
    event_loop: u64,
}

impl TrackEvents {
    pub(super) fn new(event_loop: u64) -> Self {
        Self { event_loop }
    }

    fn loop_uuid(&self) -> u64 {
        self.event_loop * UUIDS_OF_A_LOOP
    }

    fn counter_uuid(&self) -> u64 {
        self.loop_uuid() + 1
    }

    fn task_uuid(&self, task: TaskId) -> u64 {
        self.loop_uuid() + 2 + task.0
    }

    fn put_packet(&self, packet: FieldBytes, out: &mut Vec<u8>) {
        packet.uint(packet::SEQUENCE_ID, self.event_loop).write_as(PACKET, out);
    }

    fn put_track(&self, track: &FieldBytes, out: &mut Vec<u8>) {
        self.put_packet(FieldBytes::default().message(packet::TRACK_DESCRIPTOR, track), out);
    }

    fn put_event(&self, at: u64, event: &FieldBytes, out: &mut Vec<u8>) {
        let packet = FieldBytes::default().uint(packet::TIMESTAMP, at);
        self.put_packet(packet.message(packet::TRACK_EVENT, event), out);
    }
}

fn event(kind: u64, track: u64) -> FieldBytes {
    FieldBytes::default().uint(event::TYPE, kind).uint(event::TRACK_UUID, track)
}

/// Returns the name of the program, without its folder.
fn program_name() -> String {
    let program = env::args_os().next().unwrap_or_default();
    let name = Path::new(&program).file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

impl TraceFormat for TrackEvents {
    fn begin_loop(&mut self, name: &str, out: &mut Vec<u8>) {
        let first =
            FieldBytes::default().uint(packet::SEQUENCE_FLAGS, packet::INCREMENTAL_STATE_CLEARED);
        self.put_packet(first, out);
        let process = FieldBytes::default()
            .uint(track::PROCESS_PID, process::id().into())
            .text(track::PROCESS_NAME, &program_name());
        let process_track =
            FieldBytes::default().uint(track::UUID, PROCESS_UUID).message(track::PROCESS, &process);
        self.put_track(&process_track, out);
        let loop_track = FieldBytes::default()
            .uint(track::UUID, self.loop_uuid())
            .text(track::NAME, name)
            .uint(track::PARENT_UUID, PROCESS_UUID)
            .uint(track::CHILD_ORDERING, track::EXPLICIT);
        self.put_track(&loop_track, out);
        let counter = FieldBytes::default().text(track::COUNTER_UNIT_NAME, "tasks");
        let counter_track = FieldBytes::default()
            .uint(track::UUID, self.counter_uuid())
            .text(track::NAME, "ready queue")
            .uint(track::PARENT_UUID, self.loop_uuid())
            .message(track::COUNTER, &counter);
        self.put_track(&counter_track, out);
    }

    fn add_task(&mut self, task: TaskId, label: &str, out: &mut Vec<u8>) {
        let rank = task.0.min(i32::MAX as u64);
        let track = FieldBytes::default()
            .uint(track::UUID, self.task_uuid(task))
            .text(track::NAME, label)
            .uint(track::PARENT_UUID, self.loop_uuid())
            .uint(track::ORDER_RANK, rank);
        self.put_track(&track, out);
    }

    fn begin_slice(&mut self, at: u64, task: TaskId, slice: &Slice<'_>, out: &mut Vec<u8>) {
        let begin = event(event::SLICE_BEGIN, self.task_uuid(task)).text(event::NAME, slice.name);
        let begin = slice.details.iter().fold(begin, |begin, (name, value)| {
            let detail = FieldBytes::default()
                .text(event::ANNOTATION_NAME, name)
                .text(event::ANNOTATION_TEXT, value);
            begin.message(event::DEBUG_ANNOTATION, &detail)
        });
        let begin = match slice.flow {
            Some(flow) => begin.fixed(event::TERMINATING_FLOW_ID, flow.0),
            None => begin,
        };
        self.put_event(at, &begin, out);
    }

    fn end_slice(&mut self, at: u64, task: TaskId, out: &mut Vec<u8>) {
        self.put_event(at, &event(event::SLICE_END, self.task_uuid(task)), out);
    }

    fn add_instant(
        &mut self,
        at: u64,
        task: TaskId,
        name: &str,
        flow: Option<Flow>,
        out: &mut Vec<u8>,
    ) {
        let instant = event(event::INSTANT, self.task_uuid(task)).text(event::NAME, name);
        let instant = match flow {
            Some(flow) => instant.fixed(event::FLOW_ID, flow.0),
            None => instant,
        };
        self.put_event(at, &instant, out);
    }

    fn count_ready(&mut self, at: u64, ready: usize, out: &mut Vec<u8>) {
        let value = event(event::COUNTER, self.counter_uuid());
        self.put_event(at, &value.uint(event::COUNTER_VALUE, ready as u64), out);
    }
}
