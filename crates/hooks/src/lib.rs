//! Names the calls that block the loop, with their task and their line.
//!
//! A task must not make a call that blocks its thread, because no other task runs meanwhile. This
//! crate defines functions under the names of functions of the C library, such as `read` and
//! `clock_nanosleep`. They are called *hooks*. When a watched task calls one of them, the hook
//! looks at the arguments, carries out the real call, and reports it if necessary.
//!
//! | you want | call |
//! |---|---|
//! | a test that fails if a task could block | [`must_not_block`] |
//! | a report of the calls of a program that have blocked for long | [`report`] |
//! | the same for one task, on any host | [`report_task`] |
//! | the list of the hooks | [`all_hooks`] |
//! | to know what std calls on this machine | [`probe`] |
//!
//! # What is not seen
//!
//! * Calls inside the C library, such as the read of a `FILE`.
//! * Crates that make system calls without the C library, such as `rustix` with its default
//!   settings. [`must_not_block`] sees them where the kernel offers Syscall User Dispatch: on
//!   x86-64, since Linux 5.11. [`see_direct_calls`] returns whether it does. [`report`] does not
//!   see them.
//! * Computations, and memory that has to be read from a disk.
//!
//! # Requirements
//!
//! Linux on x86-64 or aarch64, with glibc 2.34 or newer, linked dynamically. On aarch64 the crate
//! has not been run; its interface is the same. The hooks take effect in executables, not in a
//! library that is loaded at run time.

#![deny(unsafe_code)]

#[cfg(not(all(
    target_os = "linux",
    target_env = "gnu",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
compile_error!(
    "quadrivium-hooks defines functions of glibc, so it needs Linux with glibc on x86-64 or \
     aarch64; leave out the feature `hooks` for this target"
);
#[cfg(target_feature = "crt-static")]
compile_error!(
    "quadrivium-hooks looks up the real functions in the shared C library; leave out the feature \
     `hooks`, or link without `-C target-feature=+crt-static`"
);

// In reading order.
mod patch_column;
#[allow(unsafe_code)]
mod hook;
#[allow(unsafe_code)]
mod list;
mod when;
mod system_call;
mod watch_flag;
mod step;
#[allow(unsafe_code)]
mod system;
#[allow(unsafe_code)]
mod start;
#[allow(unsafe_code)]
mod walk;
#[cfg_attr(not(target_arch = "x86_64"), path = "no_dispatch.rs")]
mod dispatch;
mod call_note;
mod stack_frame;
mod function_name;
mod call_report;
mod watch;
#[allow(unsafe_code)]
mod patch;
mod probes;

pub use call_report::CallReport;
pub use dispatch::see_direct_calls;
pub use hook::Hook;
pub use list::all_hooks;
pub use patch::{Patched, patch, patch_all, patched};
pub use patch_column::Patch;
pub use probes::{Probed, Reached, probe};
pub use stack_frame::StackFrame;
pub use watch::{
    LIMIT, MustNotBlock, Reported, must_not_block, report, report_task, report_to, to_stderr,
};
pub use when::{DescriptorKind, WaitsFor};
