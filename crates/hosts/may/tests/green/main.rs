//! May green threads: how they end, on which loops they run, and what is misuse.
//!
//! The tests have a process of their own, because may installs a handler for SIGSEGV.

mod ends;
mod loops;
mod misuse;

mod by_hand;
mod thread;
