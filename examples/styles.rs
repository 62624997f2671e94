//! The names of the four styles, as the command line gives them.

use std::{fmt, process};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StyleName {
    Callback,
    Generator,
    Future,
    Green,
}

impl StyleName {
    pub const ALL: [StyleName; 4] = [
        StyleName::Callback,
        StyleName::Generator,
        StyleName::Future,
        StyleName::Green,
    ];

    /// Returns the styles that are named on the command line, or all four.
    pub fn chosen() -> Vec<StyleName> {
        let named: Vec<_> =
            std::env::args().skip(1).map(|name| parse_or_exit(&name)).collect();
        if named.is_empty() { StyleName::ALL.to_vec() } else { named }
    }

    pub fn name(self) -> &'static str {
        match self {
            StyleName::Callback => "callback",
            StyleName::Generator => "generator",
            StyleName::Future => "future",
            StyleName::Green => "green",
        }
    }

    pub fn named(name: &str) -> Option<StyleName> {
        StyleName::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// Returns the style with this name. Without one, ends the program.
fn parse_or_exit(name: &str) -> StyleName {
    StyleName::named(name).unwrap_or_else(|| {
        eprintln!(
            "there is no style {name:?}: \
             use callback, generator, future or green"
        );
        process::exit(2)
    })
}

impl fmt::Display for StyleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
