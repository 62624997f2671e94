//! [`Listening`]: counts the listeners for each signal, so that a signal has its former effect
//! again when the last listener is dropped.
//!
//! The handler itself stays installed. To remove it would also remove handlers that other code has
//! installed since.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use signal_hook::{flag, low_level::signal_name};

use super::disposition::Disposition;

/// While this exists, a listener for these signal numbers is counted.
pub(super) struct Listening(Vec<i32>);

/// The number of listeners for a signal.
struct ListenerCount {
    count: usize,
    /// Whether there is no listener. The signal handler reads this.
    has_no_listener: Arc<AtomicBool>,
}

static LISTENERS: Mutex<BTreeMap<i32, ListenerCount>> = Mutex::new(BTreeMap::new());

/// Makes sure that these signals have their present effect again after the last listener is
/// dropped.
///
/// This must come before the handler of a listener is installed. A handler stays installed when its
/// listener is dropped, so it would then look like the former effect.
pub(super) fn preserve_dispositions(numbers: &[i32]) -> io::Result<()> {
    let mut all = listeners();
    for number in numbers {
        if !all.contains_key(number) {
            all.insert(*number, without_listener(*number)?);
        }
    }
    Ok(())
}

impl Listening {
    /// Counts one more listener for these signals. Their present effects must have been
    /// [recorded](preserve_dispositions).
    pub(super) fn to(numbers: Vec<i32>) -> Self {
        let mut all = listeners();
        for (_, listeners) in all.iter_mut().filter(|(number, _)| numbers.contains(number)) {
            listeners.count += 1;
            listeners.has_no_listener.store(false, Ordering::SeqCst);
        }
        Self(numbers)
    }
}

fn without_listener(number: i32) -> io::Result<ListenerCount> {
    let has_no_listener = Arc::new(AtomicBool::new(true));
    let is_default = Disposition::of(number) == Disposition::Default;
    // Our handler does nothing by itself, so a signal that was ignored stays ignored. A handler of
    // another library is called besides ours, and the default effect must not happen then.
    if is_default && signal_name(number).is_some() {
        flag::register_conditional_default(number, Arc::clone(&has_no_listener))?;
    }
    Ok(ListenerCount { count: 0, has_no_listener })
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut all = listeners();
        for (_, listeners) in all.iter_mut().filter(|(number, _)| self.0.contains(number)) {
            listeners.count -= 1;
            listeners.has_no_listener.store(listeners.count == 0, Ordering::SeqCst);
        }
    }
}

fn listeners() -> MutexGuard<'static, BTreeMap<i32, ListenerCount>> {
    LISTENERS.lock().unwrap_or_else(PoisonError::into_inner)
}
