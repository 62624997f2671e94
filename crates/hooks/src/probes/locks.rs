//! Probes: locks, channels and threads of std. Another thread ends each wait as soon as the probed
//! call has reached a hook.

use std::{
    io,
    sync::{Barrier, Condvar, Mutex, Once, OnceLock, RwLock, mpsc},
    thread,
    time::Duration,
};

use super::{Probing, StdProbe};

/// Makes a call while another thread has something, such as a lock. `take` takes it, and the
/// thread drops it when the call has reached a hook.
pub(super) fn while_taken<T>(
    probing: &Probing,
    take: impl FnOnce() -> T + Send,
    call: impl FnOnce(),
) -> io::Result<()> {
    let until_reached = probing.until_reached();
    let (taken, is_taken) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            let it = take();
            _ = taken.send(());
            until_reached();
            drop(it);
        });
        _ = is_taken.recv();
        probing.call(call);
    });
    Ok(())
}

/// Makes a call, and ends its wait from another thread when the call has reached a hook.
fn and_then(probing: &Probing, end: impl FnOnce() + Send, call: impl FnOnce()) -> io::Result<()> {
    let until_reached = probing.until_reached();
    thread::scope(|scope| {
        scope.spawn(move || {
            until_reached();
            end();
        });
        probing.call(call);
    });
    Ok(())
}

const MOMENT: Duration = Duration::from_millis(1);

pub(super) const PROBES: &[StdProbe] = &[
    ("std::sync::Mutex::lock", |probing| {
        let mutex = Mutex::new(());
        while_taken(probing, || mutex.lock(), || drop(mutex.lock()))
    }),
    ("std::sync::RwLock::read", |probing| {
        let lock = RwLock::new(());
        while_taken(probing, || lock.write(), || drop(lock.read()))
    }),
    ("std::sync::RwLock::write", |probing| {
        let lock = RwLock::new(());
        while_taken(probing, || lock.read(), || drop(lock.write()))
    }),
    ("std::sync::Condvar::wait", |probing| {
        let (mutex, condvar) = (Mutex::new(false), Condvar::new());
        let end = || {
            *mutex.lock().expect("no thread panics") = true;
            condvar.notify_all();
        };
        and_then(probing, end, || {
            let mut is_over = mutex.lock().expect("no thread panics");
            while !*is_over {
                is_over = condvar.wait(is_over).expect("no thread panics");
            }
        })
    }),
    ("std::sync::Condvar::wait_timeout", |probing| {
        let (mutex, condvar) = (Mutex::new(()), Condvar::new());
        let guard = mutex.lock().expect("no thread panics");
        probing.call(|| condvar.wait_timeout(guard, MOMENT).map(drop)).expect("no thread panics");
        Ok(())
    }),
    ("std::sync::Once::call_once", |probing| {
        let once = Once::new();
        let (begun, is_begun) = mpsc::channel();
        let until_reached = probing.until_reached();
        thread::scope(|scope| {
            scope.spawn(|| {
                once.call_once(move || {
                    _ = begun.send(());
                    until_reached();
                });
            });
            _ = is_begun.recv();
            probing.call(|| once.call_once(|| {}));
        });
        Ok(())
    }),
    ("std::sync::OnceLock::get_or_init", |probing| {
        let value = OnceLock::new();
        let (begun, is_begun) = mpsc::channel();
        let until_reached = probing.until_reached();
        thread::scope(|scope| {
            scope.spawn(|| {
                value.get_or_init(move || {
                    _ = begun.send(());
                    until_reached();
                });
            });
            _ = is_begun.recv();
            probing.call(|| _ = value.get_or_init(|| ()));
        });
        Ok(())
    }),
    ("std::sync::Barrier::wait", |probing| {
        let barrier = Barrier::new(2);
        and_then(probing, || _ = barrier.wait(), || _ = barrier.wait())
    }),
    ("std::sync::mpsc::Receiver::recv", |probing| {
        let (sender, receiver) = mpsc::channel();
        and_then(probing, move || _ = sender.send(()), || _ = receiver.recv())
    }),
    ("std::sync::mpsc::Receiver::recv_timeout", |probing| {
        let (_sender, receiver) = mpsc::channel::<()>();
        probing.call(|| _ = receiver.recv_timeout(MOMENT));
        Ok(())
    }),
    ("std::sync::mpsc::SyncSender::send", |probing| {
        let (sender, receiver) = mpsc::sync_channel(0);
        and_then(probing, move || _ = receiver.recv(), || _ = sender.send(()))
    }),
    ("std::thread::park", |probing| {
        let thread = thread::current();
        // A channel may have left an unpark behind.
        thread::park_timeout(Duration::ZERO);
        and_then(probing, move || thread.unpark(), thread::park)
    }),
    ("std::thread::park_timeout", |probing| {
        probing.call(|| thread::park_timeout(MOMENT));
        Ok(())
    }),
    ("std::thread::scope", |probing| {
        let until_reached = probing.until_reached();
        probing.call(|| {
            thread::scope(|scope| _ = scope.spawn(until_reached));
        });
        Ok(())
    }),
    ("std::thread::JoinHandle::join", |probing| {
        let thread = thread::spawn(|| {});
        _ = probing.call(|| thread.join());
        Ok(())
    }),
];
