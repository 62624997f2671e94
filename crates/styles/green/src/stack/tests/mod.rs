//! Helpers for the tests of the stacks.

mod errors;
mod guard;
mod overflow;
mod pool;
mod shape;
mod size;

use std::{
    env, fs,
    io::{self, PipeWriter},
    os::fd::AsRawFd,
    panic::Location,
    process::{self, Command, Output},
    ptr,
};

use corosensei::stack::Stack as _;
use quadrivium_core::host::{Label, TaskId};

use super::{Stack, mapping::PAGE};

/// The environment variable that tells a child process that it runs one test.
const CHILD: &str = "QUADRIVIUM_TEST_CHILD";

/// Runs `body` in a process of its own. This is for tests that end their process, and for tests
/// that count mappings or memory, which other tests change. `test` is the name of the calling test
/// in `module`.
fn alone(module: &str, test: &str, body: impl FnOnce()) -> Output {
    alone_with(&[], module, test, body)
}

/// Runs `body` in a process of its own, with these environment variables.
fn alone_with(variables: &[(&str, &str)], module: &str, test: &str, body: impl FnOnce()) -> Output {
    let (_, path) = module.split_once("::").expect("tests are in modules");
    let name = format!("{path}::{test}");
    if env::var_os(CHILD).is_some() {
        body();
        process::exit(0);
    }
    Command::new(env::current_exe().expect("a test runs from a file"))
        .args(["--exact", &name, "--nocapture"])
        .env(CHILD, &name)
        .envs(variables.iter().copied())
        .output()
        .expect("the test can start itself")
}

/// Runs `body` in a process of its own, and panics if that process fails.
fn passes_alone(module: &str, test: &str, body: impl FnOnce()) {
    let output = alone(module, test, body);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Touches the topmost word of a stack, so that the stack has a page of memory.
fn touch(stack: &Stack) {
    let top = stack.base().get() - size_of::<usize>();
    // SAFETY: the topmost word of a stack that nothing runs on is ours to write.
    unsafe { ptr::with_exposed_provenance_mut::<usize>(top).write(1) };
}

/// Finds out whether an access would fault. The kernel returns an error in this case, where an
/// access by the test would end the process.
struct Prober {
    reader: io::PipeReader,
    writer: PipeWriter,
}

impl Prober {
    fn new() -> Prober {
        let (reader, writer) = io::pipe().expect("there are descriptors");
        Prober { reader, writer }
    }

    /// Returns whether reading the byte at `address` faults.
    fn faults(&mut self, address: usize) -> bool {
        let byte = ptr::with_exposed_provenance(address);
        // SAFETY: the kernel checks the address.
        let written = unsafe { libc::write(self.writer.as_raw_fd(), byte, 1) };
        if written == 1 {
            io::Read::read_exact(&mut self.reader, &mut [0]).expect("one byte is in the pipe");
        }
        written == -1
    }
}

/// Returns the number of mappings of this process, and its bytes of address space and of memory.
fn usage() -> (usize, usize, usize) {
    let maps = fs::read_to_string("/proc/self/maps").expect("Linux has /proc");
    let statm = fs::read_to_string("/proc/self/statm").expect("Linux has /proc");
    let mut pages = statm.split(' ').map(|n| n.parse::<usize>().expect("statm has numbers"));
    let mut bytes = || pages.next().expect("statm has seven fields") * *PAGE;
    (maps.lines().count(), bytes(), bytes())
}

fn label(name: Option<&str>) -> Label {
    Label { id: TaskId(7), name: name.map(Into::into), spawned_at: Location::caller() }
}
