//! [`ShortReads`]: whether a read of fewer bytes than the buffer has room for means that nothing is
//! left.
//!
//! Usually such a *short read* has emptied the kernel's buffer. To rely on that saves a second
//! system call, which would fail. But it is wrong where the kernel ends a read although more bytes
//! are there. So [`short`](crate::Readiness::short) relies on it only if all of these conditions
//! hold:
//!
//! * The descriptor is a TCP socket, no protocol above TCP is in the kernel, and only its source
//!   has used it: [`trust_short_reads`](crate::Readiness::trust_short_reads).
//! * The reactor reports urgent bytes: [`watch_urgent`](crate::Readiness::watch_urgent).
//! * Neither urgent bytes nor an end have ever been reported:
//!   [`distrust`](crate::Readiness::distrust).
//!
//! These conditions are enough at any time, for the following reason. A short read of such a socket
//! ends at one of these places:
//!
//! * at the end of the bytes that have arrived,
//! * at an urgent byte,
//! * at an end or error of the connection.
//!
//! Bytes that arrive after the read cause an edge after the read, as they do after a read that
//! would block. Bytes that were there already, behind an urgent byte, arrived with the urgent byte
//! or later. They caused an edge, too:
//!
//! * If the reactor has not fetched that edge yet, it will report the edge. The edge is then newer
//!   than the edge of the read.
//! * If the reactor has fetched that edge, it saw the urgent byte at the same time. So it called
//!   `distrust` before it reported the edge with which the read began. For the kernel shows an
//!   urgent byte (`EPOLLPRI`) from its arrival until one of two things happens. Either `recv` with
//!   `MSG_OOB` consumes it, through this descriptor, which no other code has. Or a read goes beyond
//!   it, and then no read ends there.
//!
//! The same holds for an end, which the kernel shows for ever. A peer that forges packets can make
//! an urgent byte arrive before its mark. It then only delays its own connection, as it could by
//! sending nothing.

use std::sync::atomic::{AtomicU8, Ordering};

/// The meaning of a short read of a descriptor: one of the constants below. The default is
/// `DISTRUSTED`.
#[derive(Debug, Default)]
pub(crate) struct ShortReads(AtomicU8);

/// A short read means nothing. `watch` does not change this.
const DISTRUSTED: u8 = 0;
/// A short read means nothing yet, because no reactor reports urgent bytes.
const UNWATCHED: u8 = 1;
/// A short read means that nothing is left.
const TRUSTED: u8 = 2;

impl ShortReads {
    #[inline]
    pub(crate) fn are_trusted(&self) -> bool {
        self.0.load(Ordering::Acquire) == TRUSTED
    }

    pub(crate) fn may_be_trusted(&self) -> bool {
        self.0.load(Ordering::Acquire) != DISTRUSTED
    }

    pub(crate) fn trust(&self) {
        self.0.store(UNWATCHED, Ordering::Release);
    }

    pub(crate) fn distrust(&self) {
        self.0.store(DISTRUSTED, Ordering::Release);
    }

    pub(crate) fn watch(&self, watched: bool) {
        let (from, to) = if watched { (UNWATCHED, TRUSTED) } else { (TRUSTED, UNWATCHED) };
        // This fails if another thread has called `distrust`, which is permanent.
        let _ = self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use crate::{Interest::Readable, Readiness};

    /// Returns whether the next read is tried after a short one.
    fn tries_again(readiness: &Readiness) -> bool {
        readiness.edge(Readable);
        readiness.short(readiness.maybe_ready(Readable).unwrap());
        readiness.maybe_ready(Readable).is_some()
    }

    #[test]
    fn no_read_follows_a_short_one_if_urgent_bytes_are_reported_and_none_came() {
        let readiness = Readiness::default();
        readiness.watch_urgent(true);
        assert!(tries_again(&readiness), "the kind of descriptor is unknown");
        readiness.trust_short_reads();
        assert!(tries_again(&readiness), "the descriptor is not registered");
        readiness.watch_urgent(true);
        assert!(!tries_again(&readiness));
        readiness.watch_urgent(false);
        assert!(tries_again(&readiness), "its new reactor does not report urgent bytes");
        readiness.watch_urgent(true);
        assert!(!tries_again(&readiness));
        readiness.distrust();
        readiness.watch_urgent(true);
        assert!(tries_again(&readiness), "distrust is permanent");
    }
}
