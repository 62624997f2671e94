//! The laws for may's green threads as a style: all but those in `style/exceptions`.
//!
//! A process of its own, since may installs a handler for SIGSEGV.

#[path = "style/shelf.rs"]
mod shelf;

use std::collections::BTreeSet;

use quadrivium_conformance::{check, laws};

use shelf::May;

/// Whether a law stands in the file of exceptions.
fn is_exception(topic: &str, name: &str) -> bool {
    let exceptions = include_str!("style/exceptions");
    let law = format!("{topic}::{name}");
    exceptions.lines().any(|line| line.split_whitespace().next() == Some(&law))
}

/// Checks the laws of a topic, as the test of that name.
fn check_topic(topic: &str) {
    for law in laws().filter(|law| law.topic == topic && !is_exception(topic, law.name)) {
        check((&May).into(), topic, law.name, &format!("style::{topic}"));
    }
}

macro_rules! topics {
    ($($topic:ident)*) => {
        $(
            #[test]
            fn $topic() {
                check_topic(stringify!($topic));
            }
        )*

        const TOPICS: &[&str] = &[$(stringify!($topic)),*];
    };
}

topics! {
    lifecycle every_suspension cancel cancel_from_afar join panics unwinding hosts nesting order
    starvation stop timers moving_deadlines channels channel_operations notify mutexes semaphores
    semaphore_operations barriers watches broadcasts streams calls wakes stale_wakes new_wakers
    foreign_threads foreign_wakers cloned_wakers sub_wakers readiness sources descriptors tcp udp
    unix_sockets socket_cancels signals pipes processes child_cancels holds offload files names
    happy_eyeballs deadlock operations reentrancy thread_locals scripts
}

#[test]
fn all_topics_are_here() {
    let topics: BTreeSet<_> = laws().map(|law| law.topic).collect();
    assert_eq!(topics, TOPICS.iter().copied().collect());
}
