//! Text as a string of JSON.

use std::io::Write;

/// Appends the text as a string of JSON, with quotes.
pub(super) fn push_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend([b'\\', c as u8]),
            '\0'..='\x1f' => _ = write!(out, "\\u{:04x}", c as u32),
            _ => out.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_control_characters_are_escaped() {
        let mut out = Vec::new();
        push_string("a \"b\" \\ c\n\x01 é", &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), r#""a \"b\" \\ c\u000a\u0001 é""#);
    }
}
