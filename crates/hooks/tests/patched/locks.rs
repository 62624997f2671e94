//! Locks of the standard library, and threads.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::{Arc, Barrier, Condvar, LazyLock, Mutex, Once, RwLock, mpsc},
    thread,
    time::{Duration, Instant},
};

use quadrivium::{green::perform, prelude::*};
use quadrivium_hooks::patch;

use crate::{MS, run, run_checked};

#[test]
fn a_mutex_whose_holder_is_suspended() {
    run_checked(|| {
        let mutex = Arc::new(Mutex::new(0));
        let add = |mutex: Arc<Mutex<i32>>| {
            spawn(green(move || {
                let mut number = mutex.lock().unwrap();
                let before = *number;
                thread::sleep(MS);
                *number = before + 1;
            }))
        };
        let tasks: Vec<_> = (0..50).map(|_| add(Arc::clone(&mutex))).collect();
        for task in tasks {
            perform(task).unwrap();
        }
        assert_eq!(*mutex.lock().unwrap(), 50);
    });
}

#[test]
fn two_loops_on_two_threads_share_a_mutex() {
    let mutex = Arc::new(Mutex::new(0));
    let work = |mutex: Arc<Mutex<i32>>| {
        move || {
            let add = |mutex: Arc<Mutex<i32>>| {
                spawn(green(move || {
                    for _ in 0..20 {
                        let mut number = mutex.lock().unwrap();
                        let before = *number;
                        thread::yield_now();
                        *number = before + 1;
                    }
                }))
            };
            let tasks: Vec<_> = (0..20).map(|_| add(Arc::clone(&mutex))).collect();
            for task in tasks {
                perform(task).unwrap();
            }
        }
    };
    let other = thread::spawn({
        let work = work(Arc::clone(&mutex));
        move || run(work)
    });
    run(work(Arc::clone(&mutex)));
    other.join().unwrap();
    assert_eq!(*mutex.lock().unwrap(), 800);
}

/// An OS thread that waits for a lock, and green threads of the same OS thread that wait for it.
/// Each of them can be the next one.
#[test]
fn an_os_thread_and_its_green_threads_wait_for_one_lock() {
    for _ in 0..50 {
        let mutex = Arc::new(Mutex::new(()));
        let (sender, is_taken) = mpsc::channel();
        let holder = thread::spawn({
            let mutex = Arc::clone(&mutex);
            move || {
                let guard = mutex.lock();
                sender.send(()).unwrap();
                thread::sleep(2 * MS);
                drop(guard);
            }
        });
        is_taken.recv().unwrap();
        let mut event_loop = EventLoop::new().unwrap();
        let shared = Arc::clone(&mutex);
        let waits = event_loop.spawn(patch(move || drop(shared.lock().unwrap())));
        let blocks = future(async move { drop(mutex.lock().unwrap()) });
        event_loop.block_on(blocks).unwrap();
        event_loop.block_on(waits).unwrap().unwrap();
        holder.join().unwrap();
    }
}

/// Free locks, taken locks, and changes between the two, as often as possible.
#[test]
fn three_loops_on_three_threads_share_two_locks() {
    let locks = Arc::new([Mutex::new(0), Mutex::new(0)]);
    let work = |locks: Arc<[Mutex<i32>; 2]>| {
        move || {
            let add = |number: usize| {
                let locks = Arc::clone(&locks);
                spawn(green(move || {
                    for round in 0..2_000 {
                        *locks[(number + round) % 2].lock().unwrap() += 1;
                        if round % 50 == 0 {
                            let _guard = locks[number % 2].lock().unwrap();
                            thread::yield_now();
                        }
                    }
                }))
            };
            let tasks: Vec<_> = (0..10).map(add).collect();
            tasks.into_iter().for_each(|task| perform(task).unwrap());
        }
    };
    let threads = [(); 3].map(|()| {
        let work = work(Arc::clone(&locks));
        thread::spawn(move || run(work))
    });
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let sum: i32 = locks.iter().map(|lock| *lock.lock().unwrap()).sum();
    assert_eq!(sum, 3 * 10 * 2_000);
}

#[test]
fn a_lock_that_another_os_thread_has() {
    run_checked(|| {
        let mutex = Arc::new(Mutex::new(()));
        let (taken, is_taken) = mpsc::channel();
        let holder = thread::spawn({
            let mutex = Arc::clone(&mutex);
            move || {
                let guard = mutex.lock();
                taken.send(()).unwrap();
                thread::sleep(100 * MS);
                drop(guard);
            }
        });
        // The channel blocks the OS thread, so it is asked until it has the message.
        while is_taken.try_recv().is_err() {
            thread::yield_now();
        }
        let start = Instant::now();
        drop(mutex.lock());
        assert!(start.elapsed() >= 50 * MS);
        holder.join().unwrap();
    });
}

