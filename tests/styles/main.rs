//! The laws for the four styles of Quadrivium, and what one style has to itself.
//!
//! A failure names the style and the law: `green::cancel::while_suspended`. The laws stand in
//! `crates/testing/conformance/src/laws`; `tests/pairs.rs` runs them where one style performs
//! another.

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

// What one style has to itself.
mod afterlife;
mod buffers;
mod ends;
mod errors;
mod known_differences;
mod misuse;
mod send;
mod sizes;
mod sockets;
mod streams;
mod wakers;
