//! Chrome's format, decoded with a parser of JSON.

use std::collections::HashMap;

use serde_json::Value;

use crate::{Entry, Lines, line};

/// Returns what the file says.
pub fn lines(text: &str) -> Lines {
    let trace: Value = serde_json::from_str(text).expect("it is JSON");
    let mut names = HashMap::new();
    let mut lines = Vec::new();
    for event in trace.as_array().expect("it is an array") {
        let track = (event["pid"].as_u64(), event["tid"].as_u64());
        let name = event["name"].as_str().unwrap_or_default();
        let phase = event["ph"].as_str().expect("each event has a phase");
        if phase == "M" {
            if name != "thread_sort_index" {
                names.insert(track, event["args"]["name"].as_str().unwrap().to_owned());
            }
            continue;
        }
        lines.push(line(nanos(event), &names[&track], entry(phase, name, event)));
    }
    lines
}

/// Times are in microseconds, with three places behind the point.
fn nanos(event: &Value) -> u64 {
    (event["ts"].as_f64().expect("each event has a time") * 1000.0).round() as u64
}

fn entry<'a>(phase: &str, name: &'a str, event: &Value) -> Entry<'a> {
    let id = || event["id"].as_u64().expect("a flow has a number");
    match phase {
        "B" => Entry::Begin { name, details: details(&event["args"]) },
        "E" => Entry::End,
        "i" => Entry::Instant { name },
        "s" => Entry::FlowBegins(id()),
        "f" => Entry::FlowEnds(id()),
        "C" => Entry::Counter { name, value: event["args"]["tasks"].as_i64().unwrap() },
        _ => panic!("an unknown phase: {event}"),
    }
}

fn details(args: &Value) -> Vec<(String, String)> {
    let details = args.as_object().expect("details have names").iter();
    details.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}
