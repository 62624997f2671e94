//! [`lock`]: a mutex under which no user code runs.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex under which no user code runs. So the state behind a poisoned mutex is consistent.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
