//! Prose: the comments, the messages and the Markdown pages of the workspace, as paragraphs.
//!
//! ```text
//!   .rs ─────────► comments ──┐
//!   .md ──────────────────────┼─► markdown ──┐
//!   .toml, .ci/ ─► comments ──┘              ├─► paragraphs ─► phrases, sentences
//!   .rs, .ci/ ───► messages ─────────────────┘
//! ```

mod markdown;
mod paragraph;
mod rust;
mod script;
pub mod phrases;
pub mod sentences;

use self::paragraph::numbered;
pub use self::{
    markdown::lines_of_prose,
    paragraph::{Kind, Paragraph},
};
use crate::sources::texts;

/// Returns the paragraphs of a file. The end of its name decides how it is read.
pub fn paragraphs(file: &str, text: &str) -> Vec<Paragraph> {
    match file.rsplit_once('.') {
        Some((_, "rs")) => rust::paragraphs(text),
        Some((_, "md")) => markdown::paragraphs(Kind::Page, &numbered(text)),
        _ => script::paragraphs(text),
    }
}

/// Returns the paragraphs of all files of the workspace, each with the name of its file.
pub fn all_paragraphs() -> Vec<(String, Paragraph)> {
    let of_file = |(file, text): (String, String)| {
        let found = paragraphs(&file, &text);
        found.into_iter().map(move |paragraph| (file.clone(), paragraph))
    };
    texts().into_iter().flat_map(of_file).collect()
}

#[test]
fn a_paragraph_has_the_line_of_each_offset() {
    let found = paragraphs("x.md", "One line\nand another.\n\nA third.");
    let lines: Vec<_> = found.iter().map(|it| (it.text.as_str(), it.line_at(9))).collect();
    assert_eq!(lines, [("One line and another.", 2), ("A third.", 4)]);
}
