//! [`Incoming`]: turns the bytes of a connection into requests.
//!
//! The bytes may come in pieces of any size. This makes no difference: each
//! decision is taken at the first byte that allows it.

use std::{
    mem,
    time::{Duration, Instant},
};

use super::{
    Refusal, Request, Status,
    body::{BodyLength, BodyRest},
    head::{self, Parsed},
};

/// The longest first line, without its line end.
pub const LINE_LIMIT: usize = 8 * 1024;
/// The longest head.
pub const HEAD_LIMIT: usize = 32 * 1024;
/// The largest number of header fields, `Host` included.
pub const FIELDS_LIMIT: usize = 100;

/// The bytes of a connection that are not used up yet, and what they are part
/// of.
#[derive(Debug)]
pub struct Incoming {
    bytes: Vec<u8>,
    state: State,
    /// How long a request may take, from its first byte to its last.
    request_time: Duration,
    /// When the request that is not whole yet began.
    begun: Option<Instant>,
}

#[derive(Debug)]
enum State {
    Head(Lines),
    /// The client waits for `100 Continue`, which is sent once.
    Expecting(Request, BodyLength),
    /// The body comes, and is discarded.
    Body(Request, BodyLength),
    /// The last request of the connection.
    Last(Request),
    /// There are no more requests: the beginning of a next one is unknown.
    Over,
}

/// How much of a head has been searched for line ends.
#[derive(Debug, Default)]
struct Lines {
    /// The number of whole lines.
    count: usize,
    /// The start of the line that is not whole.
    start: usize,
    /// The start of the bytes that have not been searched.
    unseen: usize,
    /// An empty line before the request was skipped (RFC 9112, section 2.2).
    has_skipped: bool,
}

/// The next thing that a connection has to do.
#[derive(Debug, PartialEq, Eq)]
pub enum WhatNext {
    /// Wait for a request. If the connection ends here, nothing is lost.
    WaitForRequest,
    /// Wait for more bytes of a request, for this long.
    WaitForMore(Duration),
    /// Send `100 Continue`.
    SendContinue,
    /// Answer this request.
    Answer(Request),
}

impl Incoming {
    pub fn new(request_time: Duration) -> Self {
        let state = State::Head(Lines::default());
        Self { bytes: Vec::new(), state, request_time, begun: None }
    }

