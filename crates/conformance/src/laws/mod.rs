//! The laws, a file a topic. Each file begins with its laws, a sentence each.

use crate::Law;

// What a task does.
mod lifecycle;
mod cancel;
mod cancel_from_afar;
mod join;
mod panics;

// What it is made of.
mod hosts;
mod nesting;

// When it does it.
mod order;
mod starvation;
mod stop;
mod timers;
mod moving_deadlines;

// What makes it go on.
mod channels;
mod channel_operations;
mod notify;
mod wakes;
mod stale_wakes;
mod foreign_threads;
mod foreign_wakers;
mod sub_wakers;

// What must not go wrong.
mod deadlock;
mod operations;
mod reentrancy;
mod thread_locals;

// Programs that nobody wrote.
mod scripts;

const TOPICS: [&[Law]; 25] = [
    lifecycle::LAWS,
    cancel::LAWS,
    cancel_from_afar::LAWS,
    join::LAWS,
    panics::LAWS,
    hosts::LAWS,
    nesting::LAWS,
    order::LAWS,
    starvation::LAWS,
    stop::LAWS,
    timers::LAWS,
    moving_deadlines::LAWS,
    channels::LAWS,
    channel_operations::LAWS,
    notify::LAWS,
    wakes::LAWS,
    stale_wakes::LAWS,
    foreign_threads::LAWS,
    foreign_wakers::LAWS,
    sub_wakers::LAWS,
    deadlock::LAWS,
    operations::LAWS,
    reentrancy::LAWS,
    thread_locals::LAWS,
    scripts::LAWS,
];

/// All laws, in the order in which they are best read.
pub fn laws() -> impl Iterator<Item = &'static Law> {
    TOPICS.into_iter().flatten()
}

/// Makes a `#[test]` of every law, for a style (`&MyStyle`) or a [`Subject`](crate::Subject).
///
/// The tests stand in modules that are named as the topics, in the module that calls this.
#[macro_export]
macro_rules! every_law {
    ($subject:expr) => {
        fn subject() -> $crate::Subject {
            $crate::Subject::from($subject)
        }

        $crate::lifecycle! {}
        $crate::cancel! {}
        $crate::cancel_from_afar! {}
        $crate::join! {}
        $crate::panics! {}
        $crate::hosts! {}
        $crate::nesting! {}
        $crate::order! {}
        $crate::starvation! {}
        $crate::stop! {}
        $crate::timers! {}
        $crate::moving_deadlines! {}
        $crate::channels! {}
        $crate::channel_operations! {}
        $crate::notify! {}
        $crate::wakes! {}
        $crate::stale_wakes! {}
        $crate::foreign_threads! {}
        $crate::foreign_wakers! {}
        $crate::sub_wakers! {}
        $crate::deadlock! {}
        $crate::operations! {}
        $crate::reentrancy! {}
        $crate::thread_locals! {}
        $crate::scripts! {}
    };
}
