//! Children that end before their parent waits. Some are zombies, some were waited for by another
//! part of the program, and of some the kernel does not keep the exit status.

use std::{
    env, fs,
    io::{self, ErrorKind},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::Path,
    process::Command as StdCommand,
};

use quadrivium::{
    process::{Child, Command, StatusLost, Stdio},
    signal::{Signal, Signals},
};
use rustix::process::{Pid, WaitId, WaitIdOptions, WaitOptions, waitid, waitpid};

use super::processes::sh;
use crate::{Subject, body, child::alone_under, current_law, sockets::real_loop};

laws! { ($) ended_children:
    /// A signal to the process group of a child reaches the other processes in it, even after the
    /// child has ended. After the wait it reaches no process.
    a_signal_reaches_the_group_until_the_wait;
    /// If another part of the program has waited for a child, operations on the child fail with an
    /// error that says this.
    a_wait_elsewhere_is_an_error;
    /// A process that has reused the number of a child is neither signalled nor waited for.
    a_reused_process_id_is_not_signalled;
    /// If SIGCHLD is ignored, the kernel does not keep the exit status of a child. The error names
    /// cause and remedy, and contains the output of the child.
    ignoring_sigchld_loses_the_status;
    /// If SIGCHLD is ignored, a listener for it makes the kernel keep exit statuses again.
    listening_for_sigchld_keeps_the_status;
    /// If the kernel or a sandbox refuses descriptors of processes, with whatever error, children
    /// can still be signalled and waited for.
    can_be_waited_for_without_pidfds;
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(id.try_into().unwrap()).unwrap()
}

/// Waits until the child has ended, and leaves it as a zombie.
fn becomes_a_zombie(child: &Child) {
    let left = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(pid(child.id())), left).unwrap();
}

/// Waits for the child, like another part of the program that waits for all children.
fn is_waited_for_elsewhere(child: &Child) {
    waitpid(Some(pid(child.id())), WaitOptions::empty()).unwrap();
}

#[track_caller]
fn lost(error: io::Error) -> StatusLost {
    error.downcast().unwrap_or_else(|error| panic!("expected a `StatusLost`, but got: {error}"))
}

fn a_signal_reaches_the_group_until_the_wait(subject: Subject) {
    let mut event_loop = real_loop();
    let mut leader = sh("(sleep 15; echo 'the signal did not reach me') & exit 7");
    let mut leader = leader.stdout(Stdio::piped()).process_group(0).spawn().unwrap();
    let stdout = leader.stdout.take().unwrap();
    becomes_a_zombie(&leader);
    leader.signal_group(Signal::Terminate).unwrap();
    // Both processes have the pipe open, so it ends when both have ended.
    let reads = body().perform_eq(move || stdout.read_to_end_owned(Vec::new()), 0);
    event_loop.block_on(subject.task(reads)).unwrap();
    let wait = leader.wait();
    let waits = body().perform_then(|| wait, |status| assert_eq!(status.unwrap().code(), Some(7)));
    event_loop.block_on(subject.task(waits)).unwrap();
    leader.signal_group(Signal::Terminate).unwrap();
}

fn a_wait_elsewhere_is_an_error(subject: Subject) {
    let mut child = Command::new("true").spawn().unwrap();
    is_waited_for_elsewhere(&child);
    for error in [
        child.try_wait().unwrap_err(),
        child.kill().unwrap_err(),
        child.signal(Signal::Terminate).unwrap_err(),
        child.signal_group(Signal::Terminate).unwrap_err(),
    ] {
        let message = lost(error).to_string();
        assert!(message.contains("another part of this process has waited for it"), "{message}");
    }
    let wait = child.wait();
    let waits = body().perform_then(|| wait, |status| _ = lost(status.unwrap_err()));
    real_loop().block_on(subject.task(waits)).unwrap();
}

/// The process id that was given last. The next process gets the next number.
const LAST: &str = "/proc/sys/kernel/ns_last_pid";

/// Runs `something` in a process of its own that the program `starter` starts. The law is skipped
/// if that program is missing, or exits with the code `failure` because it cannot do its part.
pub(super) fn started_by(starter: &[&str], failure: i32, case: &str, something: impl FnOnce()) {
    let tried = StdCommand::new(starter[0]).arg("--version").output();
    if tried.is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        let must_not_skip = env::var_os("QUADRIVIUM_MUST_NOT_SKIP");
        assert!(
            must_not_skip.is_none(),
            "{} is not installed on this machine: install it",
            starter[0]
        );
        return println!("skipped: {} is not installed on this machine", starter[0]);
    }
    let output = alone_under(starter, &current_law::test(), case, something);
    let stderr = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(failure) {
        return println!("skipped: {}", stderr.trim());
    }
    assert!(output.status.success(), "{case}: {stderr}");
}

