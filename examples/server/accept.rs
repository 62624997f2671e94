//! [`Server::next`]: accepting, once there is room.

use std::{io, rc::Rc, time::Duration};

use quadrivium::{
    future::perform,
    net::{TcpListener, TcpStream},
    prelude::*,
    task::Either,
    time::now,
};

use super::{Connection, Server};

/// How soon accepting is tried again when it failed. No event would tell: the
/// connection that was not accepted is still the same one.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// How often the same trouble is reported.
const REPORT_EVERY: Duration = Duration::from_secs(60);

impl Server {
    /// Accepts the next connection once there is room for it; none after the
    /// stop.
    pub fn next(&self) -> impl Task<Output = Option<Connection>> + use<> {
        let server = self.clone();
        future(async move {
            let stopping = server.shared.stop.stopping();
            match race(stopping, server.accept()).await {
                Either::Left(()) => None,
                Either::Right(connection) => Some(connection),
            }
        })
    }

    fn accept(&self) -> impl Task<Output = Connection> + use<> {
        let server = self.clone();
        future(async move {
            let places = Rc::clone(&server.shared.places);
            while places.taken.get() >= server.shared.limits.max_connections {
                places.returned.notified().await;
            }
            let listener = server.shared.listener.borrow().clone();
            let listener = listener.expect("before the stop there is one");
            let stream = perform(server.accept_on(listener)).await;
            Connection::new(&server, stream)
        })
    }

    /// Tries until it succeeds. Out of descriptors or memory, it waits for
    /// others to end.
    fn accept_on(
        &self,
        listener: TcpListener,
    ) -> impl Task<Output = (TcpStream, std::net::SocketAddr)> + use<> {
        let server = self.clone();
        future(async move {
            loop {
                match listener.accept().await {
                    Ok(accepted) => return accepted,
                    Err(error) => server.complain(&error),
                }
                sleep(AGAIN_AFTER).await;
            }
        })
    }

    fn complain(&self, error: &io::Error) {
        let (now, last) = (now(), &self.shared.complained);
        if last.get().is_none_or(|last| now - last >= REPORT_EVERY) {
            last.set(Some(now));
            self.report(&format!(
                "cannot accept: {error}; the connections there are go on, \
                 new ones wait (if it is descriptors: raise `ulimit -n`, or \
                 lower the number of connections)"
            ));
        }
    }
}
