//! `chat` in its four styles, and the code that they share.

use std::{rc::Rc, time::Duration};

use quadrivium::{sync::channel::Receiver, task::BoxTask};

use crate::{server, styles::StyleName};

mod callback;
mod future;
mod generator;
mod green;
mod lines;
pub mod rooms;

use self::{
    lines::Lines,
    rooms::{ChatGuest, Rooms},
};

/// The last line for a guest that reads too slowly.
const TOO_SLOW: &str = "\n* you read too slowly: goodbye\n";

/// How long the server tries to write that line.
const WRITE_TIME: Duration = Duration::from_secs(1);

/// How long a guest may take to read its last lines.
const LINGER: Duration = Duration::from_secs(2);

/// The size of a read of bytes that are discarded.
const BUFFER: usize = 1024;

/// Returns the accepting task of a server in this style.
pub fn serve(style: StyleName, server: server::Server) -> BoxTask<()> {
    let rooms = Rooms::default();
    match style {
        StyleName::Callback => Box::pin(callback::serve(server, rooms)),
        StyleName::Generator => Box::pin(generator::serve(server, rooms)),
        StyleName::Future => Box::pin(future::serve(server, rooms)),
        StyleName::Green => Box::pin(green::serve(server, rooms)),
    }
}

/// Joins this line and all lines that wait behind it, for one write.
fn join_lines(line: Rc<str>, behind: &Receiver<Rc<str>>) -> String {
    let mut all = line.to_string();
    while let Ok(line) = behind.try_recv() {
        all.push_str(&line);
    }
    all
}

#[cfg(test)]
mod tests;
