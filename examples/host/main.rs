//! `host`: a whole host, and what a host has to do.
//!
//! New idea: a host drives tasks. Each task returns what it waits for, and the
//! host reads it. So a host is the same for all styles and all operations. The
//! host in `host.rs`
//! 1. takes a task,
//! 2. resumes a ready task,
//! 3. keeps it until its wait is over,
//! 4. ends it,
//! 5. sleeps until a wake.
//!
//! The tests check that more than 300 laws hold on this host. (A law is a
//! behaviour that every style must show.)
//!
//! The host does not detect deadlocks: tasks that only wait for each other wait
//! for ever. The event loop can detect a deadlock, because it knows whether
//! another thread could wake a task.
//!
//! The program that runs on this host
//! 1. spawns a task that sends a word after a delay,
//! 2. spawns a task that echoes the bytes of a socket,
//! 3. waits for the word,
//! 4. sends it through the socket, and reads it back,
//! 5. cancels the echo.

use std::{io, time::Duration};

use quadrivium::{net::UnixStream, prelude::*};
use quadrivium_examples::styles::StyleName;

use crate::host::SmallLoop;

mod callback;
mod future;
mod generator;
mod green;
mod handles;
mod host;
mod tasks;
#[cfg(test)]
mod tests;
mod wakers;

const WORD: &[u8] = b"hello";
const DELAY: Duration = Duration::from_millis(5);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for style in StyleName::chosen() {
        let mut small_loop = SmallLoop::new()?;
        let received = run(style, &mut small_loop)??;
        // Runs until the tasks that it has spawned have ended, too.
        small_loop.run();
        println!("{style}: {}", String::from_utf8(received)?);
    }
    Ok(())
}

fn run(
    style: StyleName,
    small_loop: &mut SmallLoop,
) -> Result<io::Result<Vec<u8>>, JoinError> {
    match style {
        StyleName::Callback => small_loop.block_on(callback::program()),
        StyleName::Generator => small_loop.block_on(generator::program()),
        StyleName::Future => small_loop.block_on(future::program()),
        StyleName::Green => small_loop.block_on(green::program()),
    }
}

/// Returns the two ends of a connection.
fn pair() -> (UnixStream, UnixStream) {
    UnixStream::pair().expect("the OS lets us make sockets")
}
