//! [`run`]: runs a process, and ends it with all its children when it stands still.

use std::{
    io::{ErrorKind, Read},
    os::unix::process::{CommandExt, ExitStatusExt},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

/// The output of a process, and how it ended.
#[derive(Debug)]
pub struct EndedProcess {
    pub stdout: String,
    pub stderr: String,
    pub how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It ended by itself.
    Exited,
    /// A signal ended it, such as an abort or a bad access.
    Died,
    /// It printed nothing for longer than the limit, and was ended.
    StoodStill,
}

/// Runs a process until it ends, or prints nothing for `limit`.
pub fn run(command: &mut Command, limit: Duration) -> EndedProcess {
    // A process group of its own, so that the processes of a law are ended with it.
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot run the laws: {error}"));
    let mut stderr = child.stderr.take().expect("its output is piped");
    let reads_stderr = thread::spawn(move || {
        let mut text = Vec::new();
        let _ = stderr.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    let (stdout, stood_still) = read_stdout(&mut child, limit);
    if stood_still {
        end_group(&child);
    }
    let status = child.wait().expect("a child can be waited for");
    let how = how(status, stood_still);
    if how == How::Died {
        end_group(&child);
    }
    let stderr = reads_stderr.join().expect("reading does not panic");
    EndedProcess { stdout, stderr, how }
}

fn how(status: ExitStatus, stood_still: bool) -> How {
    match status.signal() {
        _ if stood_still => How::StoodStill,
        Some(_) => How::Died,
        None => How::Exited,
    }
}

/// Returns the output of the child, and whether it printed nothing for `limit`.
fn read_stdout(child: &mut Child, limit: Duration) -> (String, bool) {
    let mut stdout = child.stdout.take().expect("its output is piped");
    let (sender, pieces) = mpsc::channel();
    thread::spawn(move || {
        let mut piece = [0; 4096];
        loop {
            match stdout.read(&mut piece) {
                Ok(0) => return,
                Ok(n) if sender.send(piece[..n].to_vec()).is_ok() => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => return,
            }
        }
    });
    let mut output = Vec::new();
    let stood_still = loop {
        match pieces.recv_timeout(limit) {
            Ok(piece) => output.extend(piece),
            Err(RecvTimeoutError::Timeout) => break true,
            Err(RecvTimeoutError::Disconnected) => break false,
        }
    };
    (String::from_utf8_lossy(&output).into_owned(), stood_still)
}

/// With `-s`, because not every shell accepts a group after `kill -KILL`.
const KILL: &str = "kill -s KILL -- -\"$0\"";

/// Ends the child and all processes that it has started. If none is left, that is no failure.
fn end_group(child: &Child) {
    let group = child.id().to_string();
    let _ = Command::new("sh").args(["-c", KILL, &group]).stderr(Stdio::null()).status();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, limit: Duration) -> EndedProcess {
        run(Command::new("sh").args(["-c", script]), limit)
    }

    #[test]
    fn both_outputs_are_kept() {
        let ended = sh("echo out; echo err >&2; exit 7", Duration::MAX);
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("out\n", "err\n"));
        assert_eq!(ended.how, How::Exited);
    }

    #[test]
    fn a_signal_and_an_exit_are_different() {
        assert_eq!(sh("kill -ABRT $$", Duration::MAX).how, How::Died);
    }

    #[test]
    fn a_process_that_stands_still_is_ended_with_its_children() {
        let ended = sh("echo begun; sleep 1000 & wait", Duration::from_millis(200));
        assert_eq!((ended.stdout.as_str(), ended.how), ("begun\n", How::StoodStill));
    }
}
