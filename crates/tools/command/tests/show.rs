//! `quadrivium show`: the pages, and the errors of the command.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use quadrivium_examples::programs::Program;

/// The most bytes of the page of a small program.
const LARGEST: usize = 500 * 1024;

fn show(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quadrivium"));
    command.arg("show").args(args).current_dir(folder).output().unwrap()
}

#[test]
fn every_program_has_a_page_of_one_small_file() {
    let folder = tempfile::tempdir().unwrap();
    for Program { name, text, .. } in Program::ALL {
        let output = show(folder.path(), &[name]);
        assert!(output.status.success(), "{output:?}");
        let written = format!("{name}.html\n");
        assert_eq!(String::from_utf8_lossy(&output.stdout), written, "the program prints nothing");
        let page = fs::read_to_string(folder.path().join(format!("{name}.html"))).unwrap();
        assert!(page.len() < LARGEST, "{name}: {} bytes", page.len());
        assert!(page.contains("default-src 'none'") && page.contains("form-action 'none'"));
        for source in text.styles {
            let longest = source.lines().max_by_key(|line| line.len()).unwrap();
            let quoted = serde_json::to_string(longest).unwrap();
            assert!(page.contains(&quoted), "{name} has the line {longest}");
        }
        for part in ["{style sheet}", "{script}", "{data}", "{title}"] {
            assert!(!page.contains(part), "{part} is filled in");
        }
    }
}

#[test]
fn a_page_is_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let page = |name| show(folder.path(), &[name, "--out", "-"]).stdout;
    for Program { name, .. } in Program::ALL {
        assert!(page(name) == page(name), "{name} differs between two runs of the command");
    }
}

#[test]
fn without_a_program_the_command_lists_them() {
    let output = show(Path::new("."), &[]);
    let list = String::from_utf8(output.stdout).unwrap();
    let names: Vec<_> = list.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(names, Program::ALL.map(|it| it.name));
}

#[test]
fn errors_name_a_remedy() {
    for (args, expected) in [
        (
            &["chess"][..],
            "error: \"chess\" cannot be shown: use hello, ticker, ping_pong, pipeline, exhibition\n",
        ),
        (
            &["hello", "--order", "soon"],
            "error: invalid value 'soon' for '--order <ORDER>': use a seed such as 17, or choices \
             such as 0.1.2\n",
        ),
        (
            &["hello", "--order", "9.9"],
            "error: hello in style callback: choice 1 is 9, but there are 3 to choose from, 0 to \
             2: the program itself is not deterministic (the order of a HashMap, other threads, \
             the real clock), or these are choices of another program\n",
        ),
        (
            &["hello", "--out", "/"],
            "error: cannot write /: Is a directory (os error 21): use another --out\n",
        ),
    ] {
        let output = show(Path::new("."), args);
        assert!(!output.status.success());
        let stderr = String::from_utf8(output.stderr).unwrap();
        // The panic of a simulation is printed before.
        assert!(stderr.ends_with(expected), "{stderr}");
    }
}
