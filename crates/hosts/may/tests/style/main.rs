//! Checks the laws for may's green threads as a style, except those in `style/exceptions`.
//!
//! The tests have a process of their own, because may installs a handler for SIGSEGV.

mod shelf;

use std::{collections::BTreeSet, fs, path::Path};

use quadrivium_conformance::{Virtual, check, check_on, laws};

use crate::shelf::MayStyle;

/// A reason why some laws do not hold, and the names of these laws.
struct Group {
    name: &'static str,
    why: &'static str,
    laws: Vec<&'static str>,
}

/// Reads the file of exceptions.
fn exceptions() -> Vec<Group> {
    let mut groups = Vec::<Group>::new();
    for line in include_str!("exceptions").lines() {
        if let Some(reason) = line.strip_prefix('[') {
            let (name, why) = reason.split_once("] ").expect("a group has a reason");
            groups.push(Group { name, why, laws: Vec::new() });
        } else if !line.is_empty() && !line.starts_with('#') {
            groups.last_mut().expect("a law is in a group").laws.push(line);
        }
    }
    groups
}

/// Returns whether a law is among the exceptions.
fn is_exception(topic: &str, name: &str) -> bool {
    let law = format!("{topic}::{name}");
    exceptions().iter().any(|group| group.laws.contains(&law.as_str()))
}

/// Checks the laws of a topic that need no process of their own.
fn check_topic(topic: &str) {
    let is_checked = |name| !is_exception(topic, name) && !ALONE.contains(&(topic, name));
    let checked = laws().filter(|law| law.topic == topic && is_checked(law.name));
    check_on(&Virtual, (&MayStyle).into(), checked, "");
}

/// Makes a test for each law that runs in a process of its own. The process is started with the
/// name of the test.
macro_rules! alone {
    ($($topic:ident: $($law:ident)*;)*) => {
        mod alone {
            $(mod $topic {
                $(
                    #[test]
                    fn $law() {
                        let test = concat!(module_path!(), "::", stringify!($law));
                        crate::check_alone(stringify!($topic), stringify!($law), test);
                    }
                )*
            })*
        }

        const ALONE: &[(&str, &str)] = &[$($((stringify!($topic), stringify!($law))),*),*];
    };
}

fn check_alone(topic: &str, name: &str, test: &str) {
    if !is_exception(topic, name) {
        check((&MayStyle).into(), topic, name, test);
    }
}

alone! {
    chains: of_thirty_thousand_cancels_do_not_overflow
        of_thirty_thousand_cancels_on_two_loops_do_not_overflow
        of_thirty_thousand_tasks_of_a_dropped_loop_do_not_overflow
        of_spawns_on_a_dropped_loop_are_cut;
    child_cancels: no_descriptor_is_left_open;
    descriptors: a_dropped_loop_closes_its_descriptors a_reused_number_gets_no_old_event
        a_cancelled_wait_can_be_repeated accept_fails_while_no_descriptor_is_left
        a_signal_does_not_disturb_a_sleeping_loop;
    happy_eyeballs: the_other_sockets_are_closed a_cancelled_connect_closes_its_sockets;
    signals: keep_their_default_if_a_listener_is_refused have_their_default_without_listeners
        cancel_a_scope;
    thread_locals: drop_a_loop_at_the_end_of_the_thread drop_a_task_at_the_end_of_the_thread
        drop_a_handle_at_the_end_of_the_thread;
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
    lifecycle every_suspension outcomes cancel cancel_from_another_thread join try_joins scopes
    parts deadlines_of_parts wakers_of_parts selects panics unwinding destructors observers
    trace_details chains clusters foreign_executors nesting order starvation stop timers ticks
    moving_deadlines channels channel_operations notify mutexes rw_locks once_cells semaphores
    semaphore_operations barriers watches broadcasts streams scheduled_calls wakes stale_wakes
    new_wakers foreign_threads foreign_wakers cloned_wakers futures_combinators readiness
    moving_sockets descriptors byte_streams buffered_reads polled_streams blocking_streams copies
    zero_bytes slices short_reads tcp udp unix_sockets socket_cancels signals pipes processes
    ended_children conversions_to_std child_cancels held_time offload files sent_files host_names
    happy_eyeballs deadlock explained_waits join_cycles suspected_cycles unread_panics long_steps
    random_operations reentrancy thread_locals task_values scripts
}

#[test]
fn every_topic_has_a_test() {
    let topics: BTreeSet<_> = laws().map(|law| law.topic).collect();
    assert_eq!(topics, TOPICS.iter().copied().collect());
}

#[test]
fn every_exception_is_a_law_and_is_listed_once() {
    let mut laws: BTreeSet<_> = laws().map(|law| format!("{}::{}", law.topic, law.name)).collect();
    for law in exceptions().into_iter().flat_map(|group| group.laws) {
        assert!(laws.remove(law), "{law} is not a law, or is listed twice");
    }
}

#[test]
fn the_page_has_the_reasons() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/may.md");
    let page = fs::read_to_string(path).unwrap();
    let all = laws().count();
    let exceptions = exceptions();
    let kept = all - exceptions.iter().map(|group| group.laws.len()).sum::<usize>();
    let sentence = format!("{kept} of the {all} [laws](laws.md)");
    assert!(page.contains(&sentence), "docs/may.md must contain: {sentence}");
    for Group { name, why, laws } in exceptions {
        let row = format!("| {name} | {} | {why} |", laws.len());
        assert!(page.contains(&row), "docs/may.md must contain this line:\n{row}");
    }
}
