//! [`Config`]: how many workers may has, set once, before they run.

use std::{error::Error, fmt, io, num::NonZero};

use crate::runtime;

/// What can be set of may before it runs.
///
/// ```
/// use quadrivium::may;
/// use std::num::NonZero;
///
/// may::Config::new().workers(NonZero::new(2).unwrap()).start()?;
/// // Now it runs, and it is too late.
/// let again = may::Config::new().workers(NonZero::new(4).unwrap()).start();
/// assert!(matches!(again, Err(may::StartError::TooLate)));
/// # Ok::<(), may::StartError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Config {
    workers: Option<NonZero<usize>>,
    stack_size: Option<usize>,
}

/// Why may was not started as it was to be.
pub enum StartError {
    /// It runs already: settings come before the first task.
    TooLate,
    /// The operating system refuses what it needs.
    Refused(io::Error),
}

/// May takes words of eight bytes.
const WORD: usize = size_of::<usize>();

/// What the coroutine that brings a closure to a worker needs, unwinding and all, and as much
/// again.
const SMALLEST_STACK: usize = 16 * 1024;

impl Config {
    /// May's own settings: a worker for each processor, stacks of 32 KiB.
    pub fn new() -> Self {
        Self::default()
    }

    /// So many workers, each an OS thread.
    #[must_use]
    pub fn workers(mut self, workers: NonZero<usize>) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Stacks of so many bytes for coroutines of may that ask for none: of 16 KiB at least, and of
    /// whole pages. Tasks do not run on them. May maps a thousand of them when it starts.
    #[must_use]
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// Starts may with these settings.
    ///
    /// A program that has spawned coroutines of may itself has started its scheduler, with the
    /// settings of then. May does not tell of that: call this first.
    ///
    /// # Errors
    ///
    /// [`StartError::TooLate`] once this has been called, or a task has been spawned on may;
    /// [`StartError::Refused`] when there are not enough descriptors or threads, or no room for the
    /// stacks. Then it can be tried again.
    pub fn start(self) -> Result<(), StartError> {
        let mut is_first = false;
        let configure = || {
            is_first = true;
            let config = may::config();
            self.workers.inspect(|workers| _ = config.set_workers(workers.get()));
            self.stack_size.inspect(|bytes| _ = config.set_stack_size(words(*bytes)));
        };
        runtime::runtime_after(configure).map_err(StartError::Refused)?;
        if is_first { Ok(()) } else { Err(StartError::TooLate) }
    }
}

/// A stack of so many bytes, as may counts. Whole pages: of another size, it keeps none for the
/// next coroutine, and when the number is odd, it measures each and prints what it finds.
fn words(bytes: usize) -> usize {
    let page = rustix::param::page_size();
    bytes.max(SMALLEST_STACK).div_ceil(page).saturating_mul(page / WORD)
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::TooLate => f.write_str(
                "may is running already: set its workers before the first task is spawned on it",
            ),
            StartError::Refused(error) if error.kind() == io::ErrorKind::QuotaExceeded => {
                write!(f, "may cannot start: {error}; or ask for fewer workers")
            }
            StartError::Refused(error) => {
                write!(
                    f,
                    "may cannot start: {error}: raise the limit of open files, or ask for fewer \
                     workers and smaller stacks"
                )
            }
        }
    }
}

quadrivium_core::debug_as_display! {
    StartError;
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            StartError::TooLate => None,
            StartError::Refused(error) => Some(error),
        }
    }
}
