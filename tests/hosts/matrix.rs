//! The two tables of results in `docs/hosts.md`. A cell is the result of one test, which checks it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// One test at a time reads the page and writes it.
static PAGE: Mutex<()> = Mutex::new(());

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/hosts.md")
}

/// Compares one cell of a table. `table` is the heading of the table's first column. If
/// `QUADRIVIUM_WRITE` is set, writes the cell instead.
///
/// A process that was started for a single law has checked no other law, so it compares nothing.
pub fn check_cell(table: &str, row: &str, column: &str, found: &str) {
    if env::var_os("QUADRIVIUM_LAW").is_some() {
        return;
    }
    let _one_at_a_time = PAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let page = fs::read_to_string(path()).expect("docs/hosts.md exists");
    let new = with_cell(&page, table, row, column, found);
    if env::var_os("QUADRIVIUM_WRITE").is_some() {
        fs::write(path(), &new).expect("docs/hosts.md can be written");
    } else {
        assert!(
            new == page,
            "docs/hosts.md is out of date: the cell {row}, {column} should be \"{found}\"; run \
             QUADRIVIUM_WRITE=1 cargo test -p quadrivium-tests --test hosts"
        );
    }
}

/// Returns the page with `found` in that cell.
fn with_cell(page: &str, table: &str, row: &str, column: &str, found: &str) -> String {
    let mut lines: Vec<String> = page.lines().map(String::from).collect();
    let begins = |line: &String, with: &str| cells(line).get(1) == Some(&with);
    let is_head = |line: &String| begins(line, table) && cells(line).contains(&column);
    let head = lines.iter().position(is_head).unwrap_or_else(|| {
        panic!("docs/hosts.md must have a table with the columns `{table}` and `{column}`")
    });
    let index = cells(&lines[head]).iter().position(|cell| *cell == column);
    let index = index.expect("the head has the column");
    let row = lines[head..].iter().position(|line| begins(line, row)).map(|n| head + n);
    let row = row.expect("the table has a row for each host and style");
    let mut new = cells(&lines[row]);
    new[index] = found;
    lines[row] = new.join(" | ").trim().to_string();
    lines.join("\n") + "\n"
}

fn cells(line: &str) -> Vec<&str> {
    line.split('|').map(str::trim).collect()
}

#[test]
fn only_the_given_cell_of_the_given_table_changes() {
    let page = "| one | a | b |\n|---|---|---|\n| x | 1 | 2 |\n\n| two | a | b |\n|---|---|---|\n| x | 3 | 4 |\n";
    assert_eq!(with_cell(page, "two", "x", "a", "5"), page.replace('3', "5"));
    assert_eq!(with_cell(page, "one", "x", "b", "2"), page);
}
