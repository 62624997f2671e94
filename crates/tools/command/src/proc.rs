//! The use of CPU and memory by a thread or a process, read from `/proc`. The functions return None
//! on systems without `/proc`.

use std::{fs, time::Duration};

/// The use of the CPU by an OS thread since it started.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// How often the thread left the CPU because it had to wait.
    pub suspensions: u64,
    /// How often the thread left the CPU for any reason. Preemption counts, too.
    pub switches: u64,
    /// How long the thread had a CPU.
    pub cpu: Duration,
}

impl Usage {
    /// Returns the use by the calling thread.
    pub fn so_far() -> Option<Usage> {
        let schedstat = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        let status = fs::read_to_string("/proc/thread-self/status").ok()?;
        let suspensions = field(&status, "voluntary_ctxt_switches:")?;
        Some(Usage {
            suspensions,
            switches: suspensions + field(&status, "nonvoluntary_ctxt_switches:")?,
            cpu: Duration::from_nanos(schedstat.split(' ').next()?.parse().ok()?),
        })
    }

    /// Returns the use since `earlier`.
    pub fn since(self, earlier: Usage) -> Usage {
        Usage {
            suspensions: self.suspensions - earlier.suspensions,
            switches: self.switches - earlier.switches,
            cpu: self.cpu.saturating_sub(earlier.cpu),
        }
    }
}

/// Makes timers precise for the main thread, and for all threads and processes that it starts
/// later. By default the kernel wakes a sleeping thread up to 50 us late, to save power. If the
/// kernel refuses, sleeps are less precise.
pub fn request_precise_sleep() {
    let _ = fs::write("/proc/self/timerslack_ns", "1");
}

/// Returns the resident bytes of this process. `VmRSS` is faster to read, but is off by many pages.
pub fn resident() -> Option<u64> {
    rollup("Rss:")
}

/// Returns the resident bytes of this process. A page that n processes share counts one n-th.
pub fn proportional() -> Option<u64> {
    rollup("Pss:")
}

fn rollup(name: &str) -> Option<u64> {
    Some(1024 * field(&fs::read_to_string("/proc/self/smaps_rollup").ok()?, name)?)
}

fn field(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value.trim().trim_end_matches(" kB").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_complete_name() {
        let status = "nonvoluntary_ctxt_switches:\t7\nvoluntary_ctxt_switches:\t42\nPss:   12 kB\n";
        assert_eq!(field(status, "voluntary_ctxt_switches:"), Some(42));
        assert_eq!(field(status, "Pss:"), Some(12));
        assert_eq!(field(status, "Rss:"), None);
    }
}
