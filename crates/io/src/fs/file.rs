//! [`File`].

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

use super::{chunks, open_options::OpenOptions, path::with_path, position::FilePosition};
use crate::{
    descriptor::Leaf,
    offload::{Offload, offload_checked},
};

/// An open file. Clones are the same one, with the same cursor; it is closed when the last of them,
/// and the last operation on it, is dropped.
///
/// Another thread cannot borrow from a task. So an operation that borrows a buffer moves its bytes
/// through a buffer of its own, 64 KiB at most at a time; one that takes the buffer along
/// (`_owned`) copies nothing and goes to the other thread once.
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
    pub fn open(path: impl AsRef<Path>) -> Offload<io::Result<File>> {
        with_path(path, |path| fs::File::open(path).map(File::from_std))
    }

    /// Opens a file for writing: created if it is not there, emptied if it is.
    pub fn create(path: impl AsRef<Path>) -> Offload<io::Result<File>> {
        with_path(path, |path| fs::File::create(path).map(File::from_std))
    }

    /// Creates a file that must not be there, for reading and writing.
    pub fn create_new(path: impl AsRef<Path>) -> Offload<io::Result<File>> {
        with_path(path, |path| fs::File::create_new(path).map(File::from_std))
    }

    /// How else to open a file.
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// A file of the standard library.
    pub fn from_std(std: fs::File) -> Self {
        Self { std: Arc::new(std) }
    }

    /// The file for the standard library. While clones of it or operations on it are left, it is
    /// another descriptor of the same file, with the same cursor.
    ///
    /// # Errors
    ///
    /// When no more descriptors are to be had.
    pub fn into_std(self) -> io::Result<fs::File> {
        Arc::try_unwrap(self.std).or_else(|std| std.try_clone())
    }

    /// Reads at the cursor, up to 64 KiB; how many bytes. 0 is the end of the file.
    ///
    /// Dropped before it is done, it may have moved the cursor.
    pub fn read<'a>(&self, buffer: &'a mut [u8]) -> impl Leaf<io::Result<usize>> + use<'a> {
        chunks::read(self, FilePosition::Cursor, buffer)
    }

    /// Reads at the cursor into a buffer that is given back; how many bytes.
    ///
    /// Dropped before it is done, it may have moved the cursor.
    pub fn read_owned<B>(&self, buffer: B) -> Offload<(io::Result<usize>, B)>
    where
        B: AsMut<[u8]> + Send + 'static,
    {
        self.with_buffer(buffer, |file, buffer| FilePosition::Cursor.read(file, buffer.as_mut()))
    }

    /// Reads from the cursor on until the buffer is full.
    ///
    /// `UnexpectedEof` when the file ends before. Dropped before it is done, it may have read a
    /// part.
    pub fn read_exact<'a>(&self, buffer: &'a mut [u8]) -> impl Leaf<io::Result<()>> + use<'a> {
        chunks::read_exact(self, FilePosition::Cursor, buffer)
    }

    /// The same, with a buffer that is given back.
    pub fn read_exact_owned<B>(&self, buffer: B) -> Offload<(io::Result<()>, B)>
    where
        B: AsMut<[u8]> + Send + 'static,
    {
        self.with_buffer(buffer, |mut file, buffer| file.read_exact(buffer.as_mut()))
    }

    /// Writes some of these bytes at the cursor, up to 64 KiB; how many.
    ///
    /// Dropped before it is done, it may have written them.
    pub fn write<'a>(&self, bytes: &'a [u8]) -> impl Leaf<io::Result<usize>> + use<'a> {
        chunks::write(self, FilePosition::Cursor, bytes)
    }

    /// Writes some of these bytes at the cursor, which are given back; how many.
    ///
    /// Dropped before it is done, it may have written them.
    pub fn write_owned<B>(&self, bytes: B) -> Offload<(io::Result<usize>, B)>
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        self.with_buffer(bytes, |file, bytes| FilePosition::Cursor.write(file, (*bytes).as_ref()))
    }

    /// Writes all of these bytes from the cursor on.
    ///
    /// Dropped before it is done, it may have written a part, or all.
    pub fn write_all<'a>(&self, bytes: &'a [u8]) -> impl Leaf<io::Result<()>> + use<'a> {
        chunks::write_all(self, FilePosition::Cursor, bytes)
    }

    /// The same, with bytes that are given back.
    pub fn write_all_owned<B>(&self, bytes: B) -> Offload<(io::Result<()>, B)>
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        self.with_buffer(bytes, |mut file, bytes| file.write_all((*bytes).as_ref()))
    }

    /// Reads at this offset from the start, up to 64 KiB; how many bytes. The cursor is neither
    /// asked nor moved, so dropped before it is done it has done nothing.
    pub fn read_at<'a>(
        &self,
        buffer: &'a mut [u8],
        offset: u64,
    ) -> impl Leaf<io::Result<usize>> + use<'a> {
        chunks::read(self, FilePosition::At(offset), buffer)
    }

    /// The same without that limit, into a buffer that is given back.
    pub fn read_at_owned<B>(&self, buffer: B, offset: u64) -> Offload<(io::Result<usize>, B)>
    where
        B: AsMut<[u8]> + Send + 'static,
    {
        self.with_buffer(buffer, move |file, buffer| {
            FilePosition::At(offset).read(file, buffer.as_mut())
        })
    }

    /// Reads from this offset on until the buffer is full. The cursor is neither asked nor moved.
    ///
    /// `UnexpectedEof` when the file ends before.
    pub fn read_exact_at<'a>(
        &self,
        buffer: &'a mut [u8],
        offset: u64,
    ) -> impl Leaf<io::Result<()>> + use<'a> {
        chunks::read_exact(self, FilePosition::At(offset), buffer)
    }

    /// The same, with a buffer that is given back.
    pub fn read_exact_at_owned<B>(&self, buffer: B, offset: u64) -> Offload<(io::Result<()>, B)>
    where
        B: AsMut<[u8]> + Send + 'static,
    {
        self.with_buffer(buffer, move |file, buffer| file.read_exact_at(buffer.as_mut(), offset))
    }

    /// Writes some of these bytes at this offset from the start, up to 64 KiB; how many. The cursor
    /// is neither asked nor moved.
    ///
    /// Dropped before it is done, it may have written them.
    pub fn write_at<'a>(
        &self,
        bytes: &'a [u8],
        offset: u64,
    ) -> impl Leaf<io::Result<usize>> + use<'a> {
        chunks::write(self, FilePosition::At(offset), bytes)
    }

    /// The same without that limit, with bytes that are given back.
    pub fn write_at_owned<B>(&self, bytes: B, offset: u64) -> Offload<(io::Result<usize>, B)>
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        self.with_buffer(bytes, move |file, bytes| {
            FilePosition::At(offset).write(file, (*bytes).as_ref())
        })
    }

    /// Writes all of these bytes from this offset on. The cursor is neither asked nor moved.
    ///
    /// Dropped before it is done, it may have written a part, or all.
    pub fn write_all_at<'a>(
        &self,
        bytes: &'a [u8],
        offset: u64,
    ) -> impl Leaf<io::Result<()>> + use<'a> {
        chunks::write_all(self, FilePosition::At(offset), bytes)
    }

    /// The same, with bytes that are given back.
    pub fn write_all_at_owned<B>(&self, bytes: B, offset: u64) -> Offload<(io::Result<()>, B)>
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        self.with_buffer(bytes, move |file, bytes| file.write_all_at((*bytes).as_ref(), offset))
    }

    /// Moves the cursor; where it is then, from the start.
    pub fn seek(&self, to: SeekFrom) -> Offload<io::Result<u64>> {
        self.with(move |mut file| file.seek(to))
    }

    /// What is known about it.
    pub fn metadata(&self) -> Offload<io::Result<Metadata>> {
        self.with(|file| file.metadata())
    }

    /// Changes who may do what with it.
    pub fn set_permissions(&self, permissions: Permissions) -> Offload<io::Result<()>> {
        self.with(|file| file.set_permissions(permissions))
    }

    /// Cuts it off, or fills it up with zeroes.
    pub fn set_len(&self, bytes: u64) -> Offload<io::Result<()>> {
        self.with(move |file| file.set_len(bytes))
    }

    /// Waits until all of it is on the disk, what is known about it included.
    pub fn sync_all(&self) -> Offload<io::Result<()>> {
        self.with(|file| file.sync_all())
    }

    /// Waits until its contents are on the disk.
    pub fn sync_data(&self) -> Offload<io::Result<()>> {
        self.with(|file| file.sync_data())
    }

    pub(super) fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&fs::File) -> io::Result<T> + Send + 'static,
    ) -> Offload<io::Result<T>> {
        let file = Arc::clone(&self.std);
        offload_checked(move |started| {
            started?;
            work(&file)
        })
    }

    /// The same with a buffer, which is given back.
    pub(super) fn with_buffer<T: Send + 'static, B: Send + 'static>(
        &self,
        mut buffer: B,
        work: impl FnOnce(&fs::File, &mut B) -> io::Result<T> + Send + 'static,
    ) -> Offload<(io::Result<T>, B)> {
        let file = Arc::clone(&self.std);
        offload_checked(move |started| (started.and_then(|()| work(&file, &mut buffer)), buffer))
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
