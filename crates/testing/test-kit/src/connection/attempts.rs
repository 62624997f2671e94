//! A [`Connection`] as a stream that can be polled, buffered and copied.

use std::io::{self, IoSlice};

use quadrivium_core::{Context, Interest, Step, Wait};
use quadrivium_io::{AttemptRead, AttemptWrite, Attempts};

use super::{Connection, read, write};

/// An operation on a connection. The wakers are with the connection: a wake too many is harmless.
#[derive(Debug, Default)]
pub struct ConnectionPlace {
    /// Whether the faults of the operation have been decided.
    has_begun: bool,
}

impl Attempts for Connection {
    type Place = ConnectionPlace;

    fn leave(&self, _: Interest, place: &mut ConnectionPlace) {
        place.has_begun = false;
    }
}

impl AttemptRead for Connection {
    fn attempt_read(
        &self,
        place: &mut ConnectionPlace,
        cx: &Context<'_>,
        buffer: &mut [u8],
    ) -> Step<io::Result<usize>> {
        if self.end.here.gives_way() {
            return Step::Suspended(Wait::Turn);
        }
        if buffer.is_empty() {
            return self.end.here.done(Ok(0));
        }
        read::begin(&self.end, &mut place.has_begun);
        match self.end.read(buffer.len(), cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(read) => {
                place.has_begun = false;
                self.end.here.done(read.map(|bytes| {
                    buffer[..bytes.len()].copy_from_slice(&bytes);
                    bytes.len()
                }))
            }
        }
    }
}

impl AttemptWrite for Connection {
    fn attempt_write(
        &self,
        place: &mut ConnectionPlace,
        cx: &Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Step<io::Result<usize>> {
        if self.end.here.gives_way() {
            return Step::Suspended(Wait::Turn);
        }
        let Some(bytes) = slices.iter().find(|slice| !slice.is_empty()) else {
            return self.end.here.done(Ok(0));
        };
        write::begin(&self.end, &mut place.has_begun);
        match self.end.write(bytes, cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(written) => {
                place.has_begun = false;
                self.end.here.done(written)
            }
        }
    }

    fn end_writing(&self) -> io::Result<()> {
        self.close_write();
        Ok(())
    }
}
