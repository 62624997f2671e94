//! [`Printed`]: what a program prints, in place of standard output.

use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    os::fd::OwnedFd,
};

use rustix::stdio::{dup2_stdout, stdout};

/// Standard output as a file, until this is dropped.
///
/// The programs print with `println!`, as any program does. A page must not contain these lines in
/// its own text, and shows which step has printed them.
#[derive(Debug)]
pub struct Printed {
    file: File,
    before: OwnedFd,
}

impl Printed {
    /// Sends everything that the process prints from now on into a file.
    ///
    /// # Errors
    ///
    /// When the operating system allows no temporary file.
    pub fn new() -> io::Result<Self> {
        io::stdout().flush()?;
        let file = tempfile::tempfile()?;
        let before = rustix::io::fcntl_dupfd_cloexec(stdout(), 0)?;
        dup2_stdout(&file)?;
        Ok(Self { file, before })
    }

    /// Returns how many bytes were printed so far.
    pub fn len(&self) -> u64 {
        // Standard output is flushed at the end of each line, so this flushes at most a part of it.
        let _ = io::stdout().flush();
        self.file.metadata().map_or(0, |metadata| metadata.len())
    }

    /// Returns everything that was printed.
    ///
    /// # Errors
    ///
    /// When the temporary file cannot be read.
    pub fn text(mut self) -> io::Result<String> {
        io::stdout().flush()?;
        let mut bytes = Vec::new();
        self.file.rewind()?;
        self.file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Drop for Printed {
    fn drop(&mut self) {
        let _ = io::stdout().flush();
        let _ = dup2_stdout(&self.before);
    }
}
