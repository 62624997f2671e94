//! Counts the system calls of a contender with `strace`.

use std::{env, fs, process::Command};

use quadrivium_bench_protocol::ContenderOrder;

use crate::{child::ContenderProcess, numbers::Column, profile::Profile};

/// Returns the number of system calls of a process that carries out one order, or `None` where
/// `strace` cannot be used.
pub(crate) fn of(profile: &Profile, column: Column, times: u64) -> Option<u64> {
    let file = env::temp_dir().join(format!("quadrivium-bench-{}", std::process::id()));
    let served = profile.command();
    let mut traced = Command::new("strace");
    traced.args(["-f", "-c", "-o"]).arg(&file).arg(served.get_program()).args(served.get_args());
    let mut process = ContenderProcess::start(&mut traced).ok()?;
    let Column { bench, n } = column;
    let carried_out =
        process.carry_out(ContenderOrder { bench, n, times, counts_allocations: false });
    process.end();
    let table = fs::read_to_string(&file);
    let _ = fs::remove_file(&file);
    carried_out.ok()?;
    total(&table.ok()?)
}

/// Reads the number of calls from the last line: `100.00 0.012345 12 1028 3 total`. The column of
/// the errors may be empty.
fn total(table: &str) -> Option<u64> {
    let line = table.lines().find(|line| line.trim_end().ends_with(" total"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::total;

    #[test]
    fn the_total_is_read_from_the_last_line() {
        let table = "\
            % time     seconds  usecs/call     calls    errors syscall\n\
            ------ ----------- ----------- --------- --------- ----------------\n \
             50.00    0.000100           1       100           read\n\
            ------ ----------- ----------- --------- --------- ----------------\n\
            100.00    0.000200           1       123         2 total\n";
        assert_eq!(total(table), Some(123));
        assert_eq!(total("nothing"), None);
    }
}
