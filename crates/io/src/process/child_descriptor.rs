//! [`ChildDescriptor`]: a running child, as a descriptor that becomes readable when the child has
//! ended.
//!
//! ```text
//!   started ──► ended (a zombie) ──► waited for: its number may be given to another process
//!                                     └─ from here on its number must not be used
//! ```
//!
//! A *pidfd* is a descriptor that always means this child. So signals and waits go by the pidfd
//! where there is one. A number means the child only until the child was waited for, and another
//! part of the program may do that.

use std::{
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::process::ExitStatusExt,
    },
    process::{self, Child, ExitStatus},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustix::{
    io::{Errno, retry_on_intr},
    process::{
        Pid, PidfdFlags, Signal as RustixSignal, WaitId, WaitIdOptions, WaitIdStatus, kill_process,
        kill_process_group, pidfd_open, pidfd_send_signal, waitid,
    },
};

use super::{reaper, status_lost::StatusLost};
use crate::signal::{Delivery, Signal};

/// A child process. If this is dropped while the child still runs, the child is handed over to the
/// [`reaper`].
#[derive(Debug)]
pub(super) struct ReapOnDrop {
    /// `None` only while this is being dropped.
    child: Option<ChildDescriptor>,
}

/// A child process, as a descriptor that becomes readable when the child may have ended.
#[derive(Debug)]
pub(super) struct ChildDescriptor {
    id: Pid,
    /// The process that started the child. No other process can wait for the child, not even a
    /// process that was forked since.
    parent: u32,
    /// The exit status, after the child was waited for here. While this is locked, no code of this
    /// crate waits for the child.
    exit_status: Mutex<Option<ExitStatus>>,
    notice: ExitNotice,
}

/// The event that reports that a child may have ended.
#[derive(Debug)]
enum ExitNotice {
    /// A pidfd: Linux has a descriptor for each child.
    Pidfd(OwnedFd),
    /// SIGCHLD, one signal for all children. It is used where the system has no pidfds or refuses
    /// one.
    Signal(Delivery),
    /// No event: the child had already disappeared. This process ignores SIGCHLD, so the kernel did
    /// not keep the child.
    Forgotten,
}

impl ReapOnDrop {
    /// Wraps a child that has just been started.
    pub(super) fn new(child: Child) -> io::Result<Self> {
        Self::with_notice(child, |id| ExitNotice::from_pidfd(pidfd_open(id, PidfdFlags::empty())))
    }

    fn with_notice(
        mut child: Child,
        notice: impl FnOnce(Pid) -> io::Result<ExitNotice>,
    ) -> io::Result<Self> {
        let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let id = id.expect("the number of a process is a positive `i32`");
        match notice(id) {
            Ok(notice) => {
                let (parent, exit_status) = (process::id(), Mutex::new(None));
                Ok(Self { child: Some(ChildDescriptor { id, parent, exit_status, notice }) })
            }
            Err(error) => {
                // The child has just been started. No task could wait for it, so it is killed.
                if let Ok(None) = child.try_wait() {
                    child.kill().and_then(|()| child.wait())?;
                }
                Err(error)
            }
        }
    }

    pub(super) fn child(&self) -> &ChildDescriptor {
        self.child.as_ref().expect("only `drop` takes it out")
    }
}

impl ChildDescriptor {
    pub(super) fn id(&self) -> u32 {
        self.id.as_raw_pid().unsigned_abs()
    }

    /// Returns whether this process started the child. A process that was forked since has a copy
    /// of this.
    pub(super) fn is_of_this_process(&self) -> bool {
        self.parent == process::id()
    }

    /// Returns the exit status, if the child has ended. The child is then removed from the kernel's
    /// list.
    pub(super) fn try_wait(&self) -> io::Result<Option<ExitStatus>> {
        // Signals that came earlier are dropped before the check, so a signal that comes later is
        // news.
        if let ExitNotice::Signal(delivery) = &self.notice {
            while delivery.take().is_some() {}
        }
        let mut exit_status = self.lock();
        if exit_status.is_none() {
            *exit_status = self.poll_status(WaitIdOptions::empty())?;
        }
        Ok(*exit_status)
    }

