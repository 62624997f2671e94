//! [`Subject`]: a style, or a pair of styles in which one performs the other, that a law is run
//! against.

use std::fmt;

use quadrivium::task::BoxTask;

use crate::{Body, Feature, Style, Value, map};

/// The subject of a law: a style, or a style that performs another.
#[derive(Clone, Copy)]
pub struct Subject {
    outer: Option<&'static dyn Style>,
    inner: &'static dyn Style,
}

impl Subject {
    /// Returns a single style as a subject.
    pub const fn of(style: &'static dyn Style) -> Self {
        Self { outer: None, inner: style }
    }

    /// Returns a pair: a task of the style `inner` has the body, and a task of `outer` performs it.
    pub const fn performs(outer: &'static dyn Style, inner: &'static dyn Style) -> Self {
        Self { outer: Some(outer), inner }
    }

    /// Returns a task with this body.
    pub fn task<T: 'static>(self, body: Body<T>) -> BoxTask<T> {
        let mut task = self.inner.task(body.of_any_type());
        if let Some(outer) = self.outer {
            task = outer.task(Body::performing(task));
        }
        let typed = |value: Value| *value.downcast::<T>().expect("a style hands the value on");
        Box::pin(map(task, typed))
    }

    /// Returns whether it is a pair. For a pair a law may check fewer cases.
    pub fn is_pair(self) -> bool {
        self.outer.is_some()
    }

    /// Returns whether all its styles support this feature.
    pub fn supports(self, feature: Feature) -> bool {
        self.inner.supports(feature) && self.outer.is_none_or(|outer| outer.supports(feature))
    }
}

impl From<&'static dyn Style> for Subject {
    fn from(style: &'static dyn Style) -> Self {
        Self::of(style)
    }
}

impl<S: Style> From<&'static S> for Subject {
    fn from(style: &'static S) -> Self {
        Self::of(style)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outer {
            None => f.write_str(self.inner.name()),
            Some(outer) => write!(f, "{} performs {}", outer.name(), self.inner.name()),
        }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subject({self})")
    }
}
