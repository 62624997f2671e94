//! may's green threads as tasks. The body runs on may's workers, and the tasks that it performs run
//! on the loop.
//!
//! may has a scheduler of its own, so the loop cannot drive may's green threads. Instead, the loop
//! has a task for each body. When the body performs another task (a sub-task), this task resumes
//! the sub-task on the loop's thread. While the body runs, it waits to be woken.
//!
//! ```text
//!   loop's thread                                one of may's workers
//!  ┌───────────────────────────┐                ┌──────────────────────────┐
//!  │ EventLoop::run            │                │ may's scheduler          │
//!  │ GreenTask::resume         │ ── 1. start ─► │ body                     │
//!  │                           │                │  └ f                     │
//!  │  the sub-task, resumed    │ ◄─ 2. ask ──── │     └ perform(sub-task)  │
//!  │  until it is done         │                │       (parked)           │
//!  │                           │ ── 3. answer ► │     goes on, perhaps     │
//!  │                           │ ◄─ 4. end ──── │     on another worker    │
//!  └───────────────────────────┘                └──────────────────────────┘
//! ```

mod handle;
mod task;
mod exchange;

pub use handle::{perform, perform_with};
pub use task::{Builder, DEFAULT_STACK_SIZE, GreenTask, green};
