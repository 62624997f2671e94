//! The page and the JSON document of an exhibition.

use serde_json::Value;

use crate::{STYLES, printed, quadrivium};

/// Returns the part of the page above the timelines: the table and its notes.
fn table_and_notes(page: &str) -> &str {
    page.split_once("One column is").map_or(page, |(table, _)| table)
}

fn json(args: &str) -> Value {
    serde_json::from_str(&printed(&format!("{args} --json"))).expect("it prints one document")
}

fn rows(document: &Value) -> &Vec<Value> {
    document["rows"].as_array().expect("there are rows")
}

#[test]
fn by_default_the_exhibition_takes_twelve_hours_or_one_hour() {
    let page = printed("");
    let lines_with = |text: &str| page.lines().filter(|line| line.contains(text)).count();
    // Four styles in the table, and the heading of the timeline.
    assert_eq!(lines_with(" 12:00:00"), 5, "{page}");
    assert_eq!(lines_with(" 1:00:55"), 5, "{page}");
    for comparison in ["plain loop *", "OS threads *", "OS processes *"] {
        assert_eq!(lines_with(comparison), 1, "{page}");
    }
    assert!(page.contains("The master thinks 5s a move, an opponent 55s."), "{page}");
    assert!(!page.contains('\x1b'), "no colours without a terminal: {page}");
}

#[test]
fn the_page_fits_in_eighty_columns() {
    for args in ["", "--clock real --scale 100000", "--style green --seed 7"] {
        let page = printed(args);
        let widest = page.lines().max_by_key(|line| line.chars().count()).expect("it has lines");
        assert!(widest.chars().count() <= 80, "{args}: {widest}");
    }
}

#[test]
fn exact_and_measured_times_have_separate_columns() {
    let page = printed("--boards 3 --moves 2 --style callback,sequential");
    let cells = |name: &str| {
        let line = page.lines().find(|line| line.starts_with(name)).expect("there is such a row");
        let cells = line.strip_prefix(name).expect("it was found by its start").split_whitespace();
        cells.map(str::to_owned).collect::<Vec<_>>()
    };
    let (callback, plain_loop) = (cells("  callback"), cells("  plain loop *"));
    // The virtual clock, and then real time × scale.
    assert_eq!(callback[..2], ["0:06:00", "–"], "{page}");
    assert_eq!(plain_loop[0], "–", "{page}");
    assert!(plain_loop[1].starts_with("0:06:"), "timers are late, never early: {page}");
}

#[test]
fn notes_are_about_rows_that_are_shown() {
    let styles = printed("--style callback,future");
    let notes = table_and_notes(&styles);
    for absent in ["*", "OS", "scale", "stacks"] {
        assert!(!notes.contains(absent), "{absent}: {styles}");
    }
    let comparison = printed("--boards 2 --moves 1 --style threads");
    let notes = table_and_notes(&comparison);
    for absent in ["virtual clock  ", "heap", "OS processes", "plain loop", "task"] {
        assert!(!notes.contains(absent), "{absent}: {comparison}");
    }
    assert!(notes.contains("* How often the OS suspended a thread"), "{comparison}");
}

