//! Our two styles that have a `Send` twin, as that. The tasks are those of `ours`, word for word.

use std::time::Duration;

use quadrivium::{
    callback::send::{Callback, callback},
    generator::send::generator,
    prelude::*,
};

use super::ours::{Never, hold_on_our_loop, spawn_on_our_loop, turn_on_our_loop};
use crate::{
    contender::{Contender, Group, Profile, bump},
    memory,
    stopwatch::Counter,
};

/// Tasks as callbacks that are `Send`.
#[derive(Debug)]
pub(super) struct SendCallbackStyle;

impl Contender for SendCallbackStyle {
    fn profile(&self) -> Profile {
        Profile { name: "callback, Send", group: Group::Ours, limit: Some("limit, callback") }
    }

    fn turn(&self, counters: Vec<Counter>) {
        // In a box, as one would keep what is passed on at every callback and is more than a word.
        fn turns(cb: &mut Callback<()>, mut counter: Box<Counter>) {
            match counter.turn() {
                true => cb.perform(turn(), |cb, ()| turns(cb, counter)),
                false => cb.done(()),
            }
        }
        turn_on_our_loop(counters, |counter| callback(|cb| turns(cb, Box::new(counter))));
    }

    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        spawn_on_our_loop(tasks, batches, |count| callback(move |cb| cb.done(bump(count))))
    }

    fn hold(&self, tasks: usize) {
        hold_on_our_loop(tasks, || {
            callback(|cb| {
                let count = bump(0);
                memory::suspend_one();
                cb.perform(Never, move |cb, ()| cb.done(bump(count)));
            })
        });
    }
}

/// Tasks as generators that are `Send`.
#[derive(Debug)]
pub(super) struct SendGeneratorStyle;

impl Contender for SendGeneratorStyle {
    fn profile(&self) -> Profile {
        Profile { name: "generator, Send", group: Group::Ours, limit: Some("limit, generator") }
    }

    fn turn(&self, counters: Vec<Counter>) {
        turn_on_our_loop(counters, |mut counter| {
            generator(|mut co| async move {
                while counter.turn() {
                    co.perform(turn()).await;
                }
            })
        });
    }

    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        spawn_on_our_loop(tasks, batches, |count| generator(move |_| async move { bump(count) }))
    }

    fn hold(&self, tasks: usize) {
        hold_on_our_loop(tasks, || {
            generator(|mut co| async move {
                let count = bump(0);
                memory::suspend_one();
                co.perform(Never).await;
                bump(count)
            })
        });
    }
}
