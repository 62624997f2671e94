//! The seeded bugs: each a small change to one file, from which a user would suffer.
//!
//! They are data, so a bug is added by a few lines, and one that no longer applies is an error that
//! names it. What is looked for is kept short, so that it survives what happens around it.

mod event_loop;
mod ends;
mod timers;
mod trace;
mod afar;
mod sockets;
mod channels;
mod notify;
mod sync;
mod combinators;
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
    /// What a user would suffer.
    pub harm: &'static str,
    /// From the root of the workspace.
    pub file: &'static str,
    /// What stands there exactly once.
    pub find: &'static str,
    /// What the bug makes of it.
    pub replace: &'static str,
}

/// All bugs, from the loop outwards to the styles, and then of the test kit.
pub fn all() -> impl Iterator<Item = &'static Bug> {
    let topics = [
        event_loop::BUGS,
        ends::BUGS,
        timers::BUGS,
        trace::BUGS,
        afar::BUGS,
        sockets::BUGS,
        channels::BUGS,
        notify::BUGS,
        sync::BUGS,
        combinators::BUGS,
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
    /// Whether its name contains this.
    pub fn is_called(&self, part: &str) -> bool {
        self.name.contains(part)
    }

    /// The text of the file with the bug in it.
    ///
    /// # Errors
    ///
    /// When the bug has rotted: what it changes is not there, or in more than one place.
    pub fn plant(&self, text: &str) -> Result<String, String> {
        match text.matches(self.find).count() {
            1 => Ok(text.replacen(self.find, self.replace, 1)),
            n => Err(format!("`{}` stands there {n} times: write the bug anew", self.find)),
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
    fn a_bug_that_has_rotted_is_an_error() {
        let bug = Bug { name: "", harm: "", file: "", find: "one", replace: "two" };
        assert_eq!(bug.plant("just one"), Ok("just two".into()));
        assert!(bug.plant("three").unwrap_err().contains("0 times"));
        assert!(bug.plant("one and one").unwrap_err().contains("2 times"));
    }
}
