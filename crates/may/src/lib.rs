//! More cores: tasks on may's work-stealing scheduler, and may's own green threads as tasks.

// `unsafe` stands where may's own functions are called that ask for it.
#![deny(unsafe_code)]
