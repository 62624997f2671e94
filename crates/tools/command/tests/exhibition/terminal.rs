//! Pipes, terminals and environments: width, progress, an interrupt, ASCII.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Command, Stdio},
};

use crate::{printed_by, quadrivium};

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
