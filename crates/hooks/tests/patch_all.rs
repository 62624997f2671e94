//! [`patch_all`] concerns the whole process, so it has a program of its own.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use quadrivium::{green::perform, prelude::*};
use quadrivium_hooks::{must_not_block, patch_all};

const MS: Duration = Duration::from_millis(1);

/// How many green threads sleep, and the most that slept at once.
static ASLEEP: AtomicUsize = AtomicUsize::new(0);
static MOST_ASLEEP: AtomicUsize = AtomicUsize::new(0);

#[test]
fn every_green_thread_is_patched_and_other_styles_are_not() {
    patch_all();
    let mut event_loop = EventLoop::new().unwrap();
    let mutex = Arc::new(Mutex::new(0));
    let all = must_not_block(green({
        let mutex = Arc::clone(&mutex);
        move || {
            let child = || {
                let mutex = Arc::clone(&mutex);
                spawn(green(move || {
                    let mut number = mutex.lock().unwrap();
                    thread::sleep(MS);
                    *number += 1;
                    drop(number);
                    let asleep = ASLEEP.fetch_add(1, Relaxed) + 1;
                    MOST_ASLEEP.fetch_max(asleep, Relaxed);
                    thread::sleep(100 * MS);
                    ASLEEP.fetch_sub(1, Relaxed);
                }))
            };
            let children: Vec<_> = (0..50).map(|_| child()).collect();
            children.into_iter().for_each(|child| perform(child).unwrap());
        }
    }));
    event_loop.block_on(all).unwrap();
    assert_eq!(*mutex.lock().unwrap(), 50);
    assert!(MOST_ASLEEP.load(Relaxed) > 1, "they slept one after another");

    let blocks = must_not_block(future(async { thread::sleep(MS) }));
    assert!(event_loop.block_on(blocks).is_err());
    let before = Instant::now();
    thread::sleep(5 * MS);
    assert!(before.elapsed() >= 5 * MS, "code outside of tasks is not concerned");
}
