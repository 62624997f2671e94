//! The laws in the four styles of Quadrivium, and tests of behaviour that only one style has.
//!
//! A failure names the style and the law: `green::cancel::while_suspended`. The laws are in
//! `crates/testing/conformance/src/laws`. `tests/pairs.rs` runs them in each pair of styles in
//! which one performs the other.

use quadrivium_conformance::{every_law, styles::*};

mod callback {
    super::every_law!(&super::Callback);
}
mod generator {
    super::every_law!(&super::Generator);
}
mod future {
    super::every_law!(&super::Future);
}
mod green {
    super::every_law!(&super::Green);
}

// Behaviour that only one style has.
mod afterlife;
mod borrowing;
mod buffers;
mod ends;
mod errors;
mod known_differences;
mod misuse;
mod send;
mod sizes;
mod sockets;
mod streams;
mod tokio_io;
mod wakers;
