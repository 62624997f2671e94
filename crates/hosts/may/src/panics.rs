//! Panics of user code: what they must not end, and what they leave locked.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Runs what must not end the worker if it panics: somebody else's waker, a destructor of which
/// nobody can be told. The payload may panic when it is dropped: it is leaked.
pub(crate) fn contain<T>(something: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(something)).map_err(mem::forget).ok()
}

/// Locks what no user code runs under: so a poisoned one holds nothing half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
