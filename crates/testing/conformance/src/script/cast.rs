//! [`Cast`]: the styles that play the parts of a script.

use crate::Subject;

/// The styles that play a script. The part of each script chooses one of them.
#[derive(Clone, Debug)]
pub struct Cast {
    members: Vec<Subject>,
}

impl Cast {
    /// Returns a cast of one style, or one pair of styles, which plays everything.
    pub fn all(subject: impl Into<Subject>) -> Self {
        Self { members: vec![subject.into()] }
    }

    /// Returns a cast of several styles, whose scripts perform, spawn and race each other.
    ///
    /// # Panics
    ///
    /// If there is no member.
    pub fn mixed(members: impl IntoIterator<Item = Subject>) -> Self {
        let members: Vec<_> = members.into_iter().collect();
        assert!(!members.is_empty(), "a cast needs at least one member: add a style");
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
