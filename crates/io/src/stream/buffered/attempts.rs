//! Single attempts on a [`BufReader`], so that [`Polled`](crate::Polled) can wrap it: a program may
//! look at the first bytes and then hand the stream to a crate for futures.

use std::io::{self, IoSlice};

use quadrivium_core::{Context, Interest, Step};

use super::BufReader;
use crate::{
    fs::File,
    stream::attempts::{AttemptRead, AttemptWrite, Attempts},
};

impl<S: AttemptRead> Attempts for BufReader<S> {
    type Place = S::Place;

    fn leave(&self, interest: Interest, place: &mut S::Place) {
        self.get_ref().leave(interest, place);
    }
}

impl<S: AttemptRead> AttemptRead for BufReader<S> {
    fn attempt_read(
        &self,
        place: &mut S::Place,
        cx: &Context<'_>,
        buffer: &mut [u8],
    ) -> Step<io::Result<usize>> {
        let n = self.shared.unread().copy_into(buffer);
        if n == 0 {
            return self.get_ref().attempt_read(place, cx, buffer);
        }
        Step::Done(Ok(n))
    }
}

/// Writes to the stream. What is written is not buffered.
impl<S: AttemptRead + AttemptWrite> AttemptWrite for BufReader<S> {
    fn attempt_write(
        &self,
        place: &mut S::Place,
        cx: &Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Step<io::Result<usize>> {
        self.get_ref().attempt_write(place, cx, slices)
    }

    fn attempt_send_file(
        &self,
        place: &mut S::Place,
        cx: &Context<'_>,
        file: &File,
        offset: u64,
        most: usize,
    ) -> Step<io::Result<Option<usize>>> {
        self.get_ref().attempt_send_file(place, cx, file, offset, most)
    }

    fn end_writing(&self) -> io::Result<()> {
        self.get_ref().end_writing()
    }
}
