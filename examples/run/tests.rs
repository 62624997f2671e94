//! `run` in every style, with real commands.

use std::{env, fs, io::Read, path::Path, process, time::Duration};

use quadrivium::{EventLoop, fs::File, io::PipeReader, prelude::*};
use quadrivium_examples::styles::StyleName;

use super::{Arguments, job::TimeLimits, lines::PrefixedLines, run};

/// Longer than any of these commands takes, even on a slow machine.
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(50);

/// Runs these commands in every style. Calls `check` with whether all of them
/// succeeded, and with the output of the program.
fn in_every_style(
    commands: &[&str],
    [time, grace]: [Duration; 2],
    check: impl Fn(bool, &[u8]),
) {
    for style in StyleName::ALL {
        let commands = commands.iter().map(|it| it.to_string()).collect();
        let limits = TimeLimits { time, grace };
        let arguments = Arguments::of(style, limits, commands);
        let (mut reader, writer) = std::io::pipe().unwrap();
        let reads = std::thread::spawn(move || {
            let mut output = Vec::new();
            reader.read_to_end(&mut output).unwrap();
            output
        });
        let writer = std::os::fd::OwnedFd::from(writer);
        let succeeded = run(arguments, File::from_std(writer.into())).unwrap();
        println!("{style}");
        check(succeeded, &reads.join().unwrap());
    }
}

/// Returns the lines that begin with this prefix.
fn lines<'a>(output: &'a [u8], prefix: &str) -> Vec<&'a str> {
    let output = std::str::from_utf8(output).unwrap();
    output.lines().filter(|line| line.starts_with(prefix)).collect()
}

#[test]
fn lines_have_the_number_of_their_command() {
    let commands = ["echo one; echo two; echo three >&2", "echo four"];
    in_every_style(&commands, [LONG; 2], |succeeded, output| {
        assert!(succeeded);
        assert_eq!(lines(output, "1: "), ["1: one", "1: two"]);
        assert_eq!(lines(output, "1! "), ["1! three"]);
        assert_eq!(lines(output, "2: "), ["2: four"]);
        assert_eq!(lines(output, "2= "), ["2= exit status: 0 (echo four)"]);
    });
}

#[test]
fn a_failed_command_is_reported_and_stops_no_other() {
    let commands = ["exit 3", "/no/such/program", "echo well"];
    in_every_style(&commands, [LONG; 2], |succeeded, output| {
        assert!(!succeeded);
        assert_eq!(lines(output, "1= "), ["1= exit status: 3 (exit 3)"]);
        assert!(lines(output, "2! ")[0].contains("/no/such/program"));
        assert!(lines(output, "2= ")[0].starts_with("2= exit status: 127"));
        assert_eq!(lines(output, "3: "), ["3: well"]);
    });
}

#[test]
fn the_last_line_needs_no_end() {
    in_every_style(&["printf 'a\\nb'"], [LONG; 2], |_, output| {
        assert_eq!(lines(output, "1: "), ["1: a", "1: b"]);
    });
}

#[test]
fn bytes_are_not_changed() {
    in_every_style(&["printf '\\377\\000\\376\\n'"], [LONG; 2], |_, output| {
        assert!(output.starts_with(b"1: \xff\0\xfe\n1= "), "{output:?}");
    });
}

#[test]
fn both_pipes_may_be_full() {
    let command = "head -c 200000 /dev/zero >&2; head -c 200000 /dev/zero; \
                   head -c 200000 /dev/zero >&2";
    in_every_style(&[command], [LONG; 2], |succeeded, output| {
        assert!(succeeded);
        let zeroes = output.iter().filter(|byte| **byte == 0).count();
        assert_eq!(zeroes, 600_000);
    });
}

#[test]
fn a_command_over_its_limit_is_asked_to_end() {
    in_every_style(&["echo begun; sleep 60"], [SHORT, LONG], |ok, output| {
        assert!(!ok);
        let ended = lines(output, "1= ")[0];
        assert!(ended.starts_with("1= stopped, signal: 15"), "{ended}");
    });
}

#[test]
fn a_command_that_ignores_the_request_is_killed_with_its_children() {
    let command = "trap '' TERM; sleep 60 & sleep 60";
    in_every_style(&[command], [SHORT; 2], |ok, output| {
        assert!(!ok);
        let ended = lines(output, "1= ")[0];
        assert!(ended.starts_with("1= stopped, signal: 9"), "{ended}");
    });
}

#[test]
fn a_background_process_is_not_waited_for() {
    let folder = env::temp_dir();
    let path = folder.join(format!("quadrivium-run-{}", process::id()));
    let command = format!("sleep 60 & echo $! > {}; echo done", path.display());
    in_every_style(&[&command], [LONG, SHORT], |ok, output| {
        assert!(ok);
        assert_eq!(lines(output, "1: "), ["1: done"]);
        kill(&path);
    });
    fs::remove_file(path).unwrap();
}

