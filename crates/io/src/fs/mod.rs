//! Files and folders: what `std::fs` is to threads. The functions are tasks, each a call of its
//! namesake in [`std::fs`] that is [offloaded](crate::thread::offload).
//!
//! The kernel has no events for files: a read is never "not ready", it blocks. So other threads do
//! the reading, and the loop goes on. Dropped before it is done, a call that has begun runs to its
//! end, and what it does to the file system is done. When the operating system refuses a thread,
//! the call waits for the threads there are; when there are none, it is a `QuotaExceeded` error.
//!
//! ```
//! use quadrivium::{fs, prelude::*};
//!
//! # let folder = std::env::temp_dir().join(format!("quadrivium-doc-{}", std::process::id()));
//! let program = future(async move {
//!     fs::create_dir_all(&folder).await?;
//!     fs::write(folder.join("hello"), "Hello, world!").await?;
//!     let text = fs::read_to_string(folder.join("hello")).await?;
//!     fs::remove_dir_all(&folder).await?;
//!     Ok::<_, std::io::Error>(text)
//! });
//! assert_eq!(EventLoop::new()?.block_on(program)??, "Hello, world!");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod file;
mod open_options;
mod position;
mod chunks;
mod path;

use std::{
    fs,
    io::Result,
    path::{Path, PathBuf},
};

use self::path::{with_path, with_two_paths};
use crate::offload::Offload;

pub use std::fs::{DirEntry, FileType, Metadata, Permissions};

pub use self::{file::File, open_options::OpenOptions};

/// The whole of a file.
pub fn read(path: impl AsRef<Path>) -> Offload<Result<Vec<u8>>> {
    with_path(path, |path| fs::read(path))
}

/// The whole of a file, as text. An error when it is no UTF-8.
pub fn read_to_string(path: impl AsRef<Path>) -> Offload<Result<String>> {
    with_path(path, |path| fs::read_to_string(path))
}

/// Makes these bytes the whole of a file, which is created if need be.
pub fn write(path: impl AsRef<Path>, contents: impl Into<Vec<u8>>) -> Offload<Result<()>> {
    let contents = contents.into();
    with_path(path, |path| fs::write(path, contents))
}

/// Copies the contents and permissions of a file; how many bytes.
pub fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Offload<Result<u64>> {
    with_two_paths(from, to, |from, to| fs::copy(from, to))
}

/// Renames a file or folder. What had the new name is replaced.
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Offload<Result<()>> {
    with_two_paths(from, to, |from, to| fs::rename(from, to))
}

/// Gives a file one more name.
pub fn hard_link(original: impl AsRef<Path>, link: impl AsRef<Path>) -> Offload<Result<()>> {
    with_two_paths(original, link, |original, link| fs::hard_link(original, link))
}

/// Makes a symbolic link to `original`.
pub fn symlink(original: impl AsRef<Path>, link: impl AsRef<Path>) -> Offload<Result<()>> {
    with_two_paths(original, link, |original, link| std::os::unix::fs::symlink(original, link))
}

/// What a symbolic link points to.
pub fn read_link(path: impl AsRef<Path>) -> Offload<Result<PathBuf>> {
    with_path(path, |path| fs::read_link(path))
}

/// The absolute path, without symbolic links, `.` and `..`.
pub fn canonicalize(path: impl AsRef<Path>) -> Offload<Result<PathBuf>> {
    with_path(path, |path| fs::canonicalize(path))
}

/// Whether there is something of this name. An error when that cannot be said.
pub fn exists(path: impl AsRef<Path>) -> Offload<Result<bool>> {
    with_path(path, |path| fs::exists(path))
}

/// What is known about a file: of a symbolic link, about what it points to.
pub fn metadata(path: impl AsRef<Path>) -> Offload<Result<Metadata>> {
    with_path(path, |path| fs::metadata(path))
}

/// What is known about a file: of a symbolic link, about the link.
pub fn symlink_metadata(path: impl AsRef<Path>) -> Offload<Result<Metadata>> {
    with_path(path, |path| fs::symlink_metadata(path))
}

/// Changes who may do what with a file.
pub fn set_permissions(path: impl AsRef<Path>, permissions: Permissions) -> Offload<Result<()>> {
    with_path(path, |path| fs::set_permissions(path, permissions))
}

/// What is in a folder, all of it at once, in no particular order.
///
/// The entries hold the folder open. Their `metadata` blocks; `file_type` does only on file systems
/// that keep it elsewhere.
pub fn read_dir(path: impl AsRef<Path>) -> Offload<Result<Vec<DirEntry>>> {
    with_path(path, |path| fs::read_dir(path)?.collect())
}

/// Makes a folder.
pub fn create_dir(path: impl AsRef<Path>) -> Offload<Result<()>> {
    with_path(path, |path| fs::create_dir(path))
}

/// Makes a folder and those above it, as far as they are missing.
pub fn create_dir_all(path: impl AsRef<Path>) -> Offload<Result<()>> {
    with_path(path, |path| fs::create_dir_all(path))
}

/// Removes a file.
pub fn remove_file(path: impl AsRef<Path>) -> Offload<Result<()>> {
    with_path(path, |path| fs::remove_file(path))
}

/// Removes an empty folder.
pub fn remove_dir(path: impl AsRef<Path>) -> Offload<Result<()>> {
    with_path(path, |path| fs::remove_dir(path))
}

/// Removes a folder and all that is in it; symbolic links are removed, not followed.
pub fn remove_dir_all(path: impl AsRef<Path>) -> Offload<Result<()>> {
    with_path(path, |path| fs::remove_dir_all(path))
}