#[test]
fn a_run_that_fails_gives_exit_code_1_and_the_other_rows_are_shown() {
    let mut command = quadrivium("--boards 2 --moves 1 --style future,processes");
    // The processes of the boards share a lock file, which cannot be created there.
    let output = command.env("TMPDIR", "/no/such/folder").output().expect("the command runs");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let page = String::from_utf8(output.stdout).expect("it prints UTF-8");
    let row = |name: &str| page.lines().find(|line| line.starts_with(name)).map(str::to_owned);
    assert!(row("  future").is_some_and(|row| row.contains("0:02:00")), "{page}");
    let failed = row("  OS processes *").expect("the run has a row");
    assert!(failed.split_whitespace().skip(3).all(|cell| cell == "–"), "{page}");
    let error = String::from_utf8(output.stderr).expect("it prints UTF-8");
    let start = "error: OS processes, move by move: cannot create the lock file /no/such/folder/";
    assert!(error.starts_with(start) && error.contains("set TMPDIR"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn the_timeline_shows_when_each_side_thinks() {
    let page = printed("--boards 3 --moves 2 --master 5s --opponent 10s --style callback");
    let timeline = page.split_once("blank: waiting.\n").expect("there is a timeline").1;
    assert_eq!(
        timeline,
        "
One game after another: the master is busy 33.3 % of 0:01:30
  master   █  █  █  █  █  █
  board 1  █··█··
  board 2        █··█··
  board 3              █··█··

Move by move: the master is busy 75.0 % of 40 s
  master   ██████
  board 1  █··█··
  board 2   █··█··
  board 3    █··█··
"
    );
}

#[test]
fn a_json_document_has_the_same_numbers() {
    let document = json("--style callback,generator,future --style green");
    assert_eq!(document["rules"]["boards"], 24);
    assert_eq!(document["rules"]["opponent_s"], 55.0);
    assert_eq!(rows(&document).len(), 8);
    for (row, style) in rows(&document).iter().zip(STYLES.iter().cycle()) {
        assert_eq!(row["style"], *style);
        assert_eq!(row["clock"], "virtual");
        // A game is suspended once for each of its 30 replies. The organiser, the task that starts
        // the games, is suspended once for each game that has not ended when it waits for it.
        let (way, simulated, suspensions) = match row["way"].as_str() {
            Some("one after another") => ("one after another", 43_200.0, 744),
            _ => ("move by move", 3_655.0, 733),
        };
        assert_eq!(row["way"], way);
        assert_eq!(row["simulated_s"], simulated);
        assert_eq!(row["suspensions"], suspensions);
        // A task is resumed once after each suspension, and once at its start. There are 25 tasks.
        assert_eq!(row["switches"], suspensions + 25);
        assert!(row["peak_memory_per_board_bytes"].as_u64() > Some(0));
    }
}

#[test]
fn a_seed_gives_the_same_times_again_and_in_every_style() {
    let simulated = |args: &str| {
        let document = json(&format!("{args} --style callback,generator,future,green"));
        let rows: Vec<f64> =
            rows(&document).iter().filter_map(|row| row["simulated_s"].as_f64()).collect();
        assert_eq!(rows.len(), 8);
        assert!(rows[..4].iter().all(|row| *row == rows[0]));
        assert!(rows[4..].iter().all(|row| *row == rows[4]));
        (rows[0], rows[4])
    };
    assert_eq!(simulated("--seed 7"), simulated("--seed 7"));
    assert_ne!(simulated("--seed 7"), simulated("--seed 8"));
    assert_ne!(simulated("--seed 7"), simulated(""));
}

#[test]
fn every_style_plays_on_the_real_clock() {
    let document = json("--boards 3 --moves 2 --clock real --scale 100000");
    assert_eq!(rows(&document).len(), 11);
    for row in rows(&document) {
        assert_eq!(row["clock"], "real");
        assert_eq!(row["scale"], 100_000.0);
        // Timers are late, never early.
        let least = if row["way"] == "one after another" { 360.0 } else { 125.0 };
        assert!(row["simulated_s"].as_f64() >= Some(least), "{row}");
    }
}

#[test]
fn a_hundred_thousand_boards_are_played_on_a_loop() {
    let document = json("--boards 100000 --moves 1 --style future,threads");
    let rows = rows(&document);
    assert_eq!(rows[0]["simulated_s"], 6_000_000.0);
    assert_eq!(rows[1]["simulated_s"], 500_055.0);
    assert_eq!(rows[2]["skipped"], "100,000 OS threads are too many: use --boards 1000 or fewer");
}

#[test]
fn thinking_times_may_be_zero() {
    let page = printed("--master 0 --opponent 0 --boards 2 --moves 2");
    assert!(page.contains(" 0 s"), "{page}");
    assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
}

/// Returns the lines of a page without measured numbers, which differ from run to run.
fn without_measurements(page: &str) -> Vec<String> {
    let (table, timelines) = page.split_once("The first").expect("the page has timelines");
    let row = |line: &str| {
        // The dash stands where a clock does not apply. Measured numbers are behind it.
        let fixed = line.split(" – ").next().unwrap_or(line);
        fixed.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let timelines = timelines.trim_end().lines().map(|line| line.trim_end().to_owned());
    table.lines().map(row).chain(timelines).collect()
}

/// The README leaves out lines of the page. Each line that it shows is printed, in the same order.
#[test]
fn the_readme_shows_what_is_printed() {
    let readme = include_str!("../../../../../README.md");
    let start = readme.find("A chess master plays 24").expect("the README shows a page");
    let shown = readme[start..].split("```").next().expect("the block has an end");
    let printed = without_measurements(&printed(""));
    let mut rest = printed.iter();
    for line in without_measurements(shown).iter().filter(|line| line.trim() != "...") {
        let found = rest.any(|printed| printed == line);
        assert!(found, "the README shows {line:?}, which is not printed there: {printed:#?}");
    }
}
