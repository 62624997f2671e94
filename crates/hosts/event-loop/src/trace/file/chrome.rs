//! [`ChromeJson`]: Chrome's trace event format, as an array of JSON objects.
//!
//! A loop is a process of the format, and a task is a thread. The format is described at
//! <https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU>. It allows an
//! array without its closing bracket, so a file that was cut off can be opened.

use std::io::Write;

use quadrivium_core::host::TaskId;

use super::{
    format::{Flow, Slice, TraceFormat},
    json::push_string,
};

/// The first event has no comma before it, and names the format's writer.
pub(super) const START: &[u8] = br#"[
{"ph":"M","pid":0,"tid":0,"name":"process_name","args":{"name":"quadrivium"}}"#;
pub(super) const END: &[u8] = b"\n]\n";

pub(super) struct ChromeJson {
    event_loop: u64,
}

impl ChromeJson {
    pub(super) fn new(event_loop: u64) -> Self {
        Self { event_loop }
    }

    /// Appends an event up to its time. The caller appends the rest of the object.
    fn begin_unnamed(&self, phase: char, at: u64, task: TaskId, out: &mut Vec<u8>) {
        let (pid, tid) = (self.event_loop, task.0);
        // Times are in microseconds.
        let (micros, nanos) = (at / 1000, at % 1000);
        put(out, format_args!(",\n{{\"ph\":\"{phase}\",\"pid\":{pid},\"tid\":{tid}"));
        put(out, format_args!(",\"ts\":{micros}.{nanos:03}"));
    }

    /// Appends an event up to its name.
    fn begin(&self, phase: char, at: u64, task: TaskId, name: &str, out: &mut Vec<u8>) {
        self.begin_unnamed(phase, at, task, out);
        out.extend(b",\"name\":");
        push_string(name, out);
    }

    /// Appends an event that names something.
    fn describe(&self, task: TaskId, what: &str, name: &str, out: &mut Vec<u8>) {
        self.begin('M', 0, task, what, out);
        out.extend(b",\"args\":{\"name\":");
        push_string(name, out);
        out.extend(b"}}");
    }

    fn flow(&self, phase: char, at: u64, task: TaskId, flow: Flow, out: &mut Vec<u8>) {
        self.begin(phase, at, task, "wake", out);
        put(out, format_args!(",\"cat\":\"wake\",\"id\":{},\"bp\":\"e\"}}", flow.0));
    }
}

/// The events about a whole loop are events of no task.
const NO_TASK: TaskId = TaskId(0);

impl TraceFormat for ChromeJson {
    fn begin_loop(&mut self, name: &str, out: &mut Vec<u8>) {
        self.describe(NO_TASK, "process_name", name, out);
    }

    fn add_task(&mut self, task: TaskId, label: &str, out: &mut Vec<u8>) {
        self.describe(task, "thread_name", label, out);
        self.begin('M', 0, task, "thread_sort_index", out);
        put(out, format_args!(",\"args\":{{\"sort_index\":{}}}}}", task.0));
    }

    fn begin_slice(&mut self, at: u64, task: TaskId, slice: &Slice<'_>, out: &mut Vec<u8>) {
        self.begin('B', at, task, slice.name, out);
        out.extend(b",\"args\":{");
        for (i, (name, value)) in slice.details.iter().enumerate() {
            out.extend(if i == 0 { &b""[..] } else { b"," });
            push_string(name, out);
            out.push(b':');
            push_string(value, out);
        }
        out.extend(b"}}");
        if let Some(flow) = slice.flow {
            self.flow('f', at, task, flow, out);
        }
    }

    fn end_slice(&mut self, at: u64, task: TaskId, out: &mut Vec<u8>) {
        self.begin_unnamed('E', at, task, out);
        out.push(b'}');
    }

    fn add_instant(
        &mut self,
        at: u64,
        task: TaskId,
        name: &str,
        flow: Option<Flow>,
        out: &mut Vec<u8>,
    ) {
        self.begin('i', at, task, name, out);
        out.extend(b",\"s\":\"t\"}");
        if let Some(flow) = flow {
            self.flow('s', at, task, flow, out);
        }
    }

    fn count_ready(&mut self, at: u64, ready: usize, out: &mut Vec<u8>) {
        self.begin('C', at, NO_TASK, "ready queue", out);
        put(out, format_args!(",\"args\":{{\"tasks\":{ready}}}}}"));
    }
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a vector takes all bytes");
}
