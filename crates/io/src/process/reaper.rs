//! The reaper: a thread that takes children off the kernel's list when they end. It has the
//! children that no task can wait for any more.
//!
//! The thread is there only while it has any. It sleeps until one of them ends or another one
//! comes.

use std::{
    io::{self, PipeReader, PipeWriter, Read, Write},
    os::fd::AsFd,
    process,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};

use rustix::event::{PollFd, PollFlags, poll};

use super::child_descriptor::ChildDescriptor;

static REAPER: Mutex<Reaper> = Mutex::new(Reaper { new: Vec::new(), pipe: None, process: 0 });

struct Reaper {
    /// Children that the thread has not seen yet.
    new: Vec<ChildDescriptor>,
    /// There while the thread is. A byte that is written here wakes the thread.
    pipe: Option<PipeWriter>,
    /// The process in which the thread runs. One that was forked since has no such thread.
    process: u32,
}

/// Reaps the child when it ends. Does not block.
///
/// When the operating system refuses the thread, the child stays here until [`reap_ended`] finds
/// that it has ended, or starts the thread.
pub(super) fn reap_later(child: ChildDescriptor) {
    let mut reaper = lock();
    if reaper.process != process::id() {
        *reaper = Reaper { new: Vec::new(), pipe: None, process: process::id() };
    }
    let is_first = reaper.new.is_empty();
    reaper.new.push(child);
    match &mut reaper.pipe {
        // Once for all that come between two looks, so the pipe never fills up.
        Some(pipe) if is_first => _ = pipe.write_all(&[0]),
        Some(_) => {}
        None => reaper.reap_ended(),
    }
}

/// Looks for children that no thread watches: called before the next child is started, as one that
/// has ended still counts as a process, and may be what keeps the next one from being started.
pub(super) fn reap_ended() {
    let mut reaper = lock();
    if reaper.pipe.is_none() {
        reaper.reap_ended();
    }
}

impl Reaper {
    /// Takes children that have ended off the kernel's list, and tries to start the thread for the
    /// others.
    fn reap_ended(&mut self) {
        self.new.retain(is_running);
        if !self.new.is_empty() {
            self.pipe = watch().ok();
        }
    }
}

/// An error says that another part of the program has waited for it.
fn is_running(child: &ChildDescriptor) -> bool {
    matches!(child.try_wait(), Ok(None))
}

/// Starts the thread.
fn watch() -> io::Result<PipeWriter> {
    let (reader, pipe) = io::pipe()?;
    thread::Builder::new().name("reaper".into()).spawn(move || reap(reader))?;
    Ok(pipe)
}

fn reap(mut reader: PipeReader) {
    let mut children: Vec<ChildDescriptor> = Vec::new();
    loop {
        let mut reaper = lock();
        children.append(&mut reaper.new);
        children.retain(is_running);
        if children.is_empty() {
            reaper.pipe = None;
            return;
        }
        drop(reaper);
        sleep(&mut reader, &children);
    }
}

/// Sleeps until another child comes, a child may have ended, or for no reason (a signal).
fn sleep(reader: &mut PipeReader, children: &[ChildDescriptor]) {
    let fds = [reader.as_fd()].into_iter().chain(children.iter().map(ChildDescriptor::as_fd));
    let mut polled: Vec<_> = fds.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    let has_come = match poll(&mut polled, None) {
        Ok(_) => !polled[0].revents().is_empty(),
        Err(_) => false,
    };
    if has_come {
        // All that lies there, at most.
        let _ = reader.read(&mut [0; 512]);
    }
}

fn lock() -> MutexGuard<'static, Reaper> {
    REAPER.lock().unwrap_or_else(PoisonError::into_inner)
}
