//! How signals stop a scope: the first one cancels it, the second one at once.

use std::{io, pin::Pin};

use quadrivium_core::{BoxTask, Context, Step, Task, scope::ScopeHandle};

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
    /// The reason is the name of the signal.
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
        let stop = StopOnSignal { signals: self, next, scope: scope.clone() };
        // The shield lets it wait for the second signal.
        let child = scope.child().named("signals").shielded(std::time::Duration::MAX);
        child.spawn_background(stop);
    }
}

/// Cancels a scope at each signal.
struct StopOnSignal<T, E> {
    signals: Signals,
    next: BoxTask<io::Result<Signal>>,
    scope: ScopeHandle<T, E>,
}

impl<T, E> Task for StopOnSignal<T, E> {
    type Output = Result<(), E>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let Self { signals, next, scope } = &mut *self;
        loop {
            let why = match next.as_mut().resume(cx) {
                Step::Suspended(wait) => return Step::Suspended(wait),
                Step::Done(Ok(signal)) => signal.to_string(),
                Step::Done(Err(error)) => {
                    scope.cancel(format!("cannot listen for signals: {error}"));
                    return Step::Done(Ok(()));
                }
            };
            if scope.is_closed() {
                scope.cancel_at_once(why);
                return Step::Done(Ok(()));
            }
            scope.cancel(why);
            *next = Box::pin(signals.next());
        }
    }
}
