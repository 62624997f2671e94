//! [`JsonText`], and the other parts that a JSON document is made of.

use std::fmt;

/// A text as a JSON string, with its quotes.
#[derive(Clone, Copy, Debug)]
pub struct JsonText<'a>(pub &'a str);

impl fmt::Display for JsonText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        let mut rest = self.0;
        while let Some(place) = rest.find(|c: char| c < ' ' || c == '"' || c == '\\') {
            let escaped = rest.as_bytes()[place];
            f.write_str(&rest[..place])?;
            match escaped {
                b'"' | b'\\' => write!(f, "\\{}", char::from(escaped))?,
                b'\n' => f.write_str("\\n")?,
                _ => write!(f, "\\u{escaped:04x}")?,
            }
            rest = &rest[place + 1..];
        }
        write!(f, "{rest}\"")
    }
}

/// A list, in brackets.
pub(super) fn list<'a, T, D: fmt::Display>(
    items: &'a [T],
    json: impl Fn(&'a T) -> D,
) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        f.write_str("[")?;
        for (i, item) in items.iter().enumerate() {
            f.write_str(if i == 0 { "" } else { "," })?;
            json(item).fmt(f)?;
        }
        f.write_str("]")
    })
}

/// A value, or `null`.
pub(super) fn or_null(value: Option<impl fmt::Display>) -> impl fmt::Display {
    fmt::from_fn(move |f| match &value {
        Some(value) => value.fmt(f),
        None => f.write_str("null"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_escaped() {
        let text = "\"C:\\a\" \u{1}\n\t é \u{1f600}";
        assert_eq!(JsonText(text).to_string(), r#""\"C:\\a\" \u0001\n\u0009 é 😀""#);
        assert_eq!(JsonText("").to_string(), r#""""#);
    }
}
