//! [`Config`]: the number of may's workers and the size of its stacks, set once before may starts.

use std::{error::Error, fmt, io, num::NonZero};

use crate::runtime;

/// The settings of may, which must be made before it starts.
///
/// ```
/// use quadrivium::may;
/// use std::num::NonZero;
///
/// may::Config::new().workers(NonZero::new(2).unwrap()).start()?;
/// // Now may runs, so a second configuration comes too late.
/// let again = may::Config::new().workers(NonZero::new(4).unwrap()).start();
/// assert!(matches!(again, Err(may::StartError::TooLate)));
/// # Ok::<(), may::StartError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Config {
    workers: Option<NonZero<usize>>,
    stack_size: Option<usize>,
}

/// Why may could not be started with the settings.
pub enum StartError {
    /// May runs already. Settings must come before the first task.
    TooLate,
    /// The operating system refuses the threads, the descriptors or the memory that may needs.
    Refused(io::Error),
}

/// May counts the size of a stack in words of eight bytes.
const WORD: usize = size_of::<usize>();

/// The coroutine that brings a closure to a worker needs half of this, unwinding included.
const SMALLEST_STACK: usize = 16 * 1024;

impl Config {
    /// Keeps may's own settings: a worker for each processor, and stacks of 32 KiB.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the number of workers. Each worker is an OS thread.
    #[must_use]
    pub fn workers(mut self, workers: NonZero<usize>) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Sets the size of the stacks of coroutines of may that ask for no other size. It is at least
    /// 16 KiB, and rounded up to whole pages. Tasks do not run on these stacks. May maps a thousand
    /// of them when it starts.
    #[must_use]
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// Starts may with these settings.
    ///
    /// If the program has spawned coroutines of may itself, may's scheduler runs already, with its
    /// former settings. May does not report that, so call this method first.
    ///
    /// # Errors
    ///
    /// * [`StartError::TooLate`]: this method was called before, or a task has been spawned on may.
    /// * [`StartError::Refused`]: there are too few descriptors or threads, or there is no room for
    ///   the stacks. The call can be repeated.
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

/// Converts the size of a stack to the unit of may, rounded up to whole pages. May does not reuse a
/// stack of any other size for the next coroutine. If the number is odd, may measures the use of
/// each stack and prints it.
fn words(bytes: usize) -> usize {
    let page = rustix::param::page_size();
    bytes.max(SMALLEST_STACK).div_ceil(page).saturating_mul(page / WORD)
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::TooLate => f.write_str(
                "may is running already: call Config::start before the first task is spawned on it",
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
