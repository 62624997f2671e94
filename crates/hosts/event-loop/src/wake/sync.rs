//! The synchronisation primitives of `mailbox`. They are in a file of their own so that the model
//! in `tests/mailbox_model.rs` can replace them.

pub(crate) use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};
