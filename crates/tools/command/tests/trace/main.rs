//! `quadrivium trace` in a process: its whole output, for each program in each style. With
//! `QUADRIVIUM_WRITE=1`, the files in `expected/` are written anew.

use std::{env, fs, process::Command};

const PROGRAMS: [&str; 5] = ["hello", "ticker", "ping_pong", "pipeline", "exhibition"];
const STYLES: [&str; 4] = ["callback", "generator", "future", "green"];

/// Returns what the command prints.
fn trace(program: &str, style: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quadrivium"));
    let output = command.args(["trace", program, "--style", style]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{program} {style}: {output:?}");
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

#[test]
fn each_program_prints_the_expected_trace_in_each_style() {
    for program in PROGRAMS {
        let page = |style| {
            format!("$ quadrivium trace {program} --style {style}\n{}\n", trace(program, style))
        };
        let printed: String = STYLES.map(page).concat();
        let file = format!("{}/tests/trace/expected/{program}.txt", env!("CARGO_MANIFEST_DIR"));
        if env::var_os("QUADRIVIUM_WRITE").is_some() {
            fs::write(&file, &printed).unwrap();
        }
        let expected = fs::read_to_string(&file).unwrap();
        assert!(
            printed == expected,
            "{file} differs from this:\n\n{printed}\n\nQUADRIVIUM_WRITE=1 writes the file anew"
        );
    }
}

#[test]
fn no_line_is_wider_than_a_hundred_columns() {
    for program in PROGRAMS {
        let trace = trace(program, "generator");
        let widest = trace.lines().max_by_key(|line| line.chars().count()).unwrap();
        assert!(widest.chars().count() <= 100, "{program}: {widest}");
    }
}

/// The styles differ in the lines on which they suspend, and in nothing else.
#[test]
fn the_events_are_the_same_in_every_style() {
    for program in PROGRAMS {
        let [first, others @ ..] = STYLES.map(|style| {
            let place = format!("{program}/{style}.rs");
            let lines = trace(program, style);
            let lines = lines.lines().map(|line| line.split(&place).next().unwrap().trim_end());
            lines.map(str::to_owned).collect::<Vec<_>>()
        });
        others.iter().for_each(|other| assert_eq!(*other, first, "{program}"));
    }
}

#[test]
fn programs_that_do_not_exist_are_refused_with_a_list() {
    let output = Command::new(env!("CARGO_BIN_EXE_quadrivium")).args(["trace", "chess"]).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2));
    let line = String::from_utf8(output.stderr).unwrap();
    let expected = "error: invalid value 'chess' for '<PROGRAM>': \
                    use hello, ticker, ping_pong, pipeline, exhibition\n";
    assert_eq!(line, expected);
}

/// The chapter shows the output of one program, whole.
#[test]
fn the_chapter_shows_a_real_output() {
    let chapter = include_str!("../../../../../docs/traces.md");
    let shown = chapter.split("$ quadrivium trace ping_pong --style green\n").nth(1).unwrap();
    let shown = shown.split("```").next().unwrap();
    assert_eq!(shown, trace("ping_pong", "green"));
}
