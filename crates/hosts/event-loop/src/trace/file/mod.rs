//! [`TraceFile`]: a trace as a file, for the viewers of Perfetto and Chrome.
//!
//! Each task has a track. Its slices show when the task runs, when it is ready, and for what it
//! waits. An arrow leads from a task to each task that it wakes or spawns. A counter shows the
//! length of the ready queue.
//!
//! ```text
//!   event ─► tracks: slices, arrows, counters ─► format: bytes ─► buffer ─► output: the file
//! ```
//!
//! Events are written as they come, through a buffer of a fixed size. So the memory for a file
//! grows only with the number of tasks that exist at the same time.

mod chrome;
mod every_loop;
mod format;
mod json;
mod of_loop;
mod output;
mod perfetto;
mod protobuf;
mod tracks;

use std::{
    fmt, io,
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

pub(crate) use self::every_loop::EveryLoopTrace;
pub use self::every_loop::EveryLoopTraced;
use self::{
    chrome::ChromeJson, format::TraceFormat, output::TraceOutput, perfetto::TrackEvents,
    tracks::Tracks,
};
use super::{Event, Trace};
use crate::time::clock::LoopOrigin;

/// A file that receives the traces of loops. Its name decides the format.
///
/// | ending | format | opens in |
/// |---|---|---|
/// | `.pftrace` | Perfetto's TrackEvent | <https://ui.perfetto.dev> |
/// | `.json` | Chrome's JSON, as an array of events | <https://ui.perfetto.dev>, `chrome://tracing` |
///
/// Clones write to the same file, also from other threads. Events are written when a buffer is
/// full, when the loop goes to sleep, and when a run ends. If the program ends in another way, the
/// file can still be opened, without the last events. If the disk is full, the file ends there. One
/// message is printed, and the program goes on.
///
/// ```
/// use quadrivium_core::turn;
/// use quadrivium_event_loop::{EventLoop, trace::TraceFile};
///
/// # let folder = std::env::temp_dir().join(format!("quadrivium-trace-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("run.json");
/// let file = TraceFile::create(&path)?;
/// let mut event_loop = EventLoop::with_virtual_clock()?;
/// event_loop.trace(file.of_loop(&event_loop, "example"));
/// event_loop.block_on(turn())?;
/// assert!(std::fs::read_to_string(&path)?.contains("\"running\""));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct TraceFile {
    shared: Arc<SharedFile>,
}

struct SharedFile {
    format: FileFormat,
    output: TraceOutput,
    loops: AtomicU64,
    /// When the first loop was made. Times in the file begin there.
    origin: OnceLock<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileFormat {
    Chrome,
    Perfetto,
}

impl TraceFile {
    /// Creates the file.
    ///
    /// # Errors
    ///
    /// Fails with `AlreadyExists` when there is such a file, because a mistyped name must not
    /// destroy one. Fails with `InvalidInput` when the name ends neither in `.json` nor in
    /// `.pftrace`. Fails when the operating system refuses the file. The message names the path.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let format = FileFormat::of(path)?;
        let (start, end) = match format {
            FileFormat::Chrome => (chrome::START, chrome::END),
            FileFormat::Perfetto => (perfetto::START, perfetto::END),
        };
        let output = TraceOutput::create(path, start, end)?;
        let (loops, origin) = (AtomicU64::new(0), OnceLock::new());
        Ok(Self { shared: Arc::new(SharedFile { format, output, loops, origin }) })
    }

    fn of_loop_from(&self, origin: LoopOrigin, name: &str) -> LoopTrace {
        let number = self.shared.loops.fetch_add(1, Ordering::Relaxed) + 1;
        let first = *self.shared.origin.get_or_init(|| origin.at);
        let begins = match origin.is_virtual {
            true => Duration::ZERO,
            false => origin.at.saturating_duration_since(first),
        };
        let format: Box<dyn TraceFormat> = match self.shared.format {
            FileFormat::Chrome => Box::new(ChromeJson::new(number)),
            FileFormat::Perfetto => Box::new(TrackEvents::new(number)),
        };
        let tracks = Tracks::new(format, begins, number, name);
        LoopTrace { file: self.clone(), tracks }
    }
}

impl FileFormat {
    fn of(path: &Path) -> io::Result<Self> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("json") => Ok(Self::Chrome),
            Some("pftrace") => Ok(Self::Perfetto),
            _ => {
                let path = path.display();
                let remedy =
                    "use a name that ends in .pftrace, for Perfetto, or in .json, for Chrome";
                Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!(
                        "cannot write a trace to {path}, because its name has no known ending: {remedy}"
                    ),
                ))
            }
        }
    }
}

/// Writes the events of one loop into a [`TraceFile`]. Made by [`TraceFile::of_loop`].
pub struct LoopTrace {
    file: TraceFile,
    tracks: Tracks,
}

/// A buffer that has reached this size is written, in bytes.
const FULL: usize = 64 * 1024;

impl LoopTrace {
    fn write(&mut self) {
        self.file.shared.output.write(self.tracks.written());
        self.tracks.clear();
    }
}

impl Trace for LoopTrace {
    fn record(&mut self, event: &Event) {
        self.tracks.record(event);
        if self.tracks.written().len() >= FULL {
            self.write();
        }
    }

    fn flush(&mut self) {
        self.write();
    }
}

impl Drop for LoopTrace {
    fn drop(&mut self) {
        self.tracks.close();
        self.write();
    }
}

impl fmt::Debug for TraceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceFile").field("format", &self.shared.format).finish_non_exhaustive()
    }
}

impl fmt::Debug for LoopTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopTrace").field("file", &self.file).finish_non_exhaustive()
    }
}