/// Runs `something` in a process that can choose the ids of its children, since no other processes
/// share them.
fn where_numbers_can_be_chosen(something: impl FnOnce()) {
    match Path::new(LAST).exists() {
        true => {
            let unshare = ["unshare", "--user", "--map-root-user", "--pid", "--fork"];
            started_by(&unshare, 1, "", something);
        }
        false => println!("skipped: this kernel has no {LAST}"),
    }
}

fn a_reused_process_id_is_not_signalled(subject: Subject) {
    where_numbers_can_be_chosen(|| {
        let mut child = Command::new("true").kill_on_drop(true).spawn().unwrap();
        is_waited_for_elsewhere(&child);
        fs::write(LAST, (child.id() - 1).to_string()).unwrap();
        let mut stranger = StdCommand::new("sleep").arg("60").process_group(0).spawn().unwrap();
        assert_eq!(stranger.id(), child.id());
        for error in [
            child.kill().unwrap_err(),
            child.signal(Signal::Kill).unwrap_err(),
            child.signal_group(Signal::Kill).unwrap_err(),
            child.try_wait().unwrap_err(),
        ] {
            lost(error);
        }
        let wait = child.wait();
        let waits = body().perform_then(|| wait, |status| _ = lost(status.unwrap_err()));
        real_loop().block_on(subject.task(waits.hold(child))).unwrap();
        // The stranger still runs, and its parent gets its exit status.
        assert_eq!(stranger.try_wait().unwrap(), None);
        stranger.kill().unwrap();
        assert_eq!(stranger.wait().unwrap().signal(), Some(9));
    });
}

/// Runs `something` in a process that ignores SIGCHLD from the start. A shell cannot start it,
/// since some shells never ignore SIGCHLD.
fn where_sigchld_is_ignored(something: impl FnOnce()) {
    started_by(&["env", "--ignore-signal=CHLD"], 125, "", something);
}

fn ignoring_sigchld_loses_the_status(subject: Subject) {
    where_sigchld_is_ignored(|| {
        let mut event_loop = real_loop();
        let names_both = |message: &str| {
            assert!(message.contains("SIGCHLD is ignored"), "{message}");
            assert!(message.contains("Signals::new([Signal::Child])"), "{message}");
        };
        let task = body()
            .perform_then(
                || sh("echo out; echo err >&2; exit 5").output(),
                move |output| {
                    let lost = lost(output.unwrap_err());
                    names_both(&lost.to_string());
                    let (stdout, stderr) = lost.into_output();
                    assert_eq!((&*stdout, &*stderr), (&b"out\n"[..], &b"err\n"[..]));
                },
            )
            .perform_then(
                || sh("exit 5").status(),
                move |status| names_both(&lost(status.unwrap_err()).to_string()),
            );
        event_loop.block_on(subject.task(task)).unwrap();
        // A running child can be waited for and killed as usual.
        let mut child = sh("read line").stdin(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        assert_eq!(child.try_wait().unwrap(), None);
        child.kill().unwrap();
        let wait = child.wait();
        let waits = body().perform_then(|| wait, |status| _ = lost(status.unwrap_err()));
        event_loop.block_on(subject.task(waits)).unwrap();
    });
}

fn listening_for_sigchld_keeps_the_status(subject: Subject) {
    where_sigchld_is_ignored(|| {
        drop(Signals::new([Signal::Child]).unwrap());
        let output = body().perform_then(
            || sh("echo out; exit 5").output(),
            |output| {
                let output = output.unwrap();
                assert_eq!((&*output.stdout, output.status.code()), (&b"out\n"[..], Some(5)));
            },
        );
        real_loop().block_on(subject.task(output)).unwrap();
    });
}

fn can_be_waited_for_without_pidfds(subject: Subject) {
    for fault in
        ["pidfd_open:error=EACCES", "pidfd_open:error=EINVAL", "pidfd_send_signal:error=EPERM"]
    {
        let inject = format!("inject={fault}");
        let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
        started_by(&strace, 1, fault, || is_signalled_and_waited_for(subject));
    }
}

fn is_signalled_and_waited_for(subject: Subject) {
    type Ends = fn(&mut Child) -> io::Result<()>;
    let mut event_loop = real_loop();
    let ways: [(Ends, i32); 3] = [
        (|child| child.kill(), 9),
        (|child| child.terminate(), 15),
        // Not a hangup, which the children of `nohup` ignore.
        (|child| child.signal_group(Signal::User1), 10),
    ];
    for (ends, signal) in ways {
        let mut child = Command::new("sleep").arg("60").process_group(0).spawn().unwrap();
        ends(&mut child).unwrap();
        let wait = child.wait();
        let waits = body()
            .perform_then(|| wait, move |how| assert_eq!(how.unwrap().signal(), Some(signal)));
        event_loop.block_on(subject.task(waits)).unwrap();
    }
}
