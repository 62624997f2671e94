//! The laws for the sixteen pairs in which one style performs another.
//!
//! A failure names the pair and the law: `callback_performs_green::cancel::while_suspended`.

use quadrivium_conformance::{every_pair, styles::*};

every_pair! {
    callback_performs_callback = Callback, Callback;
    callback_performs_generator = Callback, Generator;
    callback_performs_future = Callback, Future;
    callback_performs_green = Callback, Green;
    generator_performs_callback = Generator, Callback;
    generator_performs_generator = Generator, Generator;
    generator_performs_future = Generator, Future;
    generator_performs_green = Generator, Green;
    future_performs_callback = Future, Callback;
    future_performs_generator = Future, Generator;
    future_performs_future = Future, Future;
    future_performs_green = Future, Green;
    green_performs_callback = Green, Callback;
    green_performs_generator = Green, Generator;
    green_performs_future = Green, Future;
    green_performs_green = Green, Green;
}
