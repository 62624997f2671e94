//! [`OpenOptions`]: how a file is opened.

use std::{fs, io, os::unix::fs::OpenOptionsExt, path::Path};

use super::{file::File, path::with_path};
use crate::offload::Offload;

/// Defines setters with the names of the standard library.
macro_rules! setters {
    ($($(#[$doc:meta])* fn $setter:ident($value:ident: $type:ty);)*) => { $(
        $(#[$doc])*
        pub fn $setter(&mut self, $value: $type) -> &mut Self {
            self.std.$setter($value);
            self
        }
    )* };
}

/// The options with which a file is opened. All of them are off at first.
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
    /// Creates options that are all off.
    pub fn new() -> Self {
        Self { std: fs::OpenOptions::new() }
    }

    setters! {
        /// Sets whether the file may be read.
        fn read(read: bool);

        /// Sets whether the file may be written.
        fn write(write: bool);

        /// Sets whether every write goes to the end of the file.
        fn append(append: bool);

        /// Sets whether the file is emptied.
        fn truncate(truncate: bool);

        /// Sets whether the file is created if it does not exist.
        fn create(create: bool);

        /// Sets whether the file is created and must not exist before.
        fn create_new(create_new: bool);

        /// Sets the permissions of the file if it is created. The umask is subtracted from them.
        fn mode(mode: u32);

        /// Sets other flags for the kernel, such as `libc::O_NOFOLLOW`.
        fn custom_flags(flags: i32);
    }

    /// Opens the file with this path.
    #[track_caller]
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
