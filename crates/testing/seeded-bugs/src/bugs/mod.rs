//! The seeded bugs. Each is a small change to one file that would harm a user.
//!
//! They are data, so a few lines add a bug. A bug that no longer applies is an error that names it.
//! The text that a bug replaces is short, so that changes of the code around it do not matter.

mod event_loop;
mod ends;
mod timers;
mod trace;
mod reports;
mod watchdog;
mod explained_waits;
mod other_threads;
mod sockets;
mod streams;
mod channels;
mod notify;
mod sync;
mod combinators;
mod scopes;
mod task_values;
mod offload;
mod processes;
mod callback;
mod generator;
mod future;
mod green;
mod connections;

/// A change to one file that a law must see.
#[derive(Debug)]
pub struct Bug {
    pub name: &'static str,
    /// The harm for a user.
    pub harm: &'static str,
    /// The path from the root of the workspace.
    pub file: &'static str,
    /// A text that is in the file exactly once.
    pub find: &'static str,
    /// The text that replaces it.
    pub replace: &'static str,
}

/// Returns all bugs: of the loop first, then of the leaves, the styles and the test kit.
pub fn all() -> impl Iterator<Item = &'static Bug> {
    let topics = [
        event_loop::BUGS,
        ends::BUGS,
        timers::BUGS,
        trace::BUGS,
        reports::BUGS,
        watchdog::BUGS,
        explained_waits::BUGS,
        other_threads::BUGS,
        sockets::BUGS,
        streams::BUGS,
        channels::BUGS,
        notify::BUGS,
        sync::BUGS,
        combinators::BUGS,
        scopes::BUGS,
        task_values::BUGS,
        offload::BUGS,
        processes::BUGS,
        callback::BUGS,
        generator::BUGS,
        future::BUGS,
        green::BUGS,
        connections::BUGS,
    ];
    topics.into_iter().flatten()
}

impl Bug {
    /// Returns whether the name contains `part`.
    pub fn is_named(&self, part: &str) -> bool {
        self.name.contains(part)
    }

    /// Returns the text of the file with the bug in it.
    ///
    /// # Errors
    ///
    /// When the bug no longer applies: the text that it replaces is not in the file, or not only
    /// once.
    pub fn plant(&self, text: &str) -> Result<String, String> {
        match text.matches(self.find).count() {
            1 => Ok(text.replacen(self.find, self.replace, 1)),
            n => Err(format!(
                "`{}` is in the file {n} times, not once: write the bug anew",
                self.find
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_different() {
        let names: BTreeSet<_> = all().map(|bug| bug.name).collect();
        assert_eq!(names.len(), all().count());
    }

    #[test]
    fn a_bug_that_does_not_apply_once_is_an_error() {
        let bug = Bug { name: "", harm: "", file: "", find: "one", replace: "two" };
        assert_eq!(bug.plant("just one"), Ok("just two".into()));
        assert!(bug.plant("three").unwrap_err().contains("0 times"));
        assert!(bug.plant("one and one").unwrap_err().contains("2 times"));
    }
}
