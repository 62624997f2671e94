//! Host names: [`lookup`] finds their addresses without blocking the loop.

mod address;

use std::{io, mem, net::SocketAddr, pin::Pin};

use quadrivium_core::{Context, RESUMED_AFTER_DONE, Step, Task, Wait, fairness, inspect::LeafKind};

use self::address::resolve;
use crate::offload::{NAMES, Offload};

pub use self::address::Address;
pub(crate) use self::address::Destination;

/// Returns the addresses of a name, best first. It asks `getaddrinfo`, which also reads the hosts
/// file.
///
/// The call blocks, so it is made on another thread. The threads for names are a few that do
/// nothing else, so slow files do not delay names, and slow names do not delay files. A text that
/// is an address is not looked up.
///
/// If the lookup is dropped before its call has begun, the call is never made. A call that has
/// begun runs to its end on its thread.
///
/// ```
/// use quadrivium::{dns::lookup, prelude::*};
///
/// let addresses = EventLoop::new()?.block_on(lookup("localhost:80"))??;
/// assert!(addresses.iter().all(|address| address.ip().is_loopback()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn lookup(address: impl Into<Address>) -> Lookup {
    Lookup {
        state: match address.into().0 {
            Destination::One(address) => State::Known(Ok(vec![address])),
            Destination::Several(addresses) => State::Known(Ok(addresses)),
            Destination::Invalid(why) => State::Known(Err(why)),
            Destination::Name(name, port) => {
                let work = move |started: io::Result<()>| {
                    started?;
                    resolve(&name, port)
                };
                State::Asked(Offload::to(&NAMES, work).of_kind(LeafKind::Lookup))
            }
        },
    }
}

/// A task that looks up a name. Created by [`lookup`].
///
/// Its output is the list of addresses, or one of these errors. The message names the name and the
/// cause.
///
/// * `NotFound`: the name has no address, or the system could not find out.
/// * `InvalidInput`: the text is neither an address nor a name with a port.
/// * `QuotaExceeded`: there is no thread for names, and the operating system refuses to start one.
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct Lookup {
    state: State,
}

#[derive(Debug)]
enum State {
    Known(Result<Vec<SocketAddr>, String>),
    /// The addresses are known, and the task has given way to the other tasks for one turn.
    GaveWay(Result<Vec<SocketAddr>, String>),
    Asked(Offload<io::Result<Vec<SocketAddr>>>),
    Done,
}

impl Task for Lookup {
    type Output = io::Result<Vec<SocketAddr>>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        if let State::Asked(asked) = &mut self.state {
            return Pin::new(asked).resume(cx);
        }
        match mem::replace(&mut self.state, State::Done) {
            State::Known(known) if fairness::gives_way(false) => {
                self.state = State::GaveWay(known);
                Step::Suspended(Wait::Turn)
            }
            State::Known(known) | State::GaveWay(known) => {
                let invalid_address = |why| io::Error::new(io::ErrorKind::InvalidInput, why);
                fairness::done(known.map_err(invalid_address))
            }
            State::Asked(_) | State::Done => panic!("{RESUMED_AFTER_DONE}"),
        }
    }
}

quadrivium_core::leaf! {
    impl[] Lookup;
}
