//! `host`: a whole host, and what a host has to do.
//!
//! New idea: tasks say what they wait for, and a host is what reads it. So a
//! host knows no style and no leaf. The one in `host.rs`
//! 1. takes a task,
//! 2. resumes a ready task,
//! 3. keeps it until its wait is over,
//! 4. ends it,
//! 5. sleeps until a wake.
//!
//! It keeps more than 300 of the laws, which the tests check. It finds no
//! deadlock: tasks that wait for each other alone wait for ever. The event
//! loop knows whether another thread has a waker of a task, and can tell.
//!
//! The program that runs on it
//! 1. spawns a task that sends a word after a while,
//! 2. spawns a task that echoes what comes through a socket,
//! 3. waits for the word,
//! 4. sends it through the socket, and reads what comes back,
//! 5. cancels the echo.

use std::{io, time::Duration};

use quadrivium::{net::UnixStream, prelude::*};
use quadrivium_examples::styles::Style;

use host::SmallLoop;

mod callback;
mod future;
mod generator;
mod green;
mod handles;
mod host;
#[cfg(test)]
mod tests;
mod wakers;

const WORD: &[u8] = b"hello";
const WHILE: Duration = Duration::from_millis(5);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for style in Style::chosen() {
        let mut small_loop = SmallLoop::new()?;
        let heard = run(style, &mut small_loop)??;
        // The tasks that it has spawned end, too.
        small_loop.run();
        println!("{style}: {}", String::from_utf8(heard)?);
    }
    Ok(())
}

fn run(
    style: Style,
    small_loop: &mut SmallLoop,
) -> Result<io::Result<Vec<u8>>, JoinError> {
    match style {
        Style::Callback => small_loop.block_on(callback::program()),
        Style::Generator => small_loop.block_on(generator::program()),
        Style::Future => small_loop.block_on(future::program()),
        Style::Green => small_loop.block_on(green::program()),
    }
}

/// The two ends of a connection.
fn pair() -> (UnixStream, UnixStream) {
    UnixStream::pair().expect("the OS lets us make sockets")
}
