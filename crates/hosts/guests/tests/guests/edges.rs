//! An edge that an executor's reactor reports once must reach the loop inside.

use std::{
    cell::RefCell,
    future::Future,
    io::{self, Write},
    os::{fd::OwnedFd, unix::net},
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Instant,
};

use quadrivium::{
    executor::{Executor, Guest},
    net::UnixStream,
    prelude::*,
    sync::Notify,
};

/// An executor that calls `on_poll` just when its reactor is polled.
struct Scripted<F> {
    on_poll: Rc<RefCell<Option<F>>>,
    _watched: Option<OwnedFd>,
}

impl<F: FnOnce()> Executor for Scripted<F> {
    fn now() -> Instant {
        Instant::now()
    }

    fn poll_deadline(&mut self, _: Instant, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }

    fn watch(&mut self, fd: OwnedFd) -> io::Result<()> {
        self._watched = Some(fd);
        Ok(())
    }

    /// Edge-triggered: it is ready once.
    fn poll_readable(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.on_poll.take() {
            Some(on_poll) => {
                on_poll();
                Poll::Ready(Ok(()))
            }
            None => Poll::Pending,
        }
    }
}

#[test]
fn an_edge_that_comes_with_a_wake_is_not_lost() {
    let (mut far, near) = net::UnixStream::pair().unwrap();
    let near = UnixStream::from_std(near).unwrap();
    let notify = Notify::new();
    let notified = notify.notified();
    let reads = future(async move {
        let notified = spawn(notified);
        let read = near.read(&mut [0; 8]).await.unwrap();
        notified.await.unwrap();
        read
    });
    let on_poll = Rc::new(RefCell::new(None));
    let executor = Scripted { on_poll: Rc::clone(&on_poll), _watched: None };
    let mut guest = pin!(Guest::new(reads, executor));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(guest.as_mut().poll(&mut cx).is_pending());
    on_poll.replace(Some(move || {
        far.write_all(b"hello").unwrap();
        notify.notify_one();
    }));
    assert_eq!(guest.poll(&mut cx), Poll::Ready(5));
}
