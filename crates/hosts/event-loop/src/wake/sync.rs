//! The primitives of `mailbox`, in one place, so that its model can put others in theirs.

pub(crate) use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};
