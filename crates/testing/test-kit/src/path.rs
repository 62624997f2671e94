//! [`Path`]: one way through the tree of all decisions, and the step to the next one.
//!
//! ```text
//!              ┌ 0 ─┬ 0     0.0  first: a choice that is not planned is 0
//!   start ─ of 2    └ 1     0.1  advance: the last choice that has another answer takes it,
//!              └ 1 ── …     1    and the choices after it are forgotten
//! ```
//!
//! The program is run again from its start for every path. No state of a run is kept, so a program
//! may hold values that cannot be copied.

use std::fmt;

#[derive(Clone, Debug, Default)]
pub(crate) struct Path {
    choices: Vec<Choice>,
    /// The number of choices that this run has made.
    passed: usize,
}

#[derive(Clone, Copy, Debug)]
struct Choice {
    chosen: usize,
    /// The number of alternatives. In a path that was read from text it is not known until a run
    /// has made this choice.
    of: Option<usize>,
}

const NOT_THE_SAME: &str = "the program itself is not deterministic (the order of a HashMap, other \
     threads, the real clock), or these are choices of another program";

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

    /// Returns the choices that the next run is going to make.
    pub(crate) fn planned(&self) -> Self {
        Self { choices: self.choices.clone(), passed: self.choices.len() }
    }

    /// Makes the next choice of this path, among `n` alternatives.
    pub(crate) fn choose(&mut self, n: usize) -> usize {
        if self.passed == self.choices.len() {
            self.choices.push(Choice { chosen: 0, of: None });
        }
        let choice = &mut self.choices[self.passed];
        let (chosen, of) = (choice.chosen, *choice.of.get_or_insert(n));
        assert!(of == n, "this choice has {n} alternatives, and had {of} before: {NOT_THE_SAME}");
        assert!(
            chosen < n,
            "choice {} is {chosen}, but there are {n} to choose from, 0 to {}: {NOT_THE_SAME}",
            self.passed + 1,
            n - 1
        );
        self.passed += 1;
        choice.chosen
    }

    /// Returns a message if the run has ended without making all planned choices. Then it cannot
    /// have been a run of the same program.
    pub(crate) fn missing_choices(&self) -> Option<String> {
        let (passed, of) = (self.passed, self.choices.len());
        (passed < of).then(|| format!("only {passed} of {of} choices were made: {NOT_THE_SAME}"))
    }

    /// Goes on to the next path. Returns false when this was the last one.
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

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text(self.choices[..self.passed].iter().map(|choice| choice.chosen)))
    }
}

/// Returns choices as text, without the zeros at the end. A choice that is left out is 0.
pub(crate) fn text(choices: impl Iterator<Item = usize>) -> String {
    let choices: Vec<_> = choices.collect();
    let shown = choices.iter().rposition(|chosen| *chosen != 0).map_or(1, |last| last + 1);
    let numbers: Vec<_> = choices.iter().take(shown).map(usize::to_string).collect();
    if numbers.is_empty() { "0".into() } else { numbers.join(".") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_visited_once_in_order() {
        let mut path = Path::default();
        let mut seen = Vec::new();
        loop {
            // After a 1 there is no second choice.
            let first = path.choose(2);
            let second = if first == 0 { path.choose(3) } else { 0 };
            seen.push((first, second, path.to_string()));
            assert_eq!(path.missing_choices(), None);
            if !path.advance() {
                break;
            }
        }
        let expected = [(0, 0, "0"), (0, 1, "0.1"), (0, 2, "0.2"), (1, 0, "1")];
        let expected = expected.map(|(first, second, text)| (first, second, text.to_string()));
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_run_that_makes_too_few_choices_is_reported() {
        let mut path = Path::parse("0.1");
        path.choose(2);
        let missing = path.missing_choices().unwrap();
        assert!(missing.starts_with("only 1 of 2 choices were made"), "{missing}");
    }

    #[test]
    #[should_panic = "choice 2 is 9, but there are 3 to choose from, 0 to 2: the program"]
    fn a_choice_out_of_range_panics() {
        let mut path = Path::parse("1.9");
        path.choose(2);
        path.choose(3);
    }

    #[test]
    fn a_path_that_is_read_is_written_the_same() {
        let mut path = Path::parse("2.0.1");
        let chosen: Vec<_> = (0..5).map(|_| path.choose(3)).collect();
        assert_eq!(chosen, [2, 0, 1, 0, 0]);
        assert_eq!(path.to_string(), "2.0.1");
    }
}
