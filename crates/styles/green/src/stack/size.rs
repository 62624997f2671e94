//! How large a stack is: the sizes that there are, and the size that a green thread gets if it asks
//! for none.

use std::{
    env,
    ffi::OsStr,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use super::error::StackError;

/// The size of a stack, in bytes, when neither the green thread nor the program asks for another:
/// 512 KiB.
///
/// The size is for dev builds, whose frames are several times larger than those of a release build.
/// `Regex::new` takes 107 KiB there, and `serde_json` 211 KiB for an object nested 120 deep. Pages
/// cost nothing until they are touched.
pub const DEFAULT_STACK_SIZE: usize = 512 << 10;

/// The smallest stack, in bytes: 64 KiB. Asking for less gives this much.
///
/// `println!` and backtraces overflow smaller ones. A smaller one would save address space only.
pub const SMALLEST_STACK: usize = 64 << 10;

/// The largest stack: 1 GiB. Who asks for more has most likely miscounted.
pub const LARGEST_STACK: usize = 1 << 30;

/// The environment variable that replaces [`DEFAULT_STACK_SIZE`].
const VARIABLE: &str = "QUADRIVIUM_STACK_SIZE";

/// The size that holds now. Zero until somebody asks.
static SIZE: AtomicUsize = AtomicUsize::new(0);

/// Returns the size, in bytes, of the stack of a green thread that does not ask for a size.
///
/// It is the last size that [`use_stack_size`] was given. Without one it is what the environment
/// variable `QUADRIVIUM_STACK_SIZE` says, a number of bytes, as the process starts its first green
/// thread. Without the variable it is [`DEFAULT_STACK_SIZE`]. A variable that is no such number
/// changes nothing, and a message on standard error says so once.
#[must_use]
pub fn stack_size() -> usize {
    match SIZE.load(Relaxed) {
        0 => first_size(),
        size => size,
    }
}

/// Gives a stack of at least this many bytes to every green thread of this process that starts from
/// now on and does not ask for a size.
///
/// A call takes precedence over the environment variable `QUADRIVIUM_STACK_SIZE`.
///
/// ```
/// use quadrivium_green::{stack_size, use_stack_size};
///
/// use_stack_size(1 << 20)?;
/// assert_eq!(stack_size(), 1 << 20);
/// # Ok::<(), quadrivium_green::StackError>(())
/// ```
///
/// # Errors
///
/// When `bytes` is more than [`LARGEST_STACK`]. Nothing is changed then.
pub fn use_stack_size(bytes: usize) -> Result<(), StackError> {
    if bytes > LARGEST_STACK {
        return Err(StackError::TooLarge { asked: bytes });
    }
    SIZE.store(bytes.max(SMALLEST_STACK), Relaxed);
    Ok(())
}

#[cold]
fn first_size() -> usize {
    let variable = env::var_os(VARIABLE);
    let asked = variable.as_deref().map(parsed);
    let size = asked.unwrap_or(Some(DEFAULT_STACK_SIZE)).unwrap_or(DEFAULT_STACK_SIZE);
    if let Err(size) = SIZE.compare_exchange(0, size, Relaxed, Relaxed) {
        return size;
    }
    if let (Some(variable), Some(None)) = (variable, asked) {
        eprintln!(
            "quadrivium: {VARIABLE} is {variable:?}, which is no number of bytes up to \
             {LARGEST_STACK}; stacks have {DEFAULT_STACK_SIZE} bytes\n  \
             remedy: set it to a number such as 1048576, or unset it",
        );
    }
    size
}

/// The size that the variable asks for, if it asks for one that there can be.
fn parsed(variable: &OsStr) -> Option<usize> {
    let bytes: usize = variable.to_str()?.trim().parse().ok()?;
    (bytes <= LARGEST_STACK).then_some(bytes.max(SMALLEST_STACK))
}

/// A size class: stacks of 64 KiB, doubled this many times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class(pub(super) u8);

impl Class {
    /// One for each power of two from the smallest to the largest.
    pub(super) const COUNT: usize = (LARGEST_STACK / SMALLEST_STACK).ilog2() as usize + 1;

    /// The smallest class whose stacks have `size` bytes.
    #[inline]
    pub(super) fn of(size: usize) -> Result<Class, StackError> {
        if size > LARGEST_STACK {
            return Err(StackError::TooLarge { asked: size });
        }
        let rounded = size.max(SMALLEST_STACK).next_power_of_two();
        Ok(Class((rounded / SMALLEST_STACK).ilog2() as u8))
    }

    #[inline]
    pub(super) const fn bytes(self) -> usize {
        SMALLEST_STACK << self.0
    }
}
