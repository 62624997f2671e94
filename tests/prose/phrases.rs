//! The phrases that no comment, page or message may have, and what to write in their place.
//!
//! A phrase is here when it can be recognised without false alarms. Most unclear sentences cannot
//! be recognised: a reader has to find them.

use super::{paragraph::Paragraph, sentences::spans};

/// A phrase that makes a reader read twice.
#[derive(Debug)]
pub struct Phrase {
    /// In small letters.
    pub text: &'static str,
    place: Place,
    /// Texts after which, or before which, the phrase means something else.
    unless: (&'static [&'static str], &'static [&'static str]),
    /// The remedy: the words to write in place of the phrase.
    pub instead: &'static str,
}

/// Where in a sentence a phrase is doubtful.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Anywhere,
    /// At the beginning of a sentence that is no question.
    First,
    /// At the end of a clause: a full stop, a comma or a similar sign follows.
    Last,
}

use Place::{Anywhere, First, Last};

const fn phrase(place: Place, text: &'static str, instead: &'static str) -> Phrase {
    Phrase { text, place, unless: (&[], &[]), instead }
}

impl Phrase {
    const fn unless_after(self, texts: &'static [&'static str]) -> Self {
        Self { unless: (texts, self.unless.1), ..self }
    }

    const fn unless_before(self, texts: &'static [&'static str]) -> Self {
        Self { unless: (self.unless.0, texts), ..self }
    }
}

const PRONOUN: &str = "write `it` for a task or a program, `you` for a reader, `they` for a person";
const NOUN: &str = "name the noun, such as `the next task` or `a caller that`";
const TASK: &str = "write `no task`, `another thread`, `every task`, or `no one` for people";
const NUMBER: &str = "name the number, or say what is counted";
const RETURNS: &str = "a function `returns` a value, a task has an `output`";
const SENTENCE: &str = "write a sentence of its own, such as `Returns the number of bytes`";
const UNCHANGED: &str = "write `unchanged`, `directly` or `without changes`";
const QUEUE: &str = "write `in the queue` or `waiting`";
const ALTOGETHER: &str = "write `altogether`";
const ABOUT: &str = "write `describes`, `concerns` or `is`";
const NONE_LEFT: &str = "write `because there is no ..` or `no .. is available`";
const RESULT: &str = "write `returns`, `results in`, `reaches` or `ends as`";

/// All phrases.
pub const PHRASES: &[Phrase] = &[
    phrase(Anywhere, "he", PRONOUN),
    phrase(Anywhere, "him", PRONOUN),
    phrase(Anywhere, "his", PRONOUN),
    phrase(Anywhere, "himself", PRONOUN),
    phrase(Anywhere, "whoever", NOUN),
    phrase(First, "who", NOUN),
    phrase(Anywhere, "and who", NOUN),
    phrase(Anywhere, "or who", NOUN),
    phrase(Anywhere, "but who", NOUN),
    phrase(Anywhere, "of who", NOUN),
    phrase(Anywhere, "for who", NOUN),
    phrase(Anywhere, "to who", NOUN),
    phrase(Anywhere, "by who", NOUN),
    phrase(Anywhere, "from who", NOUN),
    phrase(Anywhere, "with who", NOUN),
    phrase(Anywhere, "wakes who", NOUN),
    phrase(Anywhere, "nobody", TASK),
    phrase(Anywhere, "somebody", TASK),
    phrase(Anywhere, "anybody", TASK),
    phrase(Anywhere, "everybody", TASK),
    phrase(Anywhere, "is worth", RETURNS),
    phrase(Anywhere, "are worth", RETURNS),
    phrase(Anywhere, "was worth", RETURNS),
    phrase(Anywhere, "be worth", RETURNS),
    phrase(Anywhere, "gives out", RETURNS),
    phrase(Anywhere, "gave out", RETURNS),
    phrase(Anywhere, "comes to", RESULT).unless_before(&["an end", "life", "rest"]),
    phrase(Anywhere, "came to", RESULT).unless_before(&["an end", "life", "rest"]),
    phrase(Anywhere, "so many", NUMBER),
    phrase(Last, "; how", SENTENCE),
    phrase(Last, "; how many", SENTENCE),
    phrase(Last, "; what", SENTENCE),
    phrase(Last, "; when", SENTENCE),
    phrase(Last, "; which", SENTENCE),
    phrase(Last, "; who", SENTENCE),
    phrase(Last, "; why", SENTENCE),
    phrase(Last, "as it is", UNCHANGED),
    phrase(Last, "as they are", UNCHANGED),
    phrase(Last, "in all", ALTOGETHER),
    phrase(Anywhere, "for good", "write `permanently` or `for ever`").unless_before(&["reason"]),
    phrase(Anywhere, "in line", QUEUE).unless_before(&["with", "{"]),
    phrase(Anywhere, "is about", ABOUT).unless_before(&["to"]),
    phrase(Anywhere, "are about", ABOUT).unless_before(&["to"]),
    phrase(Anywhere, "of which", "begin a new sentence with the noun")
        .unless_after(&["all", "both", "each", "many", "most", "none", "one", "some"]),
    phrase(Anywhere, "for want of", NONE_LEFT),
    phrase(Anywhere, "to be had", NONE_LEFT),
    phrase(Anywhere, "would have it", "say who or what requires it"),
    phrase(Anywhere, "in vain", "say what fails, or write `without an effect`"),
    phrase(Anywhere, "without a word", "write `silently`"),
    phrase(Anywhere, "stands in", "write `is in`").unless_before(&["for"]),
    phrase(Anywhere, "errand", "write `request` or `closure`"),
    phrase(Anywhere, "mail", "write `requests` or `messages`"),
];

