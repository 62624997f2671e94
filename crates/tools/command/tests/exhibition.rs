//! The command as its users meet it: what it prints, and what it refuses.
//!
//! Simulated times are compared, real ones never.

use std::{
    io::{Read, Write},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

const STYLES: [&str; 4] = ["callback", "generator", "future", "green"];

/// Runs it as in a UTF-8 terminal that is none.
fn quadrivium(args: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quadrivium"));
    command.args(args.split_whitespace()).env("LC_ALL", "C.UTF-8").env_remove("TERM");
    command
}

fn output(args: &str) -> Output {
    quadrivium(args).output().expect("the command runs")
}

/// What it prints, if it ends well and says nothing on standard error.
fn printed(args: &str) -> String {
    let output = output(args);
    assert!(output.status.success(), "{args}: {output:?}");
    assert!(output.stderr.is_empty(), "{args}: {output:?}");
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

fn json(args: &str) -> Value {
    serde_json::from_str(&printed(&format!("{args} --json"))).expect("it prints one document")
}

fn rows(document: &Value) -> &Vec<Value> {
    document["rows"].as_array().expect("there are rows")
}

#[test]
fn by_default_it_takes_twelve_hours_or_one_hour() {
    let page = printed("");
    let lines_with = |text: &str| page.lines().filter(|line| line.contains(text)).count();
    // Four styles in the table, and the heading of the timeline.
    assert_eq!(lines_with(" 12:00:00"), 5, "{page}");
    assert_eq!(lines_with(" 1:00:55"), 5, "{page}");
    for answer in ["plain loop *", "OS threads *", "OS processes *"] {
        assert_eq!(lines_with(answer), 1, "{page}");
    }
    assert!(!page.contains('\x1b'), "no colours without a terminal: {page}");
}

#[test]
fn the_timeline_shows_why() {
    let page = printed("--boards 3 --moves 2 --master 5s --opponent 10s --style callback");
    let timeline = page.split_once("else the board waits.\n").expect("there is a timeline").1;
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
fn json_says_the_same() {
    let document = json("--style callback,generator,future --style green");
    assert_eq!(document["rules"]["boards"], 24);
    assert_eq!(document["rules"]["opponent_s"], 55.0);
    assert_eq!(rows(&document).len(), 8);
    for (row, style) in rows(&document).iter().zip(STYLES.iter().cycle()) {
        assert_eq!(row["style"], *style);
        assert_eq!(row["clock"], "virtual");
        // A suspension a reply; the organiser's, one a game, as long as none ended before he asked.
        let (way, simulated, suspensions) = match row["way"].as_str() {
            Some("one after another") => ("one after another", 43_200.0, 744),
            _ => ("move by move", 3_655.0, 733),
        };
        assert_eq!(row["way"], way);
        assert_eq!(row["simulated_s"], simulated);
        assert_eq!(row["suspensions"], suspensions);
        // Each suspension, and each of the 25 tasks once at its start.
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
fn everything_plays_on_the_real_clock_too() {
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
fn a_hundred_thousand_boards_play_on_a_loop() {
    let document = json("--boards 100000 --moves 1 --style future,threads");
    let rows = rows(&document);
    assert_eq!(rows[0]["simulated_s"], 6_000_000.0);
    assert_eq!(rows[1]["simulated_s"], 500_055.0);
    assert_eq!(rows[2]["skipped"], "100,000 OS threads are too many: use --boards 1000 or fewer");
}

#[test]
fn no_thinking_time_is_no_trouble() {
    let page = printed("--master 0 --opponent 0 --boards 2 --moves 2");
    assert!(page.contains(" 0 s"), "{page}");
    assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
}

#[test]
fn what_makes_no_sense_is_refused_in_one_line() {
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
        ("chess", "'chess'", "use exhibition, serve"),
        ("exhibition --moves 0", "'0'", "use a whole number"),
        ("--boards 1000000 --moves 1000", "--moves 1000", "use fewer"),
        // A table without a number is no result.
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
    }
}

#[test]
fn help_needs_no_page() {
    for args in ["--help", "exhibition --help", "-h", "exhibition -h"] {
        let help = printed(args);
        for option in ["boards", "moves", "master", "opponent", "seed", "style", "clock", "scale"] {
            assert!(help.contains(&format!("--{option} <")), "{args}: {help}");
        }
        for word in ["--json", "Examples:", "Exit code:", "processes"] {
            assert!(help.contains(word), "{args}: {help}");
        }
        assert!(!help.contains("answer"), "what is for itself alone is hidden: {help}");
    }
}

#[test]
fn who_reads_one_line_gets_one_line() {
    for args in ["--style future", "--style future --json", "--help"] {
        let mut child = quadrivium(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        // Closed before anything is printed.
        drop(child.stdout.take());
        let mut errors = String::new();
        let mut stderr = child.stderr.take().expect("it is piped");
        stderr.read_to_string(&mut errors).expect("it prints UTF-8");
        assert_eq!(errors, "", "{args}");
        assert!(child.wait().expect("it ends").success(), "{args}");
    }
}

/// The bytes of a terminal that the command is interrupted in, and its exit code as a shell sees
/// it.
fn interrupted_in_a_terminal(args: &str) -> Option<(String, i32)> {
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
        println!("skipped: it takes the program `script`, which makes a terminal");
        return None;
    };
    let (mut screen, mut some) = (Vec::new(), [0; 256]);
    let mut stdout = script.stdout.take().expect("it is piped");
    // Until the bar is there.
    while !String::from_utf8_lossy(&screen).contains("runs ended") {
        let n = stdout.read(&mut some).expect("the terminal can be read");
        assert_ne!(n, 0, "it has ended without a bar: {}", String::from_utf8_lossy(&screen));
        screen.extend_from_slice(&some[..n]);
    }
    // Ctrl-C.
    let mut stdin = script.stdin.take().expect("it is piped");
    stdin.write_all(b"\x03").expect("the terminal can be written");
    stdout.read_to_end(&mut screen).expect("the terminal can be read");
    let code = script.wait().expect("it ends").code().expect("it exits");
    Some((String::from_utf8_lossy(&screen).into_owned(), code))
}

#[test]
fn a_bar_that_is_interrupted_goes_from_the_screen() {
    // Five minutes, were it not interrupted.
    let args = "--style future --clock real --boards 1 --moves 1 --master 1m --opponent 4m";
    let Some((screen, code)) = interrupted_in_a_terminal(args) else { return };
    assert_eq!(code, 128 + 2, "by the signal: {screen:?}");
    let (_, after) = screen.rsplit_once("runs ended").expect("the bar was there");
    assert!(after.contains("\x1b[2K") || after.contains("\x1b[0J"), "it is cleared: {screen:?}");
}

#[test]
fn without_utf_8_it_is_drawn_in_ascii() {
    let mut command = quadrivium("--boards 2 --moves 1");
    let output = command.env("LC_ALL", "C").output().expect("the command runs");
    let page = String::from_utf8(output.stdout).expect("it prints text");
    assert!(page.is_ascii(), "{page}");
    assert!(page.contains("board 1  #..........."), "{page}");
}
