//! The reaper: a thread that reaps the children which no task can wait for any more. To *reap* a
//! child that has ended is to collect its exit status, which removes it from the kernel's list.
//!
//! The thread exists only while there are such children. It sleeps until one of them ends or
//! another one is added.

use std::{
    io::{self, PipeReader, PipeWriter, Read, Write},
    os::fd::AsFd,
    process,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};

use rustix::event::{PollFd, PollFlags, poll};

use super::child_descriptor::ChildDescriptor;

static REAPER: Mutex<Reaper> = Mutex::new(Reaper { added: Vec::new(), pipe: None, process: 0 });

struct Reaper {
    /// Children that the thread has not taken over yet.
    added: Vec<ChildDescriptor>,
    /// The pipe to the thread, if the thread exists. A byte that is written to the pipe wakes the
    /// thread.
    pipe: Option<PipeWriter>,
    /// The process in which the thread runs. A process that was forked since has no such thread.
    process: u32,
}

/// Hands the child to the reaper. Does not block.
///
/// When the operating system refuses to start the thread, the child stays in `added`. A later call
/// of [`reap_ended`] then reaps the child if it has ended, or starts the thread.
pub(super) fn reap_later(child: ChildDescriptor) {
    let mut reaper = lock();
    if reaper.process != process::id() {
        *reaper = Reaper { added: Vec::new(), pipe: None, process: process::id() };
    }
    let is_first = reaper.added.is_empty();
    reaper.added.push(child);
    match &mut reaper.pipe {
        // Only the first child since the thread's last look writes a byte, so the pipe never fills
        // up.
        Some(pipe) if is_first => _ = pipe.write_all(&[0]),
        Some(_) => {}
        None => reaper.reap_ended(),
    }
}

/// Reaps the children that have ended, if there is no thread that does so.
///
/// This is called before the next child is started. A child that has ended still counts as a
/// process, and may be the reason why the next one cannot be started.
pub(super) fn reap_ended() {
    let mut reaper = lock();
    if reaper.pipe.is_none() {
        reaper.reap_ended();
    }
}

impl Reaper {
    /// Reaps the children that have ended, and tries to start the thread for the others.
    fn reap_ended(&mut self) {
        self.added.retain(is_running);
        if !self.added.is_empty() {
            self.pipe = start_thread().ok();
        }
    }
}

/// Returns whether the child still runs. An error means that another part of the program has waited
/// for it.
fn is_running(child: &ChildDescriptor) -> bool {
    matches!(child.try_wait(), Ok(None))
}

/// Starts the thread.
fn start_thread() -> io::Result<PipeWriter> {
    let (reader, pipe) = io::pipe()?;
    thread::Builder::new().name("reaper".into()).spawn(move || run_thread(reader))?;
    Ok(pipe)
}

fn run_thread(mut reader: PipeReader) {
    let mut children: Vec<ChildDescriptor> = Vec::new();
    loop {
        let mut reaper = lock();
        children.append(&mut reaper.added);
        children.retain(is_running);
        if children.is_empty() {
            reaper.pipe = None;
            return;
        }
        drop(reaper);
        sleep_until_event(&mut reader, &children);
    }
}

/// Sleeps until another child is added or a child may have ended. A signal can end the sleep
/// without a reason.
fn sleep_until_event(reader: &mut PipeReader, children: &[ChildDescriptor]) {
    let fds = [reader.as_fd()].into_iter().chain(children.iter().map(ChildDescriptor::as_fd));
    let mut polled: Vec<_> = fds.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    let was_notified = match poll(&mut polled, None) {
        Ok(_) => !polled[0].revents().is_empty(),
        Err(_) => false,
    };
    if was_notified {
        // One read empties the pipe.
        let _ = reader.read(&mut [0; 512]);
    }
}

fn lock() -> MutexGuard<'static, Reaper> {
    REAPER.lock().unwrap_or_else(PoisonError::into_inner)
}
