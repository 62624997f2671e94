//! `quadrivium serve`: the servers of `examples/`, for clients from elsewhere.

use std::{
    io::{self, ErrorKind, Write},
    net::SocketAddr,
};

use quadrivium::{
    net::TcpListener,
    prelude::*,
    signal::{Signal, Signals},
    task::BoxTask,
};

mod args;

// The programs side by side show these files and the command runs them: there is one of each,
// formatted there, at 80 columns.
#[rustfmt::skip]
#[path = "../../../examples/chat/chat.rs"]
mod chat;
#[allow(dead_code)] // It has clients, too.
#[rustfmt::skip]
#[path = "../../../examples/echo/echo.rs"]
mod echo;
#[rustfmt::skip]
#[path = "../../../examples/http/http.rs"]
mod http;
#[rustfmt::skip]
#[path = "../../../examples/proxy/proxy.rs"]
mod proxy;
#[allow(dead_code)] // Each program uses the part that it needs.
#[rustfmt::skip]
#[path = "../../../examples/server/mod.rs"]
mod server;
#[allow(dead_code)] // The command reads its own command line.
#[rustfmt::skip]
#[path = "../../../examples/styles.rs"]
mod styles;

use args::Program;
pub use args::Serve;
use http::Http;
use server::{Limits, Server};
use styles::Style;

/// Serves until it is told to stop.
///
/// # Errors
///
/// One line, with what could not be had and what to do about it.
pub fn serve(asked: &Serve) -> Result<(), String> {
    let options = &asked.options;
    let serve = program(&asked.program)?;
    let (listener, address) = listen(options.listen)?;
    let limits = Limits {
        max_connections: options.max_connections,
        idle_timeout: options.idle_timeout.0,
        grace: options.grace,
    };
    let server = Server::new(listener, limits);
    let no_loop = |error| format!("the operating system gives no event loop: {error}");
    let mut event_loop = EventLoop::new().map_err(no_loop)?;
    let no_signals = |error| format!("cannot listen for signals: {error}");
    let signals = Signals::new([Signal::Interrupt, Signal::Terminate]).map_err(no_signals)?;
    drop(event_loop.spawn_named("signals", stop_when_told(signals, server.clone())));
    say_where(address)?;
    let accepting = serve(options.style, server.clone());
    match event_loop.block_on(server.run(accepting)) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("the server has failed: {error}")),
    }
}

/// A program with all that it needs, in whichever style.
type Serving = Box<dyn FnOnce(Style, Server) -> BoxTask<()>>;

fn program(asked: &Program) -> Result<Serving, String> {
    Ok(match asked {
        Program::Chat => Box::new(chat::serve),
        Program::Echo => Box::new(echo::serve),
        Program::Http { root } => {
            let http = Http::new(root).map_err(|error| {
                let root = root.display();
                format!("cannot serve {root}: {error}: use a folder that may be entered")
            })?;
            Box::new(|style, server| http::serve(style, server, http))
        }
        Program::Proxy { to } => {
            let to = to.clone();
            Box::new(move |style, server| proxy::serve(style, server, &to))
        }
    })
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), String> {
    let bound = TcpListener::bind(address);
    let listener = bound.map_err(|error| {
        let remedy = match error.kind() {
            ErrorKind::AddrInUse => {
                "stop who uses it, or use another --listen; port 0 is a free one"
            }
            ErrorKind::AddrNotAvailable => "use an address of this machine, or 0.0.0.0 for all",
            ErrorKind::PermissionDenied => "use a port from 1024 on",
            _ => "use another --listen",
        };
        format!("cannot listen on {address}: {error}: {remedy}")
    })?;
    let local = listener.local_addr();
    let local = local.map_err(|error| format!("cannot tell where it listens: {error}"))?;
    Ok((listener, local))
}

/// The first line on standard output, for people and machines.
fn say_where(address: SocketAddr) -> Result<(), String> {
    let mut out = io::stdout().lock();
    match writeln!(out, "listening on {address}").and_then(|()| out.flush()) {
        // Who started it knows where it listens.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        said => said.map_err(|error| format!("cannot write to standard output: {error}")),
    }
}

/// The first signal lets connections end, the second one does not.
fn stop_when_told(signals: Signals, server: Server) -> impl Task<Output = ()> {
    future(async move {
        while signals.next().await.is_ok() {
            server.stop();
        }
    })
}
