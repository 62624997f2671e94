//! [`Pieces`]: bytes of a borrowed buffer on their way to or from another thread, piece by piece.

use std::{
    fmt,
    future::IntoFuture,
    io,
    ops::ControlFlow::{self, Break, Continue},
    pin::Pin,
};

use quadrivium_core::{Context, Perform, Step, Task};

use super::{File, place::Place};
use crate::{descriptor::Leaf, offload::Offload};

/// A piece has so many bytes at most: enough that a system call, and not the way to the other
/// thread and back, is what it costs.
const PIECE: usize = 64 * 1024;

/// A piece that has been moved, as far as it was.
type Moved = (io::Result<usize>, Vec<u8>);

/// A leaf that offloads one piece after another, as `next` says.
struct Pieces<N> {
    piece: Offload<Moved>,
    next: N,
}

pub(super) fn read<'a>(
    file: &File,
    place: Place,
    buffer: &'a mut [u8],
) -> impl Leaf<io::Result<usize>> + use<'a> {
    let piece = read_piece(file, place, vec![0; buffer.len().min(PIECE)]);
    Pieces {
        piece,
        next: |(n, piece): Moved| Break(n.inspect(|&n| buffer[..n].copy_from_slice(&piece[..n]))),
    }
}

pub(super) fn read_exact<'a>(
    file: &File,
    place: Place,
    buffer: &'a mut [u8],
) -> impl Leaf<io::Result<()>> + use<'a> {
    let file = file.clone();
    let mut done = 0;
    Pieces {
        piece: read_piece(&file, place, vec![0; buffer.len().min(PIECE)]),
        next: move |(n, mut piece): Moved| {
            let n = match n {
                Ok(0) if done < buffer.len() => {
                    return Break(Err(io::ErrorKind::UnexpectedEof.into()));
                }
                Ok(n) => n,
                Err(error) => return Break(Err(error)),
            };
            buffer[done..done + n].copy_from_slice(&piece[..n]);
            done += n;
            if done == buffer.len() {
                return Break(Ok(()));
            }
            piece.truncate(buffer.len() - done);
            Continue(read_piece(&file, place.after(done), piece))
        },
    }
}

pub(super) fn write<'a>(
    file: &File,
    place: Place,
    bytes: &'a [u8],
) -> impl Leaf<io::Result<usize>> + use<'a> {
    Pieces { piece: write_piece(file, place, bytes, Vec::new()), next: |(n, _): Moved| Break(n) }
}

pub(super) fn write_all<'a>(
    file: &File,
    place: Place,
    bytes: &'a [u8],
) -> impl Leaf<io::Result<()>> + use<'a> {
    let file = file.clone();
    let mut done = 0;
    Pieces {
        piece: write_piece(&file, place, bytes, Vec::new()),
        next: move |(n, piece): Moved| {
            match n {
                Ok(0) if done < bytes.len() => {
                    return Break(Err(io::ErrorKind::WriteZero.into()));
                }
                Ok(n) => done += n,
                Err(error) => return Break(Err(error)),
            }
            match &bytes[done..] {
                [] => Break(Ok(())),
                left => Continue(write_piece(&file, place.after(done), left, piece)),
            }
        },
    }
}

fn read_piece(file: &File, place: Place, piece: Vec<u8>) -> Offload<Moved> {
    file.with_mut(piece, move |file, piece| place.read(file, piece))
}

/// `piece` is memory that can be used again.
fn write_piece(file: &File, place: Place, bytes: &[u8], mut piece: Vec<u8>) -> Offload<Moved> {
    piece.clear();
    piece.extend_from_slice(&bytes[..bytes.len().min(PIECE)]);
    file.with_ref(piece, move |file, piece| place.write(file, piece))
}

// Nothing in it is ever pinned.
impl<N> Unpin for Pieces<N> {}

impl<N, R> Task for Pieces<N>
where
    N: FnMut(Moved) -> ControlFlow<R, Offload<Moved>>,
{
    type Output = R;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<R> {
        loop {
            match Pin::new(&mut self.piece).resume(cx) {
                Step::Suspended(wait) => return Step::Suspended(wait),
                Step::Done(moved) => match (self.next)(moved) {
                    Continue(piece) => self.piece = piece,
                    Break(result) => return Step::Done(result),
                },
            }
        }
    }
}

impl<N> IntoFuture for Pieces<N>
where
    Self: Task,
{
    type Output = <Self as Task>::Output;
    type IntoFuture = Perform<Self>;

    fn into_future(self) -> Self::IntoFuture {
        Perform::new(self)
    }
}

impl<N> fmt::Debug for Pieces<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pieces").field(&self.piece).finish()
    }
}
