//! The mailbox in every interleaving of a few threads, by the model checker loom:
//! `RUSTFLAGS="--cfg loom" cargo test --release -p quadrivium-event-loop --test mailbox_model
//! --target-dir target/loom`
//!
//! The file under test is the loop's own; only what it imports is loom's.

#![cfg(loom)]
#![allow(dead_code)]

use loom::thread;

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

use mailbox::{Mailbox, Post};
use reactor::Bell;
use sync::{Arc, AtomicBool, Ordering};
use waker::Key;

/// Every interleaving in which threads are preempted up to three times altogether. Bugs that need
/// more are not known; without a bound, three threads take hours.
fn model(run: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
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
    loop {
        if let Some(mail) = mailbox.take_mail() {
            let wakes = mail.posts.iter().map(|post| match post {
                Post::Wake(key) | Post::Cancel(key) => *key,
            });
            return wakes.collect();
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
