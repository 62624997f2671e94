//! Tests of green threads together with coroutines of other crates, which switch stacks, too.

use std::{
    cell::RefCell,
    iter,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    rc::Rc,
    task::Waker,
};

use corosensei::{Coroutine, CoroutineResult, Yielder, on_stack};
use quadrivium_core::{Context, Step, Task, Wait, turn};

use crate::{green, perform, stack::Stack};

/// A coroutine of another crate, on a stack of its own.
type ForeignCoroutine<Y> = Coroutine<(), Y, (), Stack>;

fn foreign<Y>(body: impl FnOnce(&Yielder<(), Y>) + 'static) -> ForeignCoroutine<Y>
where
    Y: 'static,
{
    Coroutine::with_stack(another_stack(), |yielder, ()| body(yielder))
}

fn another_stack() -> Stack {
    Stack::take(0).expect("there is memory")
}

/// A task that suspends the coroutine in which it is performed, from inside its `resume`.
struct SwitchesAway<'a>(&'a Yielder<(), ()>);

impl Task for SwitchesAway<'_> {
    type Output = ();

    fn resume(self: Pin<&mut Self>, _: &mut Context<'_>) -> Step<()> {
        self.0.suspend(());
        Step::Suspended(Wait::Turn)
    }
}

/// Resumes a task by hand until it is done.
fn run<T>(task: impl Task<Output = T>) -> T {
    let mut task = pin!(task);
    loop {
        if let Step::Done(output) = task.as_mut().resume(&mut Context::new(Waker::noop())) {
            return output;
        }
    }
}

/// Runs `body`, which panics, and returns the message of its panic.
fn panic_of(body: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(body)).expect_err("it panics");
    payload.downcast_ref::<&str>().expect("it has a message").to_string()
}

const REFUSED: &str = "green::perform was called on a stack that is not the green thread's own";

#[test]
fn a_coroutine_that_a_task_suspends_is_refused_before_it_can_outlive_the_body() {
    let slot = Rc::new(RefCell::new(None));
    let slot_in_body = Rc::clone(&slot);
    run(green(move || {
        let mut inner = foreign(|yielder| perform(SwitchesAway(yielder)));
        let message = panic_of(|| _ = inner.resume(()));
        assert!(message.contains(REFUSED), "{message}");
        assert!(message.contains("perform it in the body of the green thread"), "{message}");
        // The green thread itself goes on.
        perform(turn());
        *slot_in_body.borrow_mut() = Some(inner);
    }));
    // Before such a `perform` was refused, resuming this coroutine was a segmentation fault.
    let inner: Option<ForeignCoroutine<()>> = slot.take();
    assert!(inner.expect("it was moved out").done());
}

#[test]
fn a_coroutine_of_one_green_thread_in_another_is_refused() {
    let slot = Rc::new(RefCell::new(None));
    let slot_in_body = Rc::clone(&slot);
    run(green(move || {
        let mut inner = foreign(|yielder: &Yielder<(), ()>| {
            yielder.suspend(());
            perform(turn());
        });
        assert!(matches!(inner.resume(()), CoroutineResult::Yield(())));
        *slot_in_body.borrow_mut() = Some(inner);
    }));
    let mut inner = slot.take().expect("it was moved out");
    let message = run(green(move || panic_of(|| _ = inner.resume(()))));
    assert!(message.contains(REFUSED), "{message}");
}

#[test]
fn a_call_on_another_stack_is_refused() {
    let message = run(green(|| {
        let message = panic_of(|| on_stack(another_stack(), || perform(turn())));
        perform(turn());
        message
    }));
    assert!(message.contains(REFUSED), "{message}");
}

#[test]
fn tasks_that_a_coroutine_hands_out_are_performed_in_the_body() {
    let resumes = run(green(|| {
        let mut inner = foreign(|yielder| {
            yielder.suspend(turn());
            yielder.suspend(turn());
        });
        let tasks = iter::from_fn(|| inner.resume(()).as_yield());
        tasks.map(perform).count()
    }));
    assert_eq!(resumes, 2);
}

#[test]
fn a_green_thread_in_a_coroutine_has_its_own_stack() {
    let mut outer = foreign(|yielder: &Yielder<(), u32>| {
        let output = run(green(|| {
            perform(turn());
            42
        }));
        yielder.suspend(output);
    });
    assert!(matches!(outer.resume(()), CoroutineResult::Yield(42)));
    assert!(matches!(outer.resume(()), CoroutineResult::Return(())));
}
