//! [`run_destructors`]: destructors that end tasks whose destructors end tasks, on a stack that
//! does not grow with their number.
//!
//! ```text
//!   cancel 1 ─► its destructor ─► cancel 2 ─► … ─► cancel 16 ─► its destructor ─► cancel 17:
//!                                                    │                            put off
//!                                                    │ then ◄────────────────────────┘
//!                                                    └─► 17, and what that puts off, in order
//! ```

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    mem::{self, ManuallyDrop},
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Calls of [`run_destructors`] that stand on one stack at most.
///
/// Each takes some 1.5 KiB of stack in a dev build, and what the destructor itself takes. The
/// smallest stack is that of a green thread, which may be the one that cancels. So it is few;
/// programs nest cancels less deep than this.
pub const NESTED: usize = 16;

type PutOff = VecDeque<Box<dyn FnOnce()>>;

thread_local! {
    /// How many there are on this thread's stack.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// What is to run when the innermost of them is over. A thread that ends does not destroy it: a
    /// loop in a thread-local may come later. There is nothing in it then.
    static PUT_OFF: ManuallyDrop<RefCell<PutOff>> =
        const { ManuallyDrop::new(RefCell::new(VecDeque::new())) };
}

/// Runs `something` that runs destructors of users: a task or an output is dropped. For hosts.
///
/// A destructor may end another task, which calls this again. At most [`NESTED`] calls stand on one
/// stack. The next returns at once, and what it was to run comes when the innermost call on the
/// stack has run its own, in the order of the calls. So no chain of tasks that end each other
/// overflows the stack, and all destructors have run when the outermost call returns.
///
/// `something` must not panic: it contains the panics of the destructors.
///
/// ```
/// use quadrivium_core::host::run_destructors;
///
/// struct Ends(u32);
///
/// impl Drop for Ends {
///     fn drop(&mut self) {
///         if let Some(next) = self.0.checked_sub(1) {
///             run_destructors(move || drop(Ends(next)));
///         }
///     }
/// }
///
/// run_destructors(|| drop(Ends(1_000_000)));
/// ```
pub fn run_destructors(something: impl FnOnce() + 'static) {
    let depth = DEPTH.get();
    if depth == NESTED {
        return PUT_OFF.with(|all| all.borrow_mut().push_back(Box::new(something)));
    }
    let _nested = Nested { outer: depth };
    DEPTH.set(depth + 1);
    something();
}

/// A call on the stack.
struct Nested {
    outer: usize,
}

impl Drop for Nested {
    fn drop(&mut self) {
        if self.outer + 1 == NESTED {
            while let Some(next) = PUT_OFF.with(|all| all.borrow_mut().pop_front()) {
                next();
            }
            PUT_OFF.with(|all| all.take());
        }
        DEPTH.set(self.outer);
    }
}

/// Runs code that may panic where nobody can be told, and returns what it returns unless it panics.
/// For hosts.
///
/// The payload of the panic may panic when it is dropped, and so may that one's: it is leaked.
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

    /// Adds its number when it is dropped, before and after it has dropped the next.
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
    fn as_many_as_stand_on_one_stack_end_from_the_inside_out() {
        assert_eq!(order(NESTED), (1..=NESTED).rev().collect::<Vec<_>>());
    }

    #[test]
    fn those_beyond_come_one_after_another() {
        let beyond = NESTED..=NESTED + 5;
        assert_eq!(order(NESTED + 5), beyond.chain((1..NESTED).rev()).collect::<Vec<_>>());
        assert_eq!(DEPTH.get(), 0);
        assert_eq!(
            PUT_OFF.with(|all| all.borrow().capacity()),
            0,
            "a thread that ends leaks nothing"
        );
    }
}
