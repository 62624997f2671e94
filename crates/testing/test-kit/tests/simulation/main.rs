//! Simulations, faults and checks, each behaviour in every style.

// How a test is written once: read it first.
mod styles;

// Which orders there are, and how one is run again.
mod orders;
mod brute_force;
mod replays;
mod failures;
mod endings;
mod environment;
mod schedules;

// What goes wrong on demand.
mod wakes;
mod cancels;
mod connections;
#[cfg(target_os = "linux")] // Whose TCP it is.
mod connection_kernel;
mod connection_waits;
mod connection_faults;

// Time, and no end of it.
mod timers;
mod bounds;

// Checks around code.
mod checks;
