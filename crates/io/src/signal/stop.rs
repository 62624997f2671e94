//! How signals stop a scope: the first one cancels it, the second one at once.

use std::{borrow::Cow, io, panic::Location, pin::Pin, time::Duration};

use quadrivium_core::{
    BoxTask, Context, Step, Task,
    scope::{CancelReason, ScopeHandle},
};

use super::{Signal, Signals, is_ignored};

impl Signals {
    /// Listens for the signals that ask a program to stop: SIGINT (Ctrl-C) and SIGTERM. A signal
    /// that is [ignored](is_ignored) stays ignored, as the parent process may want.
    ///
    /// # Errors
    ///
    /// The errors of [`Signals::new`].
    pub fn to_stop() -> io::Result<Self> {
        let signals = [Signal::Interrupt, Signal::Terminate].into_iter();
        Self::new(signals.filter(|signal| !is_ignored(*signal)))
    }

    /// Connects these signals to a scope. The first one [cancels](ScopeHandle::cancel) it, so that
    /// shielded children may end. The second one [cancels](ScopeHandle::cancel_at_once) those too.
    /// The reason has the name of the signal, and the line of this call.
    ///
    /// The listener ends with the scope, and does not keep it open.
    ///
    /// ```
    /// use quadrivium::{prelude::*, scope::Scope, signal::{self, Signal, Signals}};
    ///
    /// let program = future(async {
    ///     let scope = Scope::<(), String>::new();
    ///     Signals::to_stop()?.cancel(&scope);
    ///     scope.spawn(future(std::future::pending()));
    ///     signal::raise(Signal::Terminate)?;
    ///     Ok::<_, std::io::Error>(scope.join().await.unwrap_err().reason)
    /// });
    /// let reason = EventLoop::new()?.block_on(program)??;
    /// assert!(reason.to_string().starts_with("SIGTERM (cancelled at "));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// When no host drives this thread.
    #[track_caller]
    pub fn cancel<T: 'static, E: 'static>(self, scope: &ScopeHandle<T, E>) {
        let next = Box::pin(self.next());
        let at = Location::caller();
        let stop = StopOnSignal { signals: self, next, scope: scope.clone(), at };
        // The shield lets it wait for the second signal.
        let child = scope.child().named("signals").shielded(Duration::MAX);
        child.spawn_background(stop);
    }
}

/// Cancels a scope at each signal.
struct StopOnSignal<T, E> {
    signals: Signals,
    next: BoxTask<io::Result<Signal>>,
    scope: ScopeHandle<T, E>,
    /// The line that has connected the signals to the scope.
    at: &'static Location<'static>,
}

impl<T, E> Task for StopOnSignal<T, E> {
    type Output = Result<(), E>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let Self { signals, next, scope, at } = &mut *self;
        let because = |why: String| CancelReason::Requested { why: Cow::Owned(why), at };
        loop {
            match next.as_mut().resume(cx) {
                Step::Suspended(wait) => return Step::Suspended(wait),
                Step::Done(Ok(signal)) if scope.is_closed() => {
                    scope.cancel_at_once(signal.to_string());
                    return Step::Done(Ok(()));
                }
                Step::Done(Ok(signal)) => scope.cancel_for(because(signal.to_string())),
                Step::Done(Err(error)) => {
                    scope.cancel_for(because(format!("cannot listen for signals: {error}")));
                    return Step::Done(Ok(()));
                }
            }
            *next = Box::pin(signals.next());
        }
    }
}
