//! May green threads, made safely.

use quadrivium::may::{GreenTask, green};

/// Makes a may green thread with a body of these tests.
pub fn thread<F, T>(body: F) -> GreenTask<F, T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    // SAFETY: the bodies of these tests read no thread-local and own nothing that is `!Send` where
    // they suspend.
    unsafe { green(body) }
}
