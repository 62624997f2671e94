//! Times, counts and sizes as text.

use std::{env, time::Duration};

/// From a thousand hours on, a length of play is given in days. More digits would not fit the
/// table.
const DAYS_FROM: Duration = Duration::from_secs(1_000 * 3_600);

/// Returns a length of play: `55 s`, `12:00:00`, `417 d`.
pub fn play_time(time: Duration) -> String {
    if time < Duration::from_secs(60) {
        return duration(time);
    }
    if time >= DAYS_FROM {
        return format!("{} d", three_digits(time.as_secs_f64() / 86_400.0));
    }
    let seconds = (time + Duration::from_millis(500)).as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours}:{minutes:02}:{:02}", seconds % 60)
}

/// Returns a duration in three digits: `184 µs`, `2.03 s`. From a minute on it is like
/// [`play_time`].
pub fn duration(time: Duration) -> String {
    let nanos = time.as_nanos() as f64;
    let (unit, name) = match time {
        _ if time >= Duration::from_secs(60) => return play_time(time),
        _ if time.is_zero() => return "0 s".into(),
        _ if time >= Duration::from_secs(1) => (1e9, "s"),
        _ if time >= Duration::from_millis(1) => (1e6, "ms"),
        _ if time >= Duration::from_micros(1) => (1e3, "µs"),
        _ => (1.0, "ns"),
    };
    format!("{} {name}", three_digits(nanos / unit))
}

/// Returns an amount of memory: `96 B`, `4.21 KiB`.
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", three_digits(bytes as f64 / 1024.0)),
        _ => format!("{} MiB", three_digits(bytes as f64 / 1_048_576.0)),
    }
}

/// Returns a number with thousands separators: `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a rate in three digits: `39,200`, `5.43 M`. A measurement gives no more than that.
pub fn rate(per_second: f64) -> String {
    if per_second < 1000.0 {
        return three_digits(per_second);
    }
    let unit = 10_f64.powi(per_second.log10().floor() as i32 - 2);
    match (per_second / unit).round() * unit {
        rounded if rounded < 1e6 => count(rounded as u64),
        rounded => format!("{} M", all_three_digits(rounded / 1e6)),
    }
}

/// Returns a factor: `1,800`, `0.5`.
pub fn factor(scale: f64) -> String {
    if scale.fract() == 0.0 { count(scale as u64) } else { scale.to_string() }
}

/// Replaces each character that is not ASCII by one that is.
pub fn ascii(text: &str) -> String {
    let replaced = |character| match character {
        '█' => '#',
        '·' => '.',
        '×' => 'x',
        'µ' => 'u',
        '–' => '-',
        other => other,
    };
    text.chars().map(replaced).collect()
}

/// Returns whether the terminal shows ASCII only, by the locale and `TERM`. Without a locale it is
/// assumed to show UTF-8.
pub fn is_ascii_only() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(|name| env::var(name).ok());
    let locale = locale.map(|it| it.to_lowercase()).find(|it| !it.is_empty());
    locale.is_some_and(|it| !it.contains("utf")) || env::var("TERM").is_ok_and(|it| it == "linux")
}

fn three_digits(number: f64) -> String {
    if number == number.round() { format!("{number:.0}") } else { all_three_digits(number) }
}

/// Keeps zeroes behind the point, so that the numbers of a column look alike.
fn all_three_digits(number: f64) -> String {
    match number {
        _ if number < 10.0 => format!("{number:.2}"),
        _ if number < 100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_play() {
        for (seconds, text) in [
            (0, "0 s"),
            (55, "55 s"),
            (60, "0:01:00"),
            (3655, "1:00:55"),
            (43_200, "12:00:00"),
            (3_599_999, "999:59:59"),
            (36_000_000, "417 d"),
        ] {
            assert_eq!(play_time(Duration::from_secs(seconds)), text);
        }
        assert_eq!(play_time(Duration::from_millis(3_599_500)), "1:00:00");
    }

    #[test]
    fn durations() {
        for (nanos, text) in [
            (0, "0 s"),
            (999, "999 ns"),
            (1_500, "1.50 µs"),
            (184_321, "184 µs"),
            (12_345_678, "12.3 ms"),
            (2_034_000_000, "2.03 s"),
            (61_000_000_000, "0:01:01"),
        ] {
            assert_eq!(duration(Duration::from_nanos(nanos)), text);
        }
    }

    #[test]
    fn counts_rates_factors_and_bytes() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(rate(39_249.0), "39,200");
        assert_eq!(rate(999_999.0), "1.00 M");
        assert_eq!(rate(1_234_567.0), "1.23 M");
        assert_eq!(rate(12.34), "12.3");
        assert_eq!(factor(1800.0), "1,800");
        assert_eq!(factor(0.5), "0.5");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(4311), "4.21 KiB");
        assert_eq!(bytes(3 << 20), "3 MiB");
    }
}
