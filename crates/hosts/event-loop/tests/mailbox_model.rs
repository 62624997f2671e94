//! The mailbox in every interleaving of a few threads, by the model checker loom: `.ci/loom`.
//!
//! The file under test is the loop's own; only what it imports is loom's.

#![cfg(loom)]
#![allow(dead_code)]

use loom::{sync::atomic::AtomicUsize, thread};

#[path = "../src/mailbox.rs"]
mod mailbox;

mod sync {
    pub(crate) use loom::sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    };
    pub(crate) use std::sync::PoisonError;
}

mod waker {
    /// What `mailbox` asks of the real one.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Key {
        pub(crate) slot: u32,
        pub(crate) generation: u32,
    }

    impl Key {
        pub(crate) fn slot(self) -> u32 {
            self.slot
        }

        pub(crate) fn generation(self) -> u32 {
            self.generation
        }
    }
}

mod reactor {
    use loom::sync::{Arc, Condvar, Mutex};

    /// An eventfd: once rung it stays rung until somebody has slept on it.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Bell {
        rung: Arc<(Mutex<bool>, Condvar)>,
    }

    impl Bell {
        pub(crate) fn ring(&self) {
            *self.rung.0.lock().unwrap() = true;
            self.rung.1.notify_one();
        }

        pub(crate) fn sleep(&self) {
            let mut rung = self.rung.0.lock().unwrap();
            while !*rung {
                rung = self.rung.1.wait(rung).unwrap();
            }
            *rung = false;
        }
    }
}

use mailbox::{Mail, Mailbox, Post};
use reactor::Bell;
use sync::{Arc, AtomicBool, Ordering};
use waker::Key;

/// Every interleaving in which threads are preempted up to three times altogether, or as often as
/// `LOOM_MAX_PREEMPTIONS` says. Bugs that need more are not known; without a bound, three threads
/// take hours.
fn model(run: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(3);
    builder.check(run);
}

const TASK: Key = Key { slot: 0, generation: 5 };
const OTHER: Key = Key { slot: 1, generation: 5 };

fn open() -> (Arc<Mailbox>, Bell) {
    let (mailbox, bell) = (Arc::new(Mailbox::default()), Bell::default());
    mailbox.open(bell.clone(), 5);
    (mailbox, bell)
}

/// What the loop does when no task is ready: sleeps until there is mail, and returns whom it wakes.
fn sleep_until_mail(mailbox: &Mailbox, bell: &Bell) -> Vec<Key> {
    let wakes = sleep_until_any_mail(mailbox, bell).posts.into_iter().map(|post| match post {
        Post::Wake(key) | Post::Cancel(key) => key,
        Post::Run(_) => unreachable!("nobody sends errands"),
    });
    wakes.collect()
}

fn sleep_until_any_mail(mailbox: &Mailbox, bell: &Bell) -> Mail {
    loop {
        if let Some(mail) = mailbox.take_mail() {
            return mail;
        }
        if mailbox.park() {
            bell.sleep();
            mailbox.unparked();
        }
    }
}

/// A loop that sleeps for ever would be a deadlock, which loom reports.
#[test]
fn a_wake_between_looking_and_parking_is_not_lost() {
    model(|| {
        let (mailbox, bell) = open();
        let waking = thread::spawn({
            let mailbox = Arc::clone(&mailbox);
            move || mailbox.wake(TASK)
        });
        assert_eq!(sleep_until_mail(&mailbox, &bell), [TASK]);
        waking.join().unwrap();
    });
}

/// The second wake of a task may add nothing to the mail, but what was written before it is seen by
/// whoever reads the mail after it.
#[test]
fn what_is_written_before_a_wake_is_seen_after_it() {
    model(|| {
        let (mailbox, bell) = open();
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
            assert_eq!(sleep_until_mail(&mailbox, &bell), [TASK], "one wake is one resume");
            resumes += 1;
            assert!(resumes <= 2, "no more resumes than wakes");
        }
        waking.into_iter().for_each(|waking| waking.join().unwrap());
    });
}

#[test]
fn wakes_of_two_tasks_do_not_hide_each_other() {
    model(|| {
        let (mailbox, bell) = open();
        let waking = [TASK, OTHER].map(|key| {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || mailbox.wake(key))
        });
        let mut woken = Vec::new();
        while woken.len() < 2 {
            woken.extend(sleep_until_mail(&mailbox, &bell));
        }
        waking.into_iter().for_each(|waking| waking.join().unwrap());
        assert!(woken.contains(&TASK) && woken.contains(&OTHER));
    });
}

