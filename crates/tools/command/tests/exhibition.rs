//! The command in a process: its output, its errors and its exit codes.
//!
//! Times of the virtual clock are compared, and measured times are not.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

const STYLES: [&str; 4] = ["callback", "generator", "future", "green"];

/// Returns the command with these arguments, in a UTF-8 environment without a terminal.
fn quadrivium(args: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quadrivium"));
    command.args(args.split_whitespace()).env("LC_ALL", "C.UTF-8");
    command.env_remove("TERM").env_remove("COLUMNS");
    command
}

fn output(args: &str) -> Output {
    quadrivium(args).output().expect("the command runs")
}

/// Returns what the command prints. It must succeed and print nothing on standard error.
fn printed(args: &str) -> String {
    printed_by(quadrivium(args))
}

fn printed_by(mut command: Command) -> String {
    let output = command.output().expect("the command runs");
    assert!(output.status.success(), "{command:?}: {output:?}");
    assert!(output.stderr.is_empty(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

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

#[test]
fn bad_arguments_are_refused_in_one_line() {
    for (args, named, remedy) in [
        ("--boards 0", "'0'", "use a whole number from 1 to 1000000"),
        ("--boards -1", "'-1'", "use a whole number"),
        ("--boards 1e3", "'1e3'", "use a whole number"),
        ("--moves 99999999999999999999", "'99999999999999999999'", "use a whole number"),
        ("--master soon", "'soon'", "use a time like 5s"),
        ("--opponent -3s", "'-3s'", "use a time like 5s"),
        ("--master 100y", "100years", "use shorter times"),
        ("--seed x", "'x'", "use a whole number from 0 to 18446744073709551615"),
        ("--seed -1", "'-1'", "use a whole number from 0 to 18446744073709551615"),
        ("--style gren", "'gren'", "'green'"),
        ("--clock wall", "'wall'", "use virtual, real"),
        ("--scale 10", "--scale 10", "add --clock real"),
        ("--clock real --scale 0", "'0'", "use a factor"),
        ("--clock real --scale NaN", "'NaN'", "use a factor"),
        ("--bords 3", "'--bords'", "'--boards'"),
        ("chess", "'chess'", "use exhibition, serve, completions, man"),
        ("--boards", "'--boards <N>'", "see --help"),
        ("--style", "'--style <STYLE>'", "use callback, generator"),
        ("--boards 2 --boards 3", "'--boards <N>'", "see --help"),
        ("--json=yes", "'yes'", "see --help"),
        ("-x", "'-x'", "see --help"),
        ("--json serve echo", "'serve'", "see --help"),
        ("exhibition chess", "'chess'", "see --help"),
        ("help chess", "'chess'", "use exhibition, serve, completions, man"),
        ("completions", "<SHELL>", "see --help"),
        ("completions tcsh", "'tcsh'", "use bash, elvish, fish, powershell, zsh"),
        ("man chess", "'chess'", "use exhibition, serve, completions, man"),
        ("man exhibition chess", "'chess'", "leave it out"),
        ("exhibition --moves 0", "'0'", "use a whole number"),
        ("--boards 1000000 --moves 1000", "--moves 1000", "use fewer"),
        // A table without a number is not a result.
        (
            "--boards 1000000 --style processes",
            "1,000,000 OS processes",
            "use --boards 1000 or fewer",
        ),
        (
            "--boards 2000 --style threads,processes",
            "2,000 OS threads",
            "use --boards 1000 or fewer",
        ),
    ] {
        let output = output(args);
        assert_eq!(output.status.code(), Some(2), "{args}: {output:?}");
        assert!(output.stdout.is_empty(), "{args}: {output:?}");
        let line = String::from_utf8(output.stderr).expect("it prints UTF-8");
        assert!(line.starts_with("error: ") && line.ends_with('\n'), "{args}: {line}");
        assert_eq!(line.lines().count(), 1, "{args}: {line}");
        assert!(line.contains(named) && line.contains(remedy), "{args}: {line}");
        assert!(!line.contains(":;") && !line.contains("::"), "{args}: {line}");
    }
}

#[test]
fn help_lists_every_option() {
    for args in ["--help", "exhibition --help", "-h", "exhibition -h", "help", "help exhibition"] {
        let help = printed(args);
        for option in ["boards", "moves", "master", "opponent", "seed", "style", "clock", "scale"] {
            assert!(help.contains(&format!("--{option} <")), "{args}: {help}");
        }
        for word in ["--json", "Examples:", "Exit code:", "processes"] {
            assert!(help.contains(word), "{args}: {help}");
        }
        assert!(!help.contains("play-comparison"), "an internal argument is hidden: {help}");
    }
}

#[test]
fn every_command_has_help() {
    for (args, part) in [
        ("help serve", "Usage: quadrivium serve"),
        ("serve help", "Usage: quadrivium serve"),
        ("serve --help", "Usage: quadrivium serve"),
        ("help serve http", "Usage: quadrivium serve http"),
        ("serve help http", "Usage: quadrivium serve http"),
        ("help completions", "<(quadrivium completions bash)"),
        ("help man", "quadrivium man serve >"),
    ] {
        let help = printed(args);
        assert!(help.contains(part), "{args}: {help}");
    }
}

#[test]
fn piped_output_is_as_wide_as_columns_says() {
    let widest = |args: &str, columns: &str| {
        let mut command = quadrivium(args);
        command.env("COLUMNS", columns);
        let lines = printed_by(command);
        lines.lines().map(|line| line.chars().count()).max().expect("it prints lines")
    };
    for args in ["--help", "serve --help", "help man"] {
        let (narrow, wide, widest_of_all) =
            (widest(args, "60"), widest(args, "90"), widest(args, "1000"));
        assert!(narrow < wide && wide <= 90, "{args}: {narrow} {wide}");
        assert!(widest_of_all <= 100, "{args}: {widest_of_all}");
        // Without a usable number the width is 80.
        for unusable in ["", "0", "wide"] {
            assert!(widest(args, unusable) <= 80, "{args}: {unusable}");
        }
    }
    // The timeline has as many columns as fit.
    assert_eq!(widest("--style callback", "120"), 119);
    assert_eq!(widest("--style callback", "80"), 79);
}

#[test]
fn completions_name_every_option() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = printed(&format!("completions {shell}"));
        for word in ["boards", "exhibition", "proxy", "idle-timeout"] {
            assert!(script.contains(word), "{shell}: {script}");
        }
        assert!(!script.contains("play-comparison"), "{shell}: {script}");
    }
}

#[test]
fn each_command_has_a_manual_page() {
    for (args, title) in [
        ("man", "quadrivium"),
        ("man serve", "quadrivium-serve"),
        ("man serve http", "quadrivium-serve-http"),
    ] {
        let page = printed(args);
        assert!(page.contains(&format!(".TH {title} 1")), "{args}: {page}");
        for section in [".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS"] {
            assert!(page.contains(section), "{args}: {page}");
        }
    }
}

#[test]
fn a_reader_may_close_the_pipe_early() {
    for args in ["--style future", "--style future --json", "--help", "man", "completions zsh"] {
        let mut child = quadrivium(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        // The pipe is closed before the command prints.
        drop(child.stdout.take());
        let mut errors = String::new();
        let mut stderr = child.stderr.take().expect("it is piped");
        stderr.read_to_string(&mut errors).expect("it prints UTF-8");
        assert_eq!(errors, "", "{args}");
        assert!(child.wait().expect("it ends").success(), "{args}");
    }
}

#[test]
fn without_a_terminal_progress_is_a_line_from_time_to_time() {
    // Five minutes, unless it is killed.
    let args = "--style future --clock real --boards 1 --moves 1 --master 1m --opponent 4m";
    let mut child = quadrivium(args)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut line = String::new();
    let stderr = child.stderr.take().expect("it is piped");
    BufReader::new(stderr).read_line(&mut line).expect("it prints UTF-8");
    child.kill().expect("it still runs");
    child.wait().expect("it was killed");
    // The first line comes at once, and shows how long the whole takes.
    assert_eq!(line, "0s of 5m, 0 of 2 runs ended\n");
}

/// Runs the command in a terminal, and interrupts it when the bar is there. Returns the bytes that
/// the terminal received, and the exit code that a shell reports. None without the program
/// `script`.
fn interrupt_in_a_terminal(args: &str) -> Option<(String, i32)> {
    let command = format!("{} {args}", env!("CARGO_BIN_EXE_quadrivium"));
    let started = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut script) = started else {
        let must_not_skip = std::env::var_os("QUADRIVIUM_MUST_NOT_SKIP");
        assert!(must_not_skip.is_none(), "`script` is not on this machine: install it");
        println!("skipped: the program `script`, which makes a terminal, is not installed");
        return None;
    };
    let (mut screen, mut buffer) = (Vec::new(), [0; 256]);
    let mut stdout = script.stdout.take().expect("it is piped");
    // Wait until the bar is there.
    while !String::from_utf8_lossy(&screen).contains("runs ended") {
        let n = stdout.read(&mut buffer).expect("the terminal can be read");
        assert_ne!(n, 0, "it ended without a bar: {}", String::from_utf8_lossy(&screen));
        screen.extend_from_slice(&buffer[..n]);
    }
    // The byte of Ctrl-C.
    let mut stdin = script.stdin.take().expect("it is piped");
    stdin.write_all(b"\x03").expect("the terminal can be written");
    stdout.read_to_end(&mut screen).expect("the terminal can be read");
    let code = script.wait().expect("it ends").code().expect("it exits");
    Some((String::from_utf8_lossy(&screen).into_owned(), code))
}

#[test]
fn an_interrupt_clears_the_bar() {
    // Five minutes, unless it is interrupted.
    let args = "--style future --clock real --boards 1 --moves 1 --master 1m --opponent 4m";
    let Some((screen, code)) = interrupt_in_a_terminal(args) else { return };
    assert_eq!(code, 128 + 2, "by the signal: {screen:?}");
    let (_, after) = screen.rsplit_once("runs ended").expect("the bar was there");
    assert!(after.contains("\x1b[2K") || after.contains("\x1b[0J"), "it is cleared: {screen:?}");
}

#[test]
fn without_utf_8_the_page_is_ascii() {
    let mut command = quadrivium("--boards 2 --moves 1");
    command.env("LC_ALL", "C");
    let page = printed_by(command);
    assert!(page.is_ascii(), "{page}");
    assert!(page.contains("board 1  #..........."), "{page}");
}

/// Returns the lines of a page without measured numbers, which differ from run to run.
fn without_measurements(page: &str) -> Vec<String> {
    let (table, rest) = page.split_once("virtual clock").expect("the page has notes");
    let row = |line: &str| {
        // The dash stands where a clock does not apply. Measured numbers are behind it.
        let fixed = line.split(" – ").next().unwrap_or(line);
        fixed.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let rest = rest.trim_end().lines().map(|line| line.trim_end().to_owned());
    table.lines().map(row).chain(rest).collect()
}

#[test]
fn the_readme_shows_what_is_printed() {
    let readme = include_str!("../../../../README.md");
    let start = readme.find("A chess master plays").expect("the README shows a page");
    let shown = readme[start..].split("```").next().expect("the block has an end");
    assert_eq!(without_measurements(shown), without_measurements(&printed("")));
}
