//! Bugs of what is built on streams: buffered reading, copying and sending files.

use super::Bug;

const BUFFERED_LEAF: &str = "crates/io/src/stream/buffered/leaf.rs";
const BUFFERED_READS: &str = "crates/io/src/stream/buffered/reads.rs";
const FILE_ATTEMPTS: &str = "crates/io/src/fs/attempts.rs";
const COPY: &str = "crates/io/src/stream/copy.rs";
const POLLED: &str = "crates/io/src/stream/polled/mod.rs";
const BLOCKING: &str = "crates/quadrivium/src/green.rs";
const SEND_FILE: &str = "crates/io/src/fs/send_file.rs";
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
    Bug {
        name: "half-close-not-passed-on",
        harm: "a client that ends its request waits for ever behind a proxy",
        file: COPY,
        find: "if let Err(error) = end_writing(&self.to) {",
        replace: "if let Err(error) = io::Result::Ok(()) {",
    },
    Bug {
        name: "copy-drops-a-partial-write",
        harm: "a copy to a slow receiver loses bytes in the middle",
        file: COPY,
        find: "self.unwritten.start += n;",
        replace: "self.unwritten.start = self.unwritten.end.max(n);",
    },
    Bug {
        name: "one-end-ends-both-directions",
        harm: "an answer is cut off when the client has ended its request",
        file: COPY,
        find: "wait.map_or(Step::Done(Ok(copied.into())), Step::Suspended)",
        replace: "match copied {
            [0, 0] => wait.map_or(Step::Done(Ok((0, 0))), Step::Suspended),
            _ => Step::Done(Ok(copied.into())),
        }",
    },
    Bug {
        name: "dropped-copy-still-waits",
        harm: "a proxy whose connections time out keeps a waker for each of them",
        file: COPY,
        find: "self.from.leave(Interest::Readable, &mut self.reading);",
        replace: "",
    },
    Bug {
        name: "part-of-a-file-sent-to-its-end",
        harm: "a client that asks for a part of a file gets what is behind it, too",
        file: SEND_FILE,
        find: "self.left.end.min(self.left.start.saturating_add(WINDOW))",
        replace: "self.left.start.saturating_add(WINDOW)",
    },
    Bug {
        name: "unsendable-file-is-an-error",
        harm: "a file of a file system without `sendfile` cannot be sent",
        file: SEND_FILE,
        find: "                self.is_copying = true;\n                Step::Done(Ok(None))",
        replace: "                Step::Done(Err(io::ErrorKind::Unsupported.into()))",
    },
    Bug {
        name: "shrunk-file-sent-for-ever",
        harm: "a file that shrinks while it is sent keeps the loop busy for ever",
        file: SEND_FILE,
        find: "Step::Done(Ok(Some(0))) => break,",
        replace: "Step::Done(Ok(Some(0))) => return Step::Suspended(quadrivium_core::Wait::Turn),",
    },
    Bug {
        name: "partial-write-of-a-chunk",
        harm: "a file that another thread reads arrives with gaps",
        file: SEND_FILE,
        find: "*written += n;",
        replace: "*written = bytes.len();",
    },
    Bug {
        name: "late-bytes-never-polled",
        harm: "in a simulation, a polled stream whose bytes are late is never read again",
        file: POLLED,
        find: "*alarm = Some(Alarm::new(deadline, cx.waker()))",
        replace: "drop(Alarm::new(deadline, cx.waker()))",
    },
    Bug {
        name: "dropped-read-of-a-file-takes-bytes",
        harm: "a read of a file that is given up loses bytes",
        file: FILE_ATTEMPTS,
        find: "let n = at.map_or(Cursor, At).read(file, bytes)?;\n            Ok(ReadChunk { at, n })",
        replace: "let n = Cursor.read(file, bytes)?;\n            \
                  let at = at.map(|at| at + n as u64);\n            Ok(ReadChunk { at, n })",
    },
    Bug {
        name: "two-readers-of-a-file-get-the-same-bytes",
        harm: "two tasks that read a file together get some of its bytes twice",
        file: FILE_ATTEMPTS,
        find: "if file.stream_position()? != at {",
        replace: "if file.stream_position()? < at {",
    },
    Bug {
        name: "dropped-send-still-waits",
        harm: "a file server whose clients time out keeps a waker for each of them",
        file: SEND_FILE,
        find: "self.to.leave(Interest::Writable, &mut self.writing);",
        replace: "",
    },
    Bug {
        name: "uncached-file-sent-by-the-kernel",
        harm: "a file server stops all its connections while the disk reads",
        file: SEND_FILE,
        find: "if !probes.all(|at| is_cached(&self.file, at)) {",
        replace: "if !probes.all(|at| is_cached(&self.file, at) || true) {",
    },
    Bug {
        name: "polled-into-inner-still-waits",
        harm: "a stream that is taken out of its wrapper keeps the waker of a poll",
        file: POLLED,
        find: "        self.leave();\n        self.stream.take()",
        replace: "        self.stream.take()",
    },
    Bug {
        name: "polled-drop-still-waits",
        harm: "each connection that is dropped while it is polled leaves a waker",
        file: POLLED,
        find: "    fn drop(&mut self) {\n        self.leave();",
        replace: "    fn drop(&mut self) {",
    },
    Bug {
        name: "polled-directions-share-a-waker",
        harm: "a task that writes to a stream takes the waker of the task that reads from it",
        file: POLLED,
        find: "let step = stream.attempt_write(&mut self.writing,",
        replace: "let step = stream.attempt_write(&mut self.reading,",
    },
    Bug {
        name: "polled-turn-never-comes",
        harm: "a future that has polled a busy stream 64 times in a row never goes on",
        file: POLLED,
        find: "Step::Suspended(Wait::Turn) => cx.waker().wake_by_ref(),",
        replace: "Step::Suspended(Wait::Turn) => {}",
    },
    Bug {
        name: "polled-end-not-sent",
        harm: "the other end of a polled stream waits for ever for the end of a request",
        file: POLLED,
        find: "        end_writing(stream)",
        replace: "        let _ = stream;\n        Ok(())",
    },
    Bug {
        name: "blocking-limits-swapped",
        harm: "a write to a slow client has the time limit of reads, or none",
        file: BLOCKING,
        find: "wait_for(self.stream.write(bytes), self.write_timeout())",
        replace: "wait_for(self.stream.write(bytes), self.read_timeout())",
    },
    Bug {
        name: "blocking-read-without-limit",
        harm: "a client that sends nothing keeps its green thread for ever",
        file: BLOCKING,
        find: "wait_for(self.stream.read(buffer), self.read_timeout())",
        replace: "wait_for(self.stream.read(buffer), None)",
    },
    Bug {
        name: "blocking-limit-before-the-bytes",
        harm: "a read with a limit of zero fails although bytes are there",
        file: BLOCKING,
        find: "Some(most) => perform(timeout(most, operation)).unwrap_or_else(|_| {",
        replace: "Some(most) if most.is_zero() => Err(io::ErrorKind::TimedOut.into()),
            Some(most) => perform(timeout(most, operation)).unwrap_or_else(|_| {",
    },
    Bug {
        name: "tokio-read-overwrites-its-buffer",
        harm: "a read of tokio that continues a buffer loses the bytes before",
        file: POLLED,
        find: "buffer.advance(n);",
        replace: "buffer.set_filled(n);",
    },
    Bug {
        name: "tokio-shutdown-not-sent",
        harm: "a client of tokio over our socket never ends its request",
        file: POLLED,
        find: "        ) -> Poll<io::Result<()>> {\n            Poll::Ready(self.end_writing())",
        replace: "        ) -> Poll<io::Result<()>> {\n            let _ = &mut self;\n            Poll::Ready(Ok(()))",
    },
];