    pub fn received(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Refuses the request that has begun, because it will not become whole.
    /// This answer is the next thing to do.
    pub fn give_up(&mut self, refusal: Refusal) {
        self.bytes.clear();
        self.state = match self.take_state() {
            State::Head(_) => State::Last(Request::last(refusal)),
            State::Expecting(request, _) | State::Body(request, _) => {
                State::Last(refuse(request, refusal))
            }
            decided @ (State::Last(_) | State::Over) => decided,
        };
    }

    /// Returns the next thing to do with the bytes that have come so far.
    ///
    /// # Panics
    ///
    /// After a request whose reply does not keep the connection.
    pub fn next(&mut self, now: Instant) -> WhatNext {
        let next = loop {
            let next = match self.take_state() {
                State::Head(lines) => self.head(lines, now),
                State::Expecting(request, body) => {
                    self.state = State::Body(request, body);
                    Some(WhatNext::SendContinue)
                }
                State::Body(request, body) => self.body(request, body, now),
                State::Last(request) => Some(WhatNext::Answer(request)),
                State::Over => panic!("close after the last answer"),
            };
            if let Some(next) = next {
                break next;
            }
        };
        match next {
            WhatNext::WaitForMore(Duration::ZERO) => {
                self.give_up(too_late());
                self.next(now)
            }
            WhatNext::Answer(_) => {
                self.begun = None;
                next
            }
            WhatNext::WaitForRequest
            | WhatNext::WaitForMore(_)
            | WhatNext::SendContinue => next,
        }
    }

    fn take_state(&mut self) -> State {
        mem::replace(&mut self.state, State::Over)
    }

    fn wait(&mut self, now: Instant) -> WhatNext {
        if let State::Head(_) = self.state
            && self.bytes.is_empty()
        {
            // While a connection waits for a request, it keeps no memory of
            // the requests before.
            self.bytes = Vec::new();
            return WhatNext::WaitForRequest;
        }
        let begun = *self.begun.get_or_insert(now);
        WhatNext::WaitForMore(self.request_time.saturating_sub(now - begun))
    }

    fn head(&mut self, mut lines: Lines, now: Instant) -> Option<WhatNext> {
        let end = match lines.end_of_head(&mut self.bytes) {
            Ok(Some(end)) => end,
            Ok(None) => {
                self.state = State::Head(lines);
                return Some(self.wait(now));
            }
            Err(refusal) => return self.last(Request::last(refusal)),
        };
        let parsed = head::parse(&self.bytes[..end]);
        self.bytes.drain(..end);
        self.state = match parsed {
            Parsed::Whole { request, body, expects: false } => {
                State::Body(request, body)
            }
            Parsed::Whole { request, body, expects: true } => {
                State::Expecting(request, body)
            }
            Parsed::Last(request) => State::Last(request),
        };
        None
    }

    fn body(
        &mut self,
        request: Request,
        mut body: BodyLength,
        now: Instant,
    ) -> Option<WhatNext> {
        match body.discard(&mut self.bytes) {
            Ok(BodyRest::Some) => {
                self.state = State::Body(request, body);
                Some(self.wait(now))
            }
            Ok(BodyRest::Nothing) => {
                if request.reply.keep_alive {
                    self.state = State::Head(Lines::default());
                }
                Some(WhatNext::Answer(request))
            }
            Err(refusal) => self.last(refuse(request, refusal)),
        }
    }

    fn last(&mut self, request: Request) -> Option<WhatNext> {
        self.state = State::Last(request);
        None
    }
}

/// Returns the same request, refused. It is the last one of its connection.
fn refuse(mut request: Request, refusal: Refusal) -> Request {
    request.reply.keep_alive = false;
    Request { asked: Err(refusal), ..request }
}

impl Lines {
    /// Returns the length of the head. Returns `None` until it is whole.
    fn end_of_head(
        &mut self,
        bytes: &mut Vec<u8>,
    ) -> Result<Option<usize>, Refusal> {
        loop {
            if bytes.first().is_some_and(|&first| !may_begin(first)) {
                return Err(Refusal::bad(
                    "this is no HTTP request: is it TLS, on a plain port?",
                ));
            }
            let Some(line) = self.next_line(bytes)? else { return Ok(None) };
            let is_empty = line == 0;
            match (is_empty, self.count) {
                (true, 0) if self.has_skipped => {
                    return Err(Refusal::bad("empty lines before a request"));
                }
                (true, 0) => {
                    bytes.drain(..self.start);
                    *self = Lines { has_skipped: true, ..Lines::default() };
                }
                (true, _) => return Ok(Some(self.start)),
                (false, count) if count > FIELDS_LIMIT => {
                    return Err(fields_too_large());
                }
                (false, _) => self.count += 1,
            }
        }
    }

    /// Returns the length of the next line. Returns `None` until it is whole.
    fn next_line(&mut self, bytes: &[u8]) -> Result<Option<usize>, Refusal> {
        let found = bytes[self.unseen..].iter().position(|&it| it == b'\n');
        let end = found.map_or(bytes.len(), |at| self.unseen + at);
        if self.count == 0 && end - self.start > LINE_LIMIT + 1 {
            return Err(Refusal::new(
                Status::UriTooLong,
                "the request line is longer than 8 KiB",
            ));
        }
        if end >= HEAD_LIMIT {
            return Err(fields_too_large());
        }
        self.unseen = end;
        if found.is_none() {
            return Ok(None);
        }
        let line = &bytes[self.start..end];
        let Some((b'\r', line)) = line.split_last() else {
            return Err(Refusal::bad("a line must end with CR LF"));
        };
        self.start = end + 1;
        self.unseen = self.start;
        Ok(Some(line.len()))
    }
}

/// Returns whether a request, or an empty line before it, may begin with this.
fn may_begin(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~\r\n".contains(&byte)
}

pub fn too_late() -> Refusal {
    Refusal::new(
        Status::RequestTimeout,
        "the request took too long: send it without a pause",
    )
}

fn fields_too_large() -> Refusal {
    Refusal::new(
        Status::FieldsTooLarge,
        "the head is larger than 32 KiB, or has more than 100 fields",
    )
}
