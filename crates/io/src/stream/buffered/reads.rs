//! Taking bytes out of the buffer: up to a delimiter, as a line, or into a buffer of the caller.

use std::io::{self, ErrorKind};

use super::{
    BufReader,
    leaf::Buffered,
    unread::{Searched, UnreadBytes},
};
use crate::{
    descriptor::{Borrowed, Buffer, Leaf, Owned},
    stream::{attempts::AttemptRead, bytes::ByteReader},
};

/// Takes the bytes up to the delimiter, or all bytes when the stream has ended.
pub(super) fn until(
    delimiter: u8,
    limit: usize,
    unread: &mut UnreadBytes,
    searched: &mut Searched,
    is_end: bool,
) -> Option<io::Result<Vec<u8>>> {
    let found = unread.find(delimiter, searched);
    let n = match found {
        Some(n) => n,
        None if is_end || unread.bytes().len() > limit => unread.bytes().len(),
        None => return None,
    };
    if n > limit {
        return Some(Err(too_long(limit)));
    }
    Some(Ok(unread.take(n)))
}

#[cold]
fn too_long(limit: usize) -> io::Error {
    let what = format!("no delimiter within {limit} bytes: the limit of this reader");
    io::Error::new(ErrorKind::InvalidData, what)
}

/// Turns the bytes of a line into text, without its ending. No bytes are the end of the stream.
pub(super) fn line(mut bytes: Vec<u8>) -> io::Result<Option<String>> {
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.pop_if(|last| *last == b'\n').is_some() {
        bytes.pop_if(|last| *last == b'\r');
    }
    match String::from_utf8(bytes) {
        Ok(line) => Ok(Some(line)),
        Err(error) => Err(io::Error::new(ErrorKind::InvalidData, error)),
    }
}

fn read<S: AttemptRead, B: Buffer<Content: AsMut<[u8]>>>(
    reader: &BufReader<S>,
    buffer: B,
) -> impl Leaf<B::Output<io::Result<usize>>> + use<S, B> {
    Buffered::new(reader, buffer, |unread, buffer: &mut B::Content, is_end| {
        let buffer = buffer.as_mut();
        let n = unread.copy_into(buffer);
        (n > 0 || buffer.is_empty() || is_end).then_some(Ok(n))
    })
}

fn read_exact<S: AttemptRead, B: Buffer<Content: AsMut<[u8]>>>(
    reader: &BufReader<S>,
    buffer: B,
) -> impl Leaf<B::Output<io::Result<()>>> + use<S, B> {
    Buffered::new(reader, buffer, |unread, buffer: &mut B::Content, is_end| {
        let buffer = buffer.as_mut();
        if unread.bytes().len() < buffer.len() {
            return is_end.then(|| Err(ErrorKind::UnexpectedEof.into()));
        }
        unread.copy_into(buffer);
        Some(Ok(()))
    })
}

/// The bytes come from the buffer first. An operation that is dropped before it is done has taken
/// nothing: [`read_exact`](ByteReader::read_exact) collects the bytes in the buffer, too. If the
/// stream ends before, they stay there.
impl<S: AttemptRead> ByteReader for BufReader<S> {
    #[track_caller]
    fn read<'a>(&self, buffer: &'a mut [u8]) -> impl Leaf<io::Result<usize>> + use<'a, S> {
        read(self, Borrowed(buffer))
    }

    #[track_caller]
    fn read_owned<B: AsMut<[u8]> + Send + 'static>(
        &self,
        buffer: B,
    ) -> impl Leaf<(io::Result<usize>, B)> + use<B, S> {
        read(self, Owned(buffer))
    }

    #[track_caller]
    fn read_exact<'a>(&self, buffer: &'a mut [u8]) -> impl Leaf<io::Result<()>> + use<'a, S> {
        read_exact(self, Borrowed(buffer))
    }

    #[track_caller]
    fn read_exact_owned<B: AsMut<[u8]> + Send + 'static>(
        &self,
        buffer: B,
    ) -> impl Leaf<(io::Result<()>, B)> + use<B, S> {
        read_exact(self, Owned(buffer))
    }
}
