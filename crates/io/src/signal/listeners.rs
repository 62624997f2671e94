//! [`Listening`]: how many listen for a signal, so that it does what it does by default when none
//! is left. The handler stays: to take it away would take away what others have put there since.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use signal_hook::{flag, low_level::signal_name};

/// Somebody listens for these numbers while this exists.
pub(super) struct Listening(Vec<i32>);

/// How many listen for a signal.
struct Listeners {
    count: usize,
    /// Read by the handler.
    nobody: Arc<AtomicBool>,
}

static LISTENERS: Mutex<BTreeMap<i32, Listeners>> = Mutex::new(BTreeMap::new());

/// Sees to it that these do what they do by default while nobody listens. It comes before any other
/// handler, which would stay when its listener goes.
pub(super) fn keep_defaults(numbers: &[i32]) -> io::Result<()> {
    let mut all = listeners();
    for number in numbers {
        if !all.contains_key(number) {
            all.insert(*number, nobody_yet(*number)?);
        }
    }
    Ok(())
}

impl Listening {
    /// Somebody listens to these, of which the [defaults are kept](keep_defaults).
    pub(super) fn to(numbers: Vec<i32>) -> Self {
        let mut all = listeners();
        for (_, listeners) in all.iter_mut().filter(|(number, _)| numbers.contains(number)) {
            listeners.count += 1;
            listeners.nobody.store(false, Ordering::SeqCst);
        }
        Self(numbers)
    }
}

fn nobody_yet(number: i32) -> io::Result<Listeners> {
    let nobody = Arc::new(AtomicBool::new(true));
    if number != libc::SIGPIPE && signal_name(number).is_some() {
        flag::register_conditional_default(number, Arc::clone(&nobody))?;
    }
    Ok(Listeners { count: 0, nobody })
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut all = listeners();
        for (_, listeners) in all.iter_mut().filter(|(number, _)| self.0.contains(number)) {
            listeners.count -= 1;
            listeners.nobody.store(listeners.count == 0, Ordering::SeqCst);
        }
    }
}

fn listeners() -> MutexGuard<'static, BTreeMap<i32, Listeners>> {
    LISTENERS.lock().unwrap_or_else(PoisonError::into_inner)
}
