//! [`Buffer`]: the buffer of an operation, which is borrowed, or owned and given back.

/// The buffer of an operation while that is suspended.
pub(crate) trait Buffer {
    /// The bytes, or whatever else is kept.
    type Content;
    /// The output of the operation, made of the result of its last attempt.
    type Output<R>;

    fn content(&mut self) -> &mut Self::Content;

    fn give_back<R>(self, result: R) -> Self::Output<R>;
}

/// A borrowed buffer. The output is the result alone.
pub(crate) struct Borrowed<B>(pub(crate) B);

/// For operations without a buffer.
pub(crate) const NO_BUFFER: Borrowed<()> = Borrowed(());

/// An owned buffer, which is given back with the result.
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
