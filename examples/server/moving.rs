//! [`Moving`]: the leaf of a connection (a leaf is a task that composes no
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
    io::Leaf,
    net::TcpStream,
    task::{Context, Perform, RESUMED_AFTER_DONE, Step, Task, Wait},
};

use super::{connection::ConnectionState, stop::Stopped};

/// Reads once.
pub fn read<B, R, G>(
    stream: &TcpStream,
    watch: Watch,
    buffer: B,
    mut give: G,
) -> impl Leaf<R> + use<B, R, G>
where
    B: AsMut<[u8]>,
    G: FnMut(io::Result<usize>, B) -> R,
{
    let stream = stream.clone();
    let begin = move |room| stream.read_owned(room);
    let give = move |result, Room(buffer)| give(result, buffer);
    Moving::new(Room(buffer), watch, begin, give)
}

/// Writes until all bytes are written. The idle timeout starts anew with each
/// part.
pub fn write_all<B, R, G>(
    stream: &TcpStream,
    watch: Watch,
    bytes: B,
    mut give: G,
) -> impl Leaf<R> + use<B, R, G>
where
    B: AsRef<[u8]>,
    G: FnMut(io::Result<()>, B) -> R,
{
    let stream = stream.clone();
    let begin = move |rest| stream.write_owned(rest);
    let give = move |result: io::Result<usize>, rest: Rest<B>| {
        give(result.map(drop), rest.bytes)
    };
    Moving::new(Rest { bytes, done: 0 }, watch, begin, give)
}

pub struct Moving<K, L, F, G> {
    /// The read or write that is under way.
    operation: Option<L>,
    /// The buffer, while no operation has it.
    home: Home<K>,
    watch: Watch,
    begin: F,
    give: G,
}

impl<K, L, F, G, R> Moving<K, L, F, G>
where
    K: Moves,
    L: Leaf<(io::Result<usize>, LentBuffer<K>)>,
    F: FnMut(LentBuffer<K>) -> L,
    G: FnMut(io::Result<usize>, K) -> R,
{
    fn new(kept: K, watch: Watch, begin: F, give: G) -> Self {
        let home = Rc::new(Cell::new(Some(kept)));
        Self { operation: None, home, watch, begin, give }
    }
}

impl<K, L, F, G, R> Task for Moving<K, L, F, G>
where
    K: Moves,
    L: Leaf<(io::Result<usize>, LentBuffer<K>)>,
    F: FnMut(LentBuffer<K>) -> L,
    G: FnMut(io::Result<usize>, K) -> R,
{
    type Output = R;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<R> {
        let Self { operation, home, watch, begin, give } = &mut *self;
        loop {
            let under_way =
                operation.get_or_insert_with(|| begin(LentBuffer::of(home)));
            let moved = match Pin::new(under_way).resume(cx) {
                Step::Done((moved, _)) => moved,
                Step::Suspended(wait) => match watch.wait(wait, cx) {
                    Ok(wait) => return Step::Suspended(wait),
                    Err(cut) => {
                        *operation = None;
                        return Step::Done(give(cut, take(home)));
                    }
                },
            };
            *operation = None;
            let mut kept = take(home);
            match moved {
                Ok(n) => {
                    watch.moved(n, cx);
                    match kept.is_done_after(n) {
                        true => return Step::Done(give(Ok(n), kept)),
                        false => home.set(Some(kept)),
                    }
                }
                Err(error) => return Step::Done(give(Err(error), kept)),
            }
        }
    }
}

// Nothing in it is ever pinned.
impl<K, L, F, G> Unpin for Moving<K, L, F, G> {}

impl<K, L, F, G> IntoFuture for Moving<K, L, F, G>
where
    Self: Task,
{
    type Output = <Self as Task>::Output;
    type IntoFuture = Perform<Self>;

    fn into_future(self) -> Self::IntoFuture {
        Perform::new(self)
    }
}

impl<K, L: fmt::Debug, F, G> fmt::Debug for Moving<K, L, F, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Moving").field(&self.operation).finish()
    }
}

/// How long an operation may wait: the idle timeout and, for some reads, the
/// stop.
pub struct Watch {
    connection: Rc<ConnectionState>,
    /// The stop, if it ends the operation.
    stop: Option<Stopped>,
    /// When the operation began to wait.
    since: Option<Instant>,
    /// When the operation began to wait after the stop.
    since_stop: Option<Instant>,
}

