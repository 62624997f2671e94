//! [`Request`]: a request of a client, and the form that its answer must have.

use super::Status;

/// A whole request. The bytes of its body have been discarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub reply: Reply,
    /// The file that is asked for, or the reason why the request is refused.
    pub asked: Result<Asked, Refusal>,
}

impl Request {
    /// Makes a refused request that is the last one, because the beginning of a
    /// next request is unknown.
    pub fn last(refusal: Refusal) -> Self {
        Self { reply: Reply::default(), asked: Err(refusal) }
    }
}

/// The form that an answer must have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// Only the head is sent, as if the body followed.
    pub is_head_only: bool,
    /// The client uses HTTP/1.0.
    pub is_http_1_0: bool,
    /// The connection stays open for the next request.
    pub keep_alive: bool,
}

/// The file that a GET or HEAD asks for, and its conditions. Fields that came
/// several times are joined.
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

/// An answer other than the file that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: Status,
    /// The cause, and the remedy where there is one.
    pub why: &'static str,
    /// A header field that this status needs.
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
