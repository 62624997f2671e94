//! [`File`]: an open file.

use std::{
    fs::{self, Metadata, Permissions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, RawFd},
        unix::fs::FileExt,
    },
    path::Path,
    sync::Arc,
};

use quadrivium_core::inspect::LeafKind;

use super::{chunks, open_options::OpenOptions, path::with_path, position::FilePosition};
use crate::{
    descriptor::Leaf,
    offload::{Offload, offload_checked},
};

/// An open file.
///
/// Clones share the same file and the same cursor. The file is closed when the last clone and the
/// last operation on it have been dropped.
///
/// Another thread makes the calls, and it cannot borrow from a task. So an operation that borrows a
/// buffer moves its bytes through a buffer of its own, at most 64 KiB at a time. An `_owned`
/// operation takes the buffer. It copies nothing and goes to the other thread once.
///
/// ```
/// use quadrivium::{fs::File, green::perform, prelude::*};
///
/// let program = green(|| {
///     let file = perform(File::open("/proc/self/status"))?;
///     let mut name = [0; 5];
///     perform(file.read_exact(&mut name))?;
///     Ok::<_, std::io::Error>(name)
/// });
/// assert_eq!(&EventLoop::new()?.block_on(program)??, b"Name:");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct File {
    std: Arc<fs::File>,
}

impl File {
    /// Opens a file for reading.
    #[track_caller]
    pub fn open(path: impl AsRef<Path>) -> Offload<io::Result<File>> {
        with_path(path, |path| fs::File::open(path).map(File::from_std))
    }

    /// Opens a file for writing. The file is created if it does not exist, and emptied if it does.
    #[track_caller]
    pub fn create(path: impl AsRef<Path>) -> Offload<io::Result<File>> {
        with_path(path, |path| fs::File::create(path).map(File::from_std))
    }

    /// Creates a file for reading and writing. Returns an error when the file exists.
    #[track_caller]
    pub fn create_new(path: impl AsRef<Path>) -> Offload<io::Result<File>> {
        with_path(path, |path| fs::File::create_new(path).map(File::from_std))
    }

    /// Returns options to open a file in other ways.
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Converts a file of the standard library.
    pub fn from_std(std: fs::File) -> Self {
        Self { std: Arc::new(std) }
    }

    /// Converts the file to a file of the standard library. While clones of it or operations on it
    /// are left, the result is another descriptor of the same file, with the same cursor.
    ///
    /// # Errors
    ///
    /// Returns an error when the process has no free descriptors.
    pub fn into_std(self) -> io::Result<fs::File> {
        Arc::try_unwrap(self.std).or_else(|std| std.try_clone())
    }

