//! [`copy`] and [`copy_both`]: move bytes from one stream to another, in one direction or in both.

use std::{fmt, io, ops::Range, pin::Pin};

use quadrivium_core::{Context, Interest, RESUMED_AFTER_DONE, Step, Task, Wait};

use super::attempts::{AttemptRead, AttemptWrite, Attempts};
use crate::descriptor::Leaf;

/// The size of the buffer of each direction, in bytes.
const BUFFER: usize = 16 * 1024;

/// Copies the bytes of one stream to another until the first one ends, and returns their number.
///
/// It has one form for all styles, because it takes the streams. Clones of a stream share it, so
/// the caller can keep them. `copy` does not tell the other end that nothing more will be written,
/// as [`copy_both`] does.
///
/// If `to` cannot be written, nothing more is read. So a slow receiver slows the sender down, and
/// the copy takes 16 KiB of memory. A copy that is dropped before it is done may have read up to
/// 16 KiB that it has not written. These bytes are lost.
///
/// ```
/// use quadrivium::{io::{copy, pipe}, net::UnixStream, prelude::*};
///
/// let (one, other) = UnixStream::pair()?;
/// let (reader, writer) = pipe()?;
/// let program = callback(move |cb| {
///     cb.perform(one.write_all_owned("hello"), move |cb, _| {
///         drop(one);
///         cb.perform(copy(other, writer), |cb, copied| cb.done(copied));
///     });
/// });
/// assert_eq!(EventLoop::new()?.block_on(program)??, 5);
/// # drop(reader);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn copy<R: AttemptRead, W: AttemptWrite>(
    from: R,
    to: W,
) -> impl Leaf<io::Result<u64>> + use<R, W> {
    OneWay::new(from, to)
}

/// Copies in both directions at once, until both streams have ended. Returns the numbers of bytes:
/// from `one` to `other`, and from `other` to `one`.
///
/// When one stream ends, the writing side of the other is shut down (a *half-close*), and the other
/// direction goes on. When one direction fails, the other stops as well, and the output is the
/// error. Then the caller should close or reset both streams, so that the failure does not look
/// like the end of a stream.
///
/// See [`copy`] for memory and for a copy that is dropped.
///
/// ```
/// use quadrivium::{future::perform, io::copy_both, net::UnixStream, prelude::*};
/// use std::net::Shutdown;
///
/// let ((client, proxy), (upstream, server)) = (UnixStream::pair()?, UnixStream::pair()?);
/// let asks = future(async move {
///     client.write_all(b"a question").await?;
///     client.shutdown(Shutdown::Write)?;
///     let mut answer = Vec::new();
///     client.read_to_end(&mut answer).await?;
///     Ok::<_, std::io::Error>(answer)
/// });
/// let answers = future(async move {
///     // The end of the question arrives, although the client waits for the answer.
///     server.read_to_end(&mut Vec::new()).await?;
///     server.write_all(b"an answer").await
/// });
/// let both = future(async move {
///     let (copied, (answer, answered)) =
///         perform(join(copy_both(proxy, upstream), join(asks, answers))).await;
///     answered?;
///     Ok::<_, std::io::Error>((copied?, answer?))
/// });
/// let (copied, answer) = EventLoop::new()?.block_on(both)??;
/// assert_eq!((copied, &answer[..]), ((10, 9), &b"an answer"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn copy_both<A, B>(one: A, other: B) -> impl Leaf<io::Result<(u64, u64)>> + use<A, B>
where
    A: AttemptRead + AttemptWrite + Clone,
    B: AttemptRead + AttemptWrite + Clone,
{
    let to_other = OneWay::new(one.clone(), other.clone());
    BothWays { to_other, to_one: OneWay::new(other, one) }
}

/// One direction of a copy.
struct OneWay<R: Attempts, W: Attempts> {
    from: R,
    to: W,
    reading: R::Place,
    writing: W::Place,
    /// Empty until the first resume.
    buffer: Vec<u8>,
    /// The bytes of the buffer that were read and not yet written.
    unwritten: Range<usize>,
    copied: u64,
    state: Copying,
}

/// ```text
///   Moving ─1─► AtEnd ─2─► Ended         1: `from` has ended, and everything is written
///                                        2: `BothWays` has ended the writing
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
enum Copying {
    Moving,
    AtEnd,
    Ended,
}

impl<R: AttemptRead, W: AttemptWrite> OneWay<R, W> {
    #[track_caller]
    fn new(from: R, to: W) -> Self {
        Self {
            from,
            to,
            reading: R::Place::default(),
            writing: W::Place::default(),
            buffer: Vec::new(),
            unwritten: 0..0,
            copied: 0,
            state: Copying::Moving,
        }
    }

