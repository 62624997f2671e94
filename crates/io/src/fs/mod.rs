//! Files and folders, with the names of `std::fs`. The functions are tasks. Each
//! [offloads](crate::thread::offload) a call of its namesake in [`std::fs`].
//!
//! The kernel has no events for files: a file is never "not ready", and a read blocks until the
//! disk has answered. So other threads make the calls, and the loop goes on.
//!
//! A call that has begun runs to its end, also when its task is dropped, and its effect on the file
//! system is complete. When the operating system refuses to start a thread, the call waits for the
//! threads that exist. If there are none, it returns a `QuotaExceeded` error.
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
mod attempts;
mod path;
pub(crate) mod send_file;

use std::{
    fs,
    io::Result,
    path::{Path, PathBuf},
};

use self::path::{with_path, with_two_paths};
use crate::offload::Offload;

pub use std::fs::{DirEntry, FileType, Metadata, Permissions};

pub use self::{file::File, open_options::OpenOptions, send_file::send_file};

/// Reads a whole file.
#[track_caller]
pub fn read(path: impl AsRef<Path>) -> Offload<Result<Vec<u8>>> {
    with_path(path, |path| fs::read(path))
}

/// Reads a whole file as text. Returns an error when the contents are not valid UTF-8.
#[track_caller]
pub fn read_to_string(path: impl AsRef<Path>) -> Offload<Result<String>> {
    with_path(path, |path| fs::read_to_string(path))
}

/// Replaces the contents of a file. The file is created if it does not exist.
#[track_caller]
pub fn write(path: impl AsRef<Path>, contents: impl Into<Vec<u8>>) -> Offload<Result<()>> {
    let contents = contents.into();
    with_path(path, |path| fs::write(path, contents))
}

/// Copies the contents and permissions of a file, and returns the number of bytes.
#[track_caller]
pub fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Offload<Result<u64>> {
    with_two_paths(from, to, |from, to| fs::copy(from, to))
}

/// Renames a file or folder. A file that had the new name is replaced.
#[track_caller]
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Offload<Result<()>> {
    with_two_paths(from, to, |from, to| fs::rename(from, to))
}

/// Gives a file one more name.
#[track_caller]
pub fn hard_link(original: impl AsRef<Path>, link: impl AsRef<Path>) -> Offload<Result<()>> {
    with_two_paths(original, link, |original, link| fs::hard_link(original, link))
}

/// Creates a symbolic link to `original`.
#[track_caller]
pub fn symlink(original: impl AsRef<Path>, link: impl AsRef<Path>) -> Offload<Result<()>> {
    with_two_paths(original, link, |original, link| std::os::unix::fs::symlink(original, link))
}

/// Returns the path that a symbolic link points to.
#[track_caller]
pub fn read_link(path: impl AsRef<Path>) -> Offload<Result<PathBuf>> {
    with_path(path, |path| fs::read_link(path))
}

/// Returns the absolute path, without symbolic links, `.` and `..`.
#[track_caller]
pub fn canonicalize(path: impl AsRef<Path>) -> Offload<Result<PathBuf>> {
    with_path(path, |path| fs::canonicalize(path))
}

/// Returns whether a file or folder of this name exists. Returns an error when this cannot be found
/// out.
#[track_caller]
pub fn exists(path: impl AsRef<Path>) -> Offload<Result<bool>> {
    with_path(path, |path| fs::exists(path))
}

/// Returns the metadata of a file or folder. For a symbolic link, returns the metadata of its
/// target.
#[track_caller]
pub fn metadata(path: impl AsRef<Path>) -> Offload<Result<Metadata>> {
    with_path(path, |path| fs::metadata(path))
}

/// Returns the metadata of a file or folder. For a symbolic link, returns the metadata of the link
/// itself.
#[track_caller]
pub fn symlink_metadata(path: impl AsRef<Path>) -> Offload<Result<Metadata>> {
    with_path(path, |path| fs::symlink_metadata(path))
}

/// Changes the permissions of a file.
#[track_caller]
pub fn set_permissions(path: impl AsRef<Path>, permissions: Permissions) -> Offload<Result<()>> {
    with_path(path, |path| fs::set_permissions(path, permissions))
}

/// Returns all entries of a folder at once, in no particular order.
///
/// The entries keep the folder open. Their `metadata` blocks. Their `file_type` blocks only on file
/// systems that store the type elsewhere.
#[track_caller]
pub fn read_dir(path: impl AsRef<Path>) -> Offload<Result<Vec<DirEntry>>> {
    with_path(path, |path| fs::read_dir(path)?.collect())
}

/// Creates a folder.
#[track_caller]
pub fn create_dir(path: impl AsRef<Path>) -> Offload<Result<()>> {
    with_path(path, |path| fs::create_dir(path))
}

/// Creates a folder and all missing folders above it.
#[track_caller]
pub fn create_dir_all(path: impl AsRef<Path>) -> Offload<Result<()>> {
    with_path(path, |path| fs::create_dir_all(path))
}

/// Removes a file.
#[track_caller]
pub fn remove_file(path: impl AsRef<Path>) -> Offload<Result<()>> {
    with_path(path, |path| fs::remove_file(path))
}

/// Removes an empty folder.
#[track_caller]
pub fn remove_dir(path: impl AsRef<Path>) -> Offload<Result<()>> {
    with_path(path, |path| fs::remove_dir(path))
}

/// Removes a folder and all its contents. Symbolic links are removed, not followed.
#[track_caller]
pub fn remove_dir_all(path: impl AsRef<Path>) -> Offload<Result<()>> {
    with_path(path, |path| fs::remove_dir_all(path))
}
