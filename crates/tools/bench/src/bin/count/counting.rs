//! Runs each program twice under callgrind, for different numbers of operations. The difference is
//! the operations alone: what it takes to start, to warm up and to end is the same in both.

use std::{
    collections::VecDeque,
    env, fs,
    io::ErrorKind,
    process::Command,
    sync::{Mutex, PoisonError},
    thread,
};

use crate::{profile::Count, programs::CountedProgram};

/// Divisible by all that the programs divide it by. Both have as many digits, so that the arguments
/// of both processes have the same length.
pub(crate) const FEW: u64 = 2_000;
pub(crate) const MANY: u64 = 6_000;

/// A program, and what one of its operations takes.
pub(crate) type Counted = (CountedProgram, Count);

/// Counts all programs, as many at once as there are processors.
///
/// # Errors
///
/// When valgrind cannot be run, or a program fails under it.
pub(crate) fn all() -> Result<Vec<Counted>, String> {
    let left: Mutex<VecDeque<_>> = Mutex::new(CountedProgram::all().collect());
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let work = || {
        let mut counted = Vec::new();
        while let Some(program) = next() {
            counted.push((program, one(program)?));
        }
        Ok(counted)
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let counted: Result<Vec<_>, String> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().expect("it returns its errors")).collect()
    });
    let mut counted = counted?.concat();
    counted.sort_by_key(|(program, _)| *program);
    Ok(counted)
}

fn one(program: CountedProgram) -> Result<Count, String> {
    let (few, many) = (under_callgrind(program, FEW)?, under_callgrind(program, MANY)?);
    Ok((many - few) / (MANY - FEW))
}

fn under_callgrind(program: CountedProgram, times: u64) -> Result<Count, String> {
    let own = env::current_exe().map_err(|error| error.to_string())?;
    let file = env::temp_dir().join(format!(
        "quadrivium-count-{}-{:?}-{times}",
        std::process::id(),
        program
    ));
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(own)
        .args(["--run", &program.to_string(), &times.to_string()])
        // Of the same size for everybody, as it lies on the stack.
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .output()
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                "valgrind is not installed: install it, and try again".to_string()
            }
            _ => format!("valgrind: {error}"),
        })?;
    let profile = fs::read_to_string(&file);
    let _ = fs::remove_file(&file);
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{program} under callgrind: {}: {said}", output.status));
    }
    Count::read(&profile.map_err(|error| error.to_string())?, program.style)
}
