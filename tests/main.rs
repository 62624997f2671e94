//! One suite for four ways to suspend: every test is written once and runs in each style, and in
//! each of the sixteen pairs in which one style performs another.
//!
//! A failure names the test and the style: `cancel::while_suspended::callback_performs_green`.
//! Everything is on the virtual clock; threads meet at barriers and joins, never by time.

// How a test is written once: read `styles/mod.rs` first.
#[macro_use]
mod styles;

// What a task does.
mod cancel;
mod cancel_from_afar;
mod join;
mod lifecycle;
mod panics;

// What it is made of.
mod hosts;
mod nesting;

// When it does it.
mod moving_deadlines;
mod order;
mod starvation;
mod stop;
mod timers;

// What makes it go on.
mod channel_operations;
mod channels;
mod foreign_threads;
mod foreign_wakers;
mod notify;
mod stale_wakes;
mod sub_wakers;
mod wakes;

// What must not go wrong.
mod afterlife;
mod deadlock;
mod operations;
mod reentrancy;
mod thread_locals;

// What one style has to itself.
mod ends;
mod known_differences;
mod misuse;

// The workspace itself.
mod words;
mod workspace;
