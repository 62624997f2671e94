//! [`ShortReads`]: whether a read of fewer bytes than there was room for says that nothing is left.
//!
//! Such a read has mostly emptied the kernel's buffer. To take that for granted saves a second
//! system call, which would fail. It is wrong where the kernel ends a read before the bytes end. So
//! [`short`](crate::Readiness::short) takes it for granted on these conditions alone:
//!
//! * The descriptor is a TCP socket without anything above TCP in the kernel, and only its source
//!   has used it: [`trust_short_reads`](crate::Readiness::trust_short_reads).
//! * The reactor tells of urgent bytes: [`watch_urgent`](crate::Readiness::watch_urgent).
//! * Neither urgent bytes nor an end have been told of, ever:
//!   [`distrust`](crate::Readiness::distrust).
//!
//! Why that is enough, at any time. A short read of such a socket ends at the end of what has come,
//! at an urgent byte, or at an end or error of the connection. Bytes that come after the read make
//! an edge after the read, as behind a read that would block. Bytes that were there, behind an
//! urgent byte, came with the urgent byte or later, and made an edge:
//!
//! * The reactor has not looked yet: the edge will be told, and it is newer than that of the read.
//! * It has looked, and that look saw the urgent byte, too. For the kernel shows it (`EPOLLPRI`)
//!   from when it comes until it is taken, by `recv` with `MSG_OOB` through the descriptor, which
//!   nobody else has, or until a read goes beyond it, and then no read ends there. The look was
//!   told of by `distrust` before the edge that the read began with.
//!
//! The same holds for an end, which the kernel shows for ever. A peer that forges packets can have
//! an urgent byte come before its mark. It has its own connection wait, as by sending nothing.

use std::sync::atomic::{AtomicU8, Ordering};

/// What a short read of a descriptor says: one of the constants below. By default nothing.
#[derive(Debug, Default)]
pub(crate) struct ShortReads(AtomicU8);

/// Nothing, and that stays so.
const DISTRUSTED: u8 = 0;
/// Nothing yet: no reactor tells of urgent bytes.
const UNWATCHED: u8 = 1;
/// That nothing is left.
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
        // Another thread may have come to distrust it for good.
        let _ = self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use crate::{Interest::Readable, Readiness};

    /// Whether the next read is tried after a short one.
    fn tries_again(readiness: &Readiness) -> bool {
        readiness.edge(Readable);
        readiness.short(readiness.maybe_ready(Readable).unwrap());
        readiness.maybe_ready(Readable).is_some()
    }

    #[test]
    fn a_short_read_is_the_last_where_urgent_bytes_are_told_of_and_none_came() {
        let readiness = Readiness::default();
        readiness.watch_urgent(true);
        assert!(tries_again(&readiness), "nobody knows what kind of a descriptor it is");
        readiness.trust_short_reads();
        assert!(tries_again(&readiness), "it is not registered");
        readiness.watch_urgent(true);
        assert!(!tries_again(&readiness));
        readiness.watch_urgent(false);
        assert!(tries_again(&readiness), "it has moved to a reactor that does not tell");
        readiness.watch_urgent(true);
        assert!(!tries_again(&readiness));
        readiness.distrust();
        readiness.watch_urgent(true);
        assert!(tries_again(&readiness), "for good");
    }
}