    /// Moves bytes until it has to wait or `from` has ended.
    fn go_on(&mut self, cx: &Context<'_>) -> Step<io::Result<u64>> {
        if self.state != Copying::Moving {
            return Step::Done(Ok(self.copied));
        }
        self.buffer.resize(BUFFER, 0);
        loop {
            let step = match self.unwritten.is_empty() {
                true => self.read(cx),
                false => self.write(cx),
            };
            match step {
                Step::Suspended(wait) => return Step::Suspended(wait),
                Step::Done(Err(error)) => return Step::Done(Err(error)),
                Step::Done(Ok(())) if self.state == Copying::Moving => {}
                Step::Done(Ok(())) => return Step::Done(Ok(self.copied)),
            }
        }
    }

    fn read(&mut self, cx: &Context<'_>) -> Step<io::Result<()>> {
        match self.from.attempt_read(&mut self.reading, cx, &mut self.buffer) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(Err(error)) => Step::Done(Err(error)),
            Step::Done(Ok(n)) => {
                self.unwritten = 0..n;
                if n == 0 {
                    self.state = Copying::AtEnd;
                    self.buffer = Vec::new();
                }
                Step::Done(Ok(()))
            }
        }
    }

    fn write(&mut self, cx: &Context<'_>) -> Step<io::Result<()>> {
        let bytes = io::IoSlice::new(&self.buffer[self.unwritten.clone()]);
        match self.to.attempt_write(&mut self.writing, cx, &[bytes]) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(Err(error)) => Step::Done(Err(error)),
            Step::Done(Ok(0)) => Step::Done(Err(io::ErrorKind::WriteZero.into())),
            Step::Done(Ok(n)) => {
                self.unwritten.start += n;
                self.copied += n as u64;
                Step::Done(Ok(()))
            }
        }
    }

    /// Like [`go_on`](Self::go_on), and ends the writing to `to` after that.
    fn go_on_and_end(&mut self, cx: &Context<'_>) -> Step<io::Result<u64>> {
        let step = self.go_on(cx);
        if self.state == Copying::AtEnd {
            self.state = Copying::Ended;
            if let Err(error) = end_writing(&self.to) {
                return Step::Done(Err(error));
            }
        }
        step
    }
}

/// Tells the other end that nothing more will be written. Does nothing if the connection has
/// already ended.
pub(super) fn end_writing(stream: &impl AttemptWrite) -> io::Result<()> {
    match stream.end_writing() {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
        ended => ended,
    }
}

// No field is ever pinned.
impl<R: Attempts, W: Attempts> Unpin for OneWay<R, W> {}

impl<R: AttemptRead, W: AttemptWrite> Task for OneWay<R, W> {
    type Output = io::Result<u64>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        assert!(self.state == Copying::Moving, "{RESUMED_AFTER_DONE}");
        self.go_on(cx)
    }
}

impl<R: Attempts, W: Attempts> Drop for OneWay<R, W> {
    fn drop(&mut self) {
        self.from.leave(Interest::Readable, &mut self.reading);
        self.to.leave(Interest::Writable, &mut self.writing);
    }
}

impl<R: Attempts, W: Attempts> fmt::Debug for OneWay<R, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut copy = f.debug_struct("OneWay");
        copy.field("copied", &self.copied).field("state", &self.state).finish_non_exhaustive()
    }
}

/// Both directions of a copy.
struct BothWays<A: Attempts, B: Attempts> {
    to_other: OneWay<A, B>,
    to_one: OneWay<B, A>,
}

// No field is ever pinned.
impl<A: Attempts, B: Attempts> Unpin for BothWays<A, B> {}

impl<A, B> Task for BothWays<A, B>
where
    A: AttemptRead + AttemptWrite,
    B: AttemptRead + AttemptWrite,
{
    type Output = io::Result<(u64, u64)>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let Self { to_other, to_one } = &mut *self;
        let mut wait: Option<Wait> = None;
        let mut copied = [0; 2];
        for (step, n) in
            [to_other.go_on_and_end(cx), to_one.go_on_and_end(cx)].into_iter().zip(&mut copied)
        {
            match step {
                Step::Suspended(next) => {
                    wait = Some(match wait {
                        Some(first) => first.or(next),
                        None => next,
                    });
                }
                Step::Done(Ok(bytes)) => *n = bytes,
                Step::Done(Err(error)) => return Step::Done(Err(error)),
            }
        }
        wait.map_or(Step::Done(Ok(copied.into())), Step::Suspended)
    }
}

impl<A: Attempts, B: Attempts> fmt::Debug for BothWays<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut copy = f.debug_struct("BothWays");
        copy.field("to_other", &self.to_other).field("to_one", &self.to_one).finish()
    }
}

quadrivium_core::leaf! {
    impl[R: AttemptRead, W: AttemptWrite] OneWay<R, W>;
    impl[A: AttemptRead + AttemptWrite, B: AttemptRead + AttemptWrite] BothWays<A, B>;
}
