//! [`Supervised`]: the task of one connection, whose failures are reported.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
};

use quadrivium::{
    prelude::*,
    task::{Context, Step},
};

use super::Server;

/// Performs the task of a connection. It reports an error or a panic, and then
/// removes itself from the list of the server.
pub struct Supervised<T> {
    task: Pin<Box<T>>,
    peer: SocketAddr,
    server: Server,
    number: u64,
}

impl<T: Task<Output = io::Result<()>>> Supervised<T> {
    pub fn new(
        server: &Server,
        number: u64,
        peer: SocketAddr,
        task: T,
    ) -> Self {
        Self { task: Box::pin(task), peer, server: server.clone(), number }
    }
}

impl<T: Task<Output = io::Result<()>>> Task for Supervised<T> {
    type Output = ();

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<()> {
        let resume = AssertUnwindSafe(|| self.task.as_mut().resume(cx));
        // The loop would catch a panic as well, but not report it.
        match catch_unwind(resume) {
            Ok(Step::Suspended(wait)) => return Step::Suspended(wait),
            Ok(Step::Done(Ok(()))) => {}
            Ok(Step::Done(Err(error))) if is_caused_by_client(&error) => {}
            Ok(Step::Done(Err(error))) => self.report(&error.to_string()),
            Err(payload) => {
                self.report(&JoinError::panicked(payload).to_string());
            }
        }
        Step::Done(())
    }
}

impl<T> Supervised<T> {
    fn report(&self, what: &str) {
        self.server.report(&format!("connection {}: {what}", self.peer));
    }
}

/// Returns whether a client can cause this error at any time. Such errors are
/// not reported, since a client could cause any number of them.
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

impl<T> Drop for Supervised<T> {
    fn drop(&mut self) {
        let handle = self.server.shared.tasks.borrow_mut().remove(&self.number);
        drop(handle);
    }
}
