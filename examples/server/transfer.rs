//! [`Transfer`]: the leaf of a connection (a leaf is a task that composes no
//! other). It moves bytes. It ends early when no byte has moved for too long,
//! or at the stop.

use std::{
    cell::Cell,
    fmt,
    io::{self, ErrorKind},
    pin::Pin,
    rc::Rc,
    time::{Duration, Instant},
};

use quadrivium::{
    host::QueuePlace,
    io::Leaf,
    net::TcpStream,
    scope::Cancelled,
    task::{Context, Perform, RESUMED_AFTER_DONE, Step, Task, Wait},
};

use super::connection::ConnectionState;

/// Reads once.
pub fn read<B, R, G>(
    stream: &TcpStream,
    limits: WaitLimits,
    buffer: B,
    mut into_output: G,
) -> impl Leaf<R> + use<B, R, G>
where
    B: AsMut<[u8]>,
    G: FnMut(io::Result<usize>, B) -> R,
{
    let stream = stream.clone();
    let start = move |buffer| stream.read_owned(buffer);
    let into_output =
        move |result, ReadBuffer(buffer)| into_output(result, buffer);
    Transfer::new(ReadBuffer(buffer), limits, start, into_output)
}

/// Writes until all bytes are written. The idle timeout starts anew with each
/// part.
pub fn write_all<B, R, G>(
    stream: &TcpStream,
    limits: WaitLimits,
    bytes: B,
    mut into_output: G,
) -> impl Leaf<R> + use<B, R, G>
where
    B: AsRef<[u8]>,
    G: FnMut(io::Result<()>, B) -> R,
{
    let stream = stream.clone();
    let start = move |rest| stream.write_owned(rest);
    let into_output = move |result: io::Result<usize>, rest: WriteBuffer<B>| {
        into_output(result.map(drop), rest.bytes)
    };
    Transfer::new(WriteBuffer { bytes, done: 0 }, limits, start, into_output)
}

pub struct Transfer<K, L, F, G> {
    /// The read or write that is under way.
    operation: Option<L>,
    /// The buffer, while no operation has it.
    slot: ReturnSlot<K>,
    limits: WaitLimits,
    start: F,
    into_output: G,
}

impl<K, L, F, G, R> Transfer<K, L, F, G>
where
    K: TransferBuffer,
    L: Leaf<(io::Result<usize>, LentBuffer<K>)>,
    F: FnMut(LentBuffer<K>) -> L,
    G: FnMut(io::Result<usize>, K) -> R,
{
    fn new(buffer: K, limits: WaitLimits, start: F, into_output: G) -> Self {
        let slot = Rc::new(Cell::new(Some(buffer)));
        Self { operation: None, slot, limits, start, into_output }
    }
}

impl<K, L, F, G, R> Task for Transfer<K, L, F, G>
where
    K: TransferBuffer,
    L: Leaf<(io::Result<usize>, LentBuffer<K>)>,
    F: FnMut(LentBuffer<K>) -> L,
    G: FnMut(io::Result<usize>, K) -> R,
{
    type Output = R;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<R> {
        let Self { operation, slot, limits, start, into_output } = &mut *self;
        loop {
            let running =
                operation.get_or_insert_with(|| start(LentBuffer::take(slot)));
            let moved = match Pin::new(running).resume(cx) {
                Step::Done((moved, _)) => moved,
                Step::Suspended(wait) => match limits.wait(wait, cx) {
                    Ok(wait) => return Step::Suspended(wait),
                    Err(ended) => {
                        *operation = None;
                        return Step::Done(into_output(ended, take(slot)));
                    }
                },
            };
            *operation = None;
            let mut buffer = take(slot);
            match moved {
                Ok(n) => {
                    limits.connection.count_moved(n, cx);
                    match buffer.is_done_after(n) {
                        true => return Step::Done(into_output(Ok(n), buffer)),
                        false => slot.set(Some(buffer)),
                    }
                }
                Err(error) => {
                    return Step::Done(into_output(Err(error), buffer));
                }
            }
        }
    }
}

// Nothing in it is ever pinned.
impl<K, L, F, G> Unpin for Transfer<K, L, F, G> {}

impl<K, L, F, G> IntoFuture for Transfer<K, L, F, G>
where
    Self: Task,
{
    type Output = <Self as Task>::Output;
    type IntoFuture = Perform<Self>;

    fn into_future(self) -> Self::IntoFuture {
        Perform::new(self)
    }
}

impl<K, L: fmt::Debug, F, G> fmt::Debug for Transfer<K, L, F, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Transfer").field(&self.operation).finish()
    }
}

/// How long an operation may wait: the idle timeout and, for some reads, the
/// stop.
pub struct WaitLimits {
    connection: Rc<ConnectionState>,
    /// The stop, if it ends the operation.
    stop: Option<Cancelled<(), io::Error>>,
    /// When the operation began to wait.
    since: Option<Instant>,
    /// When the operation began to wait after the stop.
    since_stop: Option<Instant>,
}

/// How long a read waits after the stop. Bytes may be on their way that the
/// other end sent before it could know of the stop.
const AFTER_STOP: Duration = Duration::from_millis(250);

impl WaitLimits {
    pub fn new(connection: &Rc<ConnectionState>) -> Self {
        let connection = Rc::clone(connection);
        Self { connection, stop: None, since: None, since_stop: None }
    }

    pub fn until_stop(connection: &Rc<ConnectionState>) -> Self {
        let stop = Some(connection.scope.cancelled());
        Self { stop, ..Self::new(connection) }
    }

