//! Shell scripts and TOML files: the paragraphs of their comments, and the messages of scripts.

use super::{
    markdown,
    paragraph::{Kind, Paragraph, numbered},
};

/// The commands of `.ci` whose arguments are printed.
const PRINTING: [&str; 6] = ["echo", "printf", "step", "part", "skip", "expect"];

pub(super) fn paragraphs(text: &str) -> Vec<Paragraph> {
    let mut found = Vec::new();
    let mut block: Vec<(usize, &str)> = Vec::new();
    for (number, line) in numbered(text) {
        let line = line.trim();
        match line.strip_prefix('#').filter(|comment| !comment.starts_with('!')) {
            Some(comment) => block.push((number, comment)),
            None => {
                found.extend(markdown::paragraphs(Kind::Comment, &block));
                block.clear();
                found.extend(messages(number, line));
            }
        }
    }
    found.extend(markdown::paragraphs(Kind::Comment, &block));
    found
}

/// Returns the quoted arguments of a line that prints them.
fn messages(number: usize, line: &str) -> Vec<Paragraph> {
    let command = line.split([' ', ';']).find(|word| PRINTING.contains(word));
    let Some(printed) = command.and_then(|command| line.split_once(command)) else {
        return Vec::new();
    };
    let quotes = printed.1.split(['\'', '"']).skip(1).step_by(2);
    let paragraph = |text: &str| {
        let mut paragraph = Paragraph::new(Kind::Message);
        paragraph.push(number, text);
        paragraph
    };
    quotes.filter(|text| text.split_whitespace().count() > 2).map(paragraph).collect()
}

#[test]
fn comments_and_printed_words_are_found() {
    let script = "#!/bin/sh\n# A comment\n# of two lines.\nx='not a message at all'\n\
        if a; then echo 'a message of a script'; fi # behind\n";
    let found = paragraphs(script);
    let texts: Vec<_> = found.iter().map(|it| (it.line_at(0), it.text.as_str())).collect();
    assert_eq!(texts, [(2, "A comment of two lines."), (5, "a message of a script")]);
}
