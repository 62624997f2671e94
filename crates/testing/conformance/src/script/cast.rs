//! [`Cast`]: which style plays which script.

use crate::Subject;

/// Which style plays which script: the part of a script chooses among them.
#[derive(Clone, Debug)]
pub struct Cast {
    members: Vec<Subject>,
}

impl Cast {
    /// One style, or pair of styles, plays everything.
    pub fn all(subject: impl Into<Subject>) -> Self {
        Self { members: vec![subject.into()] }
    }

    /// Scripts of several styles perform, spawn and race each other.
    ///
    /// # Panics
    ///
    /// When nobody is in it.
    pub fn mixed(members: impl IntoIterator<Item = Subject>) -> Self {
        let members: Vec<_> = members.into_iter().collect();
        assert!(!members.is_empty(), "a cast has a member: give it a style");
        Self { members }
    }

    pub(super) fn member(&self, part: u8) -> Subject {
        self.members[usize::from(part) % self.members.len()]
    }
}

impl std::fmt::Display for Cast {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.members.iter().map(Subject::to_string).collect();
        f.write_str(&names.join(" | "))
    }
}
