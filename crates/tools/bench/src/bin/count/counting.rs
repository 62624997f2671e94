//! Runs each program twice under callgrind, for different numbers of operations. The difference of
//! the counts belongs to the operations alone, because both runs start, warm up and end alike.

use std::{
    collections::VecDeque,
    env, fs,
    io::ErrorKind,
    process::Command,
    sync::{Mutex, PoisonError},
    thread,
};

use crate::{profile::Count, programs::CountedProgram};

/// The numbers of operations of the two runs. The programs divide them by the number of tasks,
/// without a remainder. Both have four digits, so that the arguments of both processes have the
/// same length.
pub(crate) const FEW: u64 = 2_000;
pub(crate) const MANY: u64 = 6_000;

/// A program, and the instructions of one of its operations.
pub(crate) type Counted = (CountedProgram, Count);

/// Counts all programs. As many run at the same time as there are processors.
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
            counted.push((program, count_one(program)?));
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

/// Counts one program.
fn count_one(program: CountedProgram) -> Result<Count, String> {
    let (few, many) = (count_process(program, FEW)?, count_process(program, MANY)?);
    Ok((many - few) / (MANY - FEW))
}

/// Runs the program under callgrind, and returns all instructions of the process.
fn count_process(program: CountedProgram, times: u64) -> Result<Count, String> {
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
        // The environment lies on the stack. Its size must be the same for every user.
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
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{program} under callgrind: {}: {errors}", output.status));
    }
    Count::read(&profile.map_err(|error| error.to_string())?, program.style)
}
