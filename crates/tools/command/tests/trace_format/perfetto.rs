//! Perfetto's format, decoded with the definitions of its own project.

use std::collections::HashMap;

use perfetto_protos::{
    trace::Trace,
    track_event::{TrackEvent, track_event::Type},
};
use protobuf::Message;

use crate::{Entry, Lines, line};

/// Returns what the file says. It must have nothing that the definitions do not know.
pub fn lines(bytes: &[u8]) -> Lines {
    let trace = Trace::parse_from_bytes(bytes).expect("it is a trace");
    let mut tracks = HashMap::new();
    let mut parents = HashMap::new();
    let mut lines = Vec::new();
    for packet in &trace.packet {
        assert!(packet.trusted_packet_sequence_id() > 0, "viewers need a sequence: {packet}");
        assert!(packet.unknown_fields().iter().next().is_none(), "{packet}");
        if packet.has_track_descriptor() {
            let track = packet.track_descriptor();
            tracks.insert(track.uuid(), track.name().to_owned());
            parents.insert(track.uuid(), track.parent_uuid());
            assert_eq!(track.process.is_some(), track.uuid() == 1, "{track}");
        }
        if packet.has_track_event() {
            let event = packet.track_event();
            assert!(event.unknown_fields().iter().next().is_none(), "{event}");
            let track = event.track_uuid();
            let name = match event.type_() {
                Type::TYPE_COUNTER => &tracks[&parents[&track]],
                _ => &tracks[&track],
            };
            let counter = &tracks[&track];
            let entries = entries(event, counter).into_iter();
            lines.extend(entries.map(|entry| line(packet.timestamp(), name, entry)));
        }
    }
    lines
}

fn entries<'a>(event: &'a TrackEvent, counter: &'a str) -> Vec<Entry<'a>> {
    let name = event.name();
    let own = match event.type_() {
        Type::TYPE_SLICE_BEGIN => Entry::Begin { name, details: details(event) },
        Type::TYPE_SLICE_END => Entry::End,
        Type::TYPE_INSTANT => Entry::Instant { name },
        Type::TYPE_COUNTER => Entry::Counter { name: counter, value: event.counter_value() },
        Type::TYPE_UNSPECIFIED => panic!("an event without a type: {event}"),
    };
    let begin = event.flow_ids.iter().map(|id| Entry::FlowBegins(*id));
    let end = event.terminating_flow_ids.iter().map(|id| Entry::FlowEnds(*id));
    [own].into_iter().chain(begin).chain(end).collect()
}

fn details(event: &TrackEvent) -> Vec<(String, String)> {
    let details = event.debug_annotations.iter();
    details.map(|it| (it.name().to_owned(), it.string_value().to_owned())).collect()
}

/// Returns the slices that have a line, with their details.
pub fn waits(bytes: &[u8]) -> Vec<(String, Vec<(String, String)>)> {
    let trace = Trace::parse_from_bytes(bytes).expect("it is a trace");
    let events = trace.packet.iter().filter(|packet| packet.has_track_event());
    let slices = events.map(|packet| packet.track_event());
    let slices = slices.map(|event| (event.name().to_owned(), details(event)));
    slices
        .filter(|(name, details)| name != "ready" && details.iter().any(|it| it.0 == "line"))
        .collect()
}
