//! Lists the sentences of comments and Markdown pages that have more than 30 words, the longest
//! first.
//!
//! ```text
//! cargo run -q -p quadrivium-tests --bin sentences [WORDS] [PATH..]
//! ```
//!
//! A number is another limit. A path, as seen from the root of the workspace, chooses the files
//! below it.

#![forbid(unsafe_code)]

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use quadrivium_tests::{
    prose::sentences::{Sentence, long_sentences},
    sources::texts,
};

/// The limit if no other one is given.
const WORDS: usize = 30;

fn main() -> ExitCode {
    let (limits, paths): (Vec<_>, Vec<_>) =
        env::args().skip(1).partition(|argument| argument.parse::<usize>().is_ok());
    if let Some(path) = paths.iter().find(|path| !texts().keys().any(|it| it.starts_with(*path))) {
        eprintln!(
            "no file begins with {path:?}: name a folder or a file as seen from the root of the \
             workspace, and the limit as a number"
        );
        return ExitCode::FAILURE;
    }
    let most = limits.last().and_then(|limit| limit.parse().ok()).unwrap_or(WORDS);
    let is_wanted = |sentence: &Sentence| {
        paths.is_empty() || paths.iter().any(|path| sentence.file.starts_with(path))
    };
    let mut stdout = io::stdout().lock();
    let mut count = 0;
    for sentence in long_sentences(most).into_iter().filter(is_wanted) {
        let Sentence { file, line, words, text } = sentence;
        // The reader of a pipe may have seen enough.
        if writeln!(stdout, "{file}:{line}: {words} words: {text}").is_err() {
            return ExitCode::SUCCESS;
        }
        count += 1;
    }
    eprintln!("{count} sentences of more than {most} words");
    ExitCode::SUCCESS
}
