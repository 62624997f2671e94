//! Bugs of the generator style alone.

use super::Bug;

const STREAM: &str = "crates/styles/generator/src/stream.rs";
const HANDLE: &str = "crates/styles/generator/src/handle.rs";
const MACHINE: &str = "crates/styles/generator/src/machine.rs";
const SEND: &str = "crates/styles/generator/src/send.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "generator-waker-not-renewed",
        harm: "a generator that moves to another task still wakes the former task",
        file: HANDLE,
        find: "if !self.waker.borrow().will_wake(cx.waker()) {",
        replace: "if false {",
    },
    Bug {
        name: "generator-panic-swallowed",
        harm: "a task that joins a generator that panics waits for ever",
        file: MACHINE,
        find: "match generator.resume() {",
        replace: "let generator = std::panic::AssertUnwindSafe(|| generator.resume());\n        \
                  let Ok(resumed) = std::panic::catch_unwind(generator) else {\n            \
                  return Resumed::Wait(Wait::Wake);\n        };\n        match resumed {",
    },
    Bug {
        name: "generator-kept-when-done",
        harm: "a generator that is done keeps its body, and can be resumed again",
        file: MACHINE,
        find: "self.state = State::Done;",
        replace: "",
    },
    Bug {
        name: "generator-destructor-skipped",
        harm: "a generator that is cancelled never drops its values",
        file: MACHINE,
        find: "impl<B, G: Future, T> Unpin for Machine<B, G, T> {}",
        replace: "impl<B, G: Future, T> Unpin for Machine<B, G, T> {}\n\n\
                  impl<B, G: Future, T> Drop for Machine<B, G, T> {\n    fn drop(&mut self) {\n        \
                  mem::forget(mem::replace(&mut self.state, State::Done));\n    }\n}",
    },
    Bug {
        name: "generator-second-yield-lost",
        harm: "when a generator yields two waits in one resume, the first is silently lost",
        file: HANDLE,
        find: "!self.shared.note_yield()",
        replace: "!self.shared.note_yield() || true",
    },
    Bug {
        name: "send-generator-kept-when-done",
        harm: "a `Send` generator that is done keeps its body, and a resume after the end panics with the compiler's message",
        file: SEND,
        find: "this.generator = None;",
        replace: "",
    },
    Bug {
        name: "cancelled-next-loses-the-generator",
        harm: "when a task that waits for the next item is cancelled, the stream has no items any more",
        file: STREAM,
        find: "if let Some(generator) = self.generator.take() {",
        replace: "if let Some(generator) = self.generator.take().filter(|_| false) {",
    },
    Bug {
        name: "stream-goes-on-after-a-panic",
        harm: "after a panic of its body, a stream panics with a wrong message instead of ending",
        file: STREAM,
        find: "        self.0.set(State::Ended);",
        replace: "        let _ = self.0;",
    },
];
