//! [`Disk`]: opens and reads files, with or without waiting for the disk.

use std::{
    fs::File,
    io::{self, ErrorKind, IoSliceMut},
    os::{
        fd::{BorrowedFd, OwnedFd},
        unix::fs::FileExt,
    },
    path::Path,
};

use rustix::{
    fs::{Mode, OFlags, ResolveFlags, openat2},
    io::{Errno, ReadWriteFlags, preadv2},
};

/// Where a file may be opened and read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// Only from the memory of the kernel: no call blocks.
    Cached,
    /// Also from the disk.
    Any,
}

/// The purpose for which a path is opened.
#[derive(Clone, Copy, Debug)]
pub enum Use {
    /// To see whether it is a file, without an effect on it.
    Look,
    Read,
}

impl Disk {
    /// Opens a path below a folder. Fails with `AGAIN` if it is not cached.
    ///
    /// The kernel follows links and checks, in one system call, that they stay
    /// below the folder (`RESOLVE_BENEATH`). So no link can be changed between
    /// the check and the use. Opening a fifo does not wait for its writer.
    pub fn open(
        self,
        folder: BorrowedFd<'_>,
        path: &Path,
        purpose: Use,
    ) -> Result<OwnedFd, Errno> {
        let how = match purpose {
            Use::Look => OFlags::PATH,
            Use::Read => OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY,
        };
        let flags = how | OFlags::CLOEXEC;
        let below = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        let open =
            |resolve| openat2(folder, path, flags, Mode::empty(), resolve);
        match self {
            Disk::Cached => match open(below | ResolveFlags::CACHED) {
                Err(error) if !is_about_the_path(error) => Err(Errno::AGAIN),
                result => result,
            },
            Disk::Any => {
                // AGAIN: something was renamed at the same time, so the kernel
                // does not know whether a `..` in a link left the folder.
                const TRIES: usize = 16;
                let is_final = |result: &Result<_, Errno>| {
                    !matches!(result, Err(Errno::AGAIN | Errno::INTR))
                };
                let mut tries = (1..TRIES).map(|_| open(below));
                tries.find(is_final).unwrap_or_else(|| open(below))
            }
        }
    }

    /// Fills the buffer from this position in the file. With `Cached`, fills as
    /// much of it as is cached. Returns the number of bytes.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if nothing is cached. `UnexpectedEof` if the file ends.
    pub fn read(
        self,
        file: &File,
        buffer: &mut [u8],
        at: u64,
    ) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        match self {
            Disk::Cached => {
                let buffer = &mut [IoSliceMut::new(buffer)];
                match preadv2(file, buffer, at, ReadWriteFlags::NOWAIT) {
                    Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
                    Ok(n) => Ok(n),
                    // Some file systems, kernels and sandboxes do not support
                    // this, and each has its own error. An error of the disk
                    // will come again in the read that waits.
                    Err(_) => Err(ErrorKind::WouldBlock.into()),
                }
            }
            Disk::Any => {
                file.read_exact_at(buffer, at)?;
                Ok(buffer.len())
            }
        }
    }
}

/// Returns whether opening would fail with this error from the disk, too. Any
/// other error means that the path is not cached, or that the kernel cannot
/// tell. Kernels before Linux 5.12 return EINVAL, and sandboxes other errors.
fn is_about_the_path(error: Errno) -> bool {
    let of_the_path = [
        Errno::NOENT,
        Errno::NOTDIR,
        Errno::NAMETOOLONG,
        Errno::LOOP,
        Errno::ACCESS,
        Errno::XDEV,
        Errno::NXIO,
        Errno::NODEV,
    ];
    let short_of = [Errno::MFILE, Errno::NFILE, Errno::NOMEM];
    of_the_path.contains(&error) || short_of.contains(&error)
}