/// How long a read waits after the stop. Bytes may be on their way that the
/// other end sent before it could know of the stop.
const MOMENT: Duration = Duration::from_millis(250);

impl Watch {
    pub fn new(connection: &Rc<ConnectionState>) -> Self {
        let connection = Rc::clone(connection);
        Self { connection, stop: None, since: None, since_stop: None }
    }

    pub fn until_the_stop(connection: &Rc<ConnectionState>) -> Self {
        let stop = Some(connection.stop.stopping());
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
        let Some(most) = self.connection.idle_timeout else { return Ok(wait) };
        let now = cx.now();
        let since = Some(*self.since.get_or_insert(now));
        let last = since.max(self.connection.moved.get()).unwrap_or(now);
        match last.checked_add(most) {
            Some(deadline) if deadline <= now => {
                let line = format!("no byte has moved for {most:?}");
                Err(Err(io::Error::new(ErrorKind::TimedOut, line)))
            }
            Some(deadline) => Ok(wait.or(Wait::Until(deadline))),
            None => Ok(wait),
        }
    }

    /// Returns the wait for the stop. Returns `None` when the server has been
    /// stopped and the moment after it has passed.
    fn wait_for_stop(&mut self, cx: &mut Context<'_>) -> Option<Wait> {
        let Some(stop) = &mut self.stop else { return Some(Wait::Wake) };
        match Pin::new(stop).resume(cx) {
            Step::Suspended(wait) => Some(wait),
            Step::Done(()) => {
                let now = cx.now();
                let deadline = *self.since_stop.get_or_insert(now) + MOMENT;
                (now < deadline).then_some(Wait::Until(deadline))
            }
        }
    }

    fn moved(&self, n: usize, cx: &Context<'_>) {
        if n > 0 && self.connection.idle_timeout.is_some() {
            self.connection.moved.set(Some(cx.now()));
        }
    }
}

/// A buffer that bytes are read into or written from.
pub trait Moves {
    /// Counts `n` more bytes as moved. Returns whether that was everything.
    fn is_done_after(&mut self, n: usize) -> bool;
}

/// A buffer for one read, which is done after any number of bytes.
pub struct Room<B>(B);

impl<B: AsMut<[u8]>> Moves for Room<B> {
    fn is_done_after(&mut self, _: usize) -> bool {
        true
    }
}

impl<B: AsMut<[u8]>> AsMut<[u8]> for Room<B> {
    fn as_mut(&mut self) -> &mut [u8] {
        self.0.as_mut()
    }
}

/// Bytes to write. The first `done` bytes are written.
pub struct Rest<B> {
    bytes: B,
    done: usize,
}

impl<B: AsRef<[u8]>> Moves for Rest<B> {
    fn is_done_after(&mut self, n: usize) -> bool {
        self.done += n;
        self.done == self.bytes.as_ref().len()
    }
}

impl<B: AsRef<[u8]>> AsRef<[u8]> for Rest<B> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes.as_ref()[self.done..]
    }
}

/// A buffer that is lent to an operation. When the operation is dropped, the
/// buffer goes back. So it is not lost when the operation ends early.
pub struct LentBuffer<K> {
    kept: Option<K>,
    home: Home<K>,
}

type Home<K> = Rc<Cell<Option<K>>>;

const AWAY: &str = "a lent buffer has its bytes until it is dropped";

fn take<K>(home: &Home<K>) -> K {
    home.take().expect(RESUMED_AFTER_DONE)
}

impl<K> LentBuffer<K> {
    fn of(home: &Home<K>) -> Self {
        Self { kept: Some(take(home)), home: Rc::clone(home) }
    }
}

impl<K: AsMut<[u8]>> AsMut<[u8]> for LentBuffer<K> {
    fn as_mut(&mut self) -> &mut [u8] {
        self.kept.as_mut().expect(AWAY).as_mut()
    }
}

impl<K: AsRef<[u8]>> AsRef<[u8]> for LentBuffer<K> {
    fn as_ref(&self) -> &[u8] {
        self.kept.as_ref().expect(AWAY).as_ref()
    }
}

impl<K> Drop for LentBuffer<K> {
    fn drop(&mut self) {
        self.home.set(self.kept.take());
    }
}
