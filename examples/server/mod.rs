//! What the servers share, whatever their style: accepting within limits, and
//! stopping cleanly.
//!
//! ```text
//!                     next                      spawn
//!   listener ──► Server ──► Connection ──► a task of the style
//!                  │  ▲                        │
//!                  │  └── a place is returned ─┘
//!   stop ──────────┴── run: lets them end, then cancels
//! ```
//!
//! Nothing here knows a style: all of it is tasks, which each style performs.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    io::{self, Write},
    rc::Rc,
    time::{Duration, Instant},
};

use quadrivium::{net::TcpListener, prelude::*, sync::Notify};

mod accept;
pub mod both;
mod connection;
pub mod linger;
mod moving;
#[cfg(test)]
pub mod rig;
mod stop;
mod supervised;

pub use connection::Connection;

use self::{stop::Stop, supervised::Supervised};

/// What a server may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// So many connections at once; others wait in the kernel's queue.
    pub max_connections: usize,
    /// A connection on which no byte moves for so long, in either direction,
    /// is closed.
    pub idle_timeout: Option<Duration>,
    /// So long after the stop, connections may still go on.
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
    shared: Rc<Shared>,
}

struct Shared {
    /// There until the stop.
    listener: RefCell<Option<TcpListener>>,
    limits: Limits,
    stop: Stop,
    places: Rc<Places>,
    /// The tasks that serve connections, by the order they came in.
    tasks: RefCell<BTreeMap<u64, JoinHandle<()>>>,
    spawned: Cell<u64>,
    /// When it was last said that no connection can be accepted.
    complained: Cell<Option<Instant>>,
}

/// How many connections there are.
#[derive(Default)]
struct Places {
    taken: Cell<usize>,
    returned: Notify,
}

impl Server {
    pub fn new(listener: TcpListener, limits: Limits) -> Self {
        Self {
            shared: Rc::new(Shared {
                listener: RefCell::new(Some(listener)),
                limits,
                stop: Stop::default(),
                places: Rc::default(),
                tasks: RefCell::default(),
                spawned: Cell::new(0),
                complained: Cell::new(None),
            }),
        }
    }

    /// Serves a connection in a task of its own, which is named by its peer.
    /// Whatever becomes of it, the others go on.
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

    /// Stops: accepts no more, and lets connections end for as long as the
    /// limits say. The second stop ends them at once.
    pub fn stop(&self) {
        self.shared.stop.stop();
        let listener = self.shared.listener.take();
        drop(listener);
    }

    /// Performs the task that accepts, until the stop and the end of all
    /// connections; worth how many of them had to be cancelled.
    pub fn run<T>(&self, accepting: T) -> impl Task<Output = usize> + use<T>
    where
        T: Task<Output = ()> + 'static,
    {
        let (ended, ending) = (join(accepting, self.end()), self.clone());
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

    /// Waits for the stop, and then for the connections, while they may go on.
    fn end(&self) -> impl Task<Output = usize> + use<> {
        let server = self.clone();
        future(async move {
            let Shared { stop, limits, .. } = &*server.shared;
            stop.stopping().await;
            let time_is_up = race(sleep(limits.grace), stop.at_once());
            race(server.all_gone(), time_is_up).await;
            server.cancel_all()
        })
    }

    fn all_gone(&self) -> impl Task<Output = ()> + use<> {
        let places = Rc::clone(&self.shared.places);
        future(async move {
            while places.taken.get() > 0 {
                places.returned.notified().await;
            }
        })
    }

    fn cancel_all(&self) -> usize {
        let tasks = self.shared.tasks.take();
        tasks.values().for_each(JoinHandle::cancel);
        tasks.len()
    }

    /// Says something to whoever runs the server.
    pub fn report(&self, line: &str) {
        // If standard error is closed, nobody wants to know.
        let _ = writeln!(io::stderr(), "{line}");
    }
}
