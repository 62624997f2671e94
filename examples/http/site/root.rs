//! [`Site`]: the root folder, and the files below it.

use std::{
    fs::{File, Metadata},
    io,
    os::fd::{AsFd, OwnedFd},
    path::Path,
};

use rustix::{
    fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2},
    io::{Errno, retry_on_intr},
};

use super::{
    super::protocol::{Refusal, Status},
    disk::{Disk, Use},
};

/// The folder that is served. It stays open, so that only files below this very
/// folder are read, even if paths are renamed.
#[derive(Debug)]
pub struct Site {
    root: OwnedFd,
}

/// The file or folder at a path.
#[derive(Debug)]
pub enum Found {
    File(File, Metadata),
    Folder(File),
}

impl Site {
    /// Opens the folder.
    ///
    /// # Errors
    ///
    /// If there is no such folder. `Unsupported` if the kernel or a sandbox
    /// refuses `openat2` (Linux 5.6), which opens files below a folder.
    pub fn open(root: &Path) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        // With the `.`, opening fails if the folder may not be entered.
        let (root, anywhere) = (root.join("."), ResolveFlags::empty());
        let mode = Mode::empty();
        let opened =
            retry_on_intr(|| openat2(CWD, &root, flags, mode, anywhere));
        let root = opened.map_err(|error| {
            // A sandbox may return any error. But if the older system call
            // opens the same folder, then the folder is not the cause.
            match openat(CWD, &root, flags, mode) {
                Ok(_) => no_openat2(error),
                Err(_) => error.into(),
            }
        })?;
        Ok(Self { root })
    }

    /// Opens the file or folder at this path below the root.
    pub fn find(&self, path: &Path, disk: Disk) -> Result<Found, Miss> {
        let path = match path.as_os_str().is_empty() {
            true => Path::new("."),
            false => path,
        };
        // Opening a fifo for reading would let its writer go on, and opening a
        // device may do anything. So the type is checked first.
        self.open_as(Use::Look, path, disk)?;
        self.open_as(Use::Read, path, disk)
    }

    fn open_as(
        &self,
        purpose: Use,
        path: &Path,
        disk: Disk,
    ) -> Result<Found, Miss> {
        let file = match disk.open(self.root.as_fd(), path, purpose) {
            Ok(file) => File::from(file),
            Err(Errno::AGAIN) if disk == Disk::Cached => {
                return Err(Miss::NotCached);
            }
            Err(error) => return Err(refusal(error).into()),
        };
        let metadata = file.metadata().map_err(|_| internal())?;
        match metadata.file_type() {
            kind if kind.is_file() => Ok(Found::File(file, metadata)),
            kind if kind.is_dir() => Ok(Found::Folder(file)),
            _ => Err(Refusal::new(Status::Forbidden, NO_FILE).into()),
        }
    }
}

fn no_openat2(error: Errno) -> io::Error {
    let remedy = format!(
        "files below a root are opened with `openat2`, which is refused here \
         ({error}): it needs Linux 5.6, and a sandbox that lets it through"
    );
    io::Error::new(io::ErrorKind::Unsupported, remedy)
}

/// The reason why a file cannot be sent.
#[derive(Debug)]
pub enum Miss {
    Refused(Refusal),
    /// The file has to be read from the disk.
    NotCached,
}

impl From<Refusal> for Miss {
    fn from(refusal: Refusal) -> Self {
        Miss::Refused(refusal)
    }
}

const NO_FILE: &str = "this is neither a file nor a folder";

/// Returns the answer for a file that cannot be opened. It names no path of
/// this machine.
fn refusal(error: Errno) -> Refusal {
    match error {
        Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG | Errno::LOOP => {
            Refusal::new(Status::NotFound, "there is no such file")
        }
        Errno::ACCESS | Errno::PERM => {
            Refusal::new(Status::Forbidden, "this file may not be read")
        }
        Errno::XDEV => {
            Refusal::new(Status::Forbidden, "this link leads out of the root")
        }
        // Sockets, and devices that are not there.
        Errno::NXIO | Errno::NODEV => Refusal::new(Status::Forbidden, NO_FILE),
        Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN => {
            Refusal::new(
                Status::ServiceUnavailable,
                "the server is short of files or memory: try again later",
            )
        }
        _ => internal(),
    }
}

/// Returns the answer for a failure of the server itself.
pub fn internal() -> Refusal {
    Refusal::new(
        Status::InternalServerError,
        "the file cannot be read at the moment",
    )
}
