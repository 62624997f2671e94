//! The laws, one file for each topic. Each file begins with its laws, one sentence each. They are
//! in the macro `laws!` of `law.rs`, which also explains the `($)` in front.

#[macro_use]
mod law;

// The life of a task.
mod lifecycle;
mod every_suspension;
mod cancel;
mod cancel_from_another_thread;
mod destructors;
mod observers;
mod trace_details;
mod join;
mod try_joins;
mod scopes;
mod parts;
mod deadlines_of_parts;
mod wakers_of_parts;
mod selects;
mod panics;
mod unwinding;
mod outcomes;

// Foreign executors, and tasks that perform each other.
mod foreign_executors;
mod nesting;

// Order and time.
mod order;
mod starvation;
mod stop;
mod timers;
mod ticks;
mod moving_deadlines;

// Channels, locks and wakes.
mod channels;
mod chains;
mod clusters;
mod channel_operations;
mod notify;
mod mutexes;
mod semaphores;
mod semaphore_operations;
mod rw_locks;
mod once_cells;
mod barriers;
mod watches;
mod broadcasts;
mod streams;
mod scheduled_calls;
mod wakes;
mod stale_wakes;
mod new_wakers;
mod foreign_threads;
mod foreign_wakers;
mod cloned_wakers;
mod futures_combinators;

// The operating system: sockets, pipes, signals and processes.
mod readiness;
mod moving_sockets;
mod descriptors;
mod byte_streams;
mod buffered_reads;
mod polled_streams;
mod blocking_streams;
mod copies;
mod tcp;
mod udp;
mod unix_sockets;
mod socket_cancels;
mod zero_bytes;
mod slices;
mod short_reads;
mod signals;
mod pipes;
mod processes;
mod ended_children;
mod child_cancels;
mod conversions_to_std;

// Work on other threads.
mod held_time;
mod offload;
mod files;
mod sent_files;
mod host_names;
mod happy_eyeballs;

// Errors, and calls of the loop from inside.
mod deadlock;
mod explained_waits;
mod join_cycles;
mod suspected_cycles;
mod unread_panics;
mod long_steps;
mod random_operations;
mod reentrancy;
mod thread_locals;
mod task_values;

// Generated programs.
mod scripts;

pub use law::{Checked, Law};

const TOPICS: &[&[Law]] = &[
    lifecycle::LAWS,
    every_suspension::LAWS,
    cancel::LAWS,
    cancel_from_another_thread::LAWS,
    join::LAWS,
    try_joins::LAWS,
    scopes::LAWS,
    parts::LAWS,
    deadlines_of_parts::LAWS,
    wakers_of_parts::LAWS,
    selects::LAWS,
    panics::LAWS,
    unwinding::LAWS,
    destructors::LAWS,
    observers::LAWS,
    trace_details::LAWS,
    chains::LAWS,
    clusters::LAWS,
    outcomes::LAWS,
    foreign_executors::LAWS,
    nesting::LAWS,
    order::LAWS,
    starvation::LAWS,
    stop::LAWS,
    timers::LAWS,
    ticks::LAWS,
    moving_deadlines::LAWS,
    channels::LAWS,
    channel_operations::LAWS,
    notify::LAWS,
    mutexes::LAWS,
    semaphores::LAWS,
    semaphore_operations::LAWS,
    rw_locks::LAWS,
    once_cells::LAWS,
    barriers::LAWS,
    watches::LAWS,
    broadcasts::LAWS,
    streams::LAWS,
    scheduled_calls::LAWS,
    wakes::LAWS,
    stale_wakes::LAWS,
    new_wakers::LAWS,
    foreign_threads::LAWS,
    foreign_wakers::LAWS,
    cloned_wakers::LAWS,
    futures_combinators::LAWS,
    readiness::LAWS,
    moving_sockets::LAWS,
    descriptors::LAWS,
    byte_streams::LAWS,
    buffered_reads::LAWS,
    polled_streams::LAWS,
    blocking_streams::LAWS,
    copies::LAWS,
    tcp::LAWS,
    udp::LAWS,
    unix_sockets::LAWS,
    socket_cancels::LAWS,
    zero_bytes::LAWS,
    slices::LAWS,
    short_reads::LAWS,
    signals::LAWS,
    pipes::LAWS,
    processes::LAWS,
    ended_children::LAWS,
    child_cancels::LAWS,
    conversions_to_std::LAWS,
    held_time::LAWS,
    offload::LAWS,
    files::LAWS,
    sent_files::LAWS,
    host_names::LAWS,
    happy_eyeballs::LAWS,
    deadlock::LAWS,
    explained_waits::LAWS,
    join_cycles::LAWS,
    suspected_cycles::LAWS,
    unread_panics::LAWS,
    long_steps::LAWS,
    random_operations::LAWS,
    reentrancy::LAWS,
    thread_locals::LAWS,
    task_values::LAWS,
    scripts::LAWS,
];

