//! Sentences: a paragraph is cut into them, and their words are counted.

use super::{
    all_paragraphs,
    paragraph::{Kind, Paragraph},
};

/// A sentence of a comment or a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    pub file: String,
    pub line: usize,
    pub words: usize,
    pub text: String,
}

/// Returns the begin and the end of each sentence of a paragraph. `plain` is its text without code.
///
/// A sentence ends with a full stop, a colon, a question mark or an exclamation mark, when a
/// capital, code or the end follows.
pub fn spans(paragraph: &Paragraph, plain: &str) -> Vec<(usize, usize)> {
    let text = &paragraph.text;
    let mut found = Vec::new();
    let mut begin = 0;
    for (at, _) in plain.match_indices(['.', ':', '?', '!']) {
        let rest = text[at + 1..].trim_start_matches([')', '"', '*', '_']);
        let next = rest.trim_start();
        let ends = next.is_empty() || next.len() < rest.len() && begins_sentence(next);
        if ends && begin <= at {
            found.push((begin, text.len() - rest.len()));
            begin = text.len() - next.len();
        }
    }
    if begin < text.len() {
        found.push((begin, text.len()));
    }
    found
}

fn begins_sentence(text: &str) -> bool {
    let begins = |letter: char| letter.is_uppercase() || "`\"([*_".contains(letter);
    text.starts_with(begins)
}

/// Returns the number of words in a sentence. A piece of code counts as one word.
fn words(sentence: &str) -> usize {
    sentence.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count()
}

fn sentences(file: &str, paragraph: &Paragraph) -> Vec<Sentence> {
    // Code may contain full stops and spaces.
    let plain = paragraph.without_code();
    let sentence = |(begin, end): (usize, usize)| Sentence {
        file: file.into(),
        line: paragraph.line_at(begin),
        words: words(&plain[begin..end]),
        text: paragraph.text[begin..end].into(),
    };
    spans(paragraph, &plain).into_iter().map(sentence).collect()
}

/// Returns the sentences of comments and pages that have more than `most` words, the longest first.
pub fn long_sentences(most: usize) -> Vec<Sentence> {
    let paragraphs = all_paragraphs();
    let prose = paragraphs.iter().filter(|(_, paragraph)| paragraph.kind != Kind::Message);
    let all = prose.flat_map(|(file, paragraph)| sentences(file, paragraph));
    let mut long: Vec<_> = all.filter(|sentence| sentence.words > most).collect();
    long.sort_by_key(|sentence| std::cmp::Reverse(sentence.words));
    long
}

#[test]
fn sentences_end_where_another_begins() {
    let text = "One is 0.5 s, e.g. here. Two: (a) it ends! `Three. Four` ends.";
    let found = super::paragraphs("x.md", text);
    let cut = sentences("x.md", &found[0]).into_iter().map(|it| it.text);
    let expected = ["One is 0.5 s, e.g. here.", "Two:", "(a) it ends!", "`Three. Four` ends."];
    assert!(cut.eq(expected));
}

#[test]
fn code_is_one_word_and_a_dash_is_none() {
    let found = super::paragraphs("x.md", "Two words – and\n`a long. Piece of code` here.");
    let found = sentences("x.md", &found[0]);
    assert_eq!((found.len(), found[0].words, found[0].line), (1, 5, 1));
}
