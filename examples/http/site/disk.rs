//! [`Disk`]: opening and reading, with or without waiting for it.

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

/// How far one goes for what a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// To what the kernel has in memory: nothing here blocks.
    Cached,
    /// To the disk.
    Any,
}

/// What something is opened for.
#[derive(Clone, Copy, Debug)]
pub enum Use {
    /// To see what it is, which nobody notices.
    Look,
    Read,
}

impl Disk {
    /// Opens what stands at this path below a folder; `AGAIN` if it is not
    /// cached.
    ///
    /// The kernel follows links and checks, in the same breath, that they lead
    /// nowhere else (`RESOLVE_BENEATH`): there is no moment between a check and
    /// its use. Opening waits for nobody, as it would for the writer of a fifo.
    pub fn open(
        self,
        folder: BorrowedFd<'_>,
        path: &Path,
        to: Use,
    ) -> Result<OwnedFd, Errno> {
        let how = match to {
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
                // AGAIN: something was renamed meanwhile, and the kernel cannot
                // tell whether a `..` in a link still led nowhere else.
                const TRIES: usize = 16;
                let is_final = |result: &Result<_, Errno>| {
                    !matches!(result, Err(Errno::AGAIN | Errno::INTR))
                };
                let mut tries = (1..TRIES).map(|_| open(below));
                tries.find(is_final).unwrap_or_else(|| open(below))
            }
        }
    }

    /// Fills the buffer from this place in the file on, or as much of it as is
    /// cached: how many bytes.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if nothing is cached; `UnexpectedEof` where the file ends.
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
                    // Not every file system, kernel and sandbox can tell, and
                    // each has its own error. A fault of the disk comes again
                    // in the read that waits.
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

/// Whether opening fails in this way however far one goes for it. Otherwise it
/// is not cached, or nobody can tell: before Linux 5.12 (EINVAL), or where the
/// kernel or a sandbox has another error for that.
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
