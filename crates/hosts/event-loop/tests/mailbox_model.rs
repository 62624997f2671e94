//! Checks the mailbox in every interleaving of a few threads, with the model checker loom.
//! `.ci/loom` runs it.
//!
//! The file under test is the loop's own file. Only the types that it imports come from loom.

#![cfg(loom)]
#![allow(dead_code)]

use loom::{sync::atomic::AtomicUsize, thread};

#[path = "../src/wake/mailbox.rs"]
mod mailbox;

mod sync {
    pub(crate) use loom::sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    };
    pub(crate) use std::sync::PoisonError;
}

mod tasks {
    pub(crate) mod slot_key {
        /// The methods of the real type that `mailbox` uses.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) struct SlotKey {
            pub(crate) slot: u32,
            pub(crate) generation: u32,
        }

        impl SlotKey {
            pub(crate) fn slot(self) -> u32 {
                self.slot
            }

            pub(crate) fn generation(self) -> u32 {
                self.generation
            }
        }
    }
}

mod threads {
    pub(crate) mod loop_record {
        /// The mailbox only keeps it.
        #[derive(Default)]
        pub(crate) struct LoopRecord;
    }
}

mod unparker {
    use loom::sync::{Arc, Condvar, Mutex};

    /// Models an eventfd: once written to, it stays readable until a thread has slept on it.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Unparker {
        is_readable: Arc<(Mutex<bool>, Condvar)>,
    }

    impl Unparker {
        pub(crate) fn unpark(&self) {
            *self.is_readable.0.lock().unwrap() = true;
            self.is_readable.1.notify_one();
        }

        pub(crate) fn sleep(&self) {
            let mut is_readable = self.is_readable.0.lock().unwrap();
            while !*is_readable {
                is_readable = self.is_readable.1.wait(is_readable).unwrap();
            }
            *is_readable = false;
        }
    }
}

use mailbox::{Mailbox, RemoteRequest, Unread};
use sync::{Arc, AtomicBool, Ordering};
use tasks::slot_key::SlotKey;
use unparker::Unparker;

/// Runs every interleaving in which threads are preempted at most three times altogether, or as
/// often as `LOOM_MAX_PREEMPTIONS` allows. No known bug needs more preemptions. Without a bound,
/// three threads take hours.
fn model(run: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(3);
    builder.check(run);
}

const TASK: SlotKey = SlotKey { slot: 0, generation: 5 };
const OTHER: SlotKey = SlotKey { slot: 1, generation: 5 };

fn open() -> (Arc<Mailbox>, Unparker) {
    let (mailbox, unparker) = (Arc::new(Mailbox::default()), Unparker::default());
    mailbox.open(unparker.clone(), 5, Default::default());
    (mailbox, unparker)
}

/// Does what the loop does when no task is ready: sleeps until a request comes. Returns the tasks
/// that the requests wake.
fn sleep_until_woken(mailbox: &Mailbox, unparker: &Unparker) -> Vec<SlotKey> {
    let wakes =
        sleep_until_any(mailbox, unparker).requests.into_iter().map(|request| match request {
            RemoteRequest::Wake(key) | RemoteRequest::Cancel(key) => key,
            RemoteRequest::WakePart(_) | RemoteRequest::Run(_) | RemoteRequest::Stop => {
                unreachable!("no thread requests these")
            }
        });
    wakes.collect()
}

fn sleep_until_any(mailbox: &Mailbox, unparker: &Unparker) -> Unread {
    loop {
        let mut unread = Unread::default();
        if mailbox.take_unread(&mut unread) {
            return unread;
        }
        if mailbox.prepare_to_park() {
            unparker.sleep();
            mailbox.note_awake();
        }
    }
}

/// If the wake were lost, the loop would sleep for ever, and loom would report a deadlock.
#[test]
fn a_wake_between_looking_and_parking_is_not_lost() {
    model(|| {
        let (mailbox, unparker) = open();
        let waking = thread::spawn({
            let mailbox = Arc::clone(&mailbox);
            move || mailbox.wake(TASK)
        });
        assert_eq!(sleep_until_woken(&mailbox, &unparker), [TASK]);
        waking.join().unwrap();
    });
}

/// A second wake of the same task may add nothing to the mailbox. But a loop that reads the mailbox
/// afterwards sees everything that was written before that wake.
#[test]
fn what_is_written_before_a_wake_is_seen_after_it() {
    model(|| {
        let (mailbox, unparker) = open();
        let written = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
        let waking = [0, 1].map(|which| {
            let (mailbox, written) = (Arc::clone(&mailbox), Arc::clone(&written));
            thread::spawn(move || {
                written[which].store(true, Ordering::Relaxed);
                mailbox.wake(TASK);
            })
        });
        let mut resumes = 0;
        while !written.iter().all(|written| written.load(Ordering::Relaxed)) {
            assert_eq!(sleep_until_woken(&mailbox, &unparker), [TASK], "one wake is one resume");
            resumes += 1;
            assert!(resumes <= 2, "there are no more resumes than wakes");
        }
        waking.into_iter().for_each(|waking| waking.join().unwrap());
    });
}

