//! [`Answer`]: all that is sent for one request.

use std::{
    fs::File,
    io::{self, ErrorKind},
    ops::Range,
    os::unix::fs::FileExt,
    path::Path,
    time::SystemTime,
};

use super::{
    super::protocol::{Asked, Head, Refusal, Reply, Request, Status, refused},
    file::file,
    listing,
    path::{Place, place},
    root::{Found, Site, internal},
};

/// So much is read and sent at once.
pub const CHUNK: usize = 64 * 1024;

/// The head and as much of the body as fits into one write; and what is left
/// of a larger one.
#[derive(Debug)]
pub struct Answer {
    pub bytes: Vec<u8>,
    rest: Option<Rest>,
    /// Another request may follow.
    pub keeps: bool,
}

/// The part of a file that is not read yet.
#[derive(Debug)]
struct Rest {
    file: File,
    left: Range<u64>,
}

impl Site {
    /// The answer to a request. All that a small file needs of the disk is
    /// done in here.
    pub fn answer(&self, request: &Request, now: SystemTime) -> Answer {
        let reply = request.reply;
        let found = match &request.asked {
            Ok(asked) => self.look_up(asked, reply, now),
            Err(refusal) => Err(refusal.clone()),
        };
        found.unwrap_or_else(|refusal| {
            Answer::of(refused(reply, &refusal, now), reply)
        })
    }

    fn look_up(
        &self,
        asked: &Asked,
        reply: Reply,
        now: SystemTime,
    ) -> Result<Answer, Refusal> {
        let place = place(&asked.target)?;
        #[cfg(test)]
        assert_ne!(place.encoded, super::PANICS, "as the test wants it");
        if place.is_folder {
            return self.folder(&place, asked, reply, now);
        }
        match self.find(&place.path)? {
            Found::File(found, metadata) => {
                file((found, metadata), &place.path, asked, reply, now)
            }
            Found::Folder(_) => Err(redirect(&place)),
        }
    }

    /// The `index.html` of a folder, or a list of what is in it.
    fn folder(
        &self,
        place: &Place,
        asked: &Asked,
        reply: Reply,
        now: SystemTime,
    ) -> Result<Answer, Refusal> {
        let index = place.path.join("index.html");
        match self.find(&index) {
            Ok(Found::File(found, metadata)) => {
                return file((found, metadata), &index, asked, reply, now);
            }
            Err(refusal) if refusal.status != Status::NotFound => {
                return Err(refusal);
            }
            Ok(Found::Folder(_)) | Err(_) => {}
        }
        match self.find(&place.path)? {
            Found::Folder(found) => list(place, &found, reply, now),
            Found::File(..) => Err(Refusal::new(
                Status::NotFound,
                "this is a file: ask without the slash at the end",
            )),
        }
    }
}

fn list(
    place: &Place,
    folder: &File,
    reply: Reply,
    now: SystemTime,
) -> Result<Answer, Refusal> {
    let title = Path::new("/").join(&place.path);
    let page = listing::page(&title.to_string_lossy(), folder);
    let page = page.map_err(|_| internal())?;
    let mut head = Head::new(Status::Ok, now);
    head.field("Content-Type", "text/html; charset=utf-8");
    head.field("Content-Length", page.len());
    let mut bytes = head.end(reply);
    if !reply.is_head_only {
        bytes.extend_from_slice(page.as_bytes());
    }
    Ok(Answer::of(bytes, reply))
}

/// Relative links in a folder's page need the slash.
fn redirect(place: &Place) -> Refusal {
    let mut location = format!("{}/", place.encoded);
    if let Some(query) = &place.query {
        location.push('?');
        location.push_str(query);
    }
    Refusal::new(Status::MovedPermanently, "a folder ends with a slash")
        .with("Location", location)
}

impl Answer {
    fn of(bytes: Vec<u8>, reply: Reply) -> Self {
        Self { bytes, rest: None, keeps: reply.keeps }
    }

    /// A head, and the part of a file that follows it.
    ///
    /// # Errors
    ///
    /// As [`next`](Answer::next).
    pub fn with_file(
        bytes: Vec<u8>,
        file: File,
        part: Range<u64>,
        reply: Reply,
    ) -> io::Result<Self> {
        let rest = Some(Rest { file, left: part });
        let behind = bytes.len();
        Answer { bytes, rest, keeps: reply.keeps }.read(behind)
    }

    /// Whether the bytes are the last.
    pub fn is_whole(&self) -> bool {
        self.rest.is_none()
    }

    /// The same answer with the bytes that come next.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or has shrunk since its length was
    /// announced. The connection cannot go on then.
    pub fn next(self) -> io::Result<Self> {
        self.read(0)
    }

    /// Reads what comes next, behind so many of the bytes.
    fn read(mut self, behind: usize) -> io::Result<Self> {
        let Some(rest) = &mut self.rest else { return Ok(self) };
        let len = rest.left.end - rest.left.start;
        let n = len.min(CHUNK.saturating_sub(behind) as u64);
        self.bytes.resize(behind + n as usize, 0);
        rest.file
            .read_exact_at(&mut self.bytes[behind..], rest.left.start)
            .map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof => shrunk(),
                _ => error,
            })?;
        rest.left.start += n;
        if rest.left.is_empty() {
            self.rest = None;
        }
        Ok(self)
    }
}

fn shrunk() -> io::Error {
    let line = "a file has shrunk while it was sent";
    io::Error::other(line)
}
