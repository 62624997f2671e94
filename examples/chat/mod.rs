//! What the four styles of `chat` share.

use std::{rc::Rc, time::Duration};

use quadrivium::{sync::channel::Receiver, task::BoxTask};

use crate::{server, styles::Style};

mod callback;
mod future;
mod generator;
mod green;
pub mod hall;
mod lines;

use self::{
    hall::{Guest, Hall},
    lines::Lines,
};

/// What a guest who reads too slowly is told, if he reads at all.
const TOO_SLOW: &str = "\n* you read too slowly: goodbye\n";

/// How long he has for that.
const LAST_WORD: Duration = Duration::from_secs(1);

/// How long a guest may take to read the last that he is told.
const LINGER: Duration = Duration::from_secs(2);

/// The bytes of one read of what a guest sends after its last line.
const BUFFER: usize = 1024;

/// The server in this style: accepts until the stop.
pub fn serve(style: Style, server: server::Server) -> BoxTask<()> {
    let hall = Hall::default();
    match style {
        Style::Callback => Box::pin(callback::serve(server, hall)),
        Style::Generator => Box::pin(generator::serve(server, hall)),
        Style::Future => Box::pin(future::serve(server, hall)),
        Style::Green => Box::pin(green::serve(server, hall)),
    }
}

/// This line, and those that wait behind it: one write for all of them.
fn gather(line: Rc<str>, behind: &Receiver<Rc<str>>) -> String {
    let mut all = line.to_string();
    while let Ok(line) = behind.try_recv() {
        all.push_str(&line);
    }
    all
}

#[cfg(test)]
mod tests;
