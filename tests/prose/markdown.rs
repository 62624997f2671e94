//! Markdown: the paragraphs of a page, or of a comment, which is Markdown as well.

use super::{
    paragraph::{Kind, Paragraph, numbered},
    rust,
};

/// The letters of drawings, which are no prose.
const DRAWN: [char; 8] = ['─', '│', '┌', '└', '├', '►', '▼', '█'];

/// Collects the lines of the present paragraph.
struct Collector {
    kind: Kind,
    found: Vec<Paragraph>,
    present: Option<Paragraph>,
}

impl Collector {
    fn push(&mut self, number: usize, line: &str) {
        self.present.get_or_insert_with(|| Paragraph::new(self.kind)).push(number, line);
    }

    fn end(&mut self) {
        self.found.extend(self.present.take());
    }

    /// Adds the cells of a row, or one line, as paragraphs of their own.
    fn alone(&mut self, number: usize, texts: impl IntoIterator<Item = String>) {
        for text in texts {
            self.end();
            self.push(number, &text);
        }
        self.end();
    }
}

/// Returns the paragraphs of some lines, which have these numbers in their file.
pub(super) fn paragraphs(kind: Kind, lines: &[(usize, &str)]) -> Vec<Paragraph> {
    let mut collector = Collector { kind, found: Vec::new(), present: None };
    let mut rest = lines.iter();
    while let Some(&(number, line)) = rest.next() {
        let text = line.trim();
        if let Some(language) = text.strip_prefix("```") {
            collector.end();
            let is_code = |line: &str| !line.trim().starts_with("```");
            let code: Vec<_> = rest.by_ref().take_while(|it| is_code(it.1)).copied().collect();
            if is_rust(language) {
                collector.found.extend(rust::comments_of(&code));
            }
        } else if text.is_empty() || text.contains(DRAWN) {
            collector.end();
        } else if text.starts_with('|') {
            collector.alone(number, cells(text));
        } else if text.starts_with('#') {
            collector.alone(number, [text.trim_start_matches('#').to_string()]);
        } else {
            if begins_paragraph(text) {
                collector.end();
            }
            collector.push(number, text);
        }
    }
    collector.end();
    collector.found
}

/// Returns the numbered lines of a page that are neither in a code block nor a row of a table.
pub fn lines_of_prose(page: &str) -> Vec<(usize, &str)> {
    let mut is_code = false;
    let is_prose = |(_, line): &(usize, &str)| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence && !line.trim_start().starts_with('|')
    };
    numbered(page).into_iter().filter(is_prose).collect()
}

/// Whether a code block is Rust. One in a comment is, if no language is named.
fn is_rust(language: &str) -> bool {
    let words = ["", "rust", "no_run", "ignore", "should_panic", "compile_fail"];
    words.contains(&language.split(',').next().unwrap_or_default().trim())
}

/// Whether a line begins a paragraph though the line before it is not empty.
fn begins_paragraph(text: &str) -> bool {
    let number = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    ["* ", "- ", "+ ", "SAFETY:"].iter().any(|begin| text.starts_with(begin))
        || number.len() < text.len() && number.starts_with(". ")
}

/// Returns the cells of a row that have a word.
fn cells(row: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_code = false;
    for letter in row.chars() {
        is_code ^= letter == '`';
        match letter {
            '|' if !is_code => cells.push(String::new()),
            _ => cells.last_mut().expect("there is always a cell").push(letter),
        }
    }
    cells.retain(|cell| cell.contains(char::is_alphabetic));
    cells
}

#[test]
fn lists_tables_headings_and_code_are_taken_apart() {
    let page = "# A heading\nA paragraph\nof two lines.\n* An item\n  that goes on\n1. Another\n\
        | a `|` b | c |\n|---|---|\n```text\nno prose\n```\n```\nlet x = 1; // A comment.\n```\n\
        ── a drawing\nThe end";
    let found = paragraphs(Kind::Page, &numbered(page));
    let texts: Vec<_> = found.iter().map(|it| it.text.as_str()).collect();
    let first = ["A heading", "A paragraph of two lines.", "* An item that goes on", "1. Another"];
    let rest = ["a `|` b", "c", "A comment.", "The end"];
    assert_eq!(texts, [&first[..], &rest].concat());
    assert_eq!(found[6].line_at(0), 13);
}

#[test]
fn lines_of_code_and_tables_are_no_prose() {
    let page = "one\n```\ntwo\n```\n| three |\nfour";
    assert_eq!(lines_of_prose(page), [(1, "one"), (6, "four")]);
}
