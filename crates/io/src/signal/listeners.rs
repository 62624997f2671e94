//! [`Listening`]: how many listen for a signal, so that it does what it did before when none is
//! left. The handler stays: to take it away would take away what others have put there since.

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

/// Somebody listens for these numbers while this exists.
pub(super) struct Listening(Vec<i32>);

/// How many listen for a signal.
struct ListenerCount {
    count: usize,
    /// Read by the handler.
    nobody: Arc<AtomicBool>,
}

static LISTENERS: Mutex<BTreeMap<i32, ListenerCount>> = Mutex::new(BTreeMap::new());

/// Makes these signals do what they do now, also after the last listener is dropped. It comes
/// before any other handler, which would stay when its listener goes.
pub(super) fn keep_dispositions(numbers: &[i32]) -> io::Result<()> {
    let mut all = listeners();
    for number in numbers {
        if !all.contains_key(number) {
            all.insert(*number, nobody_yet(*number)?);
        }
    }
    Ok(())
}

impl Listening {
    /// Listens to these, whose [dispositions are kept](keep_dispositions).
    pub(super) fn to(numbers: Vec<i32>) -> Self {
        let mut all = listeners();
        for (_, listeners) in all.iter_mut().filter(|(number, _)| numbers.contains(number)) {
            listeners.count += 1;
            listeners.nobody.store(false, Ordering::SeqCst);
        }
        Self(numbers)
    }
}

fn nobody_yet(number: i32) -> io::Result<ListenerCount> {
    let nobody = Arc::new(AtomicBool::new(true));
    let is_default = Disposition::of(number) == Disposition::Default;
    // Our handler does nothing by itself, so a signal that was ignored stays ignored. A handler of
    // another library is called as well: nothing else may happen then.
    if is_default && signal_name(number).is_some() {
        flag::register_conditional_default(number, Arc::clone(&nobody))?;
    }
    Ok(ListenerCount { count: 0, nobody })
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

fn listeners() -> MutexGuard<'static, BTreeMap<i32, ListenerCount>> {
    LISTENERS.lock().unwrap_or_else(PoisonError::into_inner)
}
