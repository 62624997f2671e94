//! The four sources of a program, divided into parts that correspond to each other.

use std::ops::Range;

use crate::comparison::STYLES;

/// The parts of the four sources that stand beside each other: for each style, the indices of its
/// lines.
pub type SourceRow = [Range<usize>; STYLES];

/// A line at which a part of a source begins: a numbered step, or a public function.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    /// `1` for `// 1. Say hello.`, `fn hello` for `pub fn hello(`.
    name: String,
    line: usize,
}

/// Divides the sources at the steps and the functions that all four have in the same order.
///
/// A step has the comment `// 1. Say hello.`, with the same number in every style.
pub fn rows(sources: &[&str; STYLES]) -> Vec<SourceRow> {
    let marks = sources.map(marks);
    let names: Vec<Vec<&str>> =
        marks.iter().map(|marks| marks.iter().map(|mark| mark.name.as_str()).collect()).collect();
    let first = names[0].clone();
    let common = names[1..].iter().fold(first, |common, names| common_sequence(&common, names));
    let begins = marks.each_ref().map(|marks| lines_of(&common, marks));
    let ends = sources.map(|source| source.lines().count());
    (0..=common.len())
        .map(|row| {
            std::array::from_fn(|style| {
                let begin = row.checked_sub(1).map_or(0, |before| begins[style][before]);
                begin..begins[style].get(row).copied().unwrap_or(ends[style])
            })
        })
        .filter(|row: &SourceRow| row.iter().any(|lines| !lines.is_empty()))
        .collect()
}

/// Returns the comment at the top of a file, without the signs of the comment.
pub fn about(main: &str) -> String {
    let comment = main.lines().map_while(|line| line.strip_prefix("//!"));
    let lines: Vec<_> = comment.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    lines.join("\n")
}

fn marks(source: &str) -> Vec<Mark> {
    let lines: Vec<&str> = source.lines().collect();
    let named = lines.iter().enumerate().filter_map(|(line, text)| {
        let text = text.trim_start();
        let name = step_number(text).or_else(|| function_name(text))?;
        Some(Mark { name, line: first_line_of_item(&lines, line) })
    });
    named.collect()
}

fn step_number(line: &str) -> Option<String> {
    let (number, _) = line.strip_prefix("// ")?.split_once(". ")?;
    number.parse::<u32>().is_ok().then(|| number.into())
}

fn function_name(line: &str) -> Option<String> {
    let (name, _) = line.strip_prefix("pub fn ")?.split_once(['(', '<'])?;
    Some(format!("fn {name}"))
}

/// Returns the line of the first comment or attribute directly above an item.
fn first_line_of_item(lines: &[&str], mut line: usize) -> usize {
    let belongs = |text: &str| text.starts_with("///") || text.starts_with("#[");
    while line > 0 && belongs(lines[line - 1]) {
        line -= 1;
    }
    line
}

/// Returns the longest sequence of names that both have, in the same order.
fn common_sequence<'a>(left: &[&'a str], right: &[&str]) -> Vec<&'a str> {
    // longest[i][j] is the length of the longest sequence of left[i..] and right[j..].
    let mut longest = vec![vec![0; right.len() + 1]; left.len() + 1];
    for i in (0..left.len()).rev() {
        for j in (0..right.len()).rev() {
            longest[i][j] = match left[i] == right[j] {
                true => longest[i + 1][j + 1] + 1,
                false => longest[i + 1][j].max(longest[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut common) = (0, 0, Vec::new());
    while i < left.len() && j < right.len() {
        if left[i] == right[j] {
            common.push(left[i]);
            (i, j) = (i + 1, j + 1);
        } else if longest[i + 1][j] >= longest[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    common
}

/// Returns the lines of the marks with these names, which are among `marks` in this order.
fn lines_of(names: &[&str], marks: &[Mark]) -> Vec<usize> {
    let mut marks = marks.iter();
    let line = |name: &&str| {
        let mark = marks.find(|mark| mark.name == *name);
        mark.expect("the common sequence is in each source").line
    };
    names.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: &str = "use x;\n\npub fn go() {\n    // 1. One.\n    // 2. Two.\n}\n";
    const LONG: &str = "pub fn go() {\n    next()\n}\n\nfn next() {\n    // 1. One.\n\n    // 2. Two.\n    // 3. Three.\n}\n";

    #[test]
    fn a_row_begins_at_each_step_and_function_that_all_have() {
        let rows = rows(&[SHORT, LONG, SHORT, LONG]);
        let of_style = |style: usize| rows.iter().map(|row| row[style].clone()).collect::<Vec<_>>();
        assert_eq!(of_style(0), [0..2, 2..3, 3..4, 4..6]);
        assert_eq!(of_style(1), [0..0, 0..5, 5..7, 7..10]);
        assert_eq!(of_style(0), of_style(2));
    }

    #[test]
    fn every_line_is_in_one_row() {
        for program in quadrivium_examples::programs::Program::ALL {
            let sources = program.text.styles;
            let rows = rows(&sources);
            assert!(rows.len() > 3, "{}: {rows:?}", program.name);
            for (style, source) in sources.iter().enumerate() {
                let lines: Vec<_> = rows.iter().flat_map(|row| row[style].clone()).collect();
                assert_eq!(lines, (0..source.lines().count()).collect::<Vec<_>>());
            }
        }
    }
}
