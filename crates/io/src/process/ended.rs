//! [`Process`]: a child that runs, and the descriptor that tells when it has ended.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    process::{Child, ExitStatus},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustix::process::{Pid, PidfdFlags, Signal as Sent, pidfd_open};

use super::orphans;
use crate::signal::{Delivery, Signal};

/// A child process. Dropped while that still runs, it hands it over to [`orphans`].
#[derive(Debug)]
pub(super) struct Process {
    /// There until it is dropped.
    child: Option<Watched>,
}

/// A child process, as a descriptor that is readable when it may have ended.
#[derive(Debug)]
pub(super) struct Watched {
    child: Mutex<Child>,
    told: Told,
}

/// How it is told that a child may have ended.
#[derive(Debug)]
enum Told {
    /// A descriptor of its own. Linux has them.
    Pidfd(OwnedFd),
    /// A signal, for all children: SIGCHLD. Where there is no pidfd, or it may not be had.
    Signal(Delivery),
}

impl Process {
    /// A child that has just been started.
    pub(super) fn new(child: Child) -> io::Result<Self> {
        Self::told(child, Told::of)
    }

    fn told(mut child: Child, told: impl FnOnce(&Child) -> io::Result<Told>) -> io::Result<Self> {
        match told(&child) {
            Ok(told) => Ok(Self { child: Some(Watched { child: Mutex::new(child), told }) }),
            Err(error) => {
                // It has hardly begun. Nobody could wait for it, so it is not to be.
                child.kill().and_then(|()| child.wait())?;
                Err(error)
            }
        }
    }

    fn child(&self) -> &Watched {
        self.child.as_ref().expect("it is there until it is dropped")
    }

    pub(super) fn id(&self) -> u32 {
        self.child().lock().id()
    }

    pub(super) fn try_wait(&self) -> io::Result<Option<ExitStatus>> {
        self.child().try_wait()
    }

    pub(super) fn kill(&self) -> io::Result<()> {
        self.child().lock().kill()
    }

    /// Sends it a signal with `send`, unless it has ended.
    pub(super) fn signal(
        &self,
        signal: Signal,
        send: fn(Pid, Sent) -> rustix::io::Result<()>,
    ) -> io::Result<()> {
        let Some(sent) = Sent::from_named_raw(signal.number()) else {
            let remedy = format!("{signal} cannot be sent: use one that has a name");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, remedy));
        };
        let mut child = self.child().lock();
        // Once it was waited for, its number may be somebody else's. While this is locked, nobody
        // waits for it.
        match child.try_wait()? {
            None => Ok(send(id(&child), sent)?),
            Some(_) => Ok(()),
        }
    }
}

impl Watched {
    /// How it ended, if it has. It is then off the kernel's list.
    pub(super) fn try_wait(&self) -> io::Result<Option<ExitStatus>> {
        // What has been told is forgotten before the look: what is told later is news.
        if let Told::Signal(delivery) = &self.told {
            while delivery.take().is_some() {}
        }
        self.lock().try_wait()
    }

    /// No user code runs under this lock, so a poisoned one holds nothing half done.
    fn lock(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    fn of(child: &Child) -> io::Result<Self> {
        match pidfd_open(id(child), PidfdFlags::empty()) {
            Ok(pidfd) => Ok(Told::Pidfd(pidfd)),
            // An old kernel, or a sandbox.
            Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => Self::by_signal(child),
            Err(error) => Err(error.into()),
        }
    }

    /// It need not listen when the child is started: who waits looks first.
    fn by_signal(_: &Child) -> io::Result<Self> {
        Delivery::new(&[Signal::Child]).map(Told::Signal)
    }
}

fn id(child: &Child) -> Pid {
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    id.expect("the number of a process is positive and fits")
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(child) = self.child.take()
            && let Ok(None) = child.try_wait()
        {
            orphans::adopt(child);
        }
    }
}

impl AsFd for Process {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.child().as_fd()
    }
}

impl AsFd for Watched {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.told {
            Told::Pidfd(pidfd) => pidfd.as_fd(),
            Told::Signal(delivery) => delivery.as_fd(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{process::Command, sync::Arc};

    use quadrivium::prelude::*;

    use super::*;
    use crate::{
        keep::Lent,
        operation::Operation,
        source::{Source, Tried},
    };

    #[test]
    fn without_a_pidfd_a_signal_tells_it() {
        let child = Command::new("sh").args(["-c", "sleep 0.01; exit 7"]).spawn().unwrap();
        let process = Process::told(child, Told::by_signal).unwrap();
        assert!(matches!(process.child().told, Told::Signal(_)));
        let source = Arc::new(Source::new(process));
        let waits = Operation::new(
            &source,
            quadrivium_core::Interest::Readable,
            Lent(()),
            |process: &Process, _| match process.try_wait()? {
                Some(status) => Ok(Tried::Done(status)),
                None => Err(io::ErrorKind::WouldBlock.into()),
            },
        );
        let status = EventLoop::new().unwrap().block_on(waits).unwrap().unwrap();
        assert_eq!(status.code(), Some(7));
    }

    #[test]
    fn a_child_that_cannot_be_watched_is_not_left_running() {
        let child = Command::new("sleep").arg("60").spawn().unwrap();
        let id = child.id();
        let error = Process::told(child, |_| Err(io::ErrorKind::Other.into()));
        assert!(error.is_err() && !std::path::Path::new(&format!("/proc/{id}")).exists());
    }
}
