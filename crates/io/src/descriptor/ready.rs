//! [`ready`]: waits for any descriptor.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    pin::Pin,
};

use quadrivium_core::{Context, Interest, QueuePlace, RESUMED_AFTER_DONE, Step, Task};

use super::source::{Source, Tried};

/// Waits until a descriptor is readable or writable: a pipe, a socket of another library, anything
/// that the operating system has events for. A [`race`](quadrivium_core::race) of several is what
/// `select` is to threads.
///
/// It does not read: what is there is for whoever reads next, perhaps somebody else. The operation
/// holds a descriptor of its own for the same thing, so `fd` may be closed meanwhile.
///
/// Its output is an error where no descriptor is left to be had, and for regular files, which the
/// operating system has no events for.
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
pub fn ready(fd: impl AsFd, interest: Interest) -> Ready {
    // The kernel takes one registration a descriptor; whoever else waits for this one has his own.
    let own = fd.as_fd().try_clone_to_owned();
    Ready {
        source: Some(own.map(Source::new)),
        interest,
        place: QueuePlace::default(),
        asked: false,
    }
}

/// A task that waits for a descriptor. Made by [`ready`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct Ready {
    /// There until it is done.
    source: Option<io::Result<Source<OwnedFd>>>,
    interest: Interest,
    place: QueuePlace,
    asked: bool,
}

impl Task for Ready {
    type Output = io::Result<()>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let Self { source, interest, place, asked } = &mut *self;
        let step = match source.as_ref().expect(RESUMED_AFTER_DONE) {
            Ok(source) => source.attempt(*interest, false, place, cx, |_| {
                // There is nothing to try: the first time it waits, and then the edge says it all.
                match std::mem::replace(asked, true) {
                    true => Ok(Tried::Done(())),
                    false => Err(io::ErrorKind::WouldBlock.into()),
                }
            }),
            Err(_) => Step::Done(Ok(())),
        };
        match step {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(result) => Step::Done(source.take().transpose().and(result)),
        }
    }
}

quadrivium_core::leaf! {
    impl[] Ready;
}
