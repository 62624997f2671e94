//! [`file()`]: answers with a file, or with a part of it.

use std::{
    fs::{File, Metadata},
    io::ErrorKind,
    path::Path,
};

use super::{
    super::protocol::{Asked, Head, Refusal, Reply, Status},
    answer::{Answer, Query},
    conditions::{ConditionResult, Version},
    media_type::media_type,
    range::{ByteRange, part},
    root::{Miss, internal},
};

/// Answers with a file, if the conditions of the client are met.
pub fn file(
    (file, metadata): (File, Metadata),
    path: &Path,
    query: Query<'_>,
) -> Result<Answer, Miss> {
    let Query { asked, reply, now, disk } = query;
    let version = Version::of(&metadata, now);
    let len = metadata.len();
    let (status, part) = match version.check(asked) {
        ConditionResult::Send => part_of(len, &version, asked, reply)?,
        ConditionResult::NotModified => (Status::NotModified, 0..0),
        ConditionResult::Failed => {
            return Err(Refusal::new(
                Status::PreconditionFailed,
                "the file has another version than the request asks for",
            )
            .into());
        }
    };
    let mut head = Head::new(status, now);
    if status != Status::NotModified {
        head.field("Content-Type", media_type(path));
        head.field("Content-Length", part.end - part.start);
        head.field("Accept-Ranges", "bytes");
    }
    if status == Status::PartialContent {
        let (first, last) = (part.start, part.end - 1);
        head.field("Content-Range", format_args!("bytes {first}-{last}/{len}"));
    }
    if let Some(modified) = &version.modified {
        head.field("Last-Modified", modified);
    }
    head.field("ETag", &version.etag);
    let bytes = head.end(reply);
    let rest = match reply.is_head_only {
        true => 0..0,
        false => part,
    };
    let answer = Answer::with_file(bytes, (file, rest), reply, disk);
    answer.map_err(|error| match error.kind() {
        ErrorKind::WouldBlock => Miss::NotCached,
        // The file cannot be read or has shrunk. Nothing has been sent yet.
        _ => internal().into(),
    })
}

/// Returns the status of the answer, and which bytes of the file are sent.
fn part_of(
    len: u64,
    version: &Version,
    asked: &Asked,
    reply: Reply,
) -> Result<(Status, std::ops::Range<u64>), Refusal> {
    // A range is ignored for a HEAD (RFC 9110, section 14.2).
    let range = match &asked.range {
        Some(range) if !reply.is_head_only && version.allows_part(asked) => {
            part(range, len)
        }
        _ => ByteRange::Whole,
    };
    match range {
        ByteRange::Whole => Ok((Status::Ok, 0..len)),
        ByteRange::Of(part) => Ok((Status::PartialContent, part)),
        ByteRange::Beyond => Err(Refusal::new(
            Status::RangeNotSatisfiable,
            "the file has no byte of this range",
        )
        .with("Content-Range", format!("bytes */{len}"))),
    }
}
