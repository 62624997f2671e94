//! [`Head`]: the head of an answer. [`refused`]: the whole answer to a request
//! that is refused.

use std::{fmt::Display, io::Write, time::SystemTime};

use super::{Refusal, Reply, Status};

/// The head of an answer, field by field.
#[derive(Debug)]
pub struct Head {
    bytes: Vec<u8>,
}

impl Head {
    /// Begins a head with the first line and the date.
    pub fn new(status: Status, now: SystemTime) -> Self {
        let mut head = Self { bytes: Vec::with_capacity(512) };
        let (code, reason) = (status.code(), status.reason());
        head.line(format_args!("HTTP/1.1 {code} {reason}"));
        if let Some(date) = http_date(now) {
            head.field("Date", date);
        }
        head
    }

    /// Adds a field. Its value must have no line end.
    pub fn field(&mut self, name: &str, value: impl Display) {
        self.line(format_args!("{name}: {value}"));
    }

    /// Adds the field `Connection`, if `reply` needs it, and the empty line.
    /// Returns the bytes of the head.
    pub fn end(mut self, reply: Reply) -> Vec<u8> {
        match reply {
            Reply { keep_alive: false, .. } => {
                self.field("Connection", "close")
            }
            Reply { keep_alive: true, is_http_1_0: true, .. } => {
                self.field("Connection", "keep-alive");
            }
            Reply { keep_alive: true, is_http_1_0: false, .. } => {}
        }
        self.line("");
        self.bytes
    }

    fn line(&mut self, line: impl Display) {
        write!(self.bytes, "{line}\r\n").expect("a Vec takes all");
    }
}

/// Returns the whole answer to a request that is refused: a page with the
/// reason.
pub fn refused(reply: Reply, refusal: &Refusal, now: SystemTime) -> Vec<u8> {
    let Refusal { status, why, field } = refusal;
    let mut head = Head::new(*status, now);
    if let Some((name, value)) = field {
        head.field(name, value);
    }
    // A client would read a body after 304 as the next answer.
    if *status == Status::NotModified {
        return head.end(reply);
    }
    let (code, reason) = (status.code(), status.reason());
    let page = format!("{code} {reason}: {why}.\n");
    head.field("Content-Type", "text/plain; charset=utf-8");
    head.field("Content-Length", page.len());
    let mut bytes = head.end(reply);
    if !reply.is_head_only {
        bytes.extend_from_slice(page.as_bytes());
    }
    bytes
}

/// Returns a date as HTTP writes it. Returns `None` for dates that HTTP cannot
/// write: before 1970, which a file may have, and after 9999.
pub fn http_date(time: SystemTime) -> Option<String> {
    const YEAR_10000: u64 = 253_402_300_800;
    let since_1970 = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    (since_1970.as_secs() < YEAR_10000).then(|| httpdate::fmt_http_date(time))
}
