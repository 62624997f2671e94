//! The machine on which the numbers were measured. Without it the numbers mean little.

use std::{fmt, fs::read_to_string};

use serde::{Deserialize, Serialize};

/// The description that is printed above the tables.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Computer {
    /// The name of the processor.
    pub processor: String,
    /// The number of cores that this process may use.
    pub cores: usize,
    /// The kernel's name and release.
    pub kernel: String,
    /// The compiler that built this program.
    pub compiler: String,
    /// The load average of the last minute before the first measurement: the number of processes
    /// that ran or waited for a core.
    pub load: String,
}

impl Computer {
    /// Reads the description of this machine.
    pub(crate) fn this() -> Self {
        let field = |text: &str, key: &str| {
            let line = text.lines().find(|line| line.starts_with(key))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let read = |path: &str| read_to_string(path).unwrap_or_default();
        let release = read("/proc/sys/kernel/osrelease");
        Self {
            processor: field(&read("/proc/cpuinfo"), "model name")
                .unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: format!("Linux {}", release.trim()),
            compiler: env!("COMPILER").to_owned(),
            load: read("/proc/loadavg").split(' ').next().unwrap_or("unknown").to_owned(),
        }
    }
}

impl fmt::Display for Computer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, cores, kernel, compiler, load } = self;
        write!(f, "{processor}, {cores} cores, {kernel}, {compiler}, load {load}")
    }
}
