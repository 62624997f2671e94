//! [`patch_all`] concerns the whole process, so it has a program of its own.

use std::{
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use quadrivium::{green::perform, prelude::*};
use quadrivium_hooks::{must_not_block, patch_all};

const MS: Duration = Duration::from_millis(1);

#[test]
fn every_green_thread_is_patched_and_other_styles_are_not() {
    patch_all();
    let mut event_loop = EventLoop::new().unwrap();
    let start = Instant::now();
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
                    thread::sleep(100 * MS);
                }))
            };
            let children: Vec<_> = (0..50).map(|_| child()).collect();
            children.into_iter().for_each(|child| perform(child).unwrap());
        }
    }));
    event_loop.block_on(all).unwrap();
    assert_eq!(*mutex.lock().unwrap(), 50);
    assert!(start.elapsed() < 50 * 100 * MS, "they slept at the same time");

    let blocks = must_not_block(future(async { thread::sleep(MS) }));
    assert!(event_loop.block_on(blocks).is_err());
    let before = Instant::now();
    thread::sleep(5 * MS);
    assert!(before.elapsed() >= 5 * MS, "code outside of tasks is not concerned");
}