    /// Reads at the cursor, at most 64 KiB, and returns the number of bytes. Returns 0 at the end
    /// of the file.
    ///
    /// An operation that is dropped before it is done may have moved the cursor.
    #[track_caller]
    pub fn read<'a>(&self, buffer: &'a mut [u8]) -> impl Leaf<io::Result<usize>> + use<'a> {
        chunks::read(self, FilePosition::Cursor, buffer)
    }

    /// Like [`read`](Self::read), but without the limit of 64 KiB. Takes the buffer and returns it
    /// with the result.
    ///
    /// An operation that is dropped before it is done may have moved the cursor.
    #[track_caller]
    pub fn read_owned<B>(&self, buffer: B) -> Offload<(io::Result<usize>, B)>
    where
        B: AsMut<[u8]> + Send + 'static,
    {
        self.with_buffer(buffer, |file, buffer| FilePosition::Cursor.read(file, buffer.as_mut()))
    }

    /// Reads from the cursor on until the buffer is full. The output is an `UnexpectedEof` error
    /// when the file ends before.
    ///
    /// An operation that is dropped before it is done may have read a part.
    #[track_caller]
    pub fn read_exact<'a>(&self, buffer: &'a mut [u8]) -> impl Leaf<io::Result<()>> + use<'a> {
        chunks::read_exact(self, FilePosition::Cursor, buffer)
    }

    /// Like [`read_exact`](Self::read_exact), but takes the buffer and returns it with the result.
    #[track_caller]
    pub fn read_exact_owned<B>(&self, buffer: B) -> Offload<(io::Result<()>, B)>
    where
        B: AsMut<[u8]> + Send + 'static,
    {
        self.with_buffer(buffer, |mut file, buffer| file.read_exact(buffer.as_mut()))
    }

    /// Writes some of these bytes at the cursor, at most 64 KiB, and returns the number.
    ///
    /// An operation that is dropped before it is done may have written the bytes.
    #[track_caller]
    pub fn write<'a>(&self, bytes: &'a [u8]) -> impl Leaf<io::Result<usize>> + use<'a> {
        chunks::write(self, FilePosition::Cursor, bytes)
    }

    /// Like [`write`](Self::write), but without the limit of 64 KiB. Takes the bytes and returns
    /// them with the result.
    ///
    /// An operation that is dropped before it is done may have written the bytes.
    #[track_caller]
    pub fn write_owned<B>(&self, bytes: B) -> Offload<(io::Result<usize>, B)>
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        self.with_buffer(bytes, |file, bytes| FilePosition::Cursor.write(file, (*bytes).as_ref()))
    }

    /// Writes all of these bytes from the cursor on.
    ///
    /// An operation that is dropped before it is done may have written a part of the bytes, or all
    /// of them.
    #[track_caller]
    pub fn write_all<'a>(&self, bytes: &'a [u8]) -> impl Leaf<io::Result<()>> + use<'a> {
        chunks::write_all(self, FilePosition::Cursor, bytes)
    }

    /// Like [`write_all`](Self::write_all), but takes the bytes and returns them with the result.
    #[track_caller]
    pub fn write_all_owned<B>(&self, bytes: B) -> Offload<(io::Result<()>, B)>
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        self.with_buffer(bytes, |mut file, bytes| file.write_all((*bytes).as_ref()))
    }

    /// Reads at this offset from the start, at most 64 KiB, and returns the number of bytes. The
    /// cursor is neither used nor moved, so an operation that is dropped before it is done has done
    /// nothing.
    #[track_caller]
    pub fn read_at<'a>(
        &self,
        buffer: &'a mut [u8],
        offset: u64,
    ) -> impl Leaf<io::Result<usize>> + use<'a> {
        chunks::read(self, FilePosition::At(offset), buffer)
    }

    /// Like [`read_at`](Self::read_at), but without the limit of 64 KiB. Takes the buffer and
    /// returns it with the result.
    #[track_caller]
    pub fn read_at_owned<B>(&self, buffer: B, offset: u64) -> Offload<(io::Result<usize>, B)>
    where
        B: AsMut<[u8]> + Send + 'static,
    {
        self.with_buffer(buffer, move |file, buffer| {
            FilePosition::At(offset).read(file, buffer.as_mut())
        })
    }

    /// Reads from this offset on until the buffer is full. The cursor is neither used nor moved.
    /// The output is an `UnexpectedEof` error when the file ends before.
    #[track_caller]
    pub fn read_exact_at<'a>(
        &self,
        buffer: &'a mut [u8],
        offset: u64,
    ) -> impl Leaf<io::Result<()>> + use<'a> {
        chunks::read_exact(self, FilePosition::At(offset), buffer)
    }

    /// Like [`read_exact_at`](Self::read_exact_at), but takes the buffer and returns it with the
    /// result.
    #[track_caller]
    pub fn read_exact_at_owned<B>(&self, buffer: B, offset: u64) -> Offload<(io::Result<()>, B)>
    where
        B: AsMut<[u8]> + Send + 'static,
    {
        self.with_buffer(buffer, move |file, buffer| file.read_exact_at(buffer.as_mut(), offset))
    }

    /// Writes some of these bytes at this offset from the start, at most 64 KiB, and returns the
    /// number. The cursor is neither used nor moved.
    ///
    /// An operation that is dropped before it is done may have written the bytes.
    #[track_caller]
    pub fn write_at<'a>(
        &self,
        bytes: &'a [u8],
        offset: u64,
    ) -> impl Leaf<io::Result<usize>> + use<'a> {
        chunks::write(self, FilePosition::At(offset), bytes)
    }

    /// Like [`write_at`](Self::write_at), but without the limit of 64 KiB. Takes the bytes and
    /// returns them with the result.
    #[track_caller]
    pub fn write_at_owned<B>(&self, bytes: B, offset: u64) -> Offload<(io::Result<usize>, B)>
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        self.with_buffer(bytes, move |file, bytes| {
            FilePosition::At(offset).write(file, (*bytes).as_ref())
        })
    }

    /// Writes all of these bytes from this offset on. The cursor is neither used nor moved.
    ///
    /// An operation that is dropped before it is done may have written a part of the bytes, or all
    /// of them.
    #[track_caller]
    pub fn write_all_at<'a>(
        &self,
        bytes: &'a [u8],
        offset: u64,
    ) -> impl Leaf<io::Result<()>> + use<'a> {
        chunks::write_all(self, FilePosition::At(offset), bytes)
    }

    /// Like [`write_all_at`](Self::write_all_at), but takes the bytes and returns them with the
    /// result.
    #[track_caller]
    pub fn write_all_at_owned<B>(&self, bytes: B, offset: u64) -> Offload<(io::Result<()>, B)>
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        self.with_buffer(bytes, move |file, bytes| file.write_all_at((*bytes).as_ref(), offset))
    }

    /// Moves the cursor, and returns its new offset from the start.
    #[track_caller]
    pub fn seek(&self, to: SeekFrom) -> Offload<io::Result<u64>> {
        self.with(move |mut file| file.seek(to))
    }

    /// Returns the metadata of the file.
    #[track_caller]
    pub fn metadata(&self) -> Offload<io::Result<Metadata>> {
        self.with(|file| file.metadata())
    }

    /// Changes the permissions of the file.
    #[track_caller]
    pub fn set_permissions(&self, permissions: Permissions) -> Offload<io::Result<()>> {
        self.with(|file| file.set_permissions(permissions))
    }

    /// Sets the length of the file. A longer file is cut off, and a shorter one is filled up with
    /// zeroes.
    #[track_caller]
    pub fn set_len(&self, bytes: u64) -> Offload<io::Result<()>> {
        self.with(move |file| file.set_len(bytes))
    }

    /// Waits until the contents and the metadata of the file are on the disk.
    #[track_caller]
    pub fn sync_all(&self) -> Offload<io::Result<()>> {
        self.with(|file| file.sync_all())
    }

    /// Waits until the contents of the file are on the disk.
    #[track_caller]
    pub fn sync_data(&self) -> Offload<io::Result<()>> {
        self.with(|file| file.sync_data())
    }

    #[track_caller]
    pub(super) fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&fs::File) -> io::Result<T> + Send + 'static,
    ) -> Offload<io::Result<T>> {
        let file = Arc::clone(&self.std);
        let work = offload_checked(move |started| {
            started?;
            work(&file)
        });
        work.of_kind(LeafKind::File)
    }

    /// Like [`with`](Self::with), with a buffer that is returned with the result.
    #[track_caller]
    pub(super) fn std(&self) -> &fs::File {
        &self.std
    }

    pub(super) fn with_buffer<T: Send + 'static, B: Send + 'static>(
        &self,
        mut buffer: B,
        work: impl FnOnce(&fs::File, &mut B) -> io::Result<T> + Send + 'static,
    ) -> Offload<(io::Result<T>, B)> {
        let file = Arc::clone(&self.std);
        let work = move |started: io::Result<()>| {
            (started.and_then(|()| work(&file, &mut buffer)), buffer)
        };
        offload_checked(work).of_kind(LeafKind::File)
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.std.as_fd()
    }
}

impl AsRawFd for File {
    fn as_raw_fd(&self) -> RawFd {
        self.std.as_raw_fd()
    }
}
