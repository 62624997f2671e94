//! [`PrefixedLines`]: makes lines of bytes, and puts a prefix before each.

/// The size of a read and of the longest line, in bytes.
pub const BUFFER: usize = 64 * 1024;

#[derive(Debug)]
pub struct PrefixedLines {
    /// The text before each line.
    prefix: String,
    /// The beginning of a line whose end has not come yet.
    begun: Vec<u8>,
}

impl PrefixedLines {
    pub fn new(prefix: String) -> Self {
        Self { prefix, begun: Vec::new() }
    }

    /// Adds these bytes. Returns all lines that are whole now, as one piece of
    /// text, or `None` if there is no whole line.
    pub fn take(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut lines = Vec::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend(part);
            if self.begun.ends_with(b"\n") || self.begun.len() >= BUFFER {
                lines.extend(self.end().unwrap_or_default());
            }
        }
        Some(lines).filter(|lines| !lines.is_empty())
    }

    /// Returns the line that has begun, and adds a line end if it has none.
    pub fn end(&mut self) -> Option<Vec<u8>> {
        let begun = std::mem::take(&mut self.begun);
        if begun.is_empty() {
            return None;
        }
        let end: &[u8] = if begun.ends_with(b"\n") { b"" } else { b"\n" };
        Some([self.prefix.as_bytes(), &begun, end].concat())
    }
}
