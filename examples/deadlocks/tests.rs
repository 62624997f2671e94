//! The whole output of each program, in each style and mixed. With
//! `QUADRIVIUM_WRITE=1`, the files in `expected/` are written anew.

use std::{env, fs, process};

use quadrivium_conformance::alone;

use super::{PROGRAMS, STYLES, beside_a_heartbeat, run};

const EXPECTED: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/deadlocks/expected");

#[test]
fn each_program_prints_what_is_expected() {
    let names = STYLES.into_iter().map(|(style, _)| style);
    let styles: Vec<_> = names.chain(["mixed"]).collect();
    // A child process ends here, because it runs only one of these.
    let errors = PROGRAMS.map(|(program, _)| {
        let error = |style: &&str| error_of_main(program, style);
        styles.iter().map(error).collect::<Vec<_>>()
    });
    for ((program, _), errors) in PROGRAMS.iter().zip(errors) {
        let outputs = styles.iter().zip(errors).map(|(style, error)| {
            let beside = beside_a_heartbeat(program, style);
            format!(
                "$ {program} {style}\n{error}\n\
                 $ {program} {style} beside\n{beside}\n"
            )
        });
        check(program, &outputs.collect::<Vec<_>>().join("\n"));
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

/// Returns what a process prints whose `main` returns the deadlock.
fn error_of_main(program: &str, style: &str) -> String {
    let test = "tests::each_program_prints_what_is_expected";
    let output = alone(test, &format!("{program} {style}"), || {
        let returned = run(program, style);
        assert!(returned.is_err(), "{program} {style}");
        // This is what a process does with the output of its `main`.
        process::Termination::report(returned);
        process::exit(1);
    });
    String::from_utf8(output.stderr).unwrap()
}

/// The chapter shows some of the outputs, whole.
#[test]
fn the_chapter_shows_real_outputs() {
    const COMMAND: &str = "```text\n$ cargo run --example deadlocks -- ";
    let chapter = include_str!("../../docs/tasks.md");
    let shown: Vec<_> = chapter.split(COMMAND).skip(1).collect();
    assert_eq!(shown.len(), 4);
    for shown in shown {
        let (shown, _) = shown.split_once("\n```").unwrap();
        let program = shown.split(' ').next().unwrap();
        let file = fs::read_to_string(format!("{EXPECTED}/{program}.txt"));
        let expected = file.unwrap();
        assert!(
            expected.contains(&format!("$ {shown}\n")),
            "docs/tasks.md shows another output of {program}:\n{shown}"
        );
    }
}
