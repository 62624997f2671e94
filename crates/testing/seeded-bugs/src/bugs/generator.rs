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
        find: "match this.task.resume(&mut Context::performed_at(this.line, cx.waker())) {",
        replace: "type Wakers = std::collections::HashMap<usize, std::rc::Rc<quadrivium_core::LocalWaker>>;\n        \
                  thread_local! { static FIRST: Cell<Wakers> = Cell::default(); }\n        \
                  let mut wakers = FIRST.take();\n        \
                  let address = std::ptr::from_ref(&**this.co).addr();\n        \
                  let waker = wakers.entry(address).or_insert_with(|| {\n            \
                  std::rc::Rc::new(Context::new(cx.waker()).local_waker())\n        \
                  }).clone();\n        \
                  FIRST.set(wakers);\n        \
                  match this.task.resume(&mut Context::new(waker.as_waker())) {",
    },
    Bug {
        name: "generator-panic-swallowed",
        harm: "a task that joins a generator that panics waits for ever",
        file: MACHINE,
        find: "let resumed = pin!(generator.async_resume()).poll(&mut cx);",
        replace: "let poll = || pin!(generator.async_resume()).poll(&mut cx);\n        \
                  let poll = std::panic::AssertUnwindSafe(poll);\n        \
                  let Ok(resumed) = std::panic::catch_unwind(poll) else {\n            \
                  return Resumed::Wait(Wait::Wake);\n        };",
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
        find: "!HAS_YIELDED.replace(true)",
        replace: "!HAS_YIELDED.replace(true) || true",
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
