//! `quadrivium serve`: runs the servers of `examples/` for clients on the network.

use std::{
    io::{self, ErrorKind, Write},
    iter,
    net::SocketAddr,
    num::NonZero,
    sync::mpsc,
};

use quadrivium::{
    event_loop::{trace::TraceFile, watchdog_for_all_loops},
    future::perform,
    inspect::serve_snapshots,
    net::TcpListener,
    prelude::*,
    signal::Signals,
    task::BoxTask,
};
use quadrivium_examples::{
    chat, echo,
    http::{self, Http},
    proxy,
    server::{Limits, Server},
    styles::StyleName,
};

mod args;
mod hosts;
mod shown_tasks;

pub use args::Serve;

use self::{
    args::{HostChoice, Options, ServerProgram},
    shown_tasks::show_on_signal,
};

/// Serves until a signal stops the server.
///
/// # Errors
///
/// One line, with the cause and a remedy.
pub fn serve(options: &Serve) -> Result<(), String> {
    let Options { listen, threads, host, watchdog, ref trace, .. } = options.options;
    if let Some(limit) = watchdog {
        watchdog_for_all_loops(limit);
    }
    if matches!(options.program, ServerProgram::Chat) && threads.get() > 1 {
        return Err("the rooms of a chat are on one loop: use --threads 1".into());
    }
    let listeners = Listeners::bind(listen, threads)?;
    show_on_signal().map_err(|error| format!("cannot listen for signals: {error}"))?;
    if options.options.inspect {
        serve_snapshots().map_err(|error| format!("cannot offer snapshots: {error}"))?;
    }
    let file = trace.as_ref().map(TraceFile::create).transpose();
    let _traced = file.map_err(|error| error.to_string())?.map(TraceFile::of_every_loop);
    match host {
        HostChoice::Loop if threads.get() == 1 => on_this_thread(options, listeners),
        HostChoice::Loop => {
            hosts::on_a_cluster(threads, |place| on_each_thread(options, listeners, place))
        }
        HostChoice::Tokio => hosts::on_tokio(|place| on_each_thread(options, listeners, place)),
        HostChoice::May => {
            hosts::on_may(threads, |place| on_each_thread(options, listeners, place))
        }
    }
}

fn on_this_thread(options: &Serve, mut listeners: Listeners) -> Result<(), String> {
    let listener = listeners.listeners.pop().expect("there is one for each thread");
    let mut event_loop = EventLoop::new().map_err(no_loop)?;
    let server = server_task(options, listener)?;
    print_address(listeners.address)?;
    event_loop.block_on(server).map_err(failed)
}

/// Makes the task of a server. It is called on the thread where the task stays.
type MakeServer = Box<dyn FnOnce() -> BoxTask<()> + Send>;

/// Places a server on each thread. Prints the address when all servers are ready.
fn on_each_thread(
    options: &Serve,
    listeners: Listeners,
    place: &mut dyn FnMut(usize, MakeServer) -> Result<(), String>,
) -> Result<(), String> {
    let (problem_sender, problems) = mpsc::channel();
    for (index, listener) in listeners.listeners.into_iter().enumerate() {
        let (options, sender) = (options.clone(), problem_sender.clone());
        place(
            index,
            Box::new(move || {
                let (server, problem) = match server_task(&options, listener) {
                    Ok(server) => (Some(server), None),
                    Err(problem) => (None, Some(problem)),
                };
                // If the channel is closed, another server has reported its problem first.
                let _ = sender.send(problem);
                server.unwrap_or_else(|| Box::pin(future(async {})))
            }),
        )?;
    }
    drop(problem_sender);
    // The first problem is returned, and the servers are dropped.
    problems.iter().find_map(|problem| problem).map_or(Ok(()), Err)?;
    print_address(listeners.address)
}

/// Returns the task of a server, which ends when a signal stops the server. It must be called on
/// the thread of its loop.
fn server_task(serve: &Serve, listener: TcpListener) -> Result<BoxTask<()>, String> {
    let Serve { program, options } = serve;
    let serve = serve_function(program)?;
    let limits = Limits {
        max_connections: options.max_connections.div_ceil(options.threads.get()),
        idle_timeout: options.idle_timeout.0,
        grace: options.grace,
    };
    let server = Server::new(listener, limits);
    let no_signals = |error| format!("cannot listen for signals: {error}");
    let signals = Signals::to_stop().map_err(no_signals)?;
    let accepting = serve(options.style, server.clone());
    Ok(Box::pin(future(async move {
        signals.cancel(server.scope());
        perform(server.run(accepting)).await;
    })))
}

fn no_loop(error: io::Error) -> String {
    format!("the operating system refuses an event loop: {error}")
}

fn failed(error: RunError) -> String {
    format!("the server has failed: {error}")
}

/// Serves one program in the given style. Folders and addresses are captured.
type ServeFunction = Box<dyn FnOnce(StyleName, Server) -> BoxTask<()>>;

fn serve_function(program: &ServerProgram) -> Result<ServeFunction, String> {
    Ok(match program {
        ServerProgram::Chat => Box::new(chat::serve),
        ServerProgram::Echo => Box::new(echo::serve),
        ServerProgram::Http { root } => {
            let http = Http::new(root).map_err(|error| {
                let root = root.display();
                let remedy = match error.kind() {
                    // The error itself names a remedy.
                    ErrorKind::Unsupported => "",
                    _ => ": use a folder that you may enter",
                };
                format!("cannot serve {root}: {error}{remedy}")
            })?;
            Box::new(|style, server| http::serve(style, server, http))
        }
        ServerProgram::Proxy { to } => {
            let to = to.clone();
            Box::new(move |style, server| proxy::serve(style, server, &to))
        }
    })
}

/// The listeners, one for each thread. They have the same address, and the kernel distributes
/// connections over them.
struct Listeners {
    listeners: Vec<TcpListener>,
    address: SocketAddr,
}

impl Listeners {
    fn bind(address: SocketAddr, threads: NonZero<usize>) -> Result<Self, String> {
        let bind: fn(SocketAddr) -> io::Result<TcpListener> = match threads.get() {
            1 => TcpListener::bind,
            _ => TcpListener::bind_reuse_port,
        };
        let listen = |address| bind(address).map_err(|error| cannot_listen(address, &error));
        let first = listen(address)?;
        let local = first.local_addr();
        let address =
            local.map_err(|error| format!("cannot read the address of the listener: {error}"))?;
        // The system may have chosen the port. The other listeners use the same one.
        let others = (1..threads.get()).map(|_| listen(address));
        let listeners = iter::once(Ok(first)).chain(others).collect::<Result<_, _>>()?;
        Ok(Self { listeners, address })
    }
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> String {
    let remedy = match error.kind() {
        ErrorKind::AddrInUse => {
            "stop the program that uses it, or use another --listen; port 0 is a free one"
        }
        ErrorKind::AddrNotAvailable => "use an address of this machine, or 0.0.0.0 for all",
        ErrorKind::PermissionDenied => "use port 1024 or a higher one",
        _ => "use another --listen",
    };
    format!("cannot listen on {address}: {error}: {remedy}")
}

/// Prints the first line on standard output, for people and machines.
fn print_address(address: SocketAddr) -> Result<(), String> {
    let mut out = io::stdout().lock();
    match writeln!(out, "listening on {address}").and_then(|()| out.flush()) {
        // The parent process has closed standard output, so it does not need the address.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => printed.map_err(|error| format!("cannot write to standard output: {error}")),
    }
}
