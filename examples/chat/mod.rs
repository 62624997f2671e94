//! `chat` in its four styles, and the code that they share.

use std::{rc::Rc, time::Duration};

use quadrivium::{sync::channel::Receiver, task::BoxTask};

use crate::{server, styles::StyleName};

mod callback;
mod future;
mod generator;
mod green;
pub mod hall;
mod lines;

use self::{
    hall::{Hall, HallGuest},
    lines::Lines,
};

/// The last line for a guest that reads too slowly.
const TOO_SLOW: &str = "\n* you read too slowly: goodbye\n";

/// How long the server tries to write that line.
const LAST_WORD: Duration = Duration::from_secs(1);

/// How long a guest may take to read its last lines.
const LINGER: Duration = Duration::from_secs(2);

/// The size of a read of bytes that are discarded.
const BUFFER: usize = 1024;

/// Returns the accepting task of a server in this style.
pub fn serve(style: StyleName, server: server::Server) -> BoxTask<()> {
    let hall = Hall::default();
    match style {
        StyleName::Callback => Box::pin(callback::serve(server, hall)),
        StyleName::Generator => Box::pin(generator::serve(server, hall)),
        StyleName::Future => Box::pin(future::serve(server, hall)),
        StyleName::Green => Box::pin(green::serve(server, hall)),
    }
}

/// Joins this line and all lines that wait behind it, for one write.
fn gather(line: Rc<str>, behind: &Receiver<Rc<str>>) -> String {
    let mut all = line.to_string();
    while let Ok(line) = behind.try_recv() {
        all.push_str(&line);
    }
    all
}

#[cfg(test)]
mod tests;
