//! Bugs of the callback style alone.

use super::Bug;

const HANDLE: &str = "crates/styles/callback/src/handle.rs";
const STAGE: &str = "crates/styles/callback/src/stage.rs";
const TASK: &str = "crates/styles/callback/src/task.rs";
const SEND: &str = "crates/styles/callback/src/send.rs";
const CALLS: &str = "crates/styles/callback/src/calls.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "callback-sub-task-dropped-late",
        harm: "what a sub-task holds is still held when the next callback runs",
        file: STAGE,
        find: "this.task.set(None);",
        replace: "",
    },
    Bug {
        name: "callback-panic-swallowed",
        harm: "a callback that panics is reported as one that forgot to go on",
        file: STAGE,
        find: "then(cb, output);",
        replace: "let then = std::panic::AssertUnwindSafe(|| then(cb, output));\n                \
                  let _ = std::panic::catch_unwind(then);",
    },
    Bug {
        name: "callback-destructor-skipped",
        harm: "a callback task that is cancelled keeps all it holds for ever",
        file: TASK,
        find: "impl<F, T> fmt::Debug for CallbackTask<F, T> {",
        replace: "impl<F, T> Drop for CallbackTask<F, T> {\n    \
                  fn drop(&mut self) { std::mem::forget(self.callback.stage.take()); }\n}\n\n\
                  impl<F, T> fmt::Debug for CallbackTask<F, T> {",
    },
    Bug {
        name: "callback-resumed-after-done",
        harm: "a host that resumes a callback task once too often is not told",
        file: TASK,
        find: "let mut stage = this.callback.stage.take().expect(RESUMED_AFTER_DONE);",
        replace: "let Some(mut stage) = this.callback.stage.take() else {\n                \
                  return Step::Suspended(quadrivium_core::Wait::Wake);\n            };",
    },
    Bug {
        name: "callback-second-call-wins",
        harm: "of two things a callback does, the first is silently thrown away",
        file: HANDLE,
        find: "self.stage.is_none() && self.output.is_none()",
        replace: "self.stage.is_none() || self.output.is_none()",
    },
    Bug {
        name: "send-callback-second-call-wins",
        harm: "of two things a callback of a task that may move does, the first is thrown away",
        file: SEND,
        find: "self.stage.is_none() && self.output.is_none()",
        replace: "self.stage.is_none() || self.output.is_none()",
    },
    Bug {
        name: "a-late-call-delays-those-after-it",
        harm: "what is called every second drifts by what each call takes",
        file: CALLS,
        find: "now.checked_add(period - Duration::from_nanos_u128(overdue % nanos))",
        replace: "now.checked_add(period).filter(|_| nanos > 0)",
    },
];