    /// Adds the limits to the wait of the operation. If the operation may not
    /// wait any longer, returns its result as `Err`.
    fn wait(
        &mut self,
        wait: Wait,
        cx: &mut Context<'_>,
    ) -> Result<Wait, io::Result<usize>> {
        // An operation that only lets other tasks run first is not idle.
        if wait == Wait::Turn {
            return Ok(wait);
        }
        let wait = wait.or(self.wait_for_stop(cx).ok_or(Ok(0))?);
        self.connection.limit_idle(wait, &mut self.since, cx).map_err(Err)
    }

    /// Returns the wait for the stop. Returns `None` when the server has been
    /// stopped and the moment after it has passed.
    fn wait_for_stop(&mut self, cx: &mut Context<'_>) -> Option<Wait> {
        let Some(stop) = &mut self.stop else { return Some(Wait::Wake) };
        match Pin::new(stop).resume(cx) {
            Step::Suspended(wait) => Some(wait),
            Step::Done(_) => {
                let now = cx.now();
                let deadline = *self.since_stop.get_or_insert(now) + AFTER_STOP;
                (now < deadline).then_some(Wait::Until(deadline))
            }
        }
    }
}

impl ConnectionState {
    /// Adds the idle timeout to a wait that began at `since`. If no byte has
    /// moved for too long, returns the error.
    fn limit_idle(
        &self,
        wait: Wait,
        since: &mut Option<Instant>,
        cx: &Context<'_>,
    ) -> io::Result<Wait> {
        let Some(most) = self.idle_timeout else { return Ok(wait) };
        let now = cx.now();
        let since = Some(*since.get_or_insert(now));
        let last = since.max(self.moved.get()).unwrap_or(now);
        match last.checked_add(most) {
            Some(deadline) if deadline <= now => {
                let line = format!("no byte has moved for {most:?}");
                Err(io::Error::new(ErrorKind::TimedOut, line))
            }
            Some(deadline) => Ok(wait.or(Wait::Until(deadline))),
            None => Ok(wait),
        }
    }

    fn count_moved(&self, n: usize, cx: &Context<'_>) {
        if n > 0 && self.idle_timeout.is_some() {
            self.moved.set(Some(cx.now()));
        }
    }
}

/// The place of an attempt that waits, and since when it waits.
#[derive(Debug, Default)]
pub struct IdlePlace {
    pub queue: QueuePlace,
    since: Option<Instant>,
}

impl IdlePlace {
    /// Adds the idle timeout to an attempt that waits, and counts the bytes of
    /// another one.
    pub(super) fn limit<T: Copy + Into<Option<usize>>>(
        &mut self,
        attempt: Step<io::Result<T>>,
        connection: &ConnectionState,
        cx: &Context<'_>,
    ) -> Step<io::Result<T>> {
        match attempt {
            Step::Suspended(Wait::Turn) => Step::Suspended(Wait::Turn),
            Step::Suspended(wait) => {
                match connection.limit_idle(wait, &mut self.since, cx) {
                    Ok(wait) => Step::Suspended(wait),
                    Err(error) => Step::Done(Err(error)),
                }
            }
            Step::Done(moved) => {
                self.since = None;
                let n = moved.as_ref().ok().and_then(|n| (*n).into());
                connection.count_moved(n.unwrap_or(0), cx);
                Step::Done(moved)
            }
        }
    }
}

/// A buffer that bytes are read into or written from.
pub trait TransferBuffer {
    /// Counts `n` more bytes as moved. Returns whether that was everything.
    fn is_done_after(&mut self, n: usize) -> bool;
}

/// A buffer for one read, which is done after any number of bytes.
pub struct ReadBuffer<B>(B);

impl<B: AsMut<[u8]>> TransferBuffer for ReadBuffer<B> {
    fn is_done_after(&mut self, _: usize) -> bool {
        true
    }
}

impl<B: AsMut<[u8]>> AsMut<[u8]> for ReadBuffer<B> {
    fn as_mut(&mut self) -> &mut [u8] {
        self.0.as_mut()
    }
}

/// Bytes to write. The first `done` bytes are written.
pub struct WriteBuffer<B> {
    bytes: B,
    done: usize,
}

impl<B: AsRef<[u8]>> TransferBuffer for WriteBuffer<B> {
    fn is_done_after(&mut self, n: usize) -> bool {
        self.done += n;
        self.done == self.bytes.as_ref().len()
    }
}

impl<B: AsRef<[u8]>> AsRef<[u8]> for WriteBuffer<B> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes.as_ref()[self.done..]
    }
}

/// A buffer that is lent to an operation. When the operation is dropped, the
/// buffer goes back. So it is not lost when the operation ends early.
pub struct LentBuffer<K> {
    buffer: Option<K>,
    slot: ReturnSlot<K>,
}

type ReturnSlot<K> = Rc<Cell<Option<K>>>;

const LENT: &str = "a lent buffer has its bytes until it is dropped";

fn take<K>(slot: &ReturnSlot<K>) -> K {
    slot.take().expect(RESUMED_AFTER_DONE)
}

impl<K> LentBuffer<K> {
    fn take(slot: &ReturnSlot<K>) -> Self {
        Self { buffer: Some(take(slot)), slot: Rc::clone(slot) }
    }
}

impl<K: AsMut<[u8]>> AsMut<[u8]> for LentBuffer<K> {
    fn as_mut(&mut self) -> &mut [u8] {
        self.buffer.as_mut().expect(LENT).as_mut()
    }
}

impl<K: AsRef<[u8]>> AsRef<[u8]> for LentBuffer<K> {
    fn as_ref(&self) -> &[u8] {
        self.buffer.as_ref().expect(LENT).as_ref()
    }
}

impl<K> Drop for LentBuffer<K> {
    fn drop(&mut self) {
        self.slot.set(self.buffer.take());
    }
}
