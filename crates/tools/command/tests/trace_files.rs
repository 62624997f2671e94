//! Traces as files: `--trace` of the exhibition and of servers, and `QUADRIVIUM_TRACE`.
//! The suite `trace_format` reads what is in them.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

#[allow(dead_code)] // Other suites use the rest of the module.
mod server_process;

use self::server_process::{COMMAND, Program, STYLES, Server};

fn quadrivium(args: &str, folder: &TempDir) -> Command {
    let mut command = Command::new(COMMAND);
    command.args(args.split_whitespace()).current_dir(folder.path());
    command
}

fn output(args: &str, folder: &TempDir) -> Output {
    quadrivium(args, folder).output().expect("the command runs")
}

/// Returns the names of the files in the folder.
fn files(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Returns the names of the loops and of the tasks in a file for Chrome.
fn names(text: &str) -> Vec<String> {
    let trace: Value = serde_json::from_str(text).expect("it is JSON");
    let events = trace.as_array().unwrap().iter();
    let named = events.filter_map(|event| event["args"]["name"].as_str());
    named.map(str::to_owned).collect()
}

#[test]
fn the_exhibition_writes_the_traces_of_its_loops() {
    let folder = TempDir::new().unwrap();
    let args = "--style green,threads --boards 2 --moves 1 --trace run.json";
    assert!(output(args, &folder).status.success());
    let names = names(&fs::read_to_string(folder.path().join("run.json")).unwrap());
    assert_eq!(
        names,
        [
            "quadrivium",
            "green thread, one game after another",
            "task 1 (green)",
            "task 2 \"board 1\" (green)",
            "task 3 \"board 2\" (green)",
            "green thread, move by move",
            "task 1 (green)",
            "task 2 \"board 1\" (green)",
            "task 3 \"board 2\" (green)",
        ]
    );
    // The second run would destroy the file of the first.
    let output = output(args, &folder);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: cannot create the trace run.json: File exists (os error 17): remove it, or use \
         another name\n"
    );
}

#[test]
fn the_variable_makes_a_file_for_each_loop_of_each_process() {
    let folder = TempDir::new().unwrap();
    for style in STYLES {
        let args = format!("trace pipeline --style {style}");
        let mut command = quadrivium(&args, &folder);
        let child = command.env("QUADRIVIUM_TRACE", "run.json");
        let child = child.stdout(std::process::Stdio::piped()).spawn().unwrap();
        let file = folder.path().join(format!("run-{}-1.json", child.id()));
        let traced = child.wait_with_output().unwrap();
        assert_eq!(traced, output(&args, &folder), "the output is the same as without a file");
        let names = names(&fs::read_to_string(&file).unwrap());
        assert_eq!(names[..3], ["quadrivium", "loop 1", &format!("task 1 \"produce\" ({style})")]);
    }
    assert_eq!(files(&folder).len(), STYLES.len());
}

#[test]
fn a_variable_that_names_no_trace_is_reported_once_and_the_program_goes_on() {
    let folder = TempDir::new().unwrap();
    for (name, cause) in [
        (
            "run.txt",
            "cannot write a trace to run.txt, because its name has no known ending: use a \
                     name that ends in .pftrace, for Perfetto, or in .json, for Chrome",
        ),
        ("no/folder/run.json", "No such file or directory"),
    ] {
        // Each style has loops of its own.
        let mut command = quadrivium("--style callback,green --boards 2 --moves 1", &folder);
        let output = command.env("QUADRIVIUM_TRACE", name).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(errors.lines().count(), 1, "{errors}");
        assert!(errors.starts_with("quadrivium: QUADRIVIUM_TRACE: cannot "), "{errors}");
        assert!(errors.contains(cause) && errors.ends_with(". The program goes on\n"), "{errors}");
    }
    assert!(files(&folder).is_empty());
}

/// A limit for the size of files stands for a full disk.
#[test]
fn a_full_disk_ends_the_file_with_one_message_and_the_program_goes_on() {
    let folder = TempDir::new().unwrap();
    let mut command = Command::new("sh");
    let play = format!("{COMMAND} --style future --boards 100 --trace run.json");
    // The unit is 512 or 1024 bytes. Without the trap, the signal would end the program.
    let line = format!("trap '' XFSZ; ulimit -f 300; exec {play}");
    let output = command.args(["-c", &line]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success() && !output.stdout.is_empty(), "{output:?}");
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "quadrivium: cannot write the trace run.json: File too large (os error 27). It ends here, \
         and the program goes on\n"
    );
    let text = fs::read_to_string(folder.path().join("run.json")).unwrap();
    assert!(text.len() > 100_000, "the file has all events that have found room: {}", text.len());
    // The format allows an array without its end.
    let names = names(&(text + "]"));
    assert_eq!(names[..2], ["quadrivium", "future, one game after another"]);
}

#[test]
fn a_server_writes_the_traces_of_all_its_loops() {
    let folder = TempDir::new().unwrap();
    for (number, host) in ["loop", "loop --threads 2", "tokio --threads 2"].into_iter().enumerate()
    {
        let file = folder.path().join(format!("run-{number}.json"));
        let options = format!("--host {host} --trace {}", file.display());
        let server = Server::new(Program::Echo, "green", &options);
        let connections: Vec<_> =
            (0..8).map(|_| Program::Echo.connect_and_greet(&server)).collect();
        drop(connections);
        server.expect_clean_stop();
        expect_traces_of_connections(&file, host);
    }
}

fn expect_traces_of_connections(file: &Path, host: &str) {
    let text = fs::read_to_string(file).unwrap();
    let whole = if text.ends_with("\n]\n") { text } else { text + "]" };
    let names = names(&whole);
    let loops = if host.contains("threads 2") { 2 } else { 1 };
    let traced = names.iter().filter(|name| name.starts_with("loop ")).count();
    assert_eq!(traced, loops, "{host}: {names:?}");
    let green = names.iter().filter(|name| name.ends_with(" (green)")).count();
    assert!(green >= 8, "{host}: each connection is a task: {names:?}");
}
