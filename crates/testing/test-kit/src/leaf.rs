//! Implementations for leaves and checks: `.await`, and a `Debug` that does not show the task
//! inside.

quadrivium_core::leaf! {
    impl[] crate::connection::Read;
    impl[] crate::connection::ReadExact;
    impl[] crate::connection::Write;
    impl[] crate::connection::WriteAll;
    impl[T: quadrivium_core::Task] crate::checks::MustSuspend<T>;
    impl[T: quadrivium_core::Task] crate::checks::MustNotSuspend<T>;
    impl[T: quadrivium_core::Task] crate::checks::MaxStep<T>;
    impl[T: quadrivium_core::Task] crate::checks::NoLeakedTasks<T>;
}

quadrivium_core::opaque! {
    crate::checks::MustNotSuspend<T>, "MustNotSuspend";
    crate::checks::NoLeakedTasks<T>, "NoLeakedTasks";
}
