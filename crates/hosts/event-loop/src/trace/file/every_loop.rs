//! [`EveryLoopTrace`]: the trace of every new loop, if the program or the variable
//! `QUADRIVIUM_TRACE` asks for it.

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use super::{FileFormat, LoopTrace, TraceFile};
use crate::{
    time::clock::LoopOrigin,
    trace::{Event, Trace},
};

const VARIABLE: &str = "QUADRIVIUM_TRACE";

/// The file that receives the traces of all new loops.
static FILE_OF_EVERY_LOOP: Mutex<Option<TraceFile>> = Mutex::new(None);

/// While this guard exists, each new loop writes its trace to a file. Made by
/// [`TraceFile::of_every_loop`].
#[derive(Debug)]
#[must_use = "loops are traced only while this guard exists"]
pub struct EveryLoopTraced(());

impl TraceFile {
    /// Writes the traces of all loops of this process that are made while the guard exists: on any
    /// thread, in a [`Cluster`](crate::Cluster), and as guests of other executors.
    pub fn of_every_loop(self) -> EveryLoopTraced {
        *file_of_every_loop() = Some(self);
        EveryLoopTraced(())
    }
}

impl Drop for EveryLoopTraced {
    fn drop(&mut self) {
        let file = file_of_every_loop().take();
        // The end of the file is written while the lock is free.
        drop(file);
    }
}

fn file_of_every_loop() -> MutexGuard<'static, Option<TraceFile>> {
    FILE_OF_EVERY_LOOP.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The trace of a loop that its program has not asked for by [`EventLoop::trace`].
///
/// [`EventLoop::trace`]: crate::EventLoop::trace
pub(crate) enum EveryLoopTrace {
    /// A file for each loop, which is created at the first event.
    NotOpened {
        named: &'static Path,
        origin: LoopOrigin,
        number: u32,
    },
    Failed,
    Opened(Box<LoopTrace>),
}

impl EveryLoopTrace {
    /// Returns the trace of a new loop, if every loop is traced.
    pub(crate) fn of_new_loop(origin: LoopOrigin) -> Option<Self> {
        static NAMED: OnceLock<Option<PathBuf>> = OnceLock::new();
        static LOOPS: AtomicU32 = AtomicU32::new(0);
        let number = || LOOPS.fetch_add(1, Ordering::Relaxed) + 1;
        let file = file_of_every_loop().clone();
        if let Some(file) = file {
            let name = format!("loop {}", number());
            return Some(Self::Opened(Box::new(file.of_loop_from(origin, &name))));
        }
        let named = NAMED.get_or_init(named_file).as_deref()?;
        Some(Self::NotOpened { named, origin, number: number() })
    }

    fn open(&mut self) {
        let Self::NotOpened { named, origin, number } = self else { return };
        *self = match TraceFile::create(path_of_loop(named, *number)) {
            Ok(file) => {
                let name = format!("loop {number}");
                Self::Opened(Box::new(file.of_loop_from(*origin, &name)))
            }
            Err(error) => {
                report_once(&error);
                Self::Failed
            }
        };
    }
}

impl Trace for EveryLoopTrace {
    fn record(&mut self, event: &Event) {
        self.open();
        if let Self::Opened(trace) = self {
            trace.record(event);
        }
    }

    fn flush(&mut self) {
        if let Self::Opened(trace) = self {
            trace.flush();
        }
    }
}

/// Returns the file that the variable names. A program with more rights than its user ignores it:
/// the user could make the program write files.
fn named_file() -> Option<PathBuf> {
    let file = PathBuf::from(env::var_os(VARIABLE).filter(|file| !file.is_empty())?);
    match FileFormat::of(&file) {
        _ if has_more_rights_than_its_user() => None,
        Ok(_) => Some(file),
        Err(error) => {
            report_once(&error);
            None
        }
    }
}

/// Returns whether the program was started with other rights than those of its user. If the kernel
/// does not tell, the answer is yes.
fn has_more_rights_than_its_user() -> bool {
    /// The entry of the auxiliary vector about these rights: see `getauxval(3)`.
    const AT_SECURE: usize = 23;
    const WORD: usize = size_of::<usize>();
    let Ok(vector) = fs::read("/proc/self/auxv") else { return true };
    let word = |bytes: &[u8]| usize::from_ne_bytes(bytes.try_into().expect("a word has its size"));
    let mut entries = vector.chunks_exact(2 * WORD);
    entries.all(|entry| word(&entry[..WORD]) != AT_SECURE || word(&entry[WORD..]) != 0)
}

/// Returns the name with the process and the loop before its ending: `run-4711-1.json`.
fn path_of_loop(file: &Path, number: u32) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let ending = file.extension().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("{stem}-{}-{number}.{ending}", process::id()))
}

/// Prints the first error. Each loop of the process would have the same.
fn report_once(error: &io::Error) {
    static IS_REPORTED: AtomicBool = AtomicBool::new(false);
    if !IS_REPORTED.swap(true, Ordering::Relaxed) {
        _ = writeln!(io::stderr(), "quadrivium: {VARIABLE}: {error}. The program goes on");
    }
}
