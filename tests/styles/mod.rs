//! How one test runs in every style: a [`Body`] says what to do, a [`Style`] makes a task of it.
//!
//! ```text
//!   body().say(&said, "one").perform(turn()).say(&said, "two")
//!                         │
//!        style.task(body) │
//!          ┌──────────┬───┴───────┬────────────────────────┐
//!     callback.rs  generator.rs  future.rs  green.rs   (outer, inner)
//!     recursion    a loop        a loop     a loop     one performs the other
//! ```

mod body;
mod callback;
mod child;
mod event_loop;
mod future;
mod generator;
mod green;
mod leaf;
mod said;

use std::fmt;

use quadrivium::task::BoxTask;

pub use body::{Body, Next, body};
pub use child::alone;
pub use event_loop::{is_done, message, new_loop, quietly, resume, traced, turns, watched};
pub use leaf::{Probe, leaf, map};
pub use said::{Said, WhenDroppedPrints};

/// One of the four styles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pure {
    Callback,
    Generator,
    Future,
    Green,
}

impl Pure {
    pub const ALL: [Pure; 4] = [Pure::Callback, Pure::Generator, Pure::Future, Pure::Green];

    /// A task of this style with this body.
    pub fn task<T: 'static>(self, body: Body<T>) -> BoxTask<T> {
        match self {
            Pure::Callback => Box::pin(callback::task(body)),
            Pure::Generator => Box::pin(generator::task(body)),
            Pure::Future => Box::pin(future::task(body)),
            Pure::Green => Box::pin(green::task(body)),
        }
    }
}

/// What a test runs in: a style, or a style that performs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    pub outer: Option<Pure>,
    pub inner: Pure,
}

impl Style {
    /// A task with this body; of a pair, the inner style has the body and the outer performs it.
    pub fn task<T: 'static>(self, body: Body<T>) -> BoxTask<T> {
        let inner = self.inner.task(body);
        match self.outer {
            None => inner,
            Some(outer) => outer.task(Body::performing(inner)),
        }
    }

    /// What the macro below calls it.
    pub fn name(self) -> String {
        self.to_string().to_lowercase().replace(' ', "_")
    }

    /// Whether a green thread has a part in it: see `known_differences`.
    pub fn is_green(self) -> bool {
        self.inner == Pure::Green || self.outer == Some(Pure::Green)
    }
}

impl From<Pure> for Style {
    fn from(inner: Pure) -> Self {
        Self { outer: None, inner }
    }
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outer {
            None => write!(f, "{:?}", self.inner),
            Some(outer) => write!(f, "{outer:?} performs {:?}", self.inner),
        }
    }
}

/// Makes a test of each function `fn(Style)` for each style and each pair of styles.
macro_rules! in_every_style {
    ($($test:ident),* $(,)?) => {$(
        mod $test {
            in_style! { $test
                callback = None, Callback;
                generator = None, Generator;
                future = None, Future;
                green = None, Green;
                callback_performs_callback = Some(Callback), Callback;
                callback_performs_generator = Some(Callback), Generator;
                callback_performs_future = Some(Callback), Future;
                callback_performs_green = Some(Callback), Green;
                generator_performs_callback = Some(Generator), Callback;
                generator_performs_generator = Some(Generator), Generator;
                generator_performs_future = Some(Generator), Future;
                generator_performs_green = Some(Generator), Green;
                future_performs_callback = Some(Future), Callback;
                future_performs_generator = Some(Future), Generator;
                future_performs_future = Some(Future), Future;
                future_performs_green = Some(Future), Green;
                green_performs_callback = Some(Green), Callback;
                green_performs_generator = Some(Green), Generator;
                green_performs_future = Some(Green), Future;
                green_performs_green = Some(Green), Green;
            }
        }
    )*};
}

macro_rules! in_style {
    ($test:ident $($name:ident = $outer:expr, $inner:expr;)*) => {
        use $crate::styles::{Pure::*, Style};
        $(
            #[test]
            fn $name() {
                super::$test(Style { outer: $outer, inner: $inner });
            }
        )*
    };
}
