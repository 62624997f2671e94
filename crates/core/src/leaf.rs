//! `leaf!`: what all leaves share: `.await` works on them.

/// Implements `IntoFuture` for leaves, so that a future-style body can `.await` them.
macro_rules! leaf {
    ($( impl[$($generic:tt)*] $leaf:ty; )*) => { $(
        impl<$($generic)*> std::future::IntoFuture for $leaf {
            type Output = <$leaf as $crate::Task>::Output;
            type IntoFuture = $crate::Perform<$leaf>;

            fn into_future(self) -> Self::IntoFuture {
                $crate::Perform::new(self)
            }
        }
    )* };
}

leaf! {
    impl[] crate::Turn;
    impl[] crate::Sleep;
    impl[] crate::BlockFor;
    impl[T: 'static] crate::JoinHandle<T>;
    impl[T] crate::oneshot::Receiver<T>;
    impl[T] crate::channel::Send<T>;
    impl[T] crate::channel::Recv<T>;
    impl[] crate::notify::Notified;
    impl[T] crate::mutex::Lock<T>;
    impl[] crate::semaphore::Acquire;
    impl[] crate::barrier::BarrierWait;
    impl[T] crate::watch::Changed<T>;
    impl[T] crate::watch::Closed<T>;
    impl[T: Clone] crate::broadcast::Recv<T>;
    impl[A: crate::Task, B: crate::Task] crate::Join<A, B>;
    impl[T: crate::Task] crate::JoinAll<T>;
    impl[A: crate::Task, B: crate::Task] crate::Race<A, B>;
    impl[T: crate::Task] crate::Timeout<T>;
}
