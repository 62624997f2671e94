//! The sizes of stacks, and the size that a green thread gets if it does not ask for one.

use std::{
    env,
    ffi::OsStr,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use super::error::StackError;

/// The size of a stack, in bytes, when neither the green thread nor the program asks for another:
/// 512 KiB.
///
/// The size is for dev builds, whose frames are several times larger than in a release build.
/// `Regex::new` takes 107 KiB there, and `serde_json` 211 KiB for an object nested 120 deep. Pages
/// cost nothing until they are touched.
pub const DEFAULT_STACK_SIZE: usize = 512 << 10;

/// The smallest stack, in bytes: 64 KiB. Asking for less gives this much.
///
/// `println!` and backtraces overflow a smaller stack, which would only save address space.
pub const SMALLEST_STACK: usize = 64 << 10;

/// The largest stack, in bytes: 1 GiB. A request for more is most likely a mistake.
pub const LARGEST_STACK: usize = 1 << 30;

/// The environment variable that replaces [`DEFAULT_STACK_SIZE`].
const VARIABLE: &str = "QUADRIVIUM_STACK_SIZE";

/// The current default size. It is zero until it is first set or read.
static SIZE: AtomicUsize = AtomicUsize::new(0);

/// Returns the size, in bytes, of the stack of a green thread that does not ask for a size.
///
/// It is, in this order:
///
/// 1. the last size that [`use_stack_size`] was called with;
/// 2. the environment variable `QUADRIVIUM_STACK_SIZE`, a number of bytes, which is read when the
///    process starts its first green thread;
/// 3. [`DEFAULT_STACK_SIZE`].
///
/// Any other value of the variable changes nothing, and is reported once on standard error.
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
/// When `bytes` is more than [`LARGEST_STACK`]. Then the size does not change.
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
             {LARGEST_STACK}; stacks have the default size, {DEFAULT_STACK_SIZE} bytes\n  \
             remedy: set it to a number such as 1048576, or unset it",
        );
    }
    size
}

/// Returns the size that the variable asks for, or `None` if it is no number of bytes up to
/// [`LARGEST_STACK`].
fn parsed(variable: &OsStr) -> Option<usize> {
    let bytes: usize = variable.to_str()?.trim().parse().ok()?;
    (bytes <= LARGEST_STACK).then_some(bytes.max(SMALLEST_STACK))
}

/// A size class. The number says how often 64 KiB are doubled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class(pub(super) u8);

impl Class {
    /// The number of classes: one for each power of two from the smallest to the largest size.
    pub(super) const COUNT: usize = (LARGEST_STACK / SMALLEST_STACK).ilog2() as usize + 1;

    /// Returns the smallest class whose stacks have at least `size` bytes.
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