    /// Sends a signal to the child, unless the child was waited for.
    pub(super) fn signal(&self, signal: Signal) -> io::Result<()> {
        let (signal, exit_status) = (to_rustix(signal)?, self.lock());
        if exit_status.is_some() {
            return Ok(());
        }
        match &self.notice {
            ExitNotice::Pidfd(pidfd) => match pidfd_send_signal(pidfd, signal) {
                Ok(()) => Ok(()),
                Err(Errno::SRCH) => Err(self.status_lost()),
                // Either the signal or the system call is forbidden. The older system call finds
                // out which.
                Err(_) => self.send_by_number(signal, kill_process),
            },
            ExitNotice::Signal(_) | ExitNotice::Forgotten => {
                self.send_by_number(signal, kill_process)
            }
        }
    }

    /// Sends a signal to the group that has the child's number, unless the child was waited for.
    /// Another group may have that number by then.
    pub(super) fn signal_group(&self, signal: Signal) -> io::Result<()> {
        let (signal, exit_status) = (to_rustix(signal)?, self.lock());
        match *exit_status {
            Some(_) => Ok(()),
            // This is safe also when the child has ended, because a zombie keeps its number.
            None => self.send_by_number(signal, kill_process_group),
        }
    }

    /// Sends a signal with `send`, if the child still has its number. Another part of the program
    /// could wait for the child between the check and the signal. Only a pidfd prevents that.
    fn send_by_number(
        &self,
        signal: RustixSignal,
        send: fn(Pid, RustixSignal) -> rustix::io::Result<()>,
    ) -> io::Result<()> {
        self.poll_status(WaitIdOptions::NOWAIT)?;
        Ok(send(self.id, signal)?)
    }

    /// Returns the exit status, if the child has ended. With `NOWAIT` the child stays on the
    /// kernel's list.
    fn poll_status(&self, options: WaitIdOptions) -> io::Result<Option<ExitStatus>> {
        let options = options | WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        let wait_by_number = || retry_on_intr(|| waitid(WaitId::Pid(self.id), options));
        let polled = match &self.notice {
            ExitNotice::Pidfd(pidfd) => {
                match retry_on_intr(|| waitid(WaitId::PidFd(pidfd.as_fd()), options)) {
                    // Linux 5.3 has pidfds, but cannot wait for them.
                    Err(Errno::INVAL) => wait_by_number(),
                    polled => polled,
                }
            }
            ExitNotice::Signal(_) => wait_by_number(),
            ExitNotice::Forgotten => Err(Errno::CHILD),
        };
        match polled {
            Ok(status) => Ok(status.as_ref().map(exit_status)),
            Err(Errno::CHILD) => Err(self.status_lost()),
            Err(error) => Err(error.into()),
        }
    }

    #[cold]
    fn status_lost(&self) -> io::Error {
        StatusLost::error(self.is_of_this_process())
    }

    /// No user code runs under this lock, so a poisoned lock cannot protect half-made changes.
    fn lock(&self) -> MutexGuard<'_, Option<ExitStatus>> {
        self.exit_status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn to_rustix(signal: Signal) -> io::Result<RustixSignal> {
    RustixSignal::from_named_raw(signal.number()).ok_or_else(|| {
        let remedy = format!("{signal} cannot be sent: use a signal that has a name");
        io::Error::new(io::ErrorKind::InvalidInput, remedy)
    })
}

/// Converts the status to the encoding of `wait`, which the standard library uses.
fn exit_status(status: &WaitIdStatus) -> ExitStatus {
    const DUMPED: i32 = 0x80;
    ExitStatus::from_raw(match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => (code & 0xff) << 8,
        (None, Some(signal)) if status.dumped() => signal | DUMPED,
        (None, signal) => signal.unwrap_or_default(),
    })
}

