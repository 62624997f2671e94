//! [`run_destructors`]: runs destructors that cancel tasks, whose destructors cancel further tasks.
//! The stack does not grow with their number.
//!
//! ```text
//!   cancel 1 ─► its destructor ─► cancel 2 ─► … ─► cancel 16 ─► its destructor ─► cancel 17:
//!                                                    │                           postponed
//!                                                    │ then ◄────────────────────────┘
//!                                                    └─► 17, and the calls it postpones, in order
//! ```

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    mem::{self, ManuallyDrop},
    panic::{AssertUnwindSafe, catch_unwind},
};

/// The maximum number of nested calls of [`run_destructors`] on one stack.
///
/// Each call takes some 1.5 KiB of stack in a dev build, and the stack that the destructor itself
/// needs. The smallest stacks are the stacks of green threads, and a green thread may be the
/// caller. Therefore the number is small. Cancels in programs are not nested as deep as this.
pub const NESTED: usize = 16;

type PostponedCalls = VecDeque<Box<dyn FnOnce()>>;

thread_local! {
    /// The number of nested calls on this thread's stack.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// The postponed calls, which run when the innermost call on the stack has ended. The end of a
    /// thread does not destroy this queue, because a loop in another thread-local may be dropped
    /// later. The queue is empty then.
    static POSTPONED: ManuallyDrop<RefCell<PostponedCalls>> =
        const { ManuallyDrop::new(RefCell::new(VecDeque::new())) };
}

/// Runs `something` that drops a task or an output, and so runs destructors of users. For hosts.
///
/// A destructor may cancel another task, and that calls this function again. At most [`NESTED`]
/// calls are nested on one stack. A further call is postponed: it returns at once. The postponed
/// calls run when the innermost call on the stack has run its own destructors, in the order of the
/// calls. So a chain of tasks that cancel each other does not overflow the stack, however long it
/// is. When the outermost call returns, all destructors have run.
///
/// `something` must not panic. It has to contain the panics of the destructors (see [`contain`]).
///
/// ```
/// use quadrivium_core::host::run_destructors;
///
/// struct Chain(u32);
///
/// impl Drop for Chain {
///     fn drop(&mut self) {
///         if let Some(next) = self.0.checked_sub(1) {
///             run_destructors(move || drop(Chain(next)));
///         }
///     }
/// }
///
/// run_destructors(|| drop(Chain(1_000_000)));
/// ```
pub fn run_destructors(something: impl FnOnce() + 'static) {
    let depth = DEPTH.get();
    if depth == NESTED {
        return POSTPONED.with(|calls| calls.borrow_mut().push_back(Box::new(something)));
    }
    let _nested = Nested { outer: depth };
    DEPTH.set(depth + 1);
    something();
}

/// Returns whether the calling code runs inside [`run_destructors`], on any stack of this thread.
pub fn are_destructors_running() -> bool {
    DEPTH.get() > 0
}

/// A call of [`run_destructors`] on the stack.
struct Nested {
    outer: usize,
}

impl Drop for Nested {
    fn drop(&mut self) {
        if self.outer + 1 == NESTED {
            while let Some(next) = POSTPONED.with(|calls| calls.borrow_mut().pop_front()) {
                next();
            }
            POSTPONED.with(|calls| calls.take());
        }
        DEPTH.set(self.outer);
    }
}

/// Runs code that may panic, in a place where the panic cannot be reported. Returns the output of
/// the code, or `None` if it panicked. For hosts.
///
/// The payload of the panic is leaked, because its destructor may panic as well, and so may the
/// destructor of that payload.
///
/// ```
/// use quadrivium_core::host::contain;
///
/// assert_eq!(contain(|| 1), Some(1));
/// ```
pub fn contain<T>(something: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(something)).map_err(mem::forget).ok()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    /// Adds its number to the list when it is dropped, after it has dropped the next one through
    /// `run_destructors`.
    struct Numbered(usize, usize, Rc<RefCell<Vec<usize>>>);

    impl Drop for Numbered {
        fn drop(&mut self) {
            let Self(number, last, ref order) = *self;
            if number < last {
                let next = Numbered(number + 1, last, Rc::clone(order));
                run_destructors(move || drop(next));
            }
            order.borrow_mut().push(number);
        }
    }

    fn order(last: usize) -> Vec<usize> {
        let order = Rc::default();
        let first = Numbered(1, last, Rc::clone(&order));
        run_destructors(move || drop(first));
        order.take()
    }

    #[test]
    fn nested_calls_end_from_the_inside_out() {
        assert_eq!(order(NESTED), (1..=NESTED).rev().collect::<Vec<_>>());
    }

    #[test]
    fn postponed_calls_run_one_after_another() {
        let postponed = NESTED..=NESTED + 5;
        assert_eq!(order(NESTED + 5), postponed.chain((1..NESTED).rev()).collect::<Vec<_>>());
        assert_eq!(DEPTH.get(), 0);
        assert_eq!(
            POSTPONED.with(|calls| calls.borrow().capacity()),
            0,
            "a thread that ends leaks no memory"
        );
    }
}
