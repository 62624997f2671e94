//! [`StackError`]: the reasons why a green thread got no stack, each with a remedy.

use std::{error::Error, fmt, io};

use super::{mapping::most_mappings, size::LARGEST_STACK};

/// The reason why there is no stack for a green thread. All other green threads go on.
#[non_exhaustive]
pub enum StackError {
    /// More than [`LARGEST_STACK`] bytes were asked for.
    TooLarge {
        /// The size that was asked for.
        asked: usize,
    },
    /// The kernel gave no more address space.
    Map {
        /// The size of the mapping that the kernel refused.
        bytes: usize,
        /// The error of `mmap`.
        source: io::Error,
    },
    /// The kernel refused the guard page under a stack.
    Guard {
        /// The error of `mprotect` or `madvise`.
        source: io::Error,
    },
    /// The OS thread is ending, and its stacks are gone.
    ThreadEnding,
}

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StackError::TooLarge { asked } => write!(
                f,
                "a stack of {asked} bytes is more than the largest of {LARGEST_STACK}: \
                 ask for less, and keep large values in a Box"
            ),
            StackError::Map { bytes, source } => write!(
                f,
                "no address space for a green thread's stack of {bytes} bytes: {source}; \
                 raise the limit on address space (`ulimit -v`), allow overcommit \
                 (vm.overcommit_memory), raise {}, or run fewer green threads at once",
                map_limit()
            ),
            StackError::Guard { source } => write!(
                f,
                "no guard page for a green thread's stack: {source}; raise {}, \
                 or use Linux 6.13 or later, where guard pages need no mapping of their own",
                map_limit()
            ),
            StackError::ThreadEnding => write!(
                f,
                "this OS thread is ending and has given its stacks back: \
                 spawn no green thread from the destructor of a thread-local"
            ),
        }
    }
}

quadrivium_core::debug_as_display! {
    StackError;
}

impl Error for StackError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            StackError::Map { source, .. } | StackError::Guard { source } => Some(source),
            StackError::TooLarge { .. } | StackError::ThreadEnding => None,
        }
    }
}

/// Returns the name of the limit on mappings, with its present value if there is one.
fn map_limit() -> String {
    match most_mappings() {
        Some(most) => format!("vm.max_map_count (now {most})"),
        None => String::from("the limit on mappings (vm.max_map_count on Linux)"),
    }
}