/// Returns all laws, in the order in which they are best read.
pub fn laws() -> impl Iterator<Item = &'static Law> {
    TOPICS.iter().copied().flatten()
}

/// Makes a `#[test]` of every law, for a style (`&MyStyle`) or a [`Subject`](crate::Subject).
///
/// The tests are in modules with the names of the topics, inside the calling module.
#[macro_export]
macro_rules! every_law {
    ($subject:expr) => {
        fn subject() -> $crate::Subject {
            $crate::Subject::from($subject)
        }

        $crate::lifecycle! {}
        $crate::every_suspension! {}
        $crate::cancel! {}
        $crate::cancel_from_another_thread! {}
        $crate::join! {}
        $crate::try_joins! {}
        $crate::scopes! {}
        $crate::parts! {}
        $crate::deadlines_of_parts! {}
        $crate::wakers_of_parts! {}
        $crate::selects! {}
        $crate::panics! {}
        $crate::unwinding! {}
        $crate::destructors! {}
        $crate::observers! {}
        $crate::trace_details! {}
        $crate::chains! {}
        $crate::clusters! {}
        $crate::outcomes! {}
        $crate::foreign_executors! {}
        $crate::nesting! {}
        $crate::order! {}
        $crate::starvation! {}
        $crate::stop! {}
        $crate::timers! {}
        $crate::ticks! {}
        $crate::moving_deadlines! {}
        $crate::channels! {}
        $crate::channel_operations! {}
        $crate::notify! {}
        $crate::mutexes! {}
        $crate::semaphores! {}
        $crate::semaphore_operations! {}
        $crate::rw_locks! {}
        $crate::once_cells! {}
        $crate::barriers! {}
        $crate::watches! {}
        $crate::broadcasts! {}
        $crate::streams! {}
        $crate::scheduled_calls! {}
        $crate::wakes! {}
        $crate::stale_wakes! {}
        $crate::new_wakers! {}
        $crate::foreign_threads! {}
        $crate::foreign_wakers! {}
        $crate::cloned_wakers! {}
        $crate::futures_combinators! {}
        $crate::readiness! {}
        $crate::moving_sockets! {}
        $crate::descriptors! {}
        $crate::byte_streams! {}
        $crate::buffered_reads! {}
        $crate::polled_streams! {}
        $crate::blocking_streams! {}
        $crate::copies! {}
        $crate::tcp! {}
        $crate::udp! {}
        $crate::unix_sockets! {}
        $crate::socket_cancels! {}
        $crate::zero_bytes! {}
        $crate::slices! {}
        $crate::short_reads! {}
        $crate::signals! {}
        $crate::pipes! {}
        $crate::processes! {}
        $crate::ended_children! {}
        $crate::child_cancels! {}
        $crate::conversions_to_std! {}
        $crate::held_time! {}
        $crate::offload! {}
        $crate::files! {}
        $crate::sent_files! {}
        $crate::host_names! {}
        $crate::happy_eyeballs! {}
        $crate::deadlock! {}
        $crate::explained_waits! {}
        $crate::join_cycles! {}
        $crate::suspected_cycles! {}
        $crate::unread_panics! {}
        $crate::long_steps! {}
        $crate::random_operations! {}
        $crate::reentrancy! {}
        $crate::thread_locals! {}
        $crate::task_values! {}
        $crate::scripts! {}
    };
}

