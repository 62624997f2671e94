//! Bugs of child processes and of signals.

use super::Bug;

const CHILD_DESCRIPTOR: &str = "crates/io/src/process/child_descriptor.rs";
const STOP: &str = "crates/io/src/signal/stop.rs";

pub const BUGS: &[Bug] = &[
    Bug {
        name: "kill-goes-by-number",
        harm: "a process that has the number of a child that is gone is killed",
        file: CHILD_DESCRIPTOR,
        find: "match pidfd_send_signal(pidfd, signal) {",
        replace: "match kill_process(self.id, signal) {",
    },
    Bug {
        name: "wait-goes-by-number",
        harm: "the exit status of another child, which has the number of a child that is gone, is lost",
        file: CHILD_DESCRIPTOR,
        find: "waitid(WaitId::PidFd(pidfd.as_fd()), options)",
        replace: "waitid(WaitId::Pid(self.id), options)",
    },
    Bug {
        name: "group-of-a-zombie-spared",
        harm: "after the end of a child, a signal to its group no longer reaches the processes that it has started",
        file: CHILD_DESCRIPTOR,
        find: "None => self.send_by_number(signal, kill_process_group),",
        replace: "None => match self.poll_status(WaitIdOptions::NOWAIT)? {\n\
                  None => self.send_by_number(signal, kill_process_group),\n\
                  Some(_) => Ok(()),\n\
                  },",
    },
    Bug {
        name: "sandbox-error-not-recognised",
        harm: "where a sandbox refuses pidfds with an unusual error, no child can be started",
        file: CHILD_DESCRIPTOR,
        find: "Err(_) => Self::from_sigchld(),",
        replace: "Err(Errno::NOSYS | Errno::PERM) => Self::by_signal(),\n\
                  Err(error) => Err(error.into()),",
    },
    Bug {
        name: "output-lost-with-the-status",
        harm: "where SIGCHLD is ignored, the output of a child is lost",
        file: "crates/io/src/process/output.rs",
        find: "Err(error) if !StatusLost::is(&error) => Err(error),",
        replace: "Err(error) => Err(error),",
    },
    Bug {
        name: "ignored-signal-ends-the-process",
        harm: "a program that was started with nohup is ended by the signal that it must ignore",
        file: "crates/io/src/signal/listeners.rs",
        find: "let is_default = Disposition::of(number) == Disposition::Default;",
        replace: "let is_default = number != libc::SIGPIPE;",
    },
    Bug {
        name: "signal-stop-names-our-line",
        harm: "the report of a stop names a line of the library, and not the line of the program",
        file: STOP,
        find: "scope.cancel_for(because(signal.to_string()))",
        replace: "scope.cancel(signal.to_string())",
    },
    Bug {
        name: "second-signal-waits-too",
        harm: "a second Ctrl-C does not end a program whose requests hang",
        file: STOP,
        find: "scope.cancel_at_once(signal.to_string());",
        replace: "scope.cancel(signal.to_string());",
    },
];
