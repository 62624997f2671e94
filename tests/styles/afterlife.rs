//! Values that outlive a task or a loop: its wakers, its handles, parts that it has polled, and its
//! own stack while this is unwound.

use std::{
    cell::RefCell,
    collections::HashSet,
    future::{IntoFuture, poll_fn},
    panic::{AssertUnwindSafe, Location, catch_unwind},
    rc::Rc,
    task::Poll,
    time::Duration,
};

use futures::{StreamExt, stream::FuturesUnordered};
use quadrivium::{
    event_loop::Turned,
    green::perform,
    host,
    prelude::*,
    sync::{channel, oneshot},
};
use quadrivium_conformance::new_loop;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_cancelled_green_thread_that_performs_again_has_a_waker() {
    let mut event_loop = new_loop();
    let (sender, receiver) = channel::unbounded::<()>();
    let task = event_loop.spawn(green(move || {
        // The cancellation is caught, and then the next leaf asks for a waker. The waker of the
        // last resume is gone by then.
        let caught = catch_unwind(AssertUnwindSafe(|| perform(receiver.recv())));
        assert!(caught.is_err());
        let _ = perform(receiver.recv());
    }));
    event_loop.turn().unwrap();
    task.cancel();
    assert!(task.is_finished());
    drop(sender);
}

#[test]
fn a_destructor_on_a_cancelled_green_stack_may_perform_a_task_that_does_not_wait() {
    struct ReceivesInDrop(channel::Receiver<u32>);
    impl Drop for ReceivesInDrop {
        fn drop(&mut self) {
            assert_eq!(perform(self.0.recv()), Ok(7));
        }
    }
    let mut event_loop = new_loop();
    let (sender, receiver) = channel::unbounded();
    sender.try_send(7).unwrap();
    let task = event_loop.spawn(green(move || {
        let _receives = ReceivesInDrop(receiver);
        perform(turn());
    }));
    event_loop.turn().unwrap();
    task.cancel();
    assert!(matches!(event_loop.block_on(task).unwrap(), Err(JoinError::Cancelled)));
}

#[test]
fn a_part_of_a_foreign_combinator_outlives_the_task_that_polled_it() {
    let mut event_loop = new_loop();
    let task = event_loop.spawn(future(async {
        let parts: FuturesUnordered<_> = [sleep(2 * SECOND).into_future()].into_iter().collect();
        let parts = Rc::new(RefCell::new(parts));
        let inner = Rc::clone(&parts);
        // Only one task borrows the combinator at a time.
        #[allow(clippy::await_holding_refcell_ref)]
        let first = future(async move { inner.borrow_mut().next().await });
        assert!(timeout(SECOND, first).await.is_err());
        poll_fn(|cx| parts.borrow_mut().poll_next_unpin(cx)).await
    }));
    while let turned @ (Turned::Ready | Turned::Until(_)) = event_loop.turn().unwrap() {
        if let Turned::Until(deadline) = turned {
            let left = deadline - event_loop.now();
            event_loop.advance(left);
        }
    }
    assert!(task.is_finished());
    assert_eq!(event_loop.elapsed(), 2 * SECOND);
}

#[test]
fn a_waker_of_a_dead_loop_hides_no_deadlock_of_the_next() {
    let shared = Rc::new(RefCell::new(None));
    let store = Rc::clone(&shared);
    let mut first = new_loop();
    let stores_its_waker = future(poll_fn(move |cx| {
        *store.borrow_mut() = Some(cx.waker().clone());
        Poll::Ready(())
    }));
    first.block_on(stores_its_waker).unwrap();
    drop(first);
    // This loop has the mailbox of the first one, unless another test has taken it.
    let mut second = new_loop();
    let stale = shared.take();
    drop(stale.clone());
    let (_sender, receiver) = oneshot::channel::<()>();
    assert!(matches!(second.block_on(receiver), Err(RunError::Deadlock(_))));
}

#[test]
fn a_canceller_of_a_dead_loop_cancels_no_task_of_the_next() {
    let mut first = new_loop();
    let closed = first.block_on(future(async { host::current().unwrap() })).unwrap();
    let handle = first.spawn(turn());
    drop(first);
    // Frees the slot after the loop has handed its generations on to the next one.
    drop(handle);
    let stale = JoinHandle::spawn(closed, turn(), None, Location::caller());
    let mut second = new_loop();
    let task = second.spawn(future(async {
        turn().await;
        turn().await;
    }));
    stale.canceller().cancel();
    assert!(second.block_on(task).unwrap().is_ok());
}

#[test]
fn a_trace_may_panic_and_hold_a_handle_of_its_own_loop() {
    let mut event_loop = new_loop();
    let handle = event_loop.spawn(sleep(SECOND));
    let shown = Rc::new(RefCell::new(0));
    let count = Rc::clone(&shown);
    event_loop.turn().unwrap();
    event_loop.trace(move |_: &quadrivium::event_loop::trace::Event| {
        *count.borrow_mut() += usize::from(!handle.is_finished()) + 1;
        panic!("a trace that panics");
    });
    drop(event_loop);
    assert!(*shown.borrow() > 0, "the cancellation was shown");
    assert_eq!(Rc::strong_count(&shown), 1, "the trace was dropped with its loop");
}

#[test]
fn the_slot_of_a_task_that_has_ended_is_used_again() {
    /// The lowest bits of a waker count how often its slot was used.
    const GENERATION: u32 = 24;
    let mut event_loop = new_loop();
    let mut slots = HashSet::new();
    for _ in 0..1_000 {
        let slot = poll_fn(|cx| Poll::Ready(cx.waker().data() as usize >> GENERATION));
        slots.insert(event_loop.block_on(future(slot)).unwrap());
    }
    assert_eq!(slots.len(), 1, "memory does not grow with every task that has ever run");
}
