//! The folder that has the sockets of a user. Only this user can enter it.

use std::{
    env, fs,
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use rustix::process::geteuid;

/// Returns the path of the folder. It need not exist.
///
/// It is in `XDG_RUNTIME_DIR`, if that is a folder of this user alone, and in the folder of
/// temporary files otherwise.
pub(super) fn path() -> PathBuf {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    match runtime.filter(|path| path.is_absolute() && expect_private(path).is_ok()) {
        Some(runtime) => runtime.join("quadrivium"),
        None => env::temp_dir().join(format!("quadrivium-{}", geteuid().as_raw())),
    }
}

/// Makes the folder if there is none, and checks that no other user can enter it.
pub(super) fn make() -> io::Result<PathBuf> {
    let path = path();
    match fs::DirBuilder::new().mode(0o700).create(&path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => expect_private(&path).map(|()| path),
    }
}

/// Returns an error if this is not a folder of this user that no other user can enter. A link to
/// such a folder is an error as well.
pub(super) fn expect_private(path: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    let is_own = metadata.uid() == geteuid().as_raw();
    if metadata.is_dir() && is_own && metadata.mode() & 0o077 == 0 {
        return Ok(());
    }
    let path = path.display();
    let refused = format!("{path} must be a folder of this user alone (mode 0700): remove it");
    Err(io::Error::new(ErrorKind::InvalidInput, refused))
}

/// Returns the path of the socket of a process.
pub(super) fn socket_of(folder: &Path, process: u32) -> PathBuf {
    folder.join(format!("{process}.socket"))
}

/// Returns the process whose socket has this path.
pub(super) fn process_of(socket: &Path) -> Option<u32> {
    let is_socket = socket.extension().is_some_and(|extension| extension == "socket");
    socket.file_stem().filter(|_| is_socket)?.to_str()?.parse().ok()
}
