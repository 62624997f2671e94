//! [`part`]: the part of a file that a Range field asks for.

use std::ops::Range;

/// The bytes of a file that are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByteRange {
    Whole,
    /// This range, which is never empty.
    Of(Range<u64>),
    /// Nothing: no byte of the range exists.
    Beyond,
}

/// Reads the value of a Range field, for a file of `len` bytes. Other text is
/// ignored, as RFC 9110, section 14.2, requires. A list of several ranges is
/// ignored too, since it may always be answered with the whole file.
pub fn part(field: &str, len: u64) -> ByteRange {
    let Some((unit, range)) = field.split_once('=') else {
        return ByteRange::Whole;
    };
    let Some((first, last)) = range.trim().split_once('-') else {
        return ByteRange::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return ByteRange::Whole;
    }
    match (number(first), number(last)) {
        (Some(Number::Given(first)), Some(last)) => {
            let end = match last {
                Number::Given(last) if last < first => return ByteRange::Whole,
                Number::Given(last) => last.saturating_add(1).min(len),
                Number::Missing => len,
            };
            if first < len {
                ByteRange::Of(first..end)
            } else {
                ByteRange::Beyond
            }
        }
        // The last `n` bytes. An empty file has no last bytes.
        (Some(Number::Missing), Some(Number::Given(0))) => ByteRange::Beyond,
        (Some(Number::Missing), Some(Number::Given(_))) if len == 0 => {
            ByteRange::Whole
        }
        (Some(Number::Missing), Some(Number::Given(n))) => {
            ByteRange::Of(len.saturating_sub(n)..len)
        }
        _ => ByteRange::Whole,
    }
}

/// One side of a range.
enum Number {
    Given(u64),
    Missing,
}

/// Returns `None` if the text is not a number.
fn number(digits: &str) -> Option<Number> {
    if digits.is_empty() {
        return Some(Number::Missing);
    }
    let is_number = digits.bytes().all(|it| it.is_ascii_digit());
    // A number that does not fit into 64 bits is beyond the end of every file.
    is_number.then(|| Number::Given(digits.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_ten_bytes() {
        for (field, expected) in [
            ("bytes=0-0", ByteRange::Of(0..1)),
            ("bytes=2-4", ByteRange::Of(2..5)),
            ("bytes=2-", ByteRange::Of(2..10)),
            ("bytes=-3", ByteRange::Of(7..10)),
            ("bytes=-30", ByteRange::Of(0..10)),
            ("bytes=9-9", ByteRange::Of(9..10)),
            ("bytes=5-999", ByteRange::Of(5..10)),
            ("bytes=5-99999999999999999999999", ByteRange::Of(5..10)),
            ("BYTES = 1-2", ByteRange::Of(1..3)),
            ("bytes=10-", ByteRange::Beyond),
            ("bytes=10-20", ByteRange::Beyond),
            ("bytes=99999999999999999999999-", ByteRange::Beyond),
            ("bytes=-0", ByteRange::Beyond),
            ("bytes=4-2", ByteRange::Whole),
            ("bytes=0-1,4-5", ByteRange::Whole),
            ("bytes=0-1, bytes=2-3", ByteRange::Whole),
            ("bytes=-", ByteRange::Whole),
            ("bytes=", ByteRange::Whole),
            ("bytes=a-b", ByteRange::Whole),
            ("bytes=+1-2", ByteRange::Whole),
            ("bytes=--1", ByteRange::Whole),
            ("bytes", ByteRange::Whole),
            ("lines=1-2", ByteRange::Whole),
        ] {
            assert_eq!(part(field, 10), expected, "{field}");
        }
    }

    #[test]
    fn an_empty_file_has_no_part() {
        assert_eq!(part("bytes=0-", 0), ByteRange::Beyond);
        assert_eq!(part("bytes=0-0", 0), ByteRange::Beyond);
        assert_eq!(part("bytes=-0", 0), ByteRange::Beyond);
        assert_eq!(part("bytes=-5", 0), ByteRange::Whole);
    }
}
