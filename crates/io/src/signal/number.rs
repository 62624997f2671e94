//! [`Signal`]: a signal by name, or any by number.

use std::fmt;

/// A signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// SIGHUP: the terminal is closed. Many servers then read their configuration again.
    Hangup,
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGQUIT: Ctrl-\.
    Quit,
    /// SIGABRT.
    Abort,
    /// SIGKILL: ends a process, and cannot be caught.
    Kill,
    /// SIGUSR1.
    User1,
    /// SIGUSR2.
    User2,
    /// SIGPIPE: all readers of a pipe or socket are closed. Rust programs ignore it and get an
    /// error.
    Pipe,
    /// SIGALRM.
    Alarm,
    /// SIGTERM: asks a process to end.
    Terminate,
    /// SIGCHLD: a child has ended or stopped.
    Child,
    /// SIGCONT: lets a stopped process continue.
    Continue,
    /// SIGSTOP: stops a process, and cannot be caught.
    Stop,
    /// SIGTSTP: Ctrl-Z.
    TerminalStop,
    /// SIGWINCH: the size of the terminal window has changed.
    WindowChange,
    /// Another signal, by number. [`Signal::from`] returns it only for numbers that have no name
    /// here. Prefer `Signal::from`, so that each signal has only one form.
    Other(i32),
}

/// The named signals with their numbers, which differ between systems, and their names there.
const NAMED: [(Signal, i32, &str); 15] = [
    (Signal::Hangup, libc::SIGHUP, "SIGHUP"),
    (Signal::Interrupt, libc::SIGINT, "SIGINT"),
    (Signal::Quit, libc::SIGQUIT, "SIGQUIT"),
    (Signal::Abort, libc::SIGABRT, "SIGABRT"),
    (Signal::Kill, libc::SIGKILL, "SIGKILL"),
    (Signal::User1, libc::SIGUSR1, "SIGUSR1"),
    (Signal::User2, libc::SIGUSR2, "SIGUSR2"),
    (Signal::Pipe, libc::SIGPIPE, "SIGPIPE"),
    (Signal::Alarm, libc::SIGALRM, "SIGALRM"),
    (Signal::Terminate, libc::SIGTERM, "SIGTERM"),
    (Signal::Child, libc::SIGCHLD, "SIGCHLD"),
    (Signal::Continue, libc::SIGCONT, "SIGCONT"),
    (Signal::Stop, libc::SIGSTOP, "SIGSTOP"),
    (Signal::TerminalStop, libc::SIGTSTP, "SIGTSTP"),
    (Signal::WindowChange, libc::SIGWINCH, "SIGWINCH"),
];

impl Signal {
    /// Returns the number of the signal on this system.
    pub fn number(self) -> i32 {
        match self {
            Signal::Other(number) => number,
            named => {
                let entry = NAMED.iter().find(|(signal, ..)| *signal == named);
                entry.expect("every signal with a name is in the table").1
            }
        }
    }
}

impl From<i32> for Signal {
    fn from(number: i32) -> Self {
        let named = NAMED.iter().find(|(_, its_number, _)| *its_number == number);
        named.map_or(Signal::Other(number), |(signal, ..)| *signal)
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMED.iter().find(|(_, number, _)| *number == self.number()) {
            Some((_, _, name)) => f.write_str(name),
            None => write!(f, "signal {}", self.number()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_name() {
        for (signal, number, name) in NAMED {
            assert_eq!((Signal::from(number), signal.number()), (signal, number));
            assert_eq!(
                (signal.to_string(), Signal::Other(number).to_string()),
                (name.into(), name.into())
            );
        }
        assert_eq!(Signal::from(40), Signal::Other(40));
        assert_eq!(Signal::Other(40).to_string(), "signal 40");
    }
}
