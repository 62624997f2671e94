//! Plays one script in several casts, and shows the first line where their records differ.

use super::{Cast, PlayRecord, Script, check_rules, play};

/// The number of lines that are shown before the first difference.
const BEFORE: usize = 4;

/// The width of a column.
const WIDTH: usize = 58;

/// Plays a script in each cast, first come first served, on a virtual clock.
///
/// # Errors
///
/// If a record breaks the [rules](check_rules) or two records differ. The error shows the script,
/// and the first line that differs side by side.
pub fn agree(script: &Script, casts: &[Cast]) -> Result<(), String> {
    compare(script, casts, play, |record| check_rules(record, true))
}

/// Like [`agree`], but plays and checks the script with the given functions.
///
/// # Errors
///
/// The errors of [`agree`].
pub fn compare(
    script: &Script,
    casts: &[Cast],
    play: impl Fn(&Script, &Cast) -> PlayRecord,
    check: impl Fn(&PlayRecord) -> Result<(), String>,
) -> Result<(), String> {
    let mut first = None;
    for cast in casts {
        let record = play(script, cast);
        check(&record).map_err(|broken| format!("{cast}: {broken}\n\nthe script:\n{script}"))?;
        let (first_cast, first_record) = first.get_or_insert_with(|| (cast, record.clone()));
        if *first_record != record {
            let parted =
                side_by_side((*first_cast, &first_record.lines()), (cast, &record.lines()));
            return Err(format!("{parted}\nthe script:\n{script}"));
        }
    }
    Ok(())
}

/// The first line that differs and the lines before it, in two columns.
fn side_by_side(left: (&Cast, &[String]), right: (&Cast, &[String])) -> String {
    let n = left.1.len().max(right.1.len());
    let differs = (0..n).find(|&n| left.1.get(n) != right.1.get(n)).unwrap_or(n);
    let mut text = format!("the records differ from line {differs} on:\n");
    let mut row = |mark: &str, left: &str, right: &str| {
        text += &format!("{mark:>6} {left:<WIDTH$} {right}\n");
    };
    row("", &left.0.to_string(), &right.0.to_string());
    let line = |lines: &[String], n: usize| lines.get(n).cloned().unwrap_or_default();
    for n in differs.saturating_sub(BEFORE)..=differs {
        let mark = if n == differs { format!("-> {n}") } else { n.to_string() };
        row(&mark, &line(left.1, n), &line(right.1, n));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{script::Instruction::*, styles};

    #[test]
    fn the_first_line_that_differs_is_shown() {
        let script = Script::new([Turn, Sleep(1)]);
        // A function that plays another script for the second cast.
        let lies = |script: &Script, cast: &Cast| match cast.to_string().as_str() {
            "green" => play(&Script::new([Turn, Sleep(2)]), cast),
            _ => play(script, cast),
        };
        let casts = [Cast::all(&styles::Future), Cast::all(&styles::Green)];
        let parted = compare(&script, &casts, lies, |_| Ok(())).unwrap_err();
        let line = parted.lines().find(|line| line.contains("->")).unwrap();
        assert!(line.contains("until 1ms") && line.contains("until 2ms"), "{parted}");
        assert!(parted.contains("1. sleep 1 ms"), "{parted}");
    }
}
