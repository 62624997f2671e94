//! [`Server::next`]: accepts a connection once the limits allow it.

use std::{io, time::Duration};

use quadrivium::{
    future::perform,
    net::{TcpListener, TcpStream},
    prelude::*,
    task::Either,
    time::now,
};

use super::{Connection, Server};

/// How long to wait after accepting has failed. The wait needs a timer: the
/// listener reports only new connections, and the one that could not be
/// accepted has been reported already.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// How long to wait before an error of accepting is reported again.
const REPORT_EVERY: Duration = Duration::from_secs(60);

impl Server {
    /// Accepts the next connection once there are fewer open connections than
    /// [`Limits::max_connections`](super::Limits). Returns `None` after the
    /// server was told to stop.
    pub fn next(&self) -> impl Task<Output = Option<Connection>> + use<> {
        let server = self.clone();
        future(async move {
            let stopping = server.shared.scope.cancelled();
            match race(stopping, server.accept()).await {
                Either::Left(_) => None,
                Either::Right(connection) => Some(connection),
            }
        })
    }

    fn accept(&self) -> impl Task<Output = Connection> + use<> {
        let server = self.clone();
        future(async move {
            server.shared.scope.room().await;
            let listener = server.shared.listener.borrow().clone();
            let listener =
                listener.expect("the listener exists until the server stops");
            let stream = perform(server.accept_on(listener)).await;
            Connection::new(&server, stream)
        })
    }

    /// Tries again until it succeeds. If descriptors or memory have run out,
    /// another connection has to end first.
    fn accept_on(
        &self,
        listener: TcpListener,
    ) -> impl Task<Output = (TcpStream, std::net::SocketAddr)> + use<> {
        let server = self.clone();
        future(async move {
            loop {
                match listener.accept().await {
                    Ok(accepted) => return accepted,
                    Err(error) => server.report_accept_error(&error),
                }
                sleep(RETRY_AFTER).await;
            }
        })
    }

    fn report_accept_error(&self, error: &io::Error) {
        let (now, last) = (now(), &self.shared.reported);
        if last.get().is_none_or(|last| now - last >= REPORT_EVERY) {
            last.set(Some(now));
            self.report(&format!(
                "cannot accept: {error}; open connections go on, new ones \
                 wait (if descriptors have run out: raise `ulimit -n`, or \
                 lower the number of connections)"
            ));
        }
    }
}
