//! [`Buffer`]: the buffer of an operation, either borrowed, or owned and returned with the result.

/// The buffer that an operation keeps while it is suspended.
pub(crate) trait Buffer {
    /// The type of the buffer: bytes, a list of slices, or `()`.
    type Content;
    /// The output of the operation, made from the result of its last attempt: either the result
    /// alone, or the result and the buffer.
    type Output<R>;

    fn content(&mut self) -> &mut Self::Content;

    fn give_back<R>(self, result: R) -> Self::Output<R>;
}

/// A borrowed buffer. The output of the operation is the result alone.
pub(crate) struct Borrowed<B>(pub(crate) B);

/// The buffer of an operation that needs none.
pub(crate) const NO_BUFFER: Borrowed<()> = Borrowed(());

/// An owned buffer. The output of the operation is the result and the buffer.
pub(crate) struct Owned<B>(pub(crate) B);

impl<B> Buffer for Borrowed<B> {
    type Content = B;
    type Output<R> = R;

    #[inline]
    fn content(&mut self) -> &mut B {
        &mut self.0
    }

    #[inline]
    fn give_back<R>(self, result: R) -> R {
        result
    }
}

impl<B> Buffer for Owned<B> {
    type Content = B;
    type Output<R> = (R, B);

    #[inline]
    fn content(&mut self) -> &mut B {
        &mut self.0
    }

    #[inline]
    fn give_back<R>(self, result: R) -> (R, B) {
        (result, self.0)
    }
}
