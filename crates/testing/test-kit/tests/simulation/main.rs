//! Simulations, faults and checks, each behaviour in every style.

// Helpers to write a test once for all styles: read this first.
mod styles;

// The orders of a program, and how to run one of them again.
mod orders;
mod brute_force;
mod replays;
mod failures;
mod chapter;
mod endings;
mod environment;
mod schedules;

// Faults.
mod wakes;
mod cancels;
mod connections;
#[cfg(target_os = "linux")] // The kernel whose TCP is imitated.
mod connection_kernel;
mod connection_waits;
mod connection_faults;

// Time, and programs that do not end.
mod timers;
mod bounds;

// Checks around tasks.
mod checks;