/// Makes a `#[test]` of every law for each of these pairs of styles, in one module for each pair.
///
/// `generator_performs_green = Generator, Green;` makes the tests in which a generator performs a
/// green thread.
#[macro_export]
macro_rules! every_pair {
    ($($pair:ident = $outer:ident, $inner:ident;)*) => {$(
        mod $pair {
            $crate::every_law!($crate::Subject::performs(&super::$outer, &super::$inner));
        }
    )*};
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, env, fmt::Write, fs, path::Path};

    use super::*;

    #[test]
    fn every_law_has_a_name_and_a_sentence_of_its_own() {
        let (mut names, mut sentences) = (BTreeSet::new(), BTreeSet::new());
        for law in laws() {
            assert!(names.insert((law.topic, law.name)), "{law:?} has the name of another law");
            assert!(sentences.insert(law.specification), "{law:?} repeats another law");
            assert!(law.specification.ends_with('.'), "{law:?} must end with a full stop");
        }
    }

    #[test]
    fn every_topic_is_tested_in_every_style() {
        let topics: BTreeSet<_> = laws().map(|law| law.topic).collect();
        let macros = include_str!("mod.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("        $crate::")?.strip_suffix("! {}"));
        assert_eq!(macros.collect::<BTreeSet<_>>(), topics);
    }

    /// Returns the contents of `docs/laws.md`.
    fn page() -> String {
        let mut page = "# The laws\n\n".to_string();
        let introduction = "Every style must show these behaviours. Each topic below is a file of \
             `crates/testing/conformance/src/laws/`. The page on [testing a style of your \
             own](conformance.md) shows how to run the laws and explains the features of styles, \
             such as `ByHand`. The features of hosts, such as `VirtualClock`, are explained on the \
             page on [hosts](hosts.md).";
        wrap(&mut page, introduction, "");
        let mut topic = "";
        for law in laws() {
            if law.topic != topic {
                topic = law.topic;
                write!(page, "\n## {topic}\n\n").unwrap();
                wrap(&mut page, &description(topic), "");
                page.push('\n');
            }
            let needs = law.needs.iter().map(|needs| format!(" *Only styles with `{needs:?}`.*"));
            let needs =
                needs.chain(law.on.iter().map(|on| format!(" *Only hosts with `{on:?}`.*")));
            let sentence = law.specification.trim();
            let line = format!("- `{}`: {sentence}{}", law.name, needs.collect::<String>());
            wrap(&mut page, &line, "  ");
        }
        page
    }

    /// Returns the first paragraph of the file of this topic.
    fn description(topic: &str) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/laws");
        let file = fs::read_to_string(folder.join(topic).with_extension("rs")).unwrap();
        let lines = file.lines().map_while(|line| line.strip_prefix("//! "));
        lines.collect::<Vec<_>>().join(" ")
    }

    /// Adds this text in lines of at most 100 columns. All but the first begin with `indent`.
    fn wrap(page: &mut String, text: &str, indent: &str) {
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > 100 {
                writeln!(page, "{line}").unwrap();
                line = indent.to_string();
            } else if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        writeln!(page, "{line}").unwrap();
    }

    #[test]
    fn the_page_of_laws_is_up_to_date() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/laws.md");
        if env::var_os("QUADRIVIUM_WRITE").is_some() {
            fs::write(&path, page()).unwrap();
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == page(),
            "docs/laws.md is out of date: run `QUADRIVIUM_WRITE=1 cargo test -p \
             quadrivium-conformance --lib`"
        );
    }
}
