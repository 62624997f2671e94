//! The base of all servers: it accepts connections within limits, and stops
//! cleanly.
//!
//! ```text
//!                     next                      spawn
//!   listener ──► Server ──► Connection ──► a task of the style
//!                  │  ▲                        │
//!                  │  └───── a slot is freed ──┘
//!   stop ──────────┴── run: waits for the tasks, then cancels them
//! ```
//!
//! Nothing here is written for one style. All operations are tasks, which every
//! style performs.

use std::{
    cell::{Cell, RefCell},
    io::{self, ErrorKind, Write},
    rc::Rc,
    time::{Duration, Instant},
};

use quadrivium::{
    net::TcpListener,
    prelude::*,
    scope::{ChildError, ChildFailure, Scope, ScopeHandle},
};

mod accept;
mod connection;
pub mod linger;
#[cfg(test)]
pub mod test_server;
mod transfer;

pub use connection::Connection;

/// The limits of a server.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The largest number of connections at once. More clients wait in a queue
    /// of the kernel.
    pub max_connections: usize,
    /// A connection is closed when no byte moves on it for this long, in either
    /// direction.
    pub idle_timeout: Option<Duration>,
    /// How long connections may go on after the stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 16_384,
            idle_timeout: None,
            grace: Duration::from_secs(10),
        }
    }
}

/// A listener with limits. Clones are the same server.
#[derive(Clone)]
pub struct Server {
    shared: Rc<ServerState>,
}

/// The scope of the connections.
pub type ServerScope = ScopeHandle<(), io::Error>;

struct ServerState {
    /// `None` after the stop.
    listener: RefCell<Option<TcpListener>>,
    limits: Limits,
    scope: ServerScope,
    /// `None` once the server runs.
    owner: RefCell<Option<Scope<(), io::Error>>>,
    /// When an error of accepting was last reported.
    reported: Cell<Option<Instant>>,
}

impl Server {
    pub fn new(listener: TcpListener, limits: Limits) -> Self {
        let scope = Scope::new().at_most(limits.max_connections);
        let shared = Rc::new(ServerState {
            listener: RefCell::new(Some(listener)),
            limits,
            scope: scope.handle(),
            owner: RefCell::new(Some(scope)),
            reported: Cell::new(None),
        });
        Self { shared }
    }

    /// Returns the scope of the connections. A cancel of it stops the server:
    /// it accepts no more connections, but open ones may go on for
    /// [`Limits::grace`]. A cancel at once ends them, too.
    pub fn scope(&self) -> &ServerScope {
        &self.shared.scope
    }

    /// Serves a connection in a task of its own. The task is named after the
    /// address of the client. However it ends, the other connections go on.
    pub fn spawn<T>(
        &self,
        connection: Connection,
        serve: impl FnOnce(Connection) -> T,
    ) where
        T: Task<Output = io::Result<()>> + 'static,
    {
        let name = connection.peer().to_string();
        let server = self.clone();
        let child = self.shared.scope.child().named(&name);
        let child = child.on_failure(move |error| server.report_failure(error));
        child.shielded(self.shared.limits.grace).spawn(serve(connection));
    }

    /// Performs the accepting task, until the server is stopped and all
    /// connections have ended. Returns how many of them had to be cancelled.
    pub fn run<T>(&self, accepting: T) -> impl Task<Output = usize> + use<T>
    where
        T: Task<Output = ()> + 'static,
    {
        let server = self.clone();
        let connections = future(async move {
            let scope = server.shared.owner.take();
            let scope = scope.expect("a server runs once");
            scope.cancelled().await;
            drop(server.shared.listener.take());
            scope.join().await.err()
        });
        let (server, ended) = (self.clone(), join(accepting, connections));
        future(async move {
            let ((), cancelled) = ended.await;
            let Some(error) = cancelled else { return 0 };
            let n = error.cancelled.len();
            if n > 0 {
                server.report(&format!(
                    "stopped: {n} connections had not ended and were \
                     cancelled\n{error}"
                ));
            }
            n
        })
    }

    /// Stops the server. A second stop ends the connections at once.
    pub fn stop(&self) {
        match self.shared.scope.is_closed() {
            false => self.shared.scope.cancel("the server was stopped"),
            true => self.shared.scope.cancel_at_once("stopped at once"),
        }
    }

    /// Reports a connection that has failed, unless its client is the cause.
    /// Such errors are not reported, since a client could cause any number of
    /// them.
    fn report_failure(&self, error: ChildError<io::Error>) {
        if let ChildFailure::Error(error) = &error.failure
            && is_caused_by_client(error)
        {
            return;
        }
        let name = error.child.name.unwrap_or_default();
        self.report(&format!("connection {name}: {}", error.failure));
    }

    /// Prints a line for the person who runs the server.
    pub fn report(&self, line: &str) {
        // If standard error is closed, no report is wanted.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// Returns whether a client can cause this error at any time.
fn is_caused_by_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::NotConnected
            | ErrorKind::UnexpectedEof
            | ErrorKind::TimedOut
    )
}
