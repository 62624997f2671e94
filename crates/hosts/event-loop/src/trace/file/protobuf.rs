//! [`FieldBytes`]: a message of protocol buffers, which are fields with numbers.
//!
//! The encoding is described at <https://protobuf.dev/programming-guides/encoding/>.

/// The number of a field in its message.
pub(super) type Field = u32;

const VARINT: u32 = 0;
const FIXED_64: u32 = 1;
const BYTES: u32 = 2;

/// A message that is being written.
#[derive(Default)]
pub(super) struct FieldBytes {
    bytes: Vec<u8>,
}

impl FieldBytes {
    pub(super) fn uint(mut self, field: Field, value: u64) -> Self {
        self.tag(field, VARINT);
        push_varint(value, &mut self.bytes);
        self
    }

    pub(super) fn fixed(mut self, field: Field, value: u64) -> Self {
        self.tag(field, FIXED_64);
        self.bytes.extend(value.to_le_bytes());
        self
    }

    pub(super) fn text(self, field: Field, value: &str) -> Self {
        self.with(field, value.as_bytes())
    }

    pub(super) fn message(self, field: Field, inner: &FieldBytes) -> Self {
        self.with(field, &inner.bytes)
    }

    fn with(mut self, field: Field, value: &[u8]) -> Self {
        self.tag(field, BYTES);
        push_varint(value.len() as u64, &mut self.bytes);
        self.bytes.extend(value);
        self
    }

    fn tag(&mut self, field: Field, wire_type: u32) {
        push_varint(u64::from(field << 3 | wire_type), &mut self.bytes);
    }

    /// Appends the message to the bytes of an outer one, as its field.
    pub(super) fn write_as(self, field: Field, out: &mut Vec<u8>) {
        out.extend(FieldBytes::default().message(field, &self).bytes);
    }
}

/// Appends seven bits a byte, the lowest first. The highest bit says that more follow.
fn push_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_specification_have_these_bytes() {
        assert_eq!(FieldBytes::default().uint(1, 150).bytes, [0x08, 0x96, 0x01]);
        let text = FieldBytes::default().text(2, "testing");
        assert_eq!(text.bytes, [&[0x12, 0x07][..], b"testing"].concat());
        let inner = FieldBytes::default().uint(1, 150);
        assert_eq!(FieldBytes::default().message(3, &inner).bytes, [0x1a, 0x03, 0x08, 0x96, 0x01]);
        assert_eq!(FieldBytes::default().fixed(1, 2).bytes, [0x09, 2, 0, 0, 0, 0, 0, 0, 0]);
    }
}
