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
    collections::BTreeMap,
    io::{self, Write},
    rc::Rc,
    time::{Duration, Instant},
};

use quadrivium::{net::TcpListener, prelude::*, sync::Notify};

mod accept;
mod connection;
pub mod linger;
mod stop;
mod supervised;
#[cfg(test)]
pub mod test_server;
mod transfer;

pub use connection::Connection;

use self::{stop::Stop, supervised::Supervised};

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

struct ServerState {
    /// `None` after the stop.
    listener: RefCell<Option<TcpListener>>,
    limits: Limits,
    stop: Stop,
    slots: Rc<Slots>,
    /// The tasks that serve connections, by the order of their spawns.
    tasks: RefCell<BTreeMap<u64, JoinHandle<()>>>,
    spawned: Cell<u64>,
    /// When an error of accepting was last reported.
    reported: Cell<Option<Instant>>,
}

/// The number of connections, and a wake for the end of each.
#[derive(Default)]
struct Slots {
    used: Cell<usize>,
    freed: Notify,
}

impl Server {
    pub fn new(listener: TcpListener, limits: Limits) -> Self {
        Self {
            shared: Rc::new(ServerState {
                listener: RefCell::new(Some(listener)),
                limits,
                stop: Stop::default(),
                slots: Rc::default(),
                tasks: RefCell::default(),
                spawned: Cell::new(0),
                reported: Cell::new(None),
            }),
        }
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
        let peer = connection.peer();
        let number = self.shared.spawned.get();
        self.shared.spawned.set(number + 1);
        let task = Supervised::new(self, number, peer, serve(connection));
        let handle = spawn_named(&peer.to_string(), task);
        self.shared.tasks.borrow_mut().insert(number, handle);
    }

    /// Stops the server. It accepts no more connections, but open connections
    /// may go on for [`Limits::grace`]. A second stop ends them at once.
    pub fn stop(&self) {
        self.shared.stop.stop();
        let listener = self.shared.listener.take();
        drop(listener);
    }

    /// Performs the accepting task, until the server is stopped and all
    /// connections have ended. Returns how many of them had to be cancelled.
    pub fn run<T>(&self, accepting: T) -> impl Task<Output = usize> + use<T>
    where
        T: Task<Output = ()> + 'static,
    {
        let (ended, ending) =
            (join(accepting, self.wait_and_cancel()), self.clone());
        future(async move {
            let ((), cancelled) = ended.await;
            if cancelled > 0 {
                ending.report(&format!(
                    "stopped: {cancelled} connections had not ended and were \
                     cancelled"
                ));
            }
            cancelled
        })
    }

    /// Waits for the stop. Then waits for the connections for as long as they
    /// may go on, and cancels the rest. Returns how many were cancelled.
    fn wait_and_cancel(&self) -> impl Task<Output = usize> + use<> {
        let server = self.clone();
        future(async move {
            let ServerState { stop, limits, .. } = &*server.shared;
            stop.first_stop().await;
            let a_command_over_its_limit_is_asked_to_end =
                race(sleep(limits.grace), stop.second_stop());
            race(
                server.wait_for_connections(),
                a_command_over_its_limit_is_asked_to_end,
            )
            .await;
            server.cancel_all()
        })
    }

    fn wait_for_connections(&self) -> impl Task<Output = ()> + use<> {
        let slots = Rc::clone(&self.shared.slots);
        future(async move {
            while slots.used.get() > 0 {
                slots.freed.notified().await;
            }
        })
    }

    fn cancel_all(&self) -> usize {
        let tasks = self.shared.tasks.take();
        tasks.values().for_each(JoinHandle::cancel);
        tasks.len()
    }

    /// Prints a line for the person who runs the server.
    pub fn report(&self, line: &str) {
        // If standard error is closed, no report is wanted.
        let _ = writeln!(io::stderr(), "{line}");
    }
}
