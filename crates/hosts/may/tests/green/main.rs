//! May green threads: how they end, on what loops they run, and what one must not do with them.
//!
//! A process of its own, since may installs a handler for SIGSEGV.

mod ends;
mod loops;
mod misuse;

mod by_hand;
mod thread;
