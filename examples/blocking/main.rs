//! `blocking`: a client that blocks the loop, untouched, patched and with
//! replacements.
//!
//! New ideas: `hooks::report` names each call that blocks the loop, with the
//! task, the line and the replacement. In `hooks::patched`, the same calls of
//! the untouched client suspend it. Nothing else changes.
//!
//! The client
//! 1. waits a moment,
//! 2. connects to a server,
//! 3. reads the answer, for which the server takes a while.
//!
//! Another task counts the turns that it gets meanwhile. It gets none while
//! the client blocks the loop.

use std::{
    cell::Cell,
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    rc::Rc,
    thread,
    time::Duration,
};

use quadrivium::{
    hooks::{self, CallReport},
    prelude::*,
    task::Either,
    time,
};

mod callback;
mod future;
mod generator;
mod green;
mod untouched;

/// The client waits for so long before it connects.
const MOMENT: Duration = Duration::from_millis(40);

/// The server needs this time for an answer.
const WORK: Duration = Duration::from_millis(60);

/// Shorter calls are not reported.
const LIMIT: Duration = Duration::from_millis(20);

const ANSWER: &[u8; 5] = b"hello";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    hooks::report_to(LIMIT, print);
    let address = start_server()?;
    run("untouched", untouched::ask(address))?;
    run("untouched, patched", hooks::patched(untouched::ask(address)))?;
    run("callback", callback::ask(address))?;
    run("generator", generator::ask(address))?;
    run("future", future::ask(address))?;
    run("green", green::ask(address))?;
    Ok(())
}

fn print(call: CallReport) {
    println!("{call}");
}

/// Runs a client beside a task that counts its turns.
fn run(
    name: &str,
    ask: impl Task<Output = io::Result<String>> + 'static,
) -> Result<(), Box<dyn std::error::Error>> {
    println!("-- {name}");
    let mut event_loop = EventLoop::new()?;
    let client = event_loop.spawn_named("client", ask);
    let turns = Rc::new(Cell::new(0));
    let counted = Rc::clone(&turns);
    let counts = future(async move {
        loop {
            time::sleep(Duration::from_millis(1)).await;
            counted.update(|n| n + 1);
        }
    });
    let answer = match event_loop.block_on(race(client, counts))? {
        Either::Left(answer) => answer??,
        Either::Right(never) => never,
    };
    let meanwhile = if turns.get() == 0 { "stood still" } else { "went on" };
    println!("the server answered {answer:?}, and the loop {meanwhile}");
    Ok(())
}

/// Starts a server on a thread of its own, and returns its address.
fn start_server() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::sleep(WORK);
            stream?.write_all(ANSWER)?;
        }
        io::Result::Ok(())
    });
    Ok(address)
}
