//! Reading a stream to its end.

use std::{borrow::BorrowMut, io, sync::Arc};

use quadrivium_core::Interest::Readable;

use crate::{
    keep::Keep,
    operation::{Leaf, Operation},
    source::{Source, Tried},
    stream::Stream,
};

/// Room for so many bytes is made before each read.
const ROOM: usize = 16 * 1024;

/// So many reads in a row; then the others run first. Who writes for ever would keep us for ever.
const IN_A_ROW: usize = 16;

pub(crate) fn read_to_end<S, K>(
    source: &Arc<Source<S>>,
    kept: K,
) -> impl Leaf<K::Given<io::Result<usize>>> + use<S, K>
where
    S: Stream,
    K: Keep<Buffer: BorrowMut<Vec<u8>>>,
{
    let mut done = 0;
    Operation::new(source, Readable, kept, move |stream: &S, bytes: &mut K::Buffer| {
        let bytes = bytes.borrow_mut();
        for _ in 0..IN_A_ROW {
            let start = bytes.len();
            bytes.resize(start + ROOM, 0);
            let read = stream.read(&mut bytes[start..]);
            bytes.truncate(start + read.as_ref().map_or(0, |n| *n));
            match read? {
                0 => return Ok(Tried::Done(done)),
                n => done += n,
            }
        }
        Ok(Tried::Turn)
    })
}