/// Returns the phrases of a paragraph, each with its offset.
pub fn phrases_in(paragraph: &Paragraph) -> Vec<(usize, &'static Phrase)> {
    let text = paragraph.without_code().to_ascii_lowercase();
    let mut found = Vec::new();
    for phrase in PHRASES {
        let offsets = text.match_indices(phrase.text).map(|(at, _)| at);
        let offsets = offsets.filter(|at| phrase.is_found_at(*at, &text, paragraph));
        found.extend(offsets.map(|at| (at, phrase)));
    }
    found
}

impl Phrase {
    fn is_found_at(&self, at: usize, text: &str, paragraph: &Paragraph) -> bool {
        let (before, after) = (&text[..at], &text[at + self.text.len()..]);
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
        let is_word = !after.starts_with(is_part)
            && (!before.ends_with(is_part) || self.text.starts_with(';'));
        let rest = after.trim_start();
        let is_here = match self.place {
            Anywhere => true,
            Last => rest.is_empty() || rest.starts_with(['.', ',', ';', ':', ')', '!']),
            First => is_statement(at, text, paragraph),
        };
        let (ends, begins) = self.unless;
        is_word
            && is_here
            && !ends.iter().any(|end| before.trim_end().ends_with(end))
            && !begins.iter().any(|begin| rest.starts_with(begin))
    }
}

/// Returns whether a sentence that is no question begins at this offset.
fn is_statement(at: usize, plain: &str, paragraph: &Paragraph) -> bool {
    let is_it = |&(begin, end): &(usize, usize)| at == begin && !plain[..end].ends_with('?');
    spans(paragraph, plain).iter().any(is_it)
}

#[cfg(test)]
fn found_in(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for paragraph in super::paragraphs(file, text) {
        let phrases = phrases_in(&paragraph).into_iter();
        found.extend(phrases.map(|(at, it)| format!("{} {}", paragraph.line_at(at), it.text)));
    }
    found
}

#[test]
fn each_phrase_is_found_in_each_kind_of_text() {
    for Phrase { text, .. } in PHRASES {
        let sentence = format!("{}{}. The end", text[..1].to_uppercase(), &text[1..]);
        for (file, before, after) in [
            ("x.rs", "//! The first line.\n//! ", ""),
            ("x.rs", "\nlet x = 1; // ", ""),
            ("x.rs", "\npanic!(\"", "\")"),
            ("x.md", "# A page\n", "\n"),
            (".ci/x", "#!/bin/sh\n# ", "\n"),
            (".ci/x", "#!/bin/sh\necho '", "'"),
        ] {
            let found = found_in(file, &format!("{before}{sentence}{after}"));
            assert!(found.contains(&format!("2 {text}")), "{file}: {before}{sentence}: {found:?}");
        }
    }
}

#[test]
fn other_meanings_are_no_findings() {
    let text = "It is about to end, as it is called in line with line 7. Each of which is done.\n\n\
        Who waits? Whose? The shepherd, a mailbox, `is worth`, \"so many\", for good reason.\n\n\
        The player who waits. All in all of them. It comes to an end and stands in for it.";
    assert_eq!(found_in("x.md", text), [""; 0]);
}

#[test]
fn a_phrase_in_two_lines_is_in_the_first() {
    assert_eq!(found_in("x.md", "It is\nworth 42."), ["1 is worth"]);
}
