//! The laws for callbacks and generators that are `Send`: alone, and in pairs with other styles.
//! Further tests resume such tasks on another thread.

mod leaves;
mod misuse;
mod moves;
mod styles;

use quadrivium_conformance::{
    every_law, every_pair,
    styles::{Future, Green},
};

use self::styles::{Callback, Generator};

mod callback {
    super::every_law!(&super::Callback);
}
mod generator {
    super::every_law!(&super::Generator);
}

every_pair! {
    callback_performs_green = Callback, Green;
    callback_performs_future = Callback, Future;
    callback_performs_generator = Callback, Generator;
    generator_performs_green = Generator, Green;
    generator_performs_future = Generator, Future;
    generator_performs_generator = Generator, Generator;
    green_performs_callback = Green, Callback;
    green_performs_generator = Green, Generator;
    future_performs_callback = Future, Callback;
    future_performs_generator = Future, Generator;
}
