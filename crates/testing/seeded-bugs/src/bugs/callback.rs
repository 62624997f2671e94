//! Bugs of the callback style alone.

use super::Bug;

const HANDLE: &str = "crates/styles/callback/src/handle.rs";
const STAGE: &str = "crates/styles/callback/src/stage.rs";
const TASK: &str = "crates/styles/callback/src/task.rs";
const SEND: &str = "crates/styles/callback/src/send.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "callback-sub-task-dropped-late",
        harm: "the values of a sub-task still exist when the next callback runs",
        file: STAGE,
        find: "unsafe { ptr::drop_in_place(task) };",
        replace: "let _late = unsafe { task.read() };",
    },
    Bug {
        name: "callback-panic-swallowed",
        harm: "a callback that panics is reported as a callback that neither performs a task nor ends",
        file: STAGE,
        find: "then(handle, output);",
        replace: "let then = std::panic::AssertUnwindSafe(|| then(handle, output));\n                \
                  let _ = std::panic::catch_unwind(then);",
    },
    Bug {
        name: "callback-destructor-skipped",
        harm: "a callback task that is cancelled never drops its values",
        file: TASK,
        find: "impl<F, T> fmt::Debug for CallbackTask<F, T> {",
        replace: "impl<F, T> Drop for CallbackTask<F, T> {\n    \
                  fn drop(&mut self) {\n        let State::Started(handle) = &mut self.state else { return };\n        \
                  mem::forget(mem::replace(&mut handle.next, NextMove::Done(None)));\n    }\n}\n\n\
                  impl<F, T> fmt::Debug for CallbackTask<F, T> {",
    },
    Bug {
        name: "callback-resumed-after-done",
        harm: "a host that resumes a callback task after its end gets no panic",
        file: TASK,
        find: "return Step::Done(output.take().expect(RESUMED_AFTER_DONE));",
        replace: "let wait = Step::Suspended(quadrivium_core::Wait::Wake);\n                    \
                  return output.take().map_or(wait, Step::Done);",
    },
    Bug {
        name: "callback-second-call-wins",
        harm: "when a callback performs two tasks, the first is silently dropped",
        file: HANDLE,
        find: "self.empty_box().put(task, then);",
        replace: "if let NextMove::Stage(stages) = &mut self.next {\n            \
                  *stages = StageBox::new();\n        }\n        self.empty_box().put(task, then);",
    },
    Bug {
        name: "send-callback-second-call-wins",
        harm: "when a callback of a `Send` task performs two tasks, the first is silently dropped",
        file: SEND,
        find: "self.empty_box().put(task, then);",
        replace: "if let NextMove::Stage(stages) = &mut self.next {\n            \
                  *stages = SendStageBox::new();\n        }\n        self.empty_box().put(task, then);",
    },
];
