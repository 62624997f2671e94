//! `leaf!`: what leaves share: `.await` works on them.

/// Implements `IntoFuture` for leaves and checks, so that a future-style body can `.await` them.
macro_rules! leaf {
    ($( impl[$($generic:tt)*] $leaf:ty; )*) => { $(
        impl<$($generic)*> std::future::IntoFuture for $leaf {
            type Output = <$leaf as quadrivium_core::Task>::Output;
            type IntoFuture = quadrivium_core::Perform<$leaf>;

            fn into_future(self) -> Self::IntoFuture {
                quadrivium_core::Perform::new(self)
            }
        }
    )* };
}

leaf! {
    impl[] crate::connection::Read;
    impl[] crate::connection::ReadExact;
    impl[] crate::connection::Write;
    impl[] crate::connection::WriteAll;
    impl[T: quadrivium_core::Task] crate::checks::MustSuspend<T>;
    impl[T: quadrivium_core::Task] crate::checks::MustNotSuspend<T>;
    impl[T: quadrivium_core::Task] crate::checks::MaxStep<T>;
    impl[T: quadrivium_core::Task] crate::checks::NoLeakedTasks<T>;
}
