//! [`TraceOutput`]: the file behind a trace. It never stops the program.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    process,
    sync::{Mutex, PoisonError},
};

pub(super) struct TraceOutput {
    path: PathBuf,
    /// What the file has after its last event.
    end: &'static [u8],
    /// The process that has created the file. A forked process writes nothing to it.
    process: u32,
    written: Mutex<Written>,
}

struct Written {
    /// None after an error.
    file: Option<File>,
    /// The bytes of whole events.
    length: u64,
}

impl TraceOutput {
    /// Creates the file, and writes what it has before its first event.
    pub(super) fn create(path: &Path, start: &[u8], end: &'static [u8]) -> io::Result<Self> {
        let file = File::create_new(path).map_err(|error| cannot_create(path, &error))?;
        let written = Mutex::new(Written { file: Some(file), length: 0 });
        let output = Self { path: path.to_owned(), end, process: process::id(), written };
        output.write(start);
        Ok(output)
    }

    /// Writes whole events. After an error, it does nothing.
    pub(super) fn write(&self, events: &[u8]) {
        if events.is_empty() || self.process != process::id() {
            return;
        }
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let Written { file: Some(file), length } = &mut *written else { return };
        match file.write_all(events) {
            Ok(()) => *length += events.len() as u64,
            Err(error) => {
                // A part of an event would keep viewers from opening the file.
                _ = file.set_len(*length);
                written.file = None;
                drop(written);
                self.report(&error);
            }
        }
    }

    fn report(&self, error: &io::Error) {
        let path = self.path.display();
        // If standard error is closed, the message has no reader.
        _ = writeln!(
            io::stderr(),
            "quadrivium: cannot write the trace {path}: {error}. It ends here, and the program \
             goes on"
        );
    }
}

impl Drop for TraceOutput {
    fn drop(&mut self) {
        self.write(self.end);
    }
}

fn cannot_create(path: &Path, error: &io::Error) -> io::Error {
    let remedy = match error.kind() {
        io::ErrorKind::AlreadyExists => "remove it, or use another name",
        _ => "use a folder in which this program may create files",
    };
    let path = path.display();
    io::Error::new(error.kind(), format!("cannot create the trace {path}: {error}: {remedy}"))
}
