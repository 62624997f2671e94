//! `attempts!`: single attempts on a stream, for [`Polled`](crate::Polled).

/// Implements [`Attempts`](crate::Attempts) for a stream whose descriptor is `self.source`.
macro_rules! attempts {
    ($stream:ident) => {
        impl $crate::Attempts for $stream {
            fn attempt_read(
                &self,
                ticket: &mut quadrivium_core::Ticket,
                cx: &quadrivium_core::Context<'_>,
                buffer: &mut [u8],
            ) -> quadrivium_core::Step<io::Result<usize>> {
                self.source.attempt(Interest::Readable, ticket, cx, |stream| {
                    Ok(moved::<Std>(Stream::read(stream, buffer)?, buffer.len()))
                })
            }

            fn attempt_write(
                &self,
                ticket: &mut quadrivium_core::Ticket,
                cx: &quadrivium_core::Context<'_>,
                slices: &[IoSlice<'_>],
            ) -> quadrivium_core::Step<io::Result<usize>> {
                self.source.attempt(Interest::Writable, ticket, cx, |stream| {
                    let most = slices.iter().map(|slice| slice.len()).sum();
                    Ok(moved::<Std>(Stream::write_vectored(stream, slices)?, most))
                })
            }

            fn leave(&self, interest: Interest, ticket: &mut quadrivium_core::Ticket) {
                self.source.leave(interest, ticket);
            }

            fn end_writing(&self) -> io::Result<()> {
                self.shutdown(Shutdown::Write)
            }
        }
    };
}
pub(crate) use attempts;
