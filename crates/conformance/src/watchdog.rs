//! A law that does not end is named, and ends the process: a lost wake is a test that never returns.

use std::{
    collections::BTreeMap,
    env,
    io::{self, Write},
    process,
    sync::{
        LazyLock, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// How long a law may take, in seconds. On a busy machine none takes one.
const LIMIT: &str = "QUADRIVIUM_LAW_LIMIT";
const DEFAULT_LIMIT: Duration = Duration::from_secs(120);

/// The laws that are being checked, and since when.
static RUNNING: Mutex<BTreeMap<u64, (String, Instant)>> = Mutex::new(BTreeMap::new());

/// Starts the one thread that looks at them.
static WATCHING: LazyLock<()> = LazyLock::new(|| {
    let limit = env::var(LIMIT).ok().and_then(|seconds| seconds.parse().ok());
    let limit = limit.map_or(DEFAULT_LIMIT, Duration::from_secs);
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_millis(200));
            look(limit);
        }
    });
});

/// The span in which a law is checked.
pub(crate) struct Watched(u64);

/// Watches a law until the value is dropped.
pub(crate) fn watch(law: String) -> Watched {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    LazyLock::force(&WATCHING);
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner).insert(id, (law, Instant::now()));
    Watched(id)
}

impl Drop for Watched {
    fn drop(&mut self) {
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

fn look(limit: Duration) {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let late = running.values().find(|(_, since)| since.elapsed() > limit);
    if let Some((law, _)) = late {
        // Not `eprintln!`: the harness keeps what that prints, and shows it after the test.
        let _ = writeln!(
            io::stderr(),
            "law {law} has not ended after {limit:?}: look for a wake that is lost, or raise {LIMIT}"
        );
        process::abort();
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::{Law, Subject, styles::Future};

    #[test]
    fn a_law_that_does_not_end_is_named() {
        if env::var_os(LIMIT).is_some() {
            let holds = |_| thread::park_timeout(Duration::MAX);
            let (topic, name) = ("patience", "waits_for_ever");
            let law = Law { topic, name, specification: "It waits.", needs: &[], holds };
            return law.check(Subject::of(&Future));
        }
        let ended = Command::new(env::current_exe().unwrap())
            .args(["--exact", "watchdog::tests::a_law_that_does_not_end_is_named"])
            .env(LIMIT, "1")
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&ended.stderr);
        let named = "law patience::waits_for_ever for future has not ended after 1s";
        assert!(stderr.contains(named) && !ended.status.success(), "{stderr}");
    }
}
