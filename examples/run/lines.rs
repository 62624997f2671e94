//! Bytes as they come, made into lines with something in front.

/// The bytes of a read, and of the longest line.
pub const BUFFER: usize = 64 * 1024;

#[derive(Debug)]
pub struct Lines {
    /// What stands in front of each line.
    prefix: String,
    /// A line that has not come to its end.
    begun: Vec<u8>,
}

impl Lines {
    pub fn new(prefix: String) -> Self {
        Self { prefix, begun: Vec::new() }
    }

    /// The lines that these bytes end, as one piece of text; none if there are
    /// none.
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

    /// The line that has been begun; it gets an end if it has none.
    pub fn end(&mut self) -> Option<Vec<u8>> {
        let begun = std::mem::take(&mut self.begun);
        if begun.is_empty() {
            return None;
        }
        let end: &[u8] = if begun.ends_with(b"\n") { b"" } else { b"\n" };
        Some([self.prefix.as_bytes(), &begun, end].concat())
    }
}
