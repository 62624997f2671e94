//! [`Request`]: what a client asked, and how the answer has to be framed.

use super::Status;

/// A request whose bytes, body included, are used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub reply: Reply,
    /// What is asked for; or why the answer is known already.
    pub asked: Result<Asked, Refusal>,
}

impl Request {
    /// One after which nobody can say where the next begins.
    pub fn last(refusal: Refusal) -> Self {
        Self { reply: Reply::default(), asked: Err(refusal) }
    }
}

/// How an answer has to be framed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The head only, of whatever the body would be.
    pub is_head_only: bool,
    /// The client speaks HTTP/1.0.
    pub is_old: bool,
    /// The connection stays open for the next request.
    pub keeps: bool,
}

/// What a GET or HEAD asks for. Fields that came in several lines are joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub target: String,
    pub range: Option<String>,
    pub if_range: Option<String>,
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
    pub if_modified_since: Option<String>,
    pub if_unmodified_since: Option<String>,
}

/// An answer that is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: Status,
    /// The cause, and the remedy where there is one.
    pub why: &'static str,
    /// A field that belongs to the status.
    pub field: Option<(&'static str, String)>,
}

impl Refusal {
    pub fn new(status: Status, why: &'static str) -> Self {
        Self { status, why, field: None }
    }

    pub fn bad(why: &'static str) -> Self {
        Self::new(Status::BadRequest, why)
    }

    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.field = Some((name, value));
        self
    }
}
