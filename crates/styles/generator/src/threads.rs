//! [`Threads`]: on which threads a generator may be resumed, and so what it shares with its body.
//! The only file that knows `genawaiter`'s two kinds of generators.

use std::{
    cell::{Cell, RefCell},
    fmt,
    future::Future,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Waker,
};

use genawaiter::{Coroutine, rc, sync};
use quadrivium_core::{Context, LocalWaker};

/// On which threads a generator may be resumed: [`OneThread`] or [`AnyThread`], and no others.
pub trait Threads: Shared {}

impl Threads for OneThread {}
impl Threads for AnyThread {}

/// What a generator and its body share.
pub trait Shared: Clone {
    /// genawaiter's generator.
    type Generator<Y, G: Future>: Coroutine<Yield = Y, Resume = (), Return = G::Output> + Unpin;
    /// genawaiter's handle to it.
    type Handle<Y>;

    /// A generator that has not run yet.
    fn generator<Y, G: Future>(body: impl FnOnce(Self::Handle<Y>) -> G) -> Self::Generator<Y, G>;

    /// Makes this what the generator yields, as soon as it comes back.
    fn put<Y>(handle: &Self::Handle<Y>, yielded: Y);

    /// What they share when the generator is first resumed.
    fn new(cx: &Context<'_>) -> Self;

    /// Resumes the generator, whose body has the waker meanwhile.
    fn resume<R>(&self, cx: &Context<'_>, generator: impl FnOnce() -> R) -> R;

    /// Lends the waker to the body, to resume a sub-task with.
    fn with_waker<R>(&self, sub_task: impl FnOnce(&Waker) -> R) -> R;

    /// Notes whether the body has yielded since it was resumed; what was noted before.
    fn note_yield(&self, has_yielded: bool) -> bool;
}

/// The thread on which the generator was first resumed: so it may hold anything.
#[derive(Clone)]
pub struct OneThread(Rc<Cells>);

struct Cells {
    waker: RefCell<LocalWaker>,
    has_yielded: Cell<bool>,
}

impl Shared for OneThread {
    type Generator<Y, G: Future> = rc::Gen<Y, (), G>;
    type Handle<Y> = rc::Co<Y>;

    fn generator<Y, G: Future>(body: impl FnOnce(rc::Co<Y>) -> G) -> rc::Gen<Y, (), G> {
        rc::Gen::new(body)
    }

    #[inline]
    fn put<Y>(handle: &rc::Co<Y>, yielded: Y) {
        // genawaiter puts the value into its airlock at once. The future it returns would only wait
        // to be resumed, which is what `Performing` does itself: awaiting it costs two more state
        // machines.
        drop(handle.yield_(yielded));
    }

    fn new(cx: &Context<'_>) -> Self {
        let waker = RefCell::new(cx.local_waker());
        Self(Rc::new(Cells { waker, has_yielded: Cell::new(false) }))
    }

    #[inline]
    fn resume<R>(&self, cx: &Context<'_>, generator: impl FnOnce() -> R) -> R {
        if !self.0.waker.borrow().will_wake(cx.waker()) {
            self.0.waker.replace(cx.local_waker());
        }
        generator()
    }

    #[inline]
    fn with_waker<R>(&self, sub_task: impl FnOnce(&Waker) -> R) -> R {
        sub_task(self.0.waker.borrow().as_waker())
    }

    #[inline]
    fn note_yield(&self, has_yielded: bool) -> bool {
        self.0.has_yielded.replace(has_yielded)
    }
}

/// Any, one after another: so the generator holds only what is [`Send`], and [is](crate::send) it
/// itself.
#[derive(Clone)]
pub struct AnyThread(Arc<AtomicBool>);

thread_local! {
    /// The innermost such generator that is being resumed on this thread.
    ///
    /// Its waker is here and not with what it shares with its body: a [`LocalWaker`] must not leave
    /// its thread, and the clone of a waker, which may, tells the host that somebody outside can wake
    /// the task. No deadlock of it would be certain any more.
    static RESUMED: Cell<Option<Resumed>> = const { Cell::new(None) };
}

struct Resumed {
    /// What it shares with its body, for its address alone.
    generator: *const AtomicBool,
    waker: LocalWaker,
}

/// Puts this back into `RESUMED`, also when something panics.
struct PutBack(Option<Resumed>);

impl Drop for PutBack {
    fn drop(&mut self) {
        RESUMED.set(self.0.take());
    }
}

impl Shared for AnyThread {
    type Generator<Y, G: Future> = sync::Gen<Y, (), G>;
    type Handle<Y> = sync::Co<Y>;

    fn generator<Y, G: Future>(body: impl FnOnce(sync::Co<Y>) -> G) -> sync::Gen<Y, (), G> {
        sync::Gen::new(body)
    }

    #[inline]
    fn put<Y>(handle: &sync::Co<Y>, yielded: Y) {
        drop(handle.yield_(yielded));
    }

    fn new(_: &Context<'_>) -> Self {
        Self(Arc::default())
    }

    #[inline]
    fn resume<R>(&self, cx: &Context<'_>, generator: impl FnOnce() -> R) -> R {
        let resumed = Resumed { generator: Arc::as_ptr(&self.0), waker: cx.local_waker() };
        let _around = PutBack(RESUMED.replace(Some(resumed)));
        generator()
    }

    #[inline]
    fn with_waker<R>(&self, sub_task: impl FnOnce(&Waker) -> R) -> R {
        let lent = PutBack(RESUMED.take());
        let own = |it: &&Resumed| it.generator == Arc::as_ptr(&self.0);
        let resumed = lent.0.as_ref().filter(own).expect(
            "a generator performed while another one, or none, was resumed: `.await` each \
             `co.perform(..)` in the body that was handed this `co`",
        );
        sub_task(resumed.waker.as_waker())
    }

    #[inline]
    fn note_yield(&self, has_yielded: bool) -> bool {
        // Only who resumes the generator comes here, and who moves it to another thread has made
        // what was written visible there: no need for what a processor does to swap at once.
        let before = self.0.load(Ordering::Relaxed);
        self.0.store(has_yielded, Ordering::Relaxed);
        before
    }
}

impl fmt::Debug for OneThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneThread").finish_non_exhaustive()
    }
}

impl fmt::Debug for AnyThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyThread").finish_non_exhaustive()
    }
}
