//! The programs: each repeats one operation in one style. The four files have the same functions in
//! the same order, so that two of them can be read side by side.

mod callback;
mod future;
mod generator;
mod green;

use std::{fmt, io, net, time::Duration};

use clap::ValueEnum;
use quadrivium::{EventLoop, net::TcpStream, sync::channel};

/// The operations that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum CountedOperation {
    LoneTurn,
    Turn,
    Spawn,
    Channel,
    Timer,
    Timeout,
    Read,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum CountedStyle {
    #[default]
    Callback,
    Generator,
    Future,
    Green,
}

/// An operation in a style.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CountedProgram {
    pub(crate) operation: CountedOperation,
    pub(crate) style: CountedStyle,
}

/// The number of tasks, where there is more than one.
const TASKS: u64 = 1_000;

impl CountedOperation {
    /// Returns the name in the table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::LoneTurn => "turn, one task",
            Self::Turn => "turn, 1,000 tasks",
            Self::Spawn => "spawn and join",
            Self::Channel => "channel round trip",
            Self::Timer => "timer",
            Self::Timeout => "timeout",
            Self::Read => "socket read",
        }
    }

    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::LoneTurn => "the only task of a loop performs `turn()`.",
            Self::Turn => "the same, among a thousand tasks.",
            Self::Spawn => "a task spawns another one, which is done at once, and joins it.",
            Self::Channel => {
                "a value goes to another task and comes back, through two channels of\n  \
                 capacity 1."
            }
            Self::Timer => {
                "one of a thousand tasks sleeps on the virtual clock. Each sleeps for another\n  \
                 duration."
            }
            Self::Timeout => {
                "a task performs `timeout(duration, turn())`, and the timeout does not expire."
            }
            Self::Read => {
                "a task waits for a byte from a TCP socket and reads it. The write of the\n  \
                 byte and the wait are counted, too. The kernel is not."
            }
        }
    }
}

impl CountedStyle {
    /// Returns the folders of its crate, and of the crate that it is built on.
    pub(crate) fn folders(self) -> &'static [&'static str] {
        match self {
            Self::Callback => &["crates/styles/callback/src/"],
            Self::Generator => &["crates/styles/generator/src/", "/genawaiter-"],
            Self::Future => &["crates/styles/future/src/"],
            Self::Green => &["crates/styles/green/src/", "/corosensei-"],
        }
    }

    /// Returns the paths that begin the names of functions of these crates.
    pub(crate) fn crates(self) -> &'static [&'static str] {
        match self {
            Self::Callback => &["quadrivium_callback::"],
            Self::Generator => &["quadrivium_generator::", "genawaiter::"],
            Self::Future => &["quadrivium_future::"],
            Self::Green => &["quadrivium_green::", "corosensei::"],
        }
    }
}

impl fmt::Display for CountedStyle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().expect("no style is hidden").get_name())
    }
}

/// Evaluates an expression in which `$file` is the module of the style.
macro_rules! in_style {
    ($style:expr, $file:ident => $run:expr) => {
        match $style {
            CountedStyle::Callback => {
                use callback as $file;
                $run
            }
            CountedStyle::Generator => {
                use generator as $file;
                $run
            }
            CountedStyle::Future => {
                use future as $file;
                $run
            }
            CountedStyle::Green => {
                use green as $file;
                $run
            }
        }
    };
}

/// The name in arguments and messages.
impl fmt::Display for CountedProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.operation.title(), self.style)
    }
}

impl CountedProgram {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let styles = CountedStyle::value_variants();
        let operations = CountedOperation::value_variants();
        let in_every_style =
            |&operation| styles.iter().map(move |&style| Self { operation, style });
        operations.iter().flat_map(in_every_style)
    }

    /// Carries out the operation this many times.
    pub(crate) fn run(self, times: u64) {
        let mut event_loop = match self.operation {
            CountedOperation::Timer => EventLoop::with_virtual_clock(),
            _ => EventLoop::new(),
        }
        .expect("the OS allows an event loop");
        in_style!(self.style, style => match self.operation {
            CountedOperation::LoneTurn => drop(event_loop.spawn(style::turns(times))),
            CountedOperation::Turn => {
                (0..TASKS).for_each(|_| drop(event_loop.spawn(style::turns(times / TASKS))));
            }
            CountedOperation::Spawn => drop(event_loop.spawn(style::spawns(times))),
            CountedOperation::Channel => {
                let (there, from_there) = channel::bounded(1);
                let (back, from_back) = channel::bounded(1);
                drop(event_loop.spawn(style::send_and_receive(times, there, from_back)));
                drop(event_loop.spawn(style::receive_and_send(times, from_there, back)));
            }
            CountedOperation::Timer => {
                for task in 0..TASKS {
                    let duration = Duration::from_micros(1_000 + task * 7_919 % TASKS);
                    drop(event_loop.spawn(style::sleeps(times / TASKS, duration)));
                }
            }
            CountedOperation::Timeout => drop(event_loop.spawn(style::timeouts(times))),
            CountedOperation::Read => {
                let (one, other) = connection().expect("the OS allows a connection");
                // Each task reads once per round trip.
                drop(event_loop.spawn(style::write_and_read(times / 2, one)));
                drop(event_loop.spawn(style::read_and_write(times / 2, other)));
            }
        });
        event_loop.run().expect("every task ends");
    }
}

/// Returns both ends of a TCP connection.
fn connection() -> io::Result<(TcpStream, TcpStream)> {
    let listener = net::TcpListener::bind(("127.0.0.1", 0))?;
    let one = net::TcpStream::connect(listener.local_addr()?)?;
    let (other, _) = listener.accept()?;
    Ok((TcpStream::from_std(one)?, TcpStream::from_std(other)?))
}
