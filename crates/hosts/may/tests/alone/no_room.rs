//! What happens while there is no memory for a coroutine.

use std::{
    panic,
    sync::atomic::{AtomicU32, Ordering},
};

use futures::channel::oneshot;
use quadrivium::{may, prelude::*};

use crate::alone;

static PANICS: AtomicU32 = AtomicU32::new(0);

#[test]
fn a_wake_without_room_for_a_coroutine_comes_later() {
    alone("no_room::a_wake_without_room_for_a_coroutine_comes_later", || {
        // May keeps one stack for the next coroutine.
        ::may::config().set_pool_capacity(1);
        may::Config::new().workers(1.try_into().unwrap()).start().unwrap();
        let enough = ::may::config().get_stack_size();
        panic::set_hook(Box::new(|_| _ = PANICS.fetch_add(1, Ordering::SeqCst)));
        // Sometimes a runner still ran, or the one stack was free. Then nothing panics, and the
        // test tries again.
        while PANICS.load(Ordering::SeqCst) == 0 {
            let (sender, receiver) = oneshot::channel();
            let waits = may::spawn(future(receiver));
            may::block_on(turn()).unwrap();
            // SAFETY: the coroutine does nothing but wait.
            drop(unsafe { ::may::coroutine::spawn(::may::coroutine::park) });
            // From here on, the stack of a new coroutine would be larger than the memory.
            ::may::config().set_stack_size(usize::MAX / 16);
            sender.send(7).unwrap();
            let pinned = may::spawn_pinned(0, turn);
            ::may::config().set_stack_size(enough);
            assert_eq!(may::block_on(waits).unwrap().unwrap(), Ok(7));
            may::block_on(pinned).unwrap().unwrap();
        }
    });
}
