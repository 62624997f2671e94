//! A law that does not end is named, and ends the process: a lost wake is a test that never returns.

use std::{
    collections::BTreeMap,
    env,
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
        eprintln!(
            "law {law} has not ended after {limit:?}: look for a wake that is lost, or raise {LIMIT}"
        );
        std::process::abort();
    }
}
