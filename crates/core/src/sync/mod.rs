//! Channels, locks and notifications between the tasks of one loop: the counterpart of `std::sync`
//! for tasks.

pub mod notify;
pub mod oneshot;
pub mod channel;
pub mod mutex;
pub mod semaphore;
pub mod rw_lock;
pub mod once_cell;
pub mod barrier;
pub mod watch;
pub mod broadcast;
pub(crate) mod wait_queue;
pub(crate) mod deferred;
pub(crate) mod waiter;

pub use barrier::{Barrier, BarrierWaitResult};
pub use mutex::{Mutex, MutexGuard};
pub use notify::Notify;
pub use once_cell::OnceCell;
pub use rw_lock::{ReadGuard, RwLock, WriteGuard};
pub use semaphore::{Permit, Semaphore};
