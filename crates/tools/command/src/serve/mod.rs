//! `quadrivium serve`: the servers of `examples/`, for clients from elsewhere.

use std::{
    io::{self, ErrorKind, Write},
    iter,
    net::SocketAddr,
    num::NonZero,
    sync::mpsc,
};

use quadrivium::{
    future::perform,
    net::TcpListener,
    prelude::*,
    signal::{Signal, Signals, is_ignored},
    task::BoxTask,
};
use quadrivium_examples::{
    chat, echo,
    http::{self, Http},
    proxy,
    server::{Limits, Server},
    styles::Style,
};

mod args;
mod hosts;

pub use args::Serve;

use self::args::{Host, Options, Program};

/// Serves until it is told to stop.
///
/// # Errors
///
/// One line, with what could not be had and what to do about it.
pub fn serve(asked: &Serve) -> Result<(), String> {
    let Options { listen, threads, host, .. } = asked.options;
    if matches!(asked.program, Program::Chat) && threads.get() > 1 {
        return Err("the rooms of a chat are on one loop: use --threads 1".into());
    }
    let listeners = Listeners::bind(listen, threads)?;
    match host {
        Host::Loop if threads.get() == 1 => on_this_thread(asked, listeners),
        Host::Loop => hosts::on_a_cluster(threads, |place| on_all(asked, listeners, place)),
        Host::Tokio => hosts::on_tokio(|place| on_all(asked, listeners, place)),
        Host::May => hosts::on_may(threads, |place| on_all(asked, listeners, place)),
    }
}

fn on_this_thread(asked: &Serve, mut listeners: Listeners) -> Result<(), String> {
    let listener = listeners.listeners.pop().expect("there is one for each thread");
    let mut event_loop = EventLoop::new().map_err(no_loop)?;
    let serving = serving(asked, listener)?;
    say_where(listeners.address)?;
    event_loop.block_on(serving).map_err(failed)
}

/// Makes the task of a server, on the thread where it stays.
type Make = Box<dyn FnOnce() -> BoxTask<()> + Send>;

/// Places a server on each thread, and says where it listens once all can serve.
fn on_all(
    asked: &Serve,
    listeners: Listeners,
    place: &mut dyn FnMut(usize, Make) -> Result<(), String>,
) -> Result<(), String> {
    let (said, all_say) = mpsc::channel();
    for (index, listener) in listeners.listeners.into_iter().enumerate() {
        let (asked, said) = (asked.clone(), said.clone());
        place(
            index,
            Box::new(move || {
                let (serving, problem) = match serving(&asked, listener) {
                    Ok(serving) => (Some(serving), None),
                    Err(problem) => (None, Some(problem)),
                };
                // If nobody hears it, another one could not serve either.
                let _ = said.send(problem);
                serving.unwrap_or_else(|| Box::pin(future(async {})))
            }),
        )?;
    }
    drop(said);
    // Who cannot serve says why, and the others are dropped.
    all_say.iter().find_map(|problem| problem).map_or(Ok(()), Err)?;
    say_where(listeners.address)
}

/// A server, from here to its stop: on the thread whose loop it is for.
fn serving(asked: &Serve, listener: TcpListener) -> Result<BoxTask<()>, String> {
    let Serve { program: asked_for, options } = asked;
    let serve = program(asked_for)?;
    let limits = Limits {
        max_connections: options.max_connections.div_ceil(options.threads.get()),
        idle_timeout: options.idle_timeout.0,
        grace: options.grace,
    };
    let server = Server::new(listener, limits);
    let no_signals = |error| format!("cannot listen for signals: {error}");
    // One that is ignored from the start stays ignored, as the starter of this process wants it.
    let stops = [Signal::Interrupt, Signal::Terminate].into_iter();
    let signals = Signals::new(stops.filter(|it| !is_ignored(*it))).map_err(no_signals)?;
    let accepting = serve(options.style, server.clone());
    Ok(Box::pin(future(async move {
        let stopping = spawn_named("signals", stop_when_told(signals, server.clone()));
        perform(server.run(accepting)).await;
        stopping.cancel();
    })))
}

fn no_loop(error: io::Error) -> String {
    format!("the operating system gives no event loop: {error}")
}

fn failed(error: RunError) -> String {
    format!("the server has failed: {error}")
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
                let remedy = match error.kind() {
                    // It has one.
                    ErrorKind::Unsupported => "",
                    _ => ": use a folder that may be entered",
                };
                format!("cannot serve {root}: {error}{remedy}")
            })?;
            Box::new(|style, server| http::serve(style, server, http))
        }
        Program::Proxy { to } => {
            let to = to.clone();
            Box::new(move |style, server| proxy::serve(style, server, &to))
        }
    })
}

/// Where it listens: one for each thread, between which the kernel deals connections out.
struct Listeners {
    listeners: Vec<TcpListener>,
    address: SocketAddr,
}

impl Listeners {
    fn bind(address: SocketAddr, threads: NonZero<usize>) -> Result<Self, String> {
        let bind = match threads.get() {
            1 => TcpListener::bind,
            _ => TcpListener::bind_reuse_port,
        };
        let listen = |address| bind(address).map_err(|error| cannot_listen(address, &error));
        let first = listen(address)?;
        let local = first.local_addr();
        let address = local.map_err(|error| format!("cannot tell where it listens: {error}"))?;
        // The others at the same port, which the system may have chosen.
        let others = (1..threads.get()).map(|_| listen(address));
        let listeners = iter::once(Ok(first)).chain(others).collect::<Result<_, _>>()?;
        Ok(Self { listeners, address })
    }
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> String {
    let remedy = match error.kind() {
        ErrorKind::AddrInUse => "stop who uses it, or use another --listen; port 0 is a free one",
        ErrorKind::AddrNotAvailable => "use an address of this machine, or 0.0.0.0 for all",
        ErrorKind::PermissionDenied => "use a port from 1024 on",
        _ => "use another --listen",
    };
    format!("cannot listen on {address}: {error}: {remedy}")
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
