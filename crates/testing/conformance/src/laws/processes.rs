//! Child processes: their pipes, their exit status, and possible errors.

use std::{fs, io::ErrorKind, os::unix::process::ExitStatusExt};

use quadrivium::{
    event_loop::Turned,
    prelude::*,
    process::{Child, Command, ExitStatus, Stdio},
    signal::Signal,
};

use crate::{
    Subject, body,
    sockets::{NewPath, bytes, real_loop},
    turns,
};

laws! { ($) processes:
    /// `wait` returns the exit status of a child, the same each time.
    wait_returns_the_exit_status_each_time;
    /// `output` collects the bytes that a child writes to both of its outputs, and its exit status.
    output_collects_both_outputs_and_the_status;
    /// `output` gives the child an empty input, so a child that reads does not wait forever.
    output_gives_the_child_an_empty_input;
    /// A million bytes pass through a child, written and read at the same time.
    a_million_bytes_go_both_ways_at_once;
    /// `output` reads a child to the end that fills both of its output pipes.
    output_reads_two_full_pipes;
    /// Waiting for a child closes its standard input first.
    wait_closes_the_standard_input;
    /// A missing program is a `NotFound` error, from `spawn`, `output` and `status`.
    a_missing_program_is_an_error;
    /// A NUL byte in the program, an argument, the environment or the folder is an `InvalidInput`
    /// error.
    a_nul_byte_in_a_command_is_an_error;
    /// `output` starts its child at its first resume, with the settings that the command had when
    /// `output` was called.
    output_starts_its_child_lazily;
    /// A child can be killed while a task waits for it. The task gets its exit status.
    a_kill_ends_a_wait;
    /// A child that ignores `terminate` continues until it is killed.
    a_child_that_ignores_sigterm_can_be_killed;
    /// A signal to the process group of a child reaches the processes that the child has started.
    a_signal_to_the_group_reaches_all_of_it;
    /// A write to a child that has ended fails with `BrokenPipe`.
    a_write_to_an_ended_child_is_an_error;
    /// Signals to a child that has ended, and a second `kill`, are harmless.
    signals_after_the_end_are_harmless;
    /// Many children run at once, and `status` returns the right exit status for each.
    many_children_run_at_once;
}

pub(super) fn sh(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

/// Waits for the child, and checks its exit status.
fn ends(
    subject: Subject,
    child: &mut Child,
    how: fn(ExitStatus) -> bool,
) -> quadrivium::task::BoxTask<()> {
    let wait = child.wait();
    subject.task(body().perform_then(
        || wait,
        move |status| {
            let status = status.unwrap();
            assert!(how(status), "{status}");
        },
    ))
}

fn wait_returns_the_exit_status_each_time(subject: Subject) {
    let mut event_loop = real_loop();
    let mut child = sh("exit 7").spawn().unwrap();
    for _ in 0..2 {
        let ends = ends(subject, &mut child, |status| status.code() == Some(7));
        event_loop.block_on(ends).unwrap();
    }
    assert_eq!(child.try_wait().unwrap().unwrap().code(), Some(7));
    let status = body().perform_then(
        || sh("exit 3").status(),
        |status| {
            assert_eq!(status.unwrap().code(), Some(3));
        },
    );
    event_loop.block_on(subject.task(status)).unwrap();
}

fn output_collects_both_outputs_and_the_status(subject: Subject) {
    let output = body().perform_then(
        || sh("echo out; echo err >&2; exit 5").output(),
        |output| {
            let output = output.unwrap();
            assert_eq!((&*output.stdout, &*output.stderr), (&b"out\n"[..], &b"err\n"[..]));
            assert_eq!(output.status.code(), Some(5));
        },
    );
    real_loop().block_on(subject.task(output)).unwrap();
}

fn output_gives_the_child_an_empty_input(subject: Subject) {
    let output = body().perform_then(
        || Command::new("cat").output(),
        |output| assert!(output.unwrap().stdout.is_empty()),
    );
    real_loop().block_on(subject.task(output)).unwrap();
}

fn a_million_bytes_go_both_ways_at_once(subject: Subject) {
    let mut event_loop = real_loop();
    let mut cat = Command::new("cat");
    let mut child = cat.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let writes = body().perform_ok(move || stdin.write_all_owned(bytes(1_000_000)));
    drop(event_loop.spawn(subject.task(writes)));
    let reads = body().perform_then(
        move || stdout.read_to_end_owned(Vec::new()),
        |(n, all)| {
            assert_eq!(n.unwrap(), 1_000_000);
            assert!(all == bytes(1_000_000));
        },
    );
    event_loop.block_on(subject.task(reads)).unwrap();
    event_loop.block_on(ends(subject, &mut child, |status| status.success())).unwrap();
}

fn output_reads_two_full_pipes(subject: Subject) {
    let script = "head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero";
    let output = body().perform_then(
        || sh(script).output(),
        |output| {
            let output = output.unwrap();
            assert_eq!((output.stdout.len(), output.stderr.len()), (300_000, 300_000));
        },
    );
    real_loop().block_on(subject.task(output)).unwrap();
}

fn wait_closes_the_standard_input(subject: Subject) {
    let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let ends = ends(subject, &mut child, |status| status.success());
    real_loop().block_on(ends).unwrap();
}

fn a_nul_byte_in_a_command_is_an_error(subject: Subject) {
    let commands = [
        Command::new("true\0false"),
        sh("true").arg("one\0two").clone(),
        sh("true").env("NAME", "one\0two").clone(),
        sh("true").arg0("one\0two").clone(),
        sh("true").current_dir("/\0nowhere").clone(),
    ];
    let starts = commands.into_iter().fold(body(), |body, command| {
        body.perform_err(move || command.status(), ErrorKind::InvalidInput)
    });
    real_loop().block_on(subject.task(starts)).unwrap();
}

fn output_starts_its_child_lazily(subject: Subject) {
    let folder = NewPath::new();
    let mut command = sh("echo $NUMBER");
    let outputs = [1, 2]
        .map(|number| command.current_dir(&folder.0).env("NUMBER", number.to_string()).output());
    drop(command);
    // The folder is made only now. A child that was started earlier would have failed without it.
    fs::create_dir(&folder.0).unwrap();
    for (output, number) in outputs.into_iter().zip(1..) {
        let expected = format!("{number}\n");
        let output = body().perform_then(
            || output,
            move |output| {
                let output = output.unwrap();
                assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
            },
        );
        real_loop().block_on(subject.task(output)).unwrap();
    }
    fs::remove_dir(&folder.0).unwrap();
}

fn a_missing_program_is_an_error(subject: Subject) {
    let none = || Command::new("/no/such/program");
    assert_eq!(none().spawn().unwrap_err().kind(), ErrorKind::NotFound);
    let task = body()
        .perform_err(move || none().output(), ErrorKind::NotFound)
        .perform_err(move || none().status(), ErrorKind::NotFound);
    real_loop().block_on(subject.task(task)).unwrap();
}

fn a_kill_ends_a_wait(subject: Subject) {
    let mut event_loop = real_loop();
    let mut child = Command::new("sleep").arg("60").spawn().unwrap();
    let waits = ends(subject, &mut child, |status| status.signal() == Some(9));
    let waits = event_loop.spawn(waits);
    assert_eq!(turns(&mut event_loop, 2), Turned::Waiting);
    child.kill().unwrap();
    event_loop.block_on(waits).unwrap().unwrap();
}

fn a_child_that_ignores_sigterm_can_be_killed(subject: Subject) {
    let mut event_loop = real_loop();
    let script = "trap 'echo no' TERM; echo ready; while :; do sleep 0.01; done";
    let mut child = sh(script).stdout(Stdio::piped()).process_group(0).spawn().unwrap();
    let stdout = child.stdout.take().unwrap();
    let reads = |line: &'static str| {
        let stdout = stdout.clone();
        let read = move || stdout.read_exact_owned(vec![0; line.len()]);
        subject.task(body().perform_read_exact(read, line.as_bytes()))
    };
    event_loop.block_on(reads("ready\n")).unwrap();
    child.terminate().unwrap();
    event_loop.block_on(reads("no\n")).unwrap();
    assert_eq!(child.try_wait().unwrap(), None);
    child.kill().unwrap();
    let ends = ends(subject, &mut child, |status| status.signal() == Some(9));
    event_loop.block_on(ends).unwrap();
}

