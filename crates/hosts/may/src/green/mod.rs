//! may's green threads as tasks: the body runs on may's workers, what it performs on the loop.
//!
//! The loop cannot drive may, whose scheduler is its own. So the task on the loop stands for a body
//! that is elsewhere: it resumes, on the loop's thread, the sub-task that the body has asked for,
//! and while the body itself runs it waits to be woken.
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
