//! [`TcpConnect`]: the leaf that makes a TCP connection to an address or a name.

use std::{io, mem, panic::Location, pin::Pin};

use quadrivium_core::{Context, RESUMED_AFTER_DONE, Step, Task, inspect::noted_at};

use super::{eyeballs::Eyeballs, stream::TcpStream};
use crate::{
    dns::{Address, Destination, Lookup, lookup},
    socket::connect::Connect,
};

/// A task that connects to an address or a name. Created by [`TcpStream::connect`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct TcpConnect {
    state: State,
    line: &'static Location<'static>,
}

#[derive(Debug)]
enum State {
    /// There is only one address, so there is no choice to make.
    Address(Connect<TcpStream>),
    /// The name is being looked up.
    Lookup(Lookup),
    Addresses(Eyeballs),
    Done,
}

impl TcpConnect {
    #[track_caller]
    pub(super) fn new(address: Address) -> Self {
        let state = match address.0 {
            Destination::One(address) => State::Address(Connect::new(Ok(address.into()))),
            other => State::Lookup(lookup(Address(other))),
        };
        Self { state, line: Location::caller() }
    }

    fn resume_state(&mut self, cx: &mut Context<'_>) -> Step<io::Result<TcpStream>> {
        if let State::Lookup(lookup) = &mut self.state {
            match Pin::new(lookup).resume(cx) {
                Step::Suspended(wait) => return Step::Suspended(wait),
                Step::Done(Ok(addresses)) => {
                    self.state = State::Addresses(Eyeballs::new(addresses));
                }
                Step::Done(Err(error)) => return Step::Done(Err(error)),
            }
        }
        match &mut self.state {
            State::Address(connect) => Pin::new(connect).resume(cx),
            State::Addresses(eyeballs) => Pin::new(eyeballs).resume(cx),
            State::Lookup(_) | State::Done => panic!("{RESUMED_AFTER_DONE}"),
        }
    }
}

impl Task for TcpConnect {
    type Output = io::Result<TcpStream>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let step = noted_at(self.line, || self.resume_state(cx));
        if matches!(step, Step::Done(_)) {
            // This closes the sockets of the attempts that have not succeeded.
            drop(mem::replace(&mut self.state, State::Done));
        }
        step
    }
}

quadrivium_core::leaf! {
    impl[] TcpConnect;
}