#[test]
fn read_write_locks() {
    run_checked(|| {
        let lock = Arc::new(RwLock::new(0));
        let writer = |lock: Arc<RwLock<i32>>| {
            spawn(green(move || {
                let mut number = lock.write().unwrap();
                thread::sleep(MS);
                *number += 1;
            }))
        };
        let reader = |lock: Arc<RwLock<i32>>| {
            spawn(green(move || {
                let number = lock.read().unwrap();
                let before = *number;
                thread::sleep(MS);
                assert_eq!(*number, before);
            }))
        };
        let tasks: Vec<_> =
            (0..20).flat_map(|_| [writer(Arc::clone(&lock)), reader(Arc::clone(&lock))]).collect();
        for task in tasks {
            perform(task).unwrap();
        }
        assert_eq!(*lock.read().unwrap(), 20);
    });
}

#[test]
fn condition_variables_and_barriers() {
    run_checked(|| {
        let shared = Arc::new((Mutex::new(false), Condvar::new()));
        let waits = spawn(green({
            let shared = Arc::clone(&shared);
            move || {
                let is_set = shared.1.wait_while(shared.0.lock().unwrap(), |is_set| !*is_set);
                assert!(*is_set.unwrap());
            }
        }));
        let start = Instant::now();
        let guard = shared.0.lock().unwrap();
        let (guard, limit) = shared.1.wait_timeout(guard, 20 * MS).unwrap();
        assert!(limit.timed_out() && start.elapsed() >= 20 * MS);
        drop(guard);
        *shared.0.lock().unwrap() = true;
        shared.1.notify_all();
        perform(waits).unwrap();

        let barrier = Arc::new(Barrier::new(10));
        let wait = |barrier: Arc<Barrier>| spawn(green(move || barrier.wait().is_leader()));
        let all: Vec<_> = (0..10).map(|_| wait(Arc::clone(&barrier))).collect();
        let leaders = all.into_iter().filter_map(|it| perform(it).ok()).filter(|it| *it);
        assert_eq!(leaders.count(), 1);
    });
}

#[test]
fn an_initialiser_that_suspends() {
    static VALUE: LazyLock<i32> = LazyLock::new(|| {
        thread::sleep(20 * MS);
        7
    });
    static ONCE: Once = Once::new();
    run_checked(|| {
        let reader = || spawn(green(|| *VALUE));
        for value in [reader(), reader(), reader()] {
            assert_eq!(perform(value).unwrap(), 7);
        }
        let caller = || spawn(green(|| ONCE.call_once(|| thread::sleep(20 * MS))));
        for call in [caller(), caller()] {
            perform(call).unwrap();
        }
        assert!(ONCE.is_completed());
    });
}

#[test]
fn a_poisoned_mutex() {
    run(|| {
        let mutex = Arc::new(Mutex::new(()));
        let panics = spawn(green({
            let mutex = Arc::clone(&mutex);
            move || {
                let _guard = mutex.lock().unwrap();
                thread::sleep(5 * MS);
                panic!("on purpose");
            }
        }));
        thread::yield_now();
        assert!(mutex.lock().is_err(), "the lock waited, and is poisoned");
        assert!(perform(panics).is_err());
    });
}

#[test]
fn os_threads_are_joined() {
    run_checked(|| {
        let thread = thread::spawn(|| {
            thread::sleep(100 * MS);
            7
        });
        assert_eq!(thread.join().unwrap(), 7);
    });
}

/// A second green thread could not wait for the word of its OS thread. So the OS thread blocks.
#[test]
fn park_and_channels_block() {
    let blocks = |body: fn()| {
        let turns = Rc::new(Cell::new(0));
        let counted = Rc::clone(&turns);
        let mut event_loop = EventLoop::new().unwrap();
        let _detached = event_loop.spawn(future(async move {
            loop {
                counted.set(counted.get() + 1);
                turn().await;
            }
        }));
        let start = Instant::now();
        event_loop.block_on(patch(body)).unwrap();
        assert!(start.elapsed() >= 20 * MS);
        turns.get()
    };
    let park = || thread::park_timeout(20 * MS);
    let channel = || {
        let (_sender, receiver) = mpsc::channel::<()>();
        assert!(receiver.recv_timeout(20 * MS).is_err());
    };
    for body in [park, channel] {
        assert!(blocks(body) < 10, "no other task ran");
    }
}

#[test]
fn an_unpark_from_before_is_not_lost() {
    thread::spawn(|| {
        thread::current().unpark();
        run(|| {
            let start = Instant::now();
            thread::park_timeout(Duration::from_secs(10));
            assert!(start.elapsed() < Duration::from_secs(5));
        });
    })
    .join()
    .unwrap();
}

#[test]
fn ten_thousand_green_threads_wait_at_once() {
    let order = Rc::new(RefCell::new(Vec::new()));
    let noted = Rc::clone(&order);
    run(move || {
        let mutex = Arc::new(Mutex::new(()));
        let guard = mutex.lock().unwrap();
        let wait = |n: usize| {
            let (mutex, order) = (Arc::clone(&mutex), Rc::clone(&noted));
            spawn(green(move || {
                drop(mutex.lock().unwrap());
                order.borrow_mut().push(n);
            }))
        };
        let all: Vec<_> = (0..10_000).map(wait).collect();
        thread::sleep(MS);
        drop(guard);
        for task in all {
            perform(task).unwrap();
        }
    });
    assert_eq!(order.borrow().len(), 10_000);
}