fn a_signal_to_the_group_reaches_all_of_it(subject: Subject) {
    let mut event_loop = real_loop();
    let mut child = sh("sleep 60 & echo ready; wait");
    let mut child = child.stdout(Stdio::piped()).process_group(0).spawn().unwrap();
    let stdout = child.stdout.take().unwrap();
    let first = stdout.clone();
    let ready = body().perform_ok(move || first.read_exact_owned([0; 6]));
    event_loop.block_on(subject.task(ready)).unwrap();
    child.signal_group(Signal::Kill).unwrap();
    // Both processes have the pipe open, so it ends when both have ended.
    let reads = body().perform_eq(move || stdout.read_to_end_owned(Vec::new()), 0);
    event_loop.block_on(subject.task(reads)).unwrap();
    let ends = ends(subject, &mut child, |status| status.signal() == Some(9));
    event_loop.block_on(ends).unwrap();
}

fn a_write_to_an_ended_child_is_an_error(subject: Subject) {
    let mut event_loop = real_loop();
    let mut child = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    event_loop.block_on(ends(subject, &mut child, |status| status.success())).unwrap();
    // More bytes than a pipe holds. A child that another test is just starting has inherited all
    // our descriptors, and keeps the pipe open until it runs its program.
    let writes =
        body().perform_err(move || stdin.write_all_owned(bytes(1_000_000)), ErrorKind::BrokenPipe);
    event_loop.block_on(subject.task(writes)).unwrap();
}

fn signals_after_the_end_are_harmless(subject: Subject) {
    let mut event_loop = real_loop();
    let mut child = Command::new("true").spawn().unwrap();
    event_loop.block_on(ends(subject, &mut child, |status| status.success())).unwrap();
    child.terminate().unwrap();
    child.kill().unwrap();
    child.kill().unwrap();
    let error = child.signal(Signal::Other(40)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

fn many_children_run_at_once(subject: Subject) {
    let mut event_loop = real_loop();
    let tasks: Vec<_> = (0..10)
        .map(|n| {
            let status = sh(&format!("exit {n}")).status();
            let ends = body().perform_then(
                || status,
                move |status| {
                    assert_eq!(status.unwrap().code(), Some(n));
                },
            );
            event_loop.spawn(subject.task(ends))
        })
        .collect();
    for ended in event_loop.block_on(join_all(tasks)).unwrap() {
        ended.unwrap();
    }
}
