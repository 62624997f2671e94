//! [`Disposition`]: the effect of a signal on this process.

use std::fs;

use super::number::Signal;

/// The effect of a signal on this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disposition {
    /// The default of the system.
    Default,
    Ignored,
    /// The signal calls a function: ours, or one of another library.
    Handled,
}

/// Returns whether this process ignores a signal at the moment.
///
/// A process can be started with signals ignored: `nohup` ignores SIGHUP. A shell script ignores
/// SIGINT and SIGQUIT for its background processes, or any signal after `trap '' INT`. By
/// convention such a signal stays ignored. So a program that listens for signals in order to end
/// leaves them out:
///
/// ```
/// use quadrivium::signal::{Signal, Signals, is_ignored};
///
/// let ends = [Signal::Interrupt, Signal::Terminate].into_iter();
/// let signals = Signals::new(ends.filter(|signal| !is_ignored(*signal)))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`Signals::new`](super::Signals::new) listens for every signal it is given, so call this first.
/// The answer comes from `/proc`. Where `/proc` is missing, only SIGPIPE counts as ignored.
pub fn is_ignored(signal: Signal) -> bool {
    Disposition::of(signal.number()) == Disposition::Ignored
}

impl Disposition {
    pub(super) fn of(number: i32) -> Self {
        fs::read_to_string("/proc/self/status")
            .ok()
            .and_then(|status| Self::in_status(&status, number))
            .unwrap_or(match number {
                // Rust programs ignore SIGPIPE.
                libc::SIGPIPE => Disposition::Ignored,
                _ => Disposition::Default,
            })
    }

    /// Parses `/proc/self/status`. It has masks in hexadecimal digits, and the last bit is SIGHUP
    /// (1).
    fn in_status(status: &str, number: i32) -> Option<Self> {
        let shift = u32::try_from(number).ok()?.checked_sub(1)?;
        let has = |mask: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(mask))?;
            Some(u128::from_str_radix(line.trim(), 16).ok()?.checked_shr(shift)? & 1 == 1)
        };
        Some(match (has("SigIgn:")?, has("SigCgt:")?) {
            (true, _) => Disposition::Ignored,
            (false, true) => Disposition::Handled,
            (false, false) => Disposition::Default,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_has_a_bit_for_each_signal() {
        let status = "SigBlk:\t0000000000000000\nSigIgn:\t0000000000001003\n\
                      SigCgt:\t8000000000000440\n";
        let of = |number| Disposition::in_status(status, number);
        assert_eq!([1, 2, 13].map(of), [Some(Disposition::Ignored); 3]);
        assert_eq!([7, 11, 64].map(of), [Some(Disposition::Handled); 3]);
        assert_eq!([3, 15, 63].map(of), [Some(Disposition::Default); 3]);
        assert_eq!([-1, 0].map(of), [None; 2]);
        assert_eq!(Disposition::in_status("Name:\tx", 1), None);
    }

    #[test]
    fn a_rust_program_ignores_sigpipe() {
        assert!(is_ignored(Signal::Pipe) && !is_ignored(Signal::WindowChange));
    }
}
