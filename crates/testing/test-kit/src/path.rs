//! [`Path`]: one way through the tree of all decisions, and how to come to the next one.
//!
//! ```text
//!              ┌ 0 ─┬ 0     0.0  first: where nothing is said, 0 is chosen
//!   start ─ of 2    └ 1     0.1  advance: the last choice that has another answer takes it,
//!              └ 1 ── …     1    and what came after it is forgotten
//! ```
//!
//! Nothing of a run is kept: the program is run again from its start for every path, so it may
//! hold what it likes.

use std::fmt;

#[derive(Clone, Debug, Default)]
pub(crate) struct Path {
    choices: Vec<Choice>,
    /// How many of them this run has come by.
    passed: usize,
}

#[derive(Clone, Copy, Debug)]
struct Choice {
    chosen: usize,
    /// How many there were to choose from. Not known before the run has come by, if the path was
    /// read from text.
    of: Option<usize>,
}

const NOT_THE_SAME: &str = "the program itself is not deterministic (the order of a HashMap, other \
     threads, the real clock), or these are the choices of another one";

impl Path {
    pub(crate) fn parse(text: &str) -> Self {
        let number = |number: &str| number.trim().parse();
        let choices = text.split('.').map(number).collect::<Result<Vec<_>, _>>();
        let choices = choices.unwrap_or_else(|_| {
            panic!("choices are numbers with dots between, as a failure shows them: {text:?}")
        });
        let choices = choices.into_iter().map(|chosen| Choice { chosen, of: None }).collect();
        Self { choices, passed: 0 }
    }

    /// The choices that the next run is going to make, before it has made them.
    pub(crate) fn planned(&self) -> Self {
        Self { choices: self.choices.clone(), passed: self.choices.len() }
    }

    /// The choice at this place of the path, among `n`.
    pub(crate) fn choose(&mut self, n: usize) -> usize {
        if self.passed == self.choices.len() {
            self.choices.push(Choice { chosen: 0, of: None });
        }
        let choice = &mut self.choices[self.passed];
        let (chosen, of) = (choice.chosen, *choice.of.get_or_insert(n));
        assert!(of == n, "this choice is among {n} where it was among {of} before: {NOT_THE_SAME}");
        assert!(
            chosen < n,
            "choice {} says {chosen}, but there are {n} to choose from, 0 to {}: {NOT_THE_SAME}",
            self.passed + 1,
            n - 1
        );
        self.passed += 1;
        choice.chosen
    }

    /// Why the run that has ended cannot have been of the same program: it has not come by all of
    /// the choices that it was to make.
    pub(crate) fn is_cut_short(&self) -> Option<String> {
        let (passed, of) = (self.passed, self.choices.len());
        (passed < of).then(|| format!("only {passed} choices of {of} came up: {NOT_THE_SAME}"))
    }

    /// Goes on to the next path. False when this was the last.
    pub(crate) fn advance(&mut self) -> bool {
        self.passed = 0;
        while let Some(mut choice) = self.choices.pop() {
            choice.chosen += 1;
            if choice.of.is_some_and(|of| choice.chosen < of) {
                self.choices.push(choice);
                return true;
            }
        }
        false
    }
}

/// The choices without the zeros at the end, which need not be said.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let passed = &self.choices[..self.passed];
        let said = passed.iter().rposition(|choice| choice.chosen != 0).map_or(1, |last| last + 1);
        let numbers = passed.iter().take(said).map(|choice| choice.chosen.to_string());
        let numbers: Vec<_> = numbers.collect();
        f.write_str(if numbers.is_empty() { "0" } else { "" })?;
        f.write_str(&numbers.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_comes_once_in_order() {
        let mut path = Path::default();
        let mut seen = Vec::new();
        loop {
            // After a 1 there is no second choice.
            let first = path.choose(2);
            let second = if first == 0 { path.choose(3) } else { 0 };
            seen.push((first, second, path.to_string()));
            assert_eq!(path.is_cut_short(), None);
            if !path.advance() {
                break;
            }
        }
        let expected = [(0, 0, "0"), (0, 1, "0.1"), (0, 2, "0.2"), (1, 0, "1")];
        let expected = expected.map(|(first, second, text)| (first, second, text.to_string()));
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_path_that_is_not_gone_to_its_end_is_of_another_program() {
        let mut path = Path::parse("0.1");
        path.choose(2);
        let cut_short = path.is_cut_short().unwrap();
        assert!(cut_short.starts_with("only 1 choices of 2 came up"), "{cut_short}");
    }

    #[test]
    #[should_panic = "choice 2 says 9, but there are 3 to choose from, 0 to 2: the program"]
    fn a_choice_that_there_is_not_is_told() {
        let mut path = Path::parse("1.9");
        path.choose(2);
        path.choose(3);
    }

    #[test]
    fn a_path_is_read_as_it_is_written() {
        let mut path = Path::parse("2.0.1");
        let chosen: Vec<_> = (0..5).map(|_| path.choose(3)).collect();
        assert_eq!(chosen, [2, 0, 1, 0, 0]);
        assert_eq!(path.to_string(), "2.0.1");
    }
}
