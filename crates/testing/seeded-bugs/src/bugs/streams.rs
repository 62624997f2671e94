//! Bugs of what is built on streams: buffered reading.

use super::Bug;

const BUFFERED_LEAF: &str = "crates/io/src/stream/buffered/leaf.rs";
const BUFFERED_READS: &str = "crates/io/src/stream/buffered/reads.rs";
const UNREAD: &str = "crates/io/src/stream/buffered/unread.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "read-exact-takes-a-part",
        harm: "a read of the body of a message that runs into a timeout loses the bytes so far",
        file: BUFFERED_READS,
        find: "if unread.bytes().len() < buffer.len() {",
        replace: "if unread.copy_into(buffer) < buffer.len() {",
    },
    Bug {
        name: "line-search-not-begun-anew",
        harm: "a task that waits for a line while another takes one waits for ever for a short line",
        file: UNREAD,
        find: "if searched.consumed != self.consumed {",
        replace: "if searched.consumed > self.consumed {",
    },
    Bug {
        name: "dropped-line-still-waits",
        harm: "a connection whose timeouts fire keeps a waker for each of them",
        file: BUFFERED_LEAF,
        find: "self.reader.shared.stream.leave(Interest::Readable, &mut self.place);",
        replace: "",
    },
    Bug {
        name: "buffered-lines-starve",
        harm: "a task that reads short lines keeps all other tasks waiting",
        file: BUFFERED_LEAF,
        find: "if fairness::gives_way(this.has_suspended) {",
        replace: "if false {",
    },
    Bug {
        name: "unread-bytes-overwritten",
        harm: "the first part of a line that arrives in two parts is lost",
        file: UNREAD,
        find: "if self.bytes.is_empty() {",
        replace: "if self.start == 0 {",
    },
];
