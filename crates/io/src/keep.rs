//! [`Keep`]: what an operation does with its buffer: keeps a borrow, or owns it and gives it back.

/// Keeps the buffer of an operation while that is suspended.
pub(crate) trait Keep {
    /// What it keeps.
    type Buffer;
    /// What the operation is worth in the end.
    type Given<R>;

    fn buffer(&mut self) -> &mut Self::Buffer;

    fn give_back<R>(self, result: R) -> Self::Given<R>;
}

/// A borrowed buffer, or none: the result is all there is to give.
pub(crate) struct Lent<B>(pub(crate) B);

/// An owned buffer, which is given back with the result.
pub(crate) struct Owned<B>(pub(crate) B);

impl<B> Keep for Lent<B> {
    type Buffer = B;
    type Given<R> = R;

    #[inline]
    fn buffer(&mut self) -> &mut B {
        &mut self.0
    }

    #[inline]
    fn give_back<R>(self, result: R) -> R {
        result
    }
}

impl<B> Keep for Owned<B> {
    type Buffer = B;
    type Given<R> = (R, B);

    #[inline]
    fn buffer(&mut self) -> &mut B {
        &mut self.0
    }

    #[inline]
    fn give_back<R>(self, result: R) -> (R, B) {
        (result, self.0)
    }
}
