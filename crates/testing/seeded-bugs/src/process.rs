//! [`run`]: a process that is ended when it stands still, with all that it has started.

use std::{
    io::{ErrorKind, Read},
    os::unix::process::{CommandExt, ExitStatusExt},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

/// What a process said, and how it ended.
#[derive(Debug)]
pub struct EndedProcess {
    pub stdout: String,
    pub stderr: String,
    pub how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By itself.
    Exited,
    /// A signal ended it: an abort, a bad access.
    Died,
    /// It said nothing for so long that it was ended.
    StoodStill,
}

/// Runs a process until it ends, or says nothing for `limit`.
pub fn run(command: &mut Command, limit: Duration) -> EndedProcess {
    // A group of its own, so that a law's own processes are ended with it.
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot run: {error}"));
    let mut stderr = child.stderr.take().expect("it is piped");
    let complains = thread::spawn(move || {
        let mut text = Vec::new();
        let _ = stderr.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    let (stdout, stood_still) = listen(&mut child, limit);
    if stood_still {
        end_group(&child);
    }
    let status = child.wait().expect("a child can be waited for");
    let how = how(status, stood_still);
    if how == How::Died {
        end_group(&child);
    }
    let stderr = complains.join().expect("reading does not panic");
    EndedProcess { stdout, stderr, how }
}

fn how(status: ExitStatus, stood_still: bool) -> How {
    match status.signal() {
        _ if stood_still => How::StoodStill,
        Some(_) => How::Died,
        None => How::Exited,
    }
}

/// What the child says until it is silent for ever, or for `limit`: then true.
fn listen(child: &mut Child, limit: Duration) -> (String, bool) {
    let mut stdout = child.stdout.take().expect("it is piped");
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
    let mut heard = Vec::new();
    let stood_still = loop {
        match pieces.recv_timeout(limit) {
            Ok(piece) => heard.extend(piece),
            Err(RecvTimeoutError::Timeout) => break true,
            Err(RecvTimeoutError::Disconnected) => break false,
        }
    };
    (String::from_utf8_lossy(&heard).into_owned(), stood_still)
}

/// With `-s`, since not every shell reads a group after `kill -KILL`.
const KILL: &str = "kill -s KILL -- -\"$0\"";

/// Ends the child and all that it has started. There may be nobody left, which is no failure.
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
    fn a_signal_is_told_from_an_exit() {
        assert_eq!(sh("kill -ABRT $$", Duration::MAX).how, How::Died);
    }

    #[test]
    fn what_stands_still_is_ended_with_its_own_processes() {
        let ended = sh("echo begun; sleep 1000 & wait", Duration::from_millis(200));
        assert_eq!((ended.stdout.as_str(), ended.how), ("begun\n", How::StoodStill));
    }
}
