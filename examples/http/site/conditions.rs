//! [`Version`]: the version of a file, which is checked against the conditions
//! of a client (RFC 9110, section 13).

use std::{fs::Metadata, time::SystemTime};

use super::super::protocol::{Asked, http_date};

/// The properties that distinguish two versions of a file.
#[derive(Clone, Debug)]
pub struct Version {
    /// A strong tag, made of the size and of the time to the nanosecond.
    pub etag: String,
    /// `None` if HTTP cannot write this date.
    pub modified: Option<String>,
    time: SystemTime,
}

/// The result of checking the conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionResult {
    Send,
    NotModified,
    Failed,
}

impl Version {
    pub fn of(metadata: &Metadata, now: SystemTime) -> Self {
        // A file system may have no times. Then the size alone is compared.
        let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        Self::new(metadata.len(), modified, now)
    }

    fn new(len: u64, modified: SystemTime, now: SystemTime) -> Self {
        let (sign, since_1970) =
            match modified.duration_since(SystemTime::UNIX_EPOCH) {
                Ok(after) => ("", after),
                Err(before) => ("-", before.duration()),
            };
        let etag = format!("\"{len:x}-{sign}{:x}\"", since_1970.as_nanos());
        // A file must not be newer than its answer.
        let time = modified.min(now);
        Self { etag, modified: http_date(time), time }
    }

    /// Checks the conditions in the order of section 13.2.2.
    pub fn check(&self, asked: &Asked) -> ConditionResult {
        let is_changed = match (&asked.if_match, &asked.if_unmodified_since) {
            (Some(tags), _) => !self.is_among(tags, Comparison::Strong),
            (None, Some(date)) => self.is_after(date) == Some(true),
            (None, None) => false,
        };
        if is_changed {
            return ConditionResult::Failed;
        }
        let is_known = match (&asked.if_none_match, &asked.if_modified_since) {
            (Some(tags), _) => self.is_among(tags, Comparison::Weak),
            (None, Some(date)) => self.is_after(date) == Some(false),
            (None, None) => false,
        };
        if is_known {
            ConditionResult::NotModified
        } else {
            ConditionResult::Send
        }
    }

    /// Returns whether a part may be sent, because the other parts that the
    /// client has are of the same version.
    pub fn allows_part(&self, asked: &Asked) -> bool {
        match asked.if_range.as_deref().map(str::trim) {
            None => true,
            Some(tag) if tag.starts_with('"') => tag == self.etag,
            Some(date) => self.modified.as_deref() == Some(date),
        }
    }

    fn is_among(&self, tags: &str, comparison: Comparison) -> bool {
        tags.trim() == "*"
            || tags.split(',').map(str::trim).any(|tag| match comparison {
                Comparison::Strong => tag == self.etag,
                Comparison::Weak => {
                    tag.strip_prefix("W/").unwrap_or(tag) == self.etag
                }
            })
    }

    /// Returns whether the file is newer than this date, in whole seconds.
    /// Returns `None` if the text is not a date.
    fn is_after(&self, date: &str) -> Option<bool> {
        let date = httpdate::parse_http_date(date.trim()).ok()?;
        let seconds = |time: SystemTime| {
            // A time before 1970 is before every date of HTTP.
            let since = time.duration_since(SystemTime::UNIX_EPOCH);
            since.map_or(0, |since| since.as_secs())
        };
        Some(seconds(self.time) > seconds(date))
    }
}

#[derive(Clone, Copy)]
enum Comparison {
    Strong,
    Weak,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

    fn version() -> Version {
        let time = httpdate::parse_http_date(DATE).expect("it is a date")
            + Duration::from_millis(500);
        Version::new(16, time, SystemTime::now())
    }

    fn check(fill: impl FnOnce(&mut Asked)) -> ConditionResult {
        let mut asked = Asked::default();
        fill(&mut asked);
        version().check(&asked)
    }

    #[test]
    fn a_version_that_the_client_has_is_not_sent_again() {
        let etag = version().etag;
        let weak = format!("\"x\", W/{etag}");
        for tags in [etag.as_str(), &weak, "*"] {
            let tags = Some(tags.to_string());
            assert_eq!(
                check(|it| it.if_none_match = tags),
                ConditionResult::NotModified
            );
        }
        let since = |date: &str| Some(date.to_string());
        assert_eq!(
            check(|it| it.if_modified_since = since(DATE)),
            ConditionResult::NotModified
        );
        assert_eq!(
            check(|it| it.if_modified_since = since(BEFORE)),
            ConditionResult::Send
        );
        assert_eq!(
            check(|it| it.if_modified_since = since("yesterday")),
            ConditionResult::Send
        );
        // A tag is more exact than a date, so the date is ignored.
        let both = |it: &mut Asked| {
            it.if_none_match = since("\"other\"");
            it.if_modified_since = since(DATE);
        };
        assert_eq!(check(both), ConditionResult::Send);
    }

    #[test]
    fn a_changed_file_is_not_sent() {
        let some = |value: &str| Some(value.to_string());
        let etag = version().etag;
        assert_eq!(
            check(|it| it.if_match = some(&etag)),
            ConditionResult::Send
        );
        assert_eq!(check(|it| it.if_match = some("*")), ConditionResult::Send);
        let weak = format!("W/{etag}");
        assert_eq!(
            check(|it| it.if_match = some(&weak)),
            ConditionResult::Failed
        );
        assert_eq!(
            check(|it| it.if_unmodified_since = some(BEFORE)),
            ConditionResult::Failed
        );
        assert_eq!(
            check(|it| it.if_unmodified_since = some(DATE)),
            ConditionResult::Send
        );
        assert_eq!(
            check(|it| it.if_unmodified_since = some("never")),
            ConditionResult::Send
        );
    }

    #[test]
    fn a_part_belongs_to_its_version() {
        let allows = |if_range: &str| {
            let if_range = Some(if_range.to_string());
            version().allows_part(&Asked { if_range, ..Asked::default() })
        };
        let etag = version().etag;
        assert!(version().allows_part(&Asked::default()));
        assert!(allows(&etag));
        assert!(allows(DATE));
        assert!(!allows(&format!("W/{etag}")));
        assert!(!allows("\"other\""));
        assert!(!allows(BEFORE));
    }

    #[test]
    fn times_that_http_cannot_write_are_left_out() {
        let years = |n: u64| Duration::from_secs(n * 366 * 86_400);
        let epoch = SystemTime::UNIX_EPOCH;
        let now = SystemTime::now();
        let old = Version::new(1, epoch - years(10), now);
        assert_eq!(old.modified, None);
        assert_eq!(old.is_after(DATE), Some(false));
        let far = Version::new(1, epoch + years(9_000), now);
        assert_eq!(far.modified, http_date(now));
        let never = Version::new(1, epoch + years(9_000), epoch + years(9_999));
        assert_eq!(never.modified, None);
        assert_ne!(old.etag, Version::new(1, epoch + years(10), now).etag);
    }
}