impl ExitNotice {
    /// Chooses the event. `opened` is the kernel's answer to `pidfd_open`.
    fn from_pidfd(opened: Result<OwnedFd, Errno>) -> io::Result<Self> {
        match opened {
            Ok(pidfd) => Ok(ExitNotice::Pidfd(pidfd)),
            // Listening for a signal instead would need descriptors and memory, too.
            Err(error @ (Errno::MFILE | Errno::NFILE | Errno::NOMEM)) => Err(error.into()),
            Err(Errno::SRCH) => Ok(ExitNotice::Forgotten),
            // The kernel is old, or this is a sandbox. Sandboxes choose the error: ENOSYS, EPERM,
            // EACCES or EINVAL.
            Err(_) => Self::from_sigchld(),
        }
    }

    /// Listens for SIGCHLD. Listening may begin after the child was started, because a task that
    /// waits first checks whether the child has ended.
    fn from_sigchld() -> io::Result<Self> {
        Delivery::new(&[Signal::Child]).map(ExitNotice::Signal)
    }
}

impl Drop for ReapOnDrop {
    fn drop(&mut self) {
        if let Some(child) = self.child.take()
            && let Ok(None) = child.try_wait()
        {
            reaper::reap_later(child);
        }
    }
}

impl AsFd for ReapOnDrop {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.child().as_fd()
    }
}

impl AsFd for ChildDescriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.notice {
            ExitNotice::Pidfd(pidfd) => pidfd.as_fd(),
            ExitNotice::Signal(delivery) => delivery.as_fd(),
            ExitNotice::Forgotten => unreachable!("its status is lost, so no task waits for it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{process::Command, sync::Arc};

    use quadrivium::prelude::*;

    use super::*;
    use crate::{descriptor::Source, process::child::wait};

    #[test]
    fn without_a_pidfd_sigchld_reports_the_end_of_a_child() {
        let refusals = [
            Errno::NOSYS,
            Errno::PERM,
            Errno::ACCESS,
            Errno::INVAL,
            Errno::NODEV,
            Errno::OPNOTSUPP,
        ];
        for refusal in refusals {
            let child = Command::new("sh").args(["-c", "sleep 0.01; exit 7"]).spawn().unwrap();
            let process =
                ReapOnDrop::with_notice(child, |_| ExitNotice::from_pidfd(Err(refusal))).unwrap();
            assert!(matches!(process.child().notice, ExitNotice::Signal(_)));
            let source = Arc::new(Source::new(process));
            let waits = wait(&source, None, ());
            let status = EventLoop::new().unwrap().block_on(waits).unwrap().unwrap();
            assert_eq!(status.code(), Some(7));
        }
    }

    #[test]
    fn a_child_that_cannot_be_watched_is_not_left_running() {
        for short_of in [Errno::MFILE, Errno::NFILE, Errno::NOMEM] {
            let child = Command::new("sleep").arg("60").spawn().unwrap();
            let id = child.id();
            let error = ReapOnDrop::with_notice(child, |_| ExitNotice::from_pidfd(Err(short_of)))
                .unwrap_err();
            assert_eq!(error.raw_os_error(), Some(short_of.raw_os_error()));
            assert!(!std::path::Path::new(&format!("/proc/{id}")).exists());
        }
    }

    #[test]
    fn a_child_that_the_kernel_no_longer_has_is_an_error() {
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let process =
            ReapOnDrop::with_notice(child, |_| ExitNotice::from_pidfd(Err(Errno::SRCH))).unwrap();
        for error in [
            process.child().try_wait().unwrap_err(),
            process.child().signal(Signal::Kill).unwrap_err(),
            process.child().signal_group(Signal::Kill).unwrap_err(),
        ] {
            assert!(error.downcast::<StatusLost>().is_ok());
        }
    }
}
