//! Rust: the paragraphs of its comments, and its messages.

use super::{
    markdown,
    paragraph::{Kind, Paragraph},
};
use crate::words::{Piece, PieceKind, pieces};

/// Returns the paragraphs of all comments, and all messages.
pub(super) fn paragraphs(text: &str) -> Vec<Paragraph> {
    let pieces = pieces(text);
    let mut found = comments(&pieces);
    let strings = pieces.iter().filter(|piece| piece.kind == PieceKind::String);
    found.extend(strings.flat_map(message));
    found
}

/// Returns the paragraphs of the comments in lines that have these numbers in their file.
pub(super) fn comments_of(code: &[(usize, &str)]) -> Vec<Paragraph> {
    let text: Vec<_> = code.iter().map(|(_, line)| *line).collect();
    let mut found = comments(&pieces(&text.join("\n")));
    for (_, line) in found.iter_mut().flat_map(|paragraph| &mut paragraph.lines) {
        *line = code[*line - 1].0;
    }
    found
}

/// A run of comment lines with the same marker, one below the other.
#[derive(Default)]
struct Block<'a> {
    marker: &'a str,
    lines: Vec<(usize, &'a str)>,
}

fn comments(pieces: &[Piece<'_>]) -> Vec<Paragraph> {
    let mut found = Vec::new();
    let mut block = Block::default();
    for (at, piece) in pieces.iter().enumerate() {
        if piece.kind != PieceKind::Comment {
            continue;
        }
        let (marker, line) = split_marker(piece.text);
        // A comment behind code is a block of its own.
        let marker = if stands_alone(pieces, at) { marker } else { "" };
        let goes_on = !marker.is_empty()
            && marker == block.marker
            && block.lines.last().is_some_and(|(last, _)| last + 1 == piece.line);
        if !goes_on {
            found.extend(markdown::paragraphs(Kind::Comment, &block.lines));
            block = Block { marker, lines: Vec::new() };
        }
        block.lines.extend(line.split('\n').enumerate().map(|(n, line)| (piece.line + n, line)));
    }
    found.extend(markdown::paragraphs(Kind::Comment, &block.lines));
    found
}

/// Splits a comment into the letters that mark it and the rest.
fn split_marker(comment: &str) -> (&str, &str) {
    let markers = ["//!", "///", "//", "/*"];
    let marker = markers.iter().find(|marker| comment.starts_with(**marker));
    let (marker, text) = comment.split_at(marker.map_or(0, |marker| marker.len()));
    (marker, text.strip_suffix("*/").unwrap_or(text))
}

/// Returns whether no code precedes a comment in its line.
fn stands_alone(pieces: &[Piece<'_>], at: usize) -> bool {
    let before = at.checked_sub(1).map_or("", |before| pieces[before].text);
    before.rsplit('\n').next().unwrap_or_default().trim().is_empty()
}

/// Returns the paragraphs of a string that has at least three words.
fn message(piece: &Piece<'_>) -> Vec<Paragraph> {
    let quote = piece.text.find('"').unwrap_or_default();
    let is_raw = piece.text[..quote].contains('r');
    let inside = piece.text[quote..].trim_matches(['#', '"']);
    let mut found = Vec::new();
    let mut paragraph = Paragraph::new(Kind::Message);
    for (n, line) in inside.split('\n').enumerate() {
        // A backslash at the end of a line joins it to the next.
        let line = if is_raw { line } else { line.trim_end_matches('\\') };
        for (part, text) in line.split("\\n").enumerate() {
            if part > 0 {
                found.push(std::mem::replace(&mut paragraph, Paragraph::new(Kind::Message)));
            }
            paragraph.push(piece.line + n, text);
        }
    }
    found.push(paragraph);
    found.retain(|it| it.text.split_whitespace().count() > 2);
    found
}

#[test]
fn comments_and_messages_are_found() {
    let text = r####"
        //! The file.
        /// A function
        /// of two lines.
        ///
        /// ```
        /// f(); // An example.
        /// ```
        fn f() {
            let a = 1; // Behind code.
            // Alone.
            let url = "https://no.comment"; /* A block. */
            panic!("a message of {} words \
                    and two lines\n\na second paragraph");
            expect(r#"a "raw" message"#); "two words"; 'x';
        }
    "####;
    let found = paragraphs(text);
    let texts: Vec<_> = found.iter().map(|it| (it.line_at(0), it.text.as_str())).collect();
    let comments = [
        (2, "The file."),
        (3, "A function of two lines."),
        (7, "An example."),
        (10, "Behind code."),
        (11, "Alone."),
        (12, "A block."),
    ];
    let messages = [
        (13, "a message of {} words and two lines"),
        (14, "a second paragraph"),
        (15, "a \"raw\" message"),
    ];
    assert_eq!(texts, [&comments[..], &messages].concat());
}
