//! Macros that implement traits for many types: `leaf!` makes leaves awaitable, `opaque!` is the
//! `Debug` of channel ends, and `debug_as_display!` is the `Debug` of errors.

/// Implements `IntoFuture` for leaves and combinators, so that a future-style body can `.await`
/// them. For the crates of this workspace.
#[doc(hidden)]
#[macro_export]
macro_rules! leaf {
    ($( impl[$($generic:tt)*] $leaf:ty; )*) => { $(
        // A generic leaf is a task for some of its types only.
        #[allow(trivial_bounds)]
        impl<$($generic)*> std::future::IntoFuture for $leaf
        where
            $leaf: $crate::Task,
        {
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
    impl[] crate::Tick;
    impl[T] crate::sync::channel::Send<T>;
    impl[T] crate::sync::channel::Recv<T>;
    impl[] crate::sync::notify::Notified;
    impl[T] crate::sync::mutex::Lock<T>;
    impl[] crate::sync::semaphore::Acquire;
    impl[T] crate::sync::rw_lock::ReadLock<T>;
    impl[T] crate::sync::rw_lock::WriteLock<T>;
    impl[T, I: crate::Task] crate::sync::once_cell::GetOrInit<T, I>;
    impl[T, I: crate::Task] crate::sync::once_cell::GetOrTryInit<T, I>;
    impl[] crate::sync::barrier::BarrierWait;
    impl[T] crate::sync::watch::Changed<T>;
    impl[T] crate::sync::watch::Closed<T>;
    impl[T] crate::sync::broadcast::Recv<T>;
    impl[T, E] crate::scope::JoinScope<T, E>;
    impl[T, E] crate::scope::NextValue<T, E>;
    impl[T, E] crate::scope::Cancelled<T, E>;
    impl[] crate::scope::Room;
    impl[A: crate::Task, B: crate::Task] crate::Join<A, B>;
    impl[A: crate::Task, B: crate::Task] crate::TryJoin<A, B>;
    impl[T: crate::Task] crate::JoinAll<T>;
    impl[T: crate::Task] crate::TryJoinAll<T>;
    impl[T: crate::Task] crate::RaceAll<T>;
    impl[T: crate::Task] crate::Select<T>;
    impl[A: crate::Task, B: crate::Task] crate::Race<A, B>;
    impl[T: crate::Task] crate::Timeout<T>;
    impl[T: crate::Task] crate::TimeoutAt<T>;
}

/// Like [`leaf!`], for leaves that do not know the line that made them. These are handles: they are
/// made long before they are awaited. The line of the `.await` counts.
#[doc(hidden)]
#[macro_export]
macro_rules! handle {
    ($( impl[$($generic:tt)*] $handle:ty; )*) => { $(
        impl<$($generic)*> std::future::IntoFuture for $handle
        where
            $handle: $crate::Task,
        {
            type Output = <$handle as $crate::Task>::Output;
            type IntoFuture = $crate::Perform<$crate::PerformedAt<$handle>>;

            #[track_caller]
            fn into_future(self) -> Self::IntoFuture {
                $crate::Perform::new($crate::PerformedAt::here(self))
            }
        }
    )* };
}

handle! {
    impl[T: 'static] crate::JoinHandle<T>;
    impl[T] crate::remote_task::Attached<T>;
    impl[T] crate::remote_task::RemoteHandle<T>;
    impl[T] crate::sync::oneshot::Receiver<T>;
}

/// Implements `Debug` as `Display`, because `Debug` is what is printed when `main` returns the
/// error. For the crates of this workspace.
#[doc(hidden)]
#[macro_export]
macro_rules! debug_as_display {
    ($($error:ty;)*) => { $(
        impl std::fmt::Debug for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    )* };
}

debug_as_display! {
    crate::JoinError;
}

/// Implements `Debug` for the ends of channels and for their leaves, without the values. The
/// `Debug` code of a value would run while the channel is borrowed. And such a value may itself be
/// an end of that channel. For the crates of this workspace.
#[doc(hidden)]
#[macro_export]
macro_rules! opaque {
    ($($end:ty, $name:literal;)*) => { $(
        impl<T> std::fmt::Debug for $end {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct($name).finish_non_exhaustive()
            }
        }
    )* };
}

opaque! {
    crate::sync::oneshot::Sender<T>, "Sender";
    crate::sync::oneshot::Receiver<T>, "Receiver";
    crate::sync::channel::Sender<T>, "Sender";
    crate::sync::channel::Receiver<T>, "Receiver";
    crate::sync::channel::Send<T>, "Send";
    crate::sync::channel::Recv<T>, "Recv";
    crate::sync::watch::Sender<T>, "Sender";
    crate::sync::watch::Receiver<T>, "Receiver";
    crate::sync::watch::Changed<T>, "Changed";
    crate::sync::watch::Closed<T>, "Closed";
    crate::sync::broadcast::Sender<T>, "Sender";
    crate::sync::broadcast::Receiver<T>, "Receiver";
    crate::sync::broadcast::Recv<T>, "Recv";
}
