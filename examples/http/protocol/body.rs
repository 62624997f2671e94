//! [`BodyLength`]: the length of a request's body, which is read and discarded.

use super::{Refusal, Status};

/// The longest body that is read. After a longer one, the connection is closed.
pub const BODY_LIMIT: u64 = 1024 * 1024;
/// The longest line between chunks.
const LINE_LIMIT: usize = 256;

/// How much of a body has not come yet.
#[derive(Debug, PartialEq, Eq)]
pub enum BodyLength {
    Length(u64),
    Chunked(Chunked),
}

/// The position in a chunked body. RFC 9112, section 7.1.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Chunked {
    next: Part,
    /// Bytes that have come or are announced by the size of a chunk.
    size: u64,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Size,
    Data(u64),
    /// The line end after the data.
    DataEnd,
    Trailer,
}

/// Whether more of the body is to come.
#[derive(Debug, PartialEq, Eq)]
pub enum BodyRest {
    Some,
    Nothing,
}

impl BodyLength {
    pub fn of_length(length: u64) -> Result<BodyLength, Refusal> {
        match length <= BODY_LIMIT {
            true => Ok(BodyLength::Length(length)),
            false => Err(too_large()),
        }
    }

    pub fn is_empty(&self) -> bool {
        *self == BodyLength::Length(0)
    }

    /// Removes the bytes of the body from the beginning of `bytes`.
    pub fn discard(
        &mut self,
        bytes: &mut Vec<u8>,
    ) -> Result<BodyRest, Refusal> {
        match self {
            BodyLength::Length(left) => Ok(take(left, bytes)),
            BodyLength::Chunked(chunked) => {
                let mut used = 0;
                let left = chunked.discard(bytes, &mut used);
                bytes.drain(..used);
                left
            }
        }
    }
}

fn take(left: &mut u64, bytes: &mut Vec<u8>) -> BodyRest {
    let n = (bytes.len() as u64).min(*left);
    bytes.drain(..n as usize);
    *left -= n;
    if *left == 0 { BodyRest::Nothing } else { BodyRest::Some }
}

impl Chunked {
    fn discard(
        &mut self,
        bytes: &[u8],
        used: &mut usize,
    ) -> Result<BodyRest, Refusal> {
        loop {
            let rest = &bytes[*used..];
            if let Part::Data(left) = &mut self.next {
                let n = (rest.len() as u64).min(*left);
                *left -= n;
                *used += n as usize;
                if *left > 0 {
                    return Ok(BodyRest::Some);
                }
                self.next = Part::DataEnd;
                continue;
            }
            let Some(line) = line(rest)? else { return Ok(BodyRest::Some) };
            *used += line.len();
            self.grow(line.len() as u64)?;
            if self.line(line)? == BodyRest::Nothing {
                return Ok(BodyRest::Nothing);
            }
        }
    }

    /// Moves the position past a whole line.
    fn line(&mut self, line: &[u8]) -> Result<BodyRest, Refusal> {
        self.next = match self.next {
            Part::Size => match size(line)? {
                0 => Part::Trailer,
                size => {
                    self.grow(size)?;
                    Part::Data(size)
                }
            },
            Part::DataEnd if line == b"\r\n" => Part::Size,
            Part::DataEnd => {
                return Err(Refusal::bad("a chunk is longer than its size"));
            }
            Part::Trailer if line == b"\r\n" => return Ok(BodyRest::Nothing),
            Part::Trailer if is_field(line) => Part::Trailer,
            Part::Trailer => {
                return Err(Refusal::bad(
                    "a line after the last chunk is no field",
                ));
            }
            Part::Data(_) => unreachable!("data is not read line by line"),
        };
        Ok(BodyRest::Some)
    }

    fn grow(&mut self, n: u64) -> Result<(), Refusal> {
        self.size = self.size.saturating_add(n);
        if self.size > BODY_LIMIT { Err(too_large()) } else { Ok(()) }
    }
}

/// Returns the first line, its end included. Returns `None` until it is whole.
fn line(bytes: &[u8]) -> Result<Option<&[u8]>, Refusal> {
    let bytes = &bytes[..bytes.len().min(LINE_LIMIT)];
    match bytes.iter().position(|&byte| byte == b'\n') {
        Some(end) if bytes[..end].ends_with(b"\r") => {
            // Other software may read a single CR as the end of the line.
            let is_control = |it: &u8| it.is_ascii_control() && *it != b'\t';
            match bytes[..end - 1].iter().any(is_control) {
                true => Err(Refusal::bad("a line has a control character")),
                false => Ok(Some(&bytes[..=end])),
            }
        }
        Some(_) => Err(Refusal::bad("a line must end with CR LF")),
        None if bytes.len() == LINE_LIMIT => {
            Err(Refusal::bad("a line of a chunked body is too long"))
        }
        None => Ok(None),
    }
}

fn size(line: &[u8]) -> Result<u64, Refusal> {
    // httparse reads a line without a digit as a size of 0.
    let has_digit = line.first().is_some_and(u8::is_ascii_hexdigit);
    match httparse::parse_chunk_size(line) {
        Ok(httparse::Status::Complete((used, size)))
            if has_digit && used == line.len() =>
        {
            Ok(size)
        }
        _ => Err(Refusal::bad("a chunk must begin with its size")),
    }
}

/// Returns whether a line is a header field: `name: value`.
fn is_field(line: &[u8]) -> bool {
    httparse::parse_headers(line, &mut [httparse::EMPTY_HEADER]).is_ok()
}

fn too_large() -> Refusal {
    Refusal::new(
        Status::ContentTooLarge,
        "the body of the request is larger than 1 MiB, and no body is needed",
    )
}
