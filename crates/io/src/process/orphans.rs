//! Children that nobody waits for any more: a thread takes them off the kernel's list when they
//! end.
//!
//! It is there only while there are any, and sleeps until one of them ends or another one comes.

use std::{
    io::{self, PipeReader, PipeWriter, Read, Write},
    os::fd::AsFd,
    process,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};

use rustix::event::{PollFd, PollFlags, poll};

use super::ended::Watched;

static ORPHANS: Mutex<Orphans> = Mutex::new(Orphans { come: Vec::new(), bell: None, process: 0 });

struct Orphans {
    /// Those the thread has not seen yet.
    come: Vec<Watched>,
    /// There while the thread is. What is written here wakes it.
    bell: Option<PipeWriter>,
    /// The process in which the thread runs. One that was forked since has no such thread.
    process: u32,
}

/// From now on it is nobody's. Does not block.
///
/// When the operating system refuses the thread, the child stays here until [`look`] finds that it
/// has ended, or starts the thread.
pub(super) fn adopt(child: Watched) {
    let mut orphans = lock();
    if orphans.process != process::id() {
        *orphans = Orphans { come: Vec::new(), bell: None, process: process::id() };
    }
    let is_first = orphans.come.is_empty();
    orphans.come.push(child);
    match &mut orphans.bell {
        // Once for all that come between two looks, so the pipe never fills up.
        Some(bell) if is_first => _ = bell.write_all(&[0]),
        Some(_) => {}
        None => orphans.look(),
    }
}

/// Looks for children that no thread watches: called before the next child is started, as one that
/// has ended still counts as a process, and may be what keeps the next one from being started.
pub(super) fn look() {
    let mut orphans = lock();
    if orphans.bell.is_none() {
        orphans.look();
    }
}

impl Orphans {
    /// Takes children that have ended off the kernel's list, and tries to start the thread for the
    /// others.
    fn look(&mut self) {
        self.come.retain(is_running);
        if !self.come.is_empty() {
            self.bell = watch().ok();
        }
    }
}

/// An error says that another part of the program has waited for it.
fn is_running(child: &Watched) -> bool {
    matches!(child.try_wait(), Ok(None))
}

/// Starts the thread.
fn watch() -> io::Result<PipeWriter> {
    let (reader, bell) = io::pipe()?;
    thread::Builder::new().name("orphans".into()).spawn(move || reap(reader))?;
    Ok(bell)
}

fn reap(mut bell: PipeReader) {
    let mut children: Vec<Watched> = Vec::new();
    loop {
        let mut orphans = lock();
        children.append(&mut orphans.come);
        children.retain(is_running);
        if children.is_empty() {
            orphans.bell = None;
            return;
        }
        drop(orphans);
        sleep(&mut bell, &children);
    }
}

/// Sleeps until the bell rings, a child may have ended, or for no reason (a signal).
fn sleep(bell: &mut PipeReader, children: &[Watched]) {
    let fds = [bell.as_fd()].into_iter().chain(children.iter().map(Watched::as_fd));
    let mut polled: Vec<_> = fds.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    let has_rung = match poll(&mut polled, None) {
        Ok(_) => !polled[0].revents().is_empty(),
        Err(_) => false,
    };
    if has_rung {
        // All that lies there, at most.
        let _ = bell.read(&mut [0; 512]);
    }
}

fn lock() -> MutexGuard<'static, Orphans> {
    ORPHANS.lock().unwrap_or_else(PoisonError::into_inner)
}
