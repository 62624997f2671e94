//! Names of hosts: [`lookup`].

mod address;

use std::{io, mem, net::SocketAddr, pin::Pin};

use quadrivium_core::{Context, RESUMED_AFTER_DONE, Step, Task, Wait, fairness};

use self::address::resolve;
use crate::offload::{NAMES, Offload};

pub use self::address::Address;
pub(crate) use self::address::Destination;

/// The addresses of a name, best first: what `getaddrinfo` says, the hosts file included.
///
/// It is asked on another thread, one of a few that do nothing else, so that slow files do not keep
/// names waiting, nor slow names files. What is an address already is not looked up.
///
/// Dropped before it is done: a question that has not been asked never is; one that has goes to its
/// end on its thread.
///
/// ```
/// use quadrivium::{dns::lookup, prelude::*};
///
/// let addresses = EventLoop::new()?.block_on(lookup("localhost:80"))??;
/// assert!(addresses.iter().all(|address| address.ip().is_loopback()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn lookup(address: impl Into<Address>) -> Lookup {
    Lookup {
        state: match address.into().0 {
            Destination::One(address) => State::Known(Ok(vec![address])),
            Destination::Several(addresses) => State::Known(Ok(addresses)),
            Destination::Bad(why) => State::Known(Err(why)),
            Destination::Name(name, port) => State::Asked(Offload::to(&NAMES, move |started| {
                started?;
                resolve(&name, port)
            })),
        },
    }
}

/// A task that looks up a name. Made by [`lookup`].
///
/// Its output is a `NotFound` error when the name has no address, or when that could not be found
/// out, and `InvalidInput` when it was no address and no name; the message says which and why. It
/// is a `QuotaExceeded` error when the operating system refuses a thread, and there is none for
/// names.
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct Lookup {
    state: State,
}

#[derive(Debug)]
enum State {
    Known(Result<Vec<SocketAddr>, String>),
    /// Known, and the others have run first.
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
                let bad_address = |why| io::Error::new(io::ErrorKind::InvalidInput, why);
                fairness::done(known.map_err(bad_address))
            }
            State::Asked(_) | State::Done => panic!("{RESUMED_AFTER_DONE}"),
        }
    }
}

quadrivium_core::leaf! {
    impl[] Lookup;
}
