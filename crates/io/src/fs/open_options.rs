//! [`OpenOptions`].

use std::{fs, io, os::unix::fs::OpenOptionsExt, path::Path};

use super::{file::File, path::with_path};
use crate::offload::Offload;

/// The options of the standard library, with its names.
macro_rules! setters {
    ($($(#[$doc:meta])* fn $setter:ident($value:ident: $type:ty);)*) => { $(
        $(#[$doc])*
        pub fn $setter(&mut self, $value: $type) -> &mut Self {
            self.std.$setter($value);
            self
        }
    )* };
}

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

    setters! {
        /// Whether it may be read.
        fn read(read: bool);

        /// Whether it may be written.
        fn write(write: bool);

        /// Whether every write goes to its end.
        fn append(append: bool);

        /// Whether it is emptied.
        fn truncate(truncate: bool);

        /// Whether it is created if it is not there.
        fn create(create: bool);

        /// Whether it is created and must not have been there.
        fn create_new(create_new: bool);

        /// Who may do what with it if it is created, less what the umask takes away.
        fn mode(mode: u32);

        /// Other flags for the kernel, such as `libc::O_NOFOLLOW`.
        fn custom_flags(flags: i32);
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
