//! [`Eyeballs`]: connects to the first of several addresses that answers, by the method of RFC 8305
//! ("Happy Eyeballs").
//!
//! ```text
//!   0 ms     ::1        ───────────────────── no answer: closed when another is connected
//!   250 ms   127.0.0.1           ──────────── connected: the output
//! ```

use std::{
    collections::VecDeque,
    fmt::Write,
    io, mem,
    net::SocketAddr,
    pin::Pin,
    time::{Duration, Instant},
};

use quadrivium_core::{Context, Step, Task, Wait};

use super::stream::TcpStream;
use crate::socket::connect::Connect;

/// The time between the start of one attempt and the start of the next. RFC 8305, section 8.
const DELAY: Duration = Duration::from_millis(250);

/// A task that connects to the first of several addresses that answers.
#[derive(Debug)]
pub(super) struct Eyeballs {
    /// The addresses that have not been tried yet, best first.
    untried: VecDeque<SocketAddr>,
    attempts: Vec<(SocketAddr, Connect<TcpStream>)>,
    failed: Vec<(SocketAddr, io::Error)>,
    /// When the next address is tried, if no attempt fails before.
    next_start: Option<Instant>,
}

impl Eyeballs {
    /// Creates the task. `addresses` has the best address first.
    pub(super) fn new(addresses: Vec<SocketAddr>) -> Self {
        let (attempts, failed) = (Vec::new(), Vec::new());
        Self { untried: interleaved(addresses), attempts, failed, next_start: None }
    }

    /// Resumes all attempts. Returns the first stream that is connected, or else the sum of what
    /// the attempts wait for.
    fn resume_attempts(&mut self, cx: &mut Context<'_>) -> Result<TcpStream, Option<Wait>> {
        let mut waits = None;
        for (address, mut attempt) in mem::take(&mut self.attempts) {
            match Pin::new(&mut attempt).resume(cx) {
                Step::Done(Ok(stream)) => return Ok(stream),
                Step::Done(Err(error)) => {
                    self.failed.push((address, error));
                    // The next attempt starts at once.
                    self.next_start = None;
                }
                Step::Suspended(wait) => {
                    waits = Some(waits.map_or(wait.clone(), |waits: Wait| waits.or(wait)));
                    self.attempts.push((address, attempt));
                }
            }
        }
        Err(waits)
    }

    /// Starts an attempt with the next address, if it is time for one.
    fn start_next(&mut self, cx: &Context<'_>) -> bool {
        let now = cx.now();
        if self.next_start.is_some_and(|next| now < next) {
            return false;
        }
        let Some(address) = self.untried.pop_front() else { return false };
        self.attempts.push((address, Connect::new(Ok(address.into()))));
        self.next_start = now.checked_add(DELAY);
        true
    }

    /// Returns the error for the case that all attempts have failed. It names the cause of each.
    fn all_failed(&self) -> io::Error {
        let Some((_, last)) = self.failed.last() else {
            return io::Error::new(
                io::ErrorKind::InvalidInput,
                "the list of addresses is empty: pass at least one address",
            );
        };
        let mut message = String::from("could not connect to any address");
        for (i, (address, error)) in self.failed.iter().enumerate() {
            let separator = if i == 0 { ": " } else { "; " };
            write!(message, "{separator}{address}: {error}")
                .expect("writing to a string does not fail");
        }
        io::Error::new(last.kind(), message)
    }
}

impl Task for Eyeballs {
    type Output = io::Result<TcpStream>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        loop {
            let waits = match self.resume_attempts(cx) {
                // The other attempts are dropped with this task, and close their sockets.
                Ok(stream) => return Step::Done(Ok(stream)),
                Err(waits) => waits,
            };
            if self.start_next(cx) {
                continue;
            }
            let next = self.next_start.filter(|_| !self.untried.is_empty()).map(Wait::Until);
            return match [waits, next].into_iter().flatten().reduce(Wait::or) {
                Some(wait) => Step::Suspended(wait),
                None => Step::Done(Err(self.all_failed())),
            };
        }
    }
}

/// Alternates between IPv6 and IPv4 addresses, beginning with the family of the first address.
/// Within a family the order stays the same.
fn interleaved(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let first_is_ipv6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (VecDeque<_>, VecDeque<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_ipv6);
    let mut families = [first, second];
    let mut all = VecDeque::new();
    while !families.iter().all(VecDeque::is_empty) {
        all.extend(families.iter_mut().filter_map(VecDeque::pop_front));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let addresses = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let sorted = addresses(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "1.1.1.2:1"]);
        let by_turns = addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "1.1.1.2:1", "[::3]:1"]);
        assert_eq!(interleaved(sorted), by_turns);
        let sorted = addresses(&["1.1.1.1:1", "[::1]:1", "[::2]:1"]);
        assert_eq!(interleaved(sorted.clone()), sorted);
        assert_eq!(interleaved(Vec::new()), []);
    }
}
