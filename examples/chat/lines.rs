//! [`Lines`]: takes whole lines out of the bytes that have been read.

/// The largest number of bytes in a line, its end included.
pub const MAX_LINE: usize = 1024;

/// A buffer that bytes are read into and lines are taken out of. It never
/// grows.
pub struct Lines {
    buffer: Vec<u8>,
    filled: usize,
}

/// A line that does not end within [`MAX_LINE`].
#[derive(Debug, PartialEq)]
pub struct TooLong;

impl Lines {
    pub fn new() -> Self {
        Self { buffer: vec![0; MAX_LINE], filled: 0 }
    }

    /// Records that `n` bytes have been read into the buffer.
    pub fn record_read(&mut self, n: usize) {
        self.filled += n;
    }

    /// Takes the next line out, without its end. Returns `None` until more
    /// bytes have been read.
    pub fn next(&mut self) -> Option<Result<String, TooLong>> {
        let bytes = &self.buffer[..self.filled];
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            return (self.filled == MAX_LINE).then_some(Err(TooLong));
        };
        let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
        let line = String::from_utf8_lossy(line);
        let line = line.chars().map(replace_harmful).collect();
        self.buffer.copy_within(end + 1..self.filled, 0);
        self.filled -= end + 1;
        Some(Ok(line))
    }
}

/// The free part of the buffer. It is not empty unless there is a line to take.
impl AsMut<[u8]> for Lines {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[self.filled..]
    }
}

/// Replaces characters that move the cursor of another guest's terminal, or
/// reverse the direction of its text.
fn replace_harmful(c: char) -> char {
    let is_direction_mark = matches!(
        c,
        '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    );
    if c.is_control() || is_direction_mark {
        char::REPLACEMENT_CHARACTER
    } else {
        c
    }
}