fn kill(path: &Path) {
    let id = fs::read_to_string(path).unwrap();
    let killed = process::Command::new("kill").arg(id.trim()).status().unwrap();
    assert!(killed.success());
}

#[test]
fn two_hundred_commands_run_at_once() {
    let commands: Vec<_> = (1..=200).map(|n| format!("echo is {n}")).collect();
    let commands: Vec<_> = commands.iter().map(String::as_str).collect();
    in_every_style(&commands, [LONG; 2], |succeeded, output| {
        assert!(succeeded, "{}", String::from_utf8_lossy(output));
        for n in 1..=200 {
            let line = format!("{n}: is {n}");
            assert_eq!(lines(output, &format!("{n}: ")), [line]);
        }
    });
}

#[test]
fn a_closed_output_ends_the_program() {
    for style in StyleName::ALL {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let limits = TimeLimits { time: LONG, grace: LONG };
        let commands = vec!["yes".to_string()];
        let arguments = Arguments::of(style, limits, commands);
        let writer = std::os::fd::OwnedFd::from(writer);
        let error = run(arguments, File::from_std(writer.into())).unwrap_err();
        let error = error.downcast::<std::io::Error>().unwrap();
        assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe, "{style}");
    }
}

#[test]
fn long_lines_are_cut() {
    let mut lines = PrefixedLines::new("> ".into());
    let all = lines.take(&vec![b'x'; 70_000]).unwrap();
    assert_eq!(all.len(), 2 + 70_000 + 1);
    assert_eq!(lines.end(), None);
}

#[test]
fn a_wrong_command_line_is_an_error() {
    for (arguments, remedy) in [
        (vec!["--limit"], "needs a value"),
        (vec!["--limit", "soon"], "no number of seconds"),
        (vec!["--limit", "-1"], "no number of seconds"),
        (vec!["--style", "fibre"], "use callback, generator"),
        (vec!["--fast"], "use --style"),
    ] {
        let arguments = arguments.into_iter().map(String::from);
        let message = Arguments::parse(arguments).unwrap_err();
        assert!(message.contains(remedy), "{message}");
    }
}

#[test]
fn lines_come_as_soon_as_they_are_written() {
    for style in StyleName::ALL {
        // The command ends when the file exists, and the file is written when
        // the first line of the command has come.
        let path = env::temp_dir();
        let path = path.join(format!("quadrivium-come-{}", process::id()));
        let command = format!(
            "echo first; until [ -e {} ]; do sleep 0.01; done",
            path.display()
        );
        let limits = TimeLimits { time: LONG, grace: LONG };
        let arguments = Arguments::of(style, limits, vec![command]);
        let (reader, writer) = std::io::pipe().unwrap();
        let file = path.clone();
        let reads = std::thread::spawn(move || {
            let reader = PipeReader::new(reader).unwrap();
            let first = future(async move {
                let mut line = [0; 9];
                reader.read_exact(&mut line).await.unwrap();
                fs::write(file, "").unwrap();
                let mut rest = Vec::new();
                reader.read_to_end(&mut rest).await.unwrap();
                line
            });
            EventLoop::new().unwrap().block_on(first).unwrap()
        });
        let writer = std::os::fd::OwnedFd::from(writer);
        assert!(run(arguments, File::from_std(writer.into())).unwrap());
        assert_eq!(&reads.join().unwrap(), b"1: first\n", "{style}");
        fs::remove_file(path).unwrap();
    }
}

/// Set in the process that is asked to end.
const ASKED: &str = "QUADRIVIUM_RUN_ASKED";

#[test]
fn all_commands_end_when_the_program_is_asked_to() {
    let this = "tests::all_commands_end_when_the_program_is_asked_to";
    if env::var_os(ASKED).is_none() {
        // A signal ends a whole process, so the test runs in its own.
        let mut own = process::Command::new(env::current_exe().unwrap());
        let own = own.args(["--exact", this]).env(ASKED, "").output().unwrap();
        let output = String::from_utf8_lossy(&own.stdout);
        return assert!(own.status.success(), "{output}");
    }
    let asks = format!("kill -TERM {}; sleep 60", process::id());
    in_every_style(&[&asks, "sleep 60"], [LONG; 2], |ok, output| {
        assert!(!ok);
        for prefix in ["1= ", "2= "] {
            let ended = lines(output, prefix)[0];
            assert!(ended[3..].starts_with("stopped, signal: 15"), "{ended}");
        }
    });
}
