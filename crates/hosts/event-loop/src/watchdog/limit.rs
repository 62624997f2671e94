//! The limit of the watchdogs that loops get by themselves: `QUADRIVIUM_WATCHDOG=100ms`.

use std::{
    env,
    sync::{Mutex, Once, PoisonError},
    time::Duration,
};

/// The environment variable with the limit.
const VARIABLE: &str = "QUADRIVIUM_WATCHDOG";

static LIMIT: Mutex<Option<Duration>> = Mutex::new(None);
static READ_VARIABLE: Once = Once::new();

/// Gives each loop that is made from now on, on any thread, a watchdog with this limit.
///
/// The environment variable `QUADRIVIUM_WATCHDOG=100ms` does the same for a whole program. A call
/// of this function takes the place of the variable. See
/// [`EventLoop::watchdog`](crate::EventLoop::watchdog).
pub fn watchdog_for_all_loops(limit: Duration) {
    read_variable();
    *LIMIT.lock().unwrap_or_else(PoisonError::into_inner) = Some(limit);
}

/// Returns the limit for a loop that is being made, if it has a watchdog.
pub(crate) fn of_all_loops() -> Option<Duration> {
    read_variable();
    *LIMIT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read_variable() {
    READ_VARIABLE.call_once(|| {
        let Some(text) = env::var_os(VARIABLE) else { return };
        let limit = text.to_str().and_then(parse);
        if limit.is_none() {
            eprintln!(
                "quadrivium: {VARIABLE}={} is not a time: use one like 100ms or 2s",
                text.display()
            );
        }
        *LIMIT.lock().unwrap_or_else(PoisonError::into_inner) = limit;
    });
}

/// Parses a time such as `100ms`, `2s` or `0.5s`.
fn parse(text: &str) -> Option<Duration> {
    let (number, seconds) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, 1e-3),
        (None, number) => (number?, 1.0),
    };
    let number: f64 = number.parse().ok()?;
    Duration::try_from_secs_f64(number * seconds).ok().filter(|limit| !limit.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_has_a_unit() {
        for (text, ms) in [("100ms", 100), ("2s", 2_000), ("0.5s", 500), ("1.5ms", 1)] {
            assert_eq!(parse(text).map(|limit| limit.as_millis()), Some(ms), "{text}");
        }
        for text in ["", "100", "ms", "s", "0ms", "-1s", "1m", "five s", "NaNs", "infs", "1e30s"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