/// The loop goes while it is woken, and another one takes the box over: the wake is for neither.
#[test]
fn a_wake_during_the_end_of_the_loop_is_harmless() {
    model(|| {
        let (mailbox, _bell) = open();
        let waking = thread::spawn({
            let mailbox = Arc::clone(&mailbox);
            move || mailbox.wake(TASK)
        });
        mailbox.close();
        mailbox.open(Bell::default(), 6);
        waking.join().unwrap();
        let posts = mailbox.take_mail().map_or(0, |mail| mail.posts.len());
        assert_eq!(posts, 0, "the generation is one of the loop before");
    });
}

/// A cancel and a stop, each from a thread of its own: the loop hears both, though it may sleep
/// before each.
#[test]
fn a_cancel_and_a_stop_do_not_hide_each_other() {
    model(|| {
        let (mailbox, bell) = open();
        let cancelling = thread::spawn({
            let mailbox = Arc::clone(&mailbox);
            move || mailbox.cancel(TASK, 5)
        });
        let stopping = thread::spawn({
            let mailbox = Arc::clone(&mailbox);
            move || mailbox.stop(5)
        });
        let (mut cancels, mut is_stopped) = (0, false);
        while cancels == 0 || !is_stopped {
            let mail = sleep_until_any_mail(&mailbox, &bell);
            cancels += mail.posts.len();
            is_stopped |= mail.stop;
        }
        cancelling.join().unwrap();
        stopping.join().unwrap();
        assert_eq!(cancels, 1, "it comes once");
    });
}

/// A stopper and a canceller of a loop that goes: the loop that takes the box over is not meant.
#[test]
fn a_stop_during_the_end_of_the_loop_spares_the_next() {
    model(|| {
        let (mailbox, _bell) = open();
        let stopping = thread::spawn({
            let mailbox = Arc::clone(&mailbox);
            move || {
                mailbox.cancel(TASK, 5);
                mailbox.stop(5);
            }
        });
        mailbox.close();
        mailbox.open(Bell::default(), 6);
        stopping.join().unwrap();
        let mail = mailbox.take_mail().unwrap_or_default();
        assert!(mail.posts.is_empty() && !mail.stop);
    });
}

/// What `Shared::deadlock` relies on: who is no longer counted has put his mail in. The count is an
/// `Arc`'s, taken apart here: loom's own orders more than the standard library's.
#[test]
fn nobody_is_counted_out_before_his_mail_is_in() {
    model(|| {
        let (mailbox, _bell) = open();
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

/// What `Shares` relies on: a loop that sleeps because somebody is counted does not sleep on when he
/// no longer is.
#[test]
fn who_is_counted_out_wakes_the_loop() {
    model(|| {
        let (mailbox, bell) = open();
        let count = Arc::new(AtomicUsize::new(1));
        let leaving = thread::spawn({
            let (mailbox, count) = (Arc::clone(&mailbox), Arc::clone(&count));
            move || {
                count.fetch_sub(1, Ordering::Release);
                mailbox.look();
            }
        });
        while count.load(Ordering::Relaxed) == 1 {
            assert!(sleep_until_any_mail(&mailbox, &bell).posts.is_empty());
        }
        leaving.join().unwrap();
    });
}

/// What another thread wants done is done, or dropped: also when the loop closes its box meanwhile.
#[test]
fn an_errand_is_done_or_dropped() {
    struct Dropped(Arc<AtomicBool>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            assert!(!self.0.swap(true, Ordering::SeqCst), "once");
        }
    }
    model(|| {
        let (mailbox, _bell) = open();
        let is_dropped = Arc::new(AtomicBool::new(false));
        let errand = Dropped(Arc::clone(&is_dropped));
        let sending = thread::spawn({
            let mailbox = Arc::clone(&mailbox);
            move || mailbox.run(Box::new(move || drop(errand)), 5)
        });
        for post in mailbox.take_mail().into_iter().flat_map(|mail| mail.posts) {
            let Post::Run(errand) = post else { unreachable!("nobody sends anything else") };
            errand();
        }
        mailbox.close();
        sending.join().unwrap();
        assert!(is_dropped.load(Ordering::SeqCst));
    });
}
