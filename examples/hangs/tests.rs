//! The whole output of each program in each style. Times and addresses are
//! replaced. With `QUADRIVIUM_WRITE=1`, the files in `expected/` are written
//! anew.

use std::{
    env, fs, process,
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use quadrivium::{event_loop::Report, inspect::Activity};
use quadrivium_conformance::alone;

use super::{PROGRAMS, Program, STYLES, run};

const EXPECTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/hangs/expected");

#[test]
fn each_program_says_what_is_wrong() {
    // A child process ends here, because it runs only one of these.
    let outputs = STYLES.map(|(style, _)| {
        thread::spawn(move || PROGRAMS.map(|it| output(it.name, style)))
    });
    let outputs = outputs.map(|style| style.join().unwrap());
    for (n, Program { name, .. }) in PROGRAMS.iter().enumerate() {
        let of_style = |(style, outputs): (&(&str, _), &[String; 9])| {
            format!("$ {name} {}\n{}", style.0, outputs[n])
        };
        let outputs: Vec<_> =
            STYLES.iter().zip(&outputs).map(of_style).collect();
        check(name, &outputs.join("\n"));
    }
}

/// Returns what the program prints. A program that never ends is ended after
/// its first report.
fn output(program: &str, style: &str) -> String {
    let test = "tests::each_program_says_what_is_wrong";
    let output = alone(test, &format!("{program} {style}"), || {
        let (expects, n) = (long_step(program), AtomicU32::new(0));
        let ends = program == "sleep";
        let returned = run(program, style, move |report| {
            if let Report::LongStep(step) = report {
                // On a busy machine, any step may be long. The number of
                // reports of one step depends on the machine, too.
                let is_expected = expects == Some(does(&step.activity));
                if !is_expected || n.fetch_add(1, Ordering::Relaxed) > 0 {
                    return;
                }
            }
            eprintln!("quadrivium: {report}");
            if !matches!(report, Report::LongStep(_)) || !ends {
                process::exit(0);
            }
        });
        // This is what a process does with the output of its `main`.
        process::Termination::report(returned);
        if program == "sleep" {
            // The report of the end may come after the loop has ended.
            thread::park();
        }
        process::exit(0);
    });
    let printed = [output.stdout, output.stderr];
    let printed = printed.map(|it| String::from_utf8(it).unwrap());
    without_changing_parts(&printed.concat())
}

/// Returns what the thread does in the long step of a program, if it has one.
fn long_step(program: &str) -> Option<&'static str> {
    match program {
        "sleep" => Some("sleeps"),
        "computation" | "try-recv" => Some("computes"),
        "std-locks" => Some("waits for a lock or for another thread"),
        _ => None,
    }
}

fn does(activity: &Activity) -> &'static str {
    match activity {
        Activity::InSystemCall(call) => call.does,
        _ => "computes",
    }
}

/// Replaces times, numbers of threads and the backtrace of a panic.
fn without_changing_parts(printed: &str) -> String {
    let mut lines = Vec::new();
    let mut is_backtrace = false;
    let header = "\nrunning 1 test\n";
    let printed = printed.strip_prefix(header).unwrap_or(printed);
    let printed = printed.trim_start();
    for line in printed.lines() {
        is_backtrace |= line.starts_with("stack backtrace:");
        is_backtrace &= !line.starts_with("quadrivium: ");
        let is_of_the_runner = line.starts_with("test tests::");
        if is_backtrace || is_of_the_runner || line.starts_with("note: ") {
            continue;
        }
        let line = between(line, "thread '", "' (", "main");
        let line = between(&line, "' (", ") panicked", "1");
        let line = between(&line, "its loop, for ", " so far", "TIME");
        lines.push(after(&line, "its step took ", "TIME"));
    }
    lines.join("\n") + "\n"
}

/// Replaces the text between two others, if both are in the line.
fn between(line: &str, before: &str, behind: &str, new: &str) -> String {
    let parts = line.split_once(before);
    let Some((head, tail)) = parts else { return line.to_string() };
    match tail.split_once(behind) {
        Some((_, tail)) => format!("{head}{before}{new}{behind}{tail}"),
        None => line.to_string(),
    }
}

/// Replaces the text after another one, if that is in the line.
fn after(line: &str, before: &str, new: &str) -> String {
    match line.split_once(before) {
        Some((head, _)) => format!("{head}{before}{new}"),
        None => line.to_string(),
    }
}

fn check(program: &str, printed: &str) {
    let file = format!("{EXPECTED}/{program}.txt");
    if env::var_os("QUADRIVIUM_WRITE").is_some() {
        fs::write(&file, printed).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap();
    assert!(
        printed == expected,
        "{file} differs from this:\n\n{printed}\n\n\
         QUADRIVIUM_WRITE=1 writes the file anew"
    );
}

/// The chapter shows an output of each program, whole.
#[test]
fn the_chapter_shows_real_outputs() {
    const COMMAND: &str = "```text\n$ cargo run --example hangs -- ";
    let chapter = include_str!("../../docs/hangs.md");
    let shown = chapter.split(COMMAND).skip(1);
    let shown: Vec<_> = shown
        .filter_map(|shown| shown.split_once("\n```"))
        .filter(|(shown, _)| !shown.contains("gdb"))
        .map(|(shown, _)| {
            let program = shown.split(' ').next().unwrap();
            let file = fs::read_to_string(format!("{EXPECTED}/{program}.txt"));
            let expected = file.unwrap();
            assert!(
                expected.contains(&format!("$ {shown}\n")),
                "docs/hangs.md shows another output of {program}:\n{shown}"
            );
            program
        })
        .collect();
    assert_eq!(shown, PROGRAMS.map(|program| program.name));
}
