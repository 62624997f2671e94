//! The four styles, and which of them the command line asks for.

use std::{fmt, process};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Callback,
    Generator,
    Future,
    Green,
}

impl Style {
    pub const ALL: [Style; 4] =
        [Style::Callback, Style::Generator, Style::Future, Style::Green];

    /// The styles named on the command line, or all four.
    pub fn chosen() -> Vec<Style> {
        let named: Vec<_> =
            std::env::args().skip(1).map(|name| known(&name)).collect();
        if named.is_empty() { Style::ALL.to_vec() } else { named }
    }

    pub fn name(self) -> &'static str {
        match self {
            Style::Callback => "callback",
            Style::Generator => "generator",
            Style::Future => "future",
            Style::Green => "green",
        }
    }

    pub fn named(name: &str) -> Option<Style> {
        Style::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// The style of this name, or the end of the program.
fn known(name: &str) -> Style {
    Style::named(name).unwrap_or_else(|| {
        eprintln!(
            "there is no style {name:?}: \
             use callback, generator, future or green"
        );
        process::exit(2)
    })
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