#[test]
fn wakes_of_two_tasks_do_not_hide_each_other() {
    model(|| {
        let (mailbox, unparker) = open();
        let waking = [TASK, OTHER].map(|key| {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || mailbox.wake(key))
        });
        let mut woken = Vec::new();
        while woken.len() < 2 {
            woken.extend(sleep_until_woken(&mailbox, &unparker));
        }
        waking.into_iter().for_each(|waking| waking.join().unwrap());
        assert!(woken.contains(&TASK) && woken.contains(&OTHER));
    });
}

/// The loop ends while it is being woken, and another loop takes the mailbox over. The wake reaches
/// neither of them.
#[test]
fn a_wake_during_the_end_of_the_loop_is_harmless() {
    model(|| {
        let (mailbox, _unparker) = open();
        let waking = thread::spawn({
            let mailbox = Arc::clone(&mailbox);
            move || mailbox.wake(TASK)
        });
        mailbox.close();
        mailbox.open(Unparker::default(), 6, Default::default());
        waking.join().unwrap();
        let mut unread = Unread::default();
        mailbox.take_unread(&mut unread);
        assert!(unread.requests.is_empty(), "the wake was for the former loop");
    });
}

/// A cancel and a stop come from two threads. The loop receives both, though it may sleep before
/// each.
#[test]
fn a_cancel_and_a_stop_do_not_hide_each_other() {
    model(|| {
        let (mailbox, unparker) = open();
        let cancelling = thread::spawn({
            let mailbox = Arc::clone(&mailbox);
            move || mailbox.request(RemoteRequest::Cancel(TASK), 5)
        });
        let stopping = thread::spawn({
            let mailbox = Arc::clone(&mailbox);
            move || mailbox.request(RemoteRequest::Stop, 5)
        });
        let mut requests = Vec::new();
        while requests.len() < 2 {
            requests.extend(sleep_until_any(&mailbox, &unparker).requests);
        }
        cancelling.join().unwrap();
        stopping.join().unwrap();
        let is_stop = |request: &RemoteRequest| matches!(request, RemoteRequest::Stop);
        let stops = requests.iter().filter(|request| is_stop(request)).count();
        assert_eq!((requests.len(), stops), (2, 1), "each request comes once");
    });
}

/// Requests to a loop that ends meanwhile do not reach the loop that takes the mailbox over.
#[test]
fn a_stop_during_the_end_of_the_loop_spares_the_next() {
    model(|| {
        let (mailbox, _unparker) = open();
        let stopping = thread::spawn({
            let mailbox = Arc::clone(&mailbox);
            move || {
                mailbox.request(RemoteRequest::Cancel(TASK), 5);
                mailbox.request(RemoteRequest::Stop, 5);
            }
        });
        mailbox.close();
        mailbox.open(Unparker::default(), 6, Default::default());
        stopping.join().unwrap();
        let mut unread = Unread::default();
        mailbox.take_unread(&mut unread);
        assert!(unread.requests.is_empty());
    });
}

/// `Loop::deadlock` relies on this: a handle posts before it stops being counted. The count is
/// modelled by an atomic instead of an `Arc`, because loom's `Arc` orders more than the standard
/// library's.
#[test]
fn a_handle_posts_before_it_stops_being_counted() {
    model(|| {
        let (mailbox, _unparker) = open();
        let count = Arc::new(AtomicUsize::new(2));
        let waking = thread::spawn({
            let (mailbox, count) = (Arc::clone(&mailbox), Arc::clone(&count));
            move || {
                mailbox.wake(TASK);
                count.fetch_sub(1, Ordering::Release);
            }
        });
        if count.load(Ordering::Relaxed) == 1 {
            assert!(!mailbox.is_empty_for_certain(), "the wake would be reported as a deadlock");
        }
        waking.join().unwrap();
    });
}

/// `HandleCounter` relies on this: a loop that sleeps because of a handle wakes up when the handle
/// is dropped.
#[test]
fn a_handle_that_stops_being_counted_wakes_the_loop() {
    model(|| {
        let (mailbox, unparker) = open();
        let count = Arc::new(AtomicUsize::new(1));
        let leaving = thread::spawn({
            let (mailbox, count) = (Arc::clone(&mailbox), Arc::clone(&count));
            move || {
                count.fetch_sub(1, Ordering::Release);
                mailbox.unpark_loop();
            }
        });
        while count.load(Ordering::Relaxed) == 1 {
            assert!(sleep_until_any(&mailbox, &unparker).requests.is_empty());
        }
        leaving.join().unwrap();
    });
}

/// A call that another thread requests is made or dropped, even if the loop closes its mailbox
/// meanwhile.
#[test]
fn a_call_is_made_or_dropped() {
    struct Dropped(Arc<AtomicBool>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            assert!(!self.0.swap(true, Ordering::SeqCst), "dropped only once");
        }
    }
    model(|| {
        let (mailbox, _unparker) = open();
        let is_dropped = Arc::new(AtomicBool::new(false));
        let call = Dropped(Arc::clone(&is_dropped));
        let sending = thread::spawn({
            let mailbox = Arc::clone(&mailbox);
            move || mailbox.request(RemoteRequest::Run(Box::new(move || drop(call))), 5)
        });
        let mut unread = Unread::default();
        mailbox.take_unread(&mut unread);
        for request in unread.requests {
            let RemoteRequest::Run(call) = request else {
                unreachable!("no thread sends another request")
            };
            call();
        }
        mailbox.close();
        sending.join().unwrap();
        assert!(is_dropped.load(Ordering::SeqCst));
    });
}
