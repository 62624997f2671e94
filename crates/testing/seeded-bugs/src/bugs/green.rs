//! Bugs of the green threads alone. None of them corrupts memory, as the effect would be random.

use super::Bug;

const HANDLE: &str = "crates/styles/green/src/handle.rs";
const TASK: &str = "crates/styles/green/src/task.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "green-destructor-skipped",
        harm: "a green thread that is cancelled keeps its stack and all values on it",
        file: TASK,
        find: "State::Started(thread) => thread.cancel(),",
        replace: "State::Started(thread) => mem::forget(thread),",
    },
    Bug {
        name: "green-cancel-resumes",
        harm: "a green thread that is cancelled keeps running instead of unwinding",
        file: HANDLE,
        find: "resume_unwind(Box::new(Cancelled))",
        replace: "if thread::panicking() { resume_unwind(Box::new(Cancelled)) }",
    },
    Bug {
        name: "green-panic-swallowed",
        harm: "the panic of a destructor that runs in a cancel is lost",
        file: TASK,
        find: "Err(payload) => resume_unwind(payload),",
        replace: "Err(payload) => return mem::forget(payload),",
    },
    Bug {
        name: "green-kept-when-done",
        harm: "a green thread that is done keeps its stack, and a resume after the end panics with a wrong message",
        file: TASK,
        find: "self.state = State::Done;",
        replace: "",
    },
    Bug {
        name: "green-suspends-while-unwinding",
        harm: "a destructor that waits suspends a stack in the middle of a panic",
        file: HANDLE,
        find: "if thread::panicking() {\n        refuse_to_suspend();",
        replace: "if false {\n        refuse_to_suspend();",
    },
    Bug {
        name: "green-gives-up-at-once",
        harm: "a body that catches its cancellation once is leaked",
        file: TASK,
        find: "const MAX_UNWINDS: usize = 100;",
        replace: "const MAX_UNWINDS: usize = 1;",
    },
    Bug {
        name: "green-without-a-name",
        harm: "the message of a stack overflow does not name the task",
        file: "crates/styles/green/src/stack/overflow.rs",
        find: "match host::label() {",
        replace: "match host::label().filter(|_| false) {",
    },
    Bug {
        name: "green-large-body-by-value",
        harm: "a green thread that captures more than a kibibyte panics as it starts",
        file: TASK,
        find: "self.state = if const { is_large::<F>() } {",
        replace: "self.state = if false {",
    },
    Bug {
        name: "green-overflow-names-no-line",
        harm: "the message of a stack overflow does not name the green thread of the task",
        file: TASK,
        find: "Occupant::new(made_at, stack.usable())",
        replace: "Occupant::new(std::panic::Location::caller(), stack.usable())",
    },
    Bug {
        name: "green-unwinds-at-thread-end",
        harm: "a green thread is unwound after thread-locals that it has borrowed are gone",
        file: TASK,
        find: "if is_thread_ending() {",
        replace: "if false {",
    },
    Bug {
        name: "green-takes-the-last-address-space",
        harm: "too many green threads make another allocation fail, which ends the process",
        file: "crates/styles/green/src/stack/chunk.rs",
        find: "Mapping::leave_a_reserve()",
        replace: "std::io::Result::Ok(())",
    },
];
