//! What the kernel knows of a thread or process, from `/proc`. None where there is no such thing.

use std::{fs, time::Duration};

/// What the calling OS thread has used since it started.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// How often it gave the CPU away because it had to wait.
    pub suspensions: u64,
    /// How often it got the CPU back, also after it was preempted.
    pub switches: u64,
    /// How long it had a CPU.
    pub cpu: Duration,
}

impl Usage {
    /// Of the calling thread.
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

    /// What has been used since `earlier`.
    pub fn since(self, earlier: Usage) -> Usage {
        Usage {
            suspensions: self.suspensions - earlier.suspensions,
            switches: self.switches - earlier.switches,
            cpu: self.cpu.saturating_sub(earlier.cpu),
        }
    }
}

/// Has the main thread and all that it starts from now on woken from sleep when they asked to be,
/// and not
/// 50 us later, which is what the kernel adds to save power. No harm if it refuses.
pub fn sleep_precisely() {
    let _ = fs::write("/proc/self/timerslack_ns", "1");
}

/// Bytes of memory this process has now. `VmRSS` would be read faster, but is off by many pages.
pub fn resident() -> Option<u64> {
    rollup("Rss:")
}

/// The same, but a page shared by n processes counts one n-th.
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
    fn a_field_is_found_by_its_whole_name() {
        let status = "nonvoluntary_ctxt_switches:\t7\nvoluntary_ctxt_switches:\t42\nPss:   12 kB\n";
        assert_eq!(field(status, "voluntary_ctxt_switches:"), Some(42));
        assert_eq!(field(status, "Pss:"), Some(12));
        assert_eq!(field(status, "Rss:"), None);
    }
}
