//! [`Lines`]: bytes as they come, and lines as they are meant.

/// So many bytes a line may have, with its end.
pub const MOST_BYTES: usize = 1024;

/// A buffer for bytes that are read, of which lines are taken out. It never
/// grows.
pub struct Lines {
    buffer: Vec<u8>,
    filled: usize,
}

/// A line that does not end within [`MOST_BYTES`].
#[derive(Debug, PartialEq)]
pub struct TooLong;

impl Lines {
    pub fn new() -> Self {
        Self { buffer: vec![0; MOST_BYTES], filled: 0 }
    }

    /// So many bytes have been read into the room there was.
    pub fn read(&mut self, n: usize) {
        self.filled += n;
    }

    /// The next line, without its end; none until more has been read.
    pub fn next(&mut self) -> Option<Result<String, TooLong>> {
        let bytes = &self.buffer[..self.filled];
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            return (self.filled == MOST_BYTES).then_some(Err(TooLong));
        };
        let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
        let line = String::from_utf8_lossy(line);
        let line = line.chars().map(harmless).collect();
        self.buffer.copy_within(end + 1..self.filled, 0);
        self.filled -= end + 1;
        Some(Ok(line))
    }
}

/// Room for the next read: some, as long as there is no line to take.
impl AsMut<[u8]> for Lines {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[self.filled..]
    }
}

/// Nobody moves another one's cursor, or turns his text around.
fn harmless(c: char) -> char {
    let turns = matches!(
        c,
        '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    );
    if c.is_control() || turns { char::REPLACEMENT_CHARACTER } else { c }
}
