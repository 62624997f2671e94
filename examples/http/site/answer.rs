//! [`Answer`]: the bytes that are sent for one request.

use std::{
    fs::File,
    io::{self, ErrorKind},
    ops::Range,
    path::Path,
    time::SystemTime,
};

use quadrivium::fs;

use super::{
    super::protocol::{Asked, Head, Refusal, Reply, Request, Status, refused},
    disk::Disk,
    file::file,
    listing,
    path::{SitePath, parse_target},
    root::{Found, Miss, Site, internal},
};

/// The largest number of bytes that are sent in one write, head and body.
const ONE_WRITE: usize = 64 * 1024;

/// The number of bytes of a larger answer that are sent with its head.
const WITH_HEAD: usize = 8 * 1024;

/// An answer: the bytes of the first write, and the rest of a larger file.
#[derive(Debug)]
pub struct Answer {
    pub bytes: Vec<u8>,
    pub rest: Option<Rest>,
    /// The connection stays open for another request.
    pub keep_alive: bool,
}

/// The part of a file that is sent after the first write.
#[derive(Debug)]
pub struct Rest {
    pub file: fs::File,
    pub part: Range<u64>,
}

/// A request, and where its file may be read from.
#[derive(Clone, Copy)]
pub struct Query<'a> {
    pub asked: &'a Asked,
    pub reply: Reply,
    pub now: SystemTime,
    pub disk: Disk,
}

impl Site {
    /// Returns the answer to a request, with as much of it as one write takes.
    /// Returns `None` if that would need the disk and `disk` is `Cached`.
    pub fn answer(
        &self,
        request: &Request,
        now: SystemTime,
        disk: Disk,
    ) -> Option<Answer> {
        let reply = request.reply;
        let found = match &request.asked {
            Ok(asked) => self.look_up(Query { asked, reply, now, disk }),
            Err(refusal) => Err(refusal.clone().into()),
        };
        match found {
            Ok(answer) => Some(answer),
            Err(Miss::Refused(refusal)) => {
                Some(Answer::refusal(reply, &refusal, now))
            }
            Err(Miss::NotCached) => None,
        }
    }

    fn look_up(&self, query: Query<'_>) -> Result<Answer, Miss> {
        let target = parse_target(&query.asked.target)?;
        if target.is_folder {
            return self.folder(&target, query);
        }
        match self.find(&target.path, query.disk)? {
            Found::File(found, metadata) => {
                file((found, metadata), &target.path, query)
            }
            Found::Folder(_) => Err(redirect(&target).into()),
        }
    }

    /// Answers with the `index.html` of a folder, or a list of its entries.
    fn folder(
        &self,
        target: &SitePath,
        query: Query<'_>,
    ) -> Result<Answer, Miss> {
        let index = target.path.join("index.html");
        match self.find(&index, query.disk) {
            Ok(Found::File(found, metadata)) => {
                return file((found, metadata), &index, query);
            }
            Ok(Found::Folder(_)) => {}
            Err(Miss::Refused(it)) if it.status == Status::NotFound => {}
            Err(miss) => return Err(miss),
        }
        match self.find(&target.path, query.disk)? {
            // There is no way to find out whether a folder is cached.
            Found::Folder(_) if query.disk == Disk::Cached => {
                Err(Miss::NotCached)
            }
            Found::Folder(found) => Ok(list(target, &found, query)?),
            Found::File(..) => Err(Refusal::new(
                Status::NotFound,
                "this is a file: ask without the slash at the end",
            )
            .into()),
        }
    }
}

fn list(
    target: &SitePath,
    folder: &File,
    query: Query<'_>,
) -> Result<Answer, Refusal> {
    let title = Path::new("/").join(&target.path);
    let page = listing::page(&title.to_string_lossy(), folder);
    let page = page.map_err(|_| internal())?;
    let mut head = Head::new(Status::Ok, query.now);
    head.field("Content-Type", "text/html; charset=utf-8");
    head.field("Content-Length", page.len());
    let mut bytes = head.end(query.reply);
    if !query.reply.is_head_only {
        bytes.extend_from_slice(page.as_bytes());
    }
    Ok(Answer::of(bytes, query.reply))
}

/// Redirects to the path with a slash, which relative links in the page of a
/// folder need.
fn redirect(target: &SitePath) -> Refusal {
    let mut location = format!("{}/", target.encoded);
    if let Some(query) = &target.query {
        location.push('?');
        location.push_str(query);
    }
    Refusal::new(Status::MovedPermanently, "a folder ends with a slash")
        .with("Location", location)
}

impl Answer {
    fn of(bytes: Vec<u8>, reply: Reply) -> Self {
        Self { bytes, rest: None, keep_alive: reply.keep_alive }
    }

    /// An answer with the reason of a refusal.
    pub fn refusal(reply: Reply, refusal: &Refusal, now: SystemTime) -> Self {
        Self::of(refused(reply, refusal, now), reply)
    }

    /// An answer with a head and a part of a file after it.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if the first bytes are not cached and `disk` is `Cached`.
    /// Another error if the file cannot be read, or has shrunk.
    pub fn with_file(
        mut bytes: Vec<u8>,
        (file, mut part): (File, Range<u64>),
        reply: Reply,
        disk: Disk,
    ) -> io::Result<Self> {
        let behind = bytes.len();
        let len = part.end - part.start;
        let most = match len <= ONE_WRITE.saturating_sub(behind) as u64 {
            true => len as usize,
            false => WITH_HEAD,
        };
        bytes.resize(behind + most, 0);
        let read = disk.read(&file, &mut bytes[behind..], part.start);
        let n = read.map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => shrunk(),
            _ => error,
        })?;
        bytes.truncate(behind + n);
        part.start += n as u64;
        let rest = match part.is_empty() {
            true => None,
            false => Some(Rest { file: fs::File::from_std(file), part }),
        };
        Ok(Answer { bytes, rest, keep_alive: reply.keep_alive })
    }

    /// Returns whether nothing follows the bytes.
    pub fn is_whole(&self) -> bool {
        self.rest.is_none()
    }
}

pub fn shrunk() -> io::Error {
    let line = "a file shrank while it was sent: its answer is broken off";
    io::Error::other(line)
}
