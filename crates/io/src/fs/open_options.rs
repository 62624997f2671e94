//! [`OpenOptions`].

use std::{fs, io, os::unix::fs::OpenOptionsExt, path::Path};

use super::{file::File, path::with_path};
use crate::offload::Offload;

/// How a file is opened. At first, nothing may be done with it.
///
/// ```
/// use quadrivium::{fs::OpenOptions, prelude::*};
///
/// # let path = std::env::temp_dir().join(format!("quadrivium-log-{}", std::process::id()));
/// # let log_path = path.clone();
/// let program = future(async move {
///     let log = OpenOptions::new().append(true).create(true).open(log_path).await?;
///     log.write_all(b"one more line\n").await
/// });
/// EventLoop::new()?.block_on(program)??;
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions {
    std: fs::OpenOptions,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl OpenOptions {
    /// Nothing is allowed yet.
    pub fn new() -> Self {
        Self { std: fs::OpenOptions::new() }
    }

    /// Whether it may be read.
    pub fn read(&mut self, read: bool) -> &mut Self {
        self.std.read(read);
        self
    }

    /// Whether it may be written.
    pub fn write(&mut self, write: bool) -> &mut Self {
        self.std.write(write);
        self
    }

    /// Whether every write goes to its end.
    pub fn append(&mut self, append: bool) -> &mut Self {
        self.std.append(append);
        self
    }

    /// Whether it is emptied.
    pub fn truncate(&mut self, truncate: bool) -> &mut Self {
        self.std.truncate(truncate);
        self
    }

    /// Whether it is created if it is not there.
    pub fn create(&mut self, create: bool) -> &mut Self {
        self.std.create(create);
        self
    }

    /// Whether it is created and must not have been there.
    pub fn create_new(&mut self, create_new: bool) -> &mut Self {
        self.std.create_new(create_new);
        self
    }

    /// Who may do what with it if it is created, less what the umask takes away.
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.std.mode(mode);
        self
    }

    /// Other flags for the kernel, such as `libc::O_NOFOLLOW`.
    pub fn custom_flags(&mut self, flags: i32) -> &mut Self {
        self.std.custom_flags(flags);
        self
    }

    /// Opens the file of this name.
    pub fn open(&self, path: impl AsRef<Path>) -> Offload<io::Result<File>> {
        let options = self.std.clone();
        with_path(path, move |path| options.open(path).map(File::from_std))
    }
}

impl From<fs::OpenOptions> for OpenOptions {
    fn from(std: fs::OpenOptions) -> Self {
        Self { std }
    }
}
