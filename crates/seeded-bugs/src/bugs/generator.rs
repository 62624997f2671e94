//! Bugs of the generator style alone.

use super::Bug;

const HANDLE: &str = "crates/generator/src/handle.rs";
const TASK: &str = "crates/generator/src/task.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "generator-waker-not-renewed",
        harm: "a generator that goes on in another task wakes the one it was in before",
        file: TASK,
        find: "if !shared.waker.borrow().will_wake(cx.waker()) {",
        replace: "if false {",
    },
    Bug {
        name: "generator-panic-swallowed",
        harm: "who joins a generator that panics waits for ever",
        file: TASK,
        find: "match generator.resume() {",
        replace: "let generator = std::panic::AssertUnwindSafe(|| generator.resume());\n        \
                  let Ok(resumed) = std::panic::catch_unwind(generator) else {\n            \
                  return Step::Suspended(Wait::Wake);\n        };\n        match resumed {",
    },
    Bug {
        name: "generator-kept-when-done",
        harm: "a generator that is done keeps its body, and may be resumed into it",
        file: TASK,
        find: "self.state = State::Done;",
        replace: "",
    },
    Bug {
        name: "generator-destructor-skipped",
        harm: "a generator that is cancelled keeps all it holds for ever",
        file: TASK,
        find: "impl<B, G: Future> fmt::Debug for GeneratorTask<B, G> {",
        replace: "impl<B, G: Future> Drop for GeneratorTask<B, G> {\n    fn drop(&mut self) {\n        \
                  std::mem::forget(std::mem::replace(&mut self.state, State::Done));\n    }\n}\n\n\
                  impl<B, G: Future> fmt::Debug for GeneratorTask<B, G> {",
    },
    Bug {
        name: "generator-second-yield-lost",
        harm: "of two waits of one resume the first is silently thrown away",
        file: HANDLE,
        find: "!self.shared.has_yielded.replace(true)",
        replace: "!self.shared.has_yielded.replace(true) || true",
    },
];
