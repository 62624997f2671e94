//! `http` in its four styles, and the code that they share.

use std::{
    io::{self, ErrorKind},
    ops::Range,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use quadrivium::{task::BoxTask, time::Elapsed};

use crate::{
    server::{
        self, Connection,
        linger::{Linger, TimedRead},
    },
    styles::StyleName,
};

mod callback;
mod future;
mod generator;
mod green;
pub mod protocol;
mod ready_or_offloaded;
pub mod site;

use self::{
    protocol::{Incoming, Refusal, Request, Status},
    ready_or_offloaded::ReadyOrOffloaded,
    site::{Answer, Disk, Site},
};

/// The size of the buffer that each connection reads into, in bytes.
const BUFFER: usize = 4 * 1024;
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The folder and the time limits that all connections of a server share.
#[derive(Clone, Debug)]
pub struct Http {
    site: Arc<Site>,
    /// How long a request may take, from its first byte to its last.
    pub request_time: Duration,
    /// How long a client may take to read the last answer.
    pub linger_time: Duration,
}

/// Returns the accepting task of a server in this style.
pub fn serve(
    style: StyleName,
    server: server::Server,
    http: Http,
) -> BoxTask<()> {
    match style {
        StyleName::Callback => Box::pin(callback::serve(server, http)),
        StyleName::Generator => Box::pin(generator::serve(server, http)),
        StyleName::Future => Box::pin(future::serve(server, http)),
        StyleName::Green => Box::pin(green::serve(server, http)),
    }
}

impl Http {
    /// Makes a server of the files below this folder.
    ///
    /// # Errors
    ///
    /// If there is no such folder, or the kernel is too old.
    pub fn new(root: &Path) -> io::Result<Self> {
        Ok(Self {
            site: Arc::new(Site::open(root)?),
            request_time: Duration::from_secs(20),
            linger_time: Duration::from_secs(2),
        })
    }

    /// Finds the answer to a request. After the stop, the connection is closed
    /// after it.
    fn answer(
        &self,
        mut request: Request,
        connection: &Connection,
    ) -> ReadyOrOffloaded<Answer> {
        request.reply.keep_alive &= !connection.is_stopping();
        let now = SystemTime::now();
        if let Some(answer) = self.site.answer(&request, now, Disk::Cached) {
            return ReadyOrOffloaded::ready(answer);
        }
        let site = Arc::clone(&self.site);
        ReadyOrOffloaded::offload(move |started| {
            if started.is_err() {
                return Answer::refusal(request.reply, &no_thread(), now);
            }
            let answer = site.answer(&request, now, Disk::Any);
            answer.expect("a file that is not cached is on the disk")
        })
    }
}

fn no_thread() -> Refusal {
    Refusal::new(
        Status::ServiceUnavailable,
        "the server is short of threads: try again later",
    )
}

/// Checks that the whole rest of a file was sent. Its length was sent before,
/// so the connection has to be closed if the file has shrunk.
fn all_sent(part: &Range<u64>, sent: u64) -> io::Result<()> {
    match sent == part.end - part.start {
        true => Ok(()),
        false => Err(site::shrunk()),
    }
}

/// Records the next bytes of a request. If it ends early or takes too long, the
/// request is refused. Other errors are returned, since no answer can be sent.
fn record_read(
    incoming: &mut Incoming,
    read: TimedRead,
    buffer: &[u8],
) -> io::Result<()> {
    match read {
        Ok(Ok(0)) => {
            incoming.give_up(Refusal::bad("the request ends in the middle"));
        }
        Ok(Ok(n)) => incoming.received(&buffer[..n]),
        Ok(Err(error)) if error.kind() != ErrorKind::TimedOut => {
            return Err(error);
        }
        Ok(Err(_)) | Err(Elapsed { .. }) => {
            incoming.give_up(protocol::too_late())
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
