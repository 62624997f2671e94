//! A paragraph of prose, and the lines of the file that it is from.

/// The kind of text that a paragraph is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Comment,
    Page,
    /// A string in code that has at least three words.
    Message,
}

/// A paragraph, a heading, an item of a list, a cell of a table, or a message.
#[derive(Clone, Debug)]
pub struct Paragraph {
    pub kind: Kind,
    /// Its lines, joined with spaces.
    pub text: String,
    /// The offset in `text` at which each line begins, and the number of the line in the file.
    pub(super) lines: Vec<(usize, usize)>,
}

impl Paragraph {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, text: String::new(), lines: Vec::new() }
    }

    /// Adds a line of the file.
    pub(super) fn push(&mut self, number: usize, line: &str) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.lines.push((self.text.len(), number));
        self.text.push_str(line.trim());
    }

    /// Returns the line of the file that has this offset of the text.
    pub fn line_at(&self, offset: usize) -> usize {
        let after = self.lines.partition_point(|(begin, _)| *begin <= offset);
        self.lines[after.saturating_sub(1)].1
    }

    /// Returns the text with an `x` for each byte of code and of addresses. In comments and pages
    /// also for each byte of a quotation.
    pub fn without_code(&self) -> String {
        let mut text = replace(&self.text, "`", "`");
        text = replace(&text, "](", ")");
        if self.kind != Kind::Message {
            text = replace(&text, "\"", "\"");
        }
        let words = text.split_inclusive(' ').map(|word| match word.contains("://") {
            true => "x".repeat(word.len() - 1) + &word[word.len() - 1..],
            false => word.to_string(),
        });
        words.collect()
    }
}

/// Returns the text with an `x` for each byte from `open` to `close`.
fn replace(text: &str, open: &str, close: &str) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find(open) {
        let inside = begin + open.len();
        let Some(length) = rest[inside..].find(close) else { break };
        let end = inside + length + close.len();
        replaced.push_str(&rest[..begin]);
        replaced.push_str(&"x".repeat(end - begin));
        rest = &rest[end..];
    }
    replaced + rest
}

/// Returns the lines of a text, with their numbers in the file.
pub(super) fn numbered(text: &str) -> Vec<(usize, &str)> {
    text.lines().enumerate().map(|(at, line)| (at + 1, line)).collect()
}

#[test]
fn code_addresses_and_quotations_are_left_out() {
    let mut paragraph = Paragraph::new(Kind::Page);
    paragraph
        .push(1, "See `a b`, [the page](docs/so many.md) and https://x/his/y, not \"the like\"");
    let text = paragraph.without_code();
    assert_eq!(text.len(), paragraph.text.len());
    assert!(
        ["a b", "so many", "his", "the like"].iter().all(|code| !text.contains(code)),
        "{text}"
    );
    assert!(text.contains("[the page"), "{text}");
}
