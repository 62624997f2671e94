//! [`ready`]: a leaf that waits until any descriptor is readable or writable.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    pin::Pin,
};

use quadrivium_core::{Context, Interest, QueuePlace, RESUMED_AFTER_DONE, Step, Task};

use super::source::{Source, Tried};

/// Waits until a descriptor is readable or writable. The descriptor may be a pipe, a socket of
/// another library, or anything else that the operating system has events for. A
/// [`race`](quadrivium_core::race) of several such waits replaces `select`.
///
/// It does not read. The bytes stay there for the next read, which may be another task's. The
/// operation keeps its own duplicate of the descriptor, so `fd` may be closed in the meantime.
///
/// The output is an error when the process has no free descriptor for the duplicate. It is also an
/// error for a regular file, because the operating system has no events for files.
///
/// ```
/// use quadrivium::{green::perform, io::{Interest, ready}, prelude::*};
/// use std::io::{Read, Write};
///
/// let (mut reader, mut writer) = std::io::pipe()?;
/// let mut event_loop = EventLoop::new()?;
/// event_loop.spawn(green(move || writer.write_all(b"!")));
/// event_loop.block_on(green(move || {
///     perform(ready(&reader, Interest::Readable))?;
///     reader.read_exact(&mut [0])
/// }))??;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn ready(fd: impl AsFd, interest: Interest) -> Ready {
    // The kernel allows one registration for each descriptor. So each wait registers its own
    // duplicate.
    let own = fd.as_fd().try_clone_to_owned();
    Ready {
        source: Some(own.map(Source::new)),
        interest,
        place: QueuePlace::new(),
        has_waited: false,
    }
}

/// A task that waits for a descriptor. Created by [`ready`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct Ready {
    /// `None` after the task is done.
    source: Option<io::Result<Source<OwnedFd>>>,
    interest: Interest,
    place: QueuePlace,
    has_waited: bool,
}

impl Ready {
    /// Waits, and returns the source when the descriptor is ready.
    fn wait(&mut self, cx: &Context<'_>) -> Step<io::Result<Source<OwnedFd>>> {
        let Self { source, interest, place, has_waited } = self;
        let step = match source.as_ref().expect(RESUMED_AFTER_DONE) {
            Ok(source) => source.attempt(*interest, false, place, cx, |_| {
                // There is no system call to try. The first attempt always waits, and the next
                // attempt comes after an edge, which shows that the descriptor is ready.
                match std::mem::replace(has_waited, true) {
                    true => Ok(Tried::Done(())),
                    false => Err(io::ErrorKind::WouldBlock.into()),
                }
            }),
            Err(_) => Step::Done(Ok(())),
        };
        match step {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(result) => {
                let source = source.take().expect(RESUMED_AFTER_DONE);
                Step::Done(result.and(source))
            }
        }
    }
}

impl Task for Ready {
    type Output = io::Result<()>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        match self.wait(cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(result) => Step::Done(result.map(drop)),
        }
    }
}

quadrivium_core::leaf! {
    impl[] Ready;
}

/// Like [`ready`], for a descriptor that the operation owns. The output is the descriptor. So an
/// operation can be tried on it, even if the program has closed all others.
#[track_caller]
pub fn ready_owned(own: OwnedFd, interest: Interest) -> ReadyOwned {
    ReadyOwned {
        ready: Ready {
            source: Some(Ok(Source::new(own))),
            interest,
            place: QueuePlace::new(),
            has_waited: false,
        },
    }
}

/// A task that waits for its own descriptor. Created by [`ready_owned`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct ReadyOwned {
    ready: Ready,
}

impl Task for ReadyOwned {
    type Output = io::Result<OwnedFd>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        match self.ready.wait(cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(result) => Step::Done(result.map(Source::into_owned)),
        }
    }
}

quadrivium_core::leaf! {
    impl[] ReadyOwned;
}
