//! Chains of tasks: each task ends the next one in its destructor. The destructors nest up to a
//! depth of `host::NESTED`. From there on they run one after another, so the stack never grows
//! with the number of tasks.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    rc::Rc,
};

use quadrivium::{
    host::{self, NESTED},
    prelude::*,
    sync::Notify,
};

use crate::{Subject, body, child::in_own_process, in_destructor, in_drop, new_loop, turns};

laws! { ($) chains:
    /// A destructor that cancels a task continues after that task's destructors have run. Cancels
    /// nest like this up to the sixteenth.
    of_sixteen_cancels_nest;
    /// Cancels beyond the sixteenth return at once. Their destructors run one after another when
    /// the destructor of the sixteenth has run, and before the outer cancels return.
    of_more_cancels_run_one_after_another;
    /// When the outermost of many nested cancels returns, all destructors have run, also if a task
    /// calls it.
    of_cancels_end_before_the_outermost_returns;
    /// A task that joins the first task of a chain is woken after the destructors of all have run.
    of_cancels_end_before_a_join_is_woken;
    /// A chain of thirty thousand tasks that cancel each other in their destructors ends without a
    /// stack overflow.
    of_thirty_thousand_cancels_do_not_overflow;
    /// A chain of thirty thousand cancels that alternates between two loops ends without a stack
    /// overflow.
    of_thirty_thousand_cancels_on_two_loops_do_not_overflow;
    /// Dropping a loop with a chain of thirty thousand tasks causes no stack overflow.
    of_thirty_thousand_tasks_of_a_dropped_loop_do_not_overflow;
    /// A chain of thirty thousand unread outputs that hold the handles of each other is dropped
    /// without a stack overflow.
    of_thirty_thousand_outputs_do_not_overflow;
    /// A task that is spawned by a destructor while its loop is dropped is dropped as well. If its
    /// destructor spawns again, and so on without end, the chain is cut and a message reports it.
    of_spawns_on_a_dropped_loop_are_cut;
}

const MANY: usize = 30_000;

/// The numbers of the tasks, in the order in which their destructors ended.
type DropOrder = Rc<RefCell<Vec<usize>>>;

/// The slot for the handle of a task that is spawned later.
type Handle = Rc<RefCell<Option<JoinHandle<()>>>>;

/// Spawns this number of tasks, alternating between the given loops. Each one, when dropped,
/// cancels the next and then notes its own number. Returns the handle of the first.
fn chain(
    subject: Subject,
    loops: &[&EventLoop],
    length: usize,
    order: &DropOrder,
) -> JoinHandle<()> {
    let first = Handle::default();
    let mut own = Rc::clone(&first);
    for number in 1..=length {
        let (next, order) = (Handle::default(), Rc::clone(order));
        let cancelled = Rc::clone(&next);
        let cancels = in_drop(move || {
            if let Some(next) = cancelled.take() {
                next.cancel();
            }
            order.borrow_mut().push(number);
        });
        let body = body().hold(cancels).perform(Notify::new().notified());
        *own.borrow_mut() = Some(loops[number % loops.len()].spawn(subject.task(body)));
        own = next;
    }
    first.take().expect("there is at least one")
}

/// Returns the order in which a started chain of this length ends after a cancel of its first task.
fn cancelled(subject: Subject, length: usize) -> Vec<usize> {
    let order = DropOrder::default();
    let mut event_loop = new_loop();
    let first = chain(subject, &[&event_loop], length, &order);
    turns(&mut event_loop, 1);
    first.cancel();
    assert_eq!(event_loop.live(), 0, "all tasks must have ended when the outermost cancel returns");
    order.take()
}

/// From the inside out up to the sixteenth, then one after another.
fn expected(length: usize) -> Vec<usize> {
    let nested = NESTED.min(length);
    (nested..=length).chain((1..nested).rev()).collect()
}

fn of_sixteen_cancels_nest(subject: Subject) {
    assert_eq!(cancelled(subject, NESTED), (1..=NESTED).rev().collect::<Vec<_>>());
}

fn of_more_cancels_run_one_after_another(subject: Subject) {
    assert_eq!(cancelled(subject, NESTED + 1)[..2], [NESTED, NESTED + 1]);
    assert_eq!(cancelled(subject, 100), expected(100));
}

fn of_cancels_end_before_the_outermost_returns(subject: Subject) {
    let order = DropOrder::default();
    let mut event_loop = new_loop();
    let first = chain(subject, &[&event_loop], 100, &order);
    turns(&mut event_loop, 1);
    let all = Rc::clone(&order);
    let body = body().run(move || {
        first.cancel();
        assert_eq!(*all.borrow(), expected(100), "destructors must have run when cancel returns");
    });
    event_loop.block_on(subject.task(body)).unwrap();
    assert_eq!(event_loop.live(), 0);
}

fn of_cancels_end_before_a_join_is_woken(subject: Subject) {
    let order = DropOrder::default();
    let mut event_loop = new_loop();
    let first = chain(subject, &[&event_loop], 100, &order);
    let canceller = first.canceller();
    let (all, ended_at_join) = (Rc::clone(&order), Rc::new(Cell::new(0)));
    let counter = Rc::clone(&ended_at_join);
    let joins = body().perform_then(|| first, move |_| counter.set(all.borrow().len()));
    event_loop.start_detached(subject.task(joins), 1);
    canceller.cancel();
    event_loop.run().unwrap();
    assert_eq!(ended_at_join.get(), 100);
}

/// Runs something in a process of its own, since a stack overflow ends the process. Returns the
/// error output.
#[track_caller]
fn without_an_overflow(something: impl FnOnce()) -> String {
    let (status, stderr) = in_own_process(|| {
        something();
        eprintln!("ran to its end");
    });
    let is_over = status.success() && stderr.contains("ran to its end");
    assert!(is_over, "{status}\n{stderr}");
    stderr
}

fn of_thirty_thousand_cancels_do_not_overflow(subject: Subject) {
    without_an_overflow(|| {
        let order = DropOrder::default();
        let mut event_loop = new_loop();
        chain(subject, &[&event_loop], MANY, &order).cancel();
        assert_eq!(order.take(), expected(MANY));
        // Now the same from inside a task, on the stack of that task. It runs before the others
        // start.
        let first = Handle::default();
        let cancels = Rc::clone(&first);
        let cancels = body().run(move || cancels.take().expect("it is spawned").cancel());
        drop(event_loop.spawn(subject.task(cancels)));
        *first.borrow_mut() = Some(chain(subject, &[&event_loop], MANY, &order));
        event_loop.run().unwrap();
        assert_eq!(order.take(), expected(MANY));
    });
}

fn of_thirty_thousand_cancels_on_two_loops_do_not_overflow(subject: Subject) {
    without_an_overflow(|| {
        let order = DropOrder::default();
        let (event_loop, other) = (new_loop(), new_loop());
        chain(subject, &[&event_loop, &other], MANY, &order).cancel();
        assert_eq!(order.take(), expected(MANY));
    });
}

fn of_thirty_thousand_tasks_of_a_dropped_loop_do_not_overflow(subject: Subject) {
    without_an_overflow(|| {
        let order = DropOrder::default();
        let event_loop = new_loop();
        drop(chain(subject, &[&event_loop], MANY, &order));
        drop(event_loop);
        // The loop drops the first task. The cancels concern the tasks after it.
        let cancelled = expected(MANY - 1).into_iter().map(|number| number + 1);
        assert_eq!(order.take(), cancelled.chain([1]).collect::<Vec<_>>());
    });
}

fn of_thirty_thousand_outputs_do_not_overflow(subject: Subject) {
    without_an_overflow(|| {
        let dropped = Rc::new(Cell::new(0));
        let mut event_loop = new_loop();
        let first = (0..MANY).fold(None, |next, _| {
            let counts = Rc::clone(&dropped);
            let output = in_drop(move || {
                drop::<Option<Box<dyn Any>>>(next);
                counts.set(counts.get() + 1);
            });
            let handle = event_loop.spawn(subject.task(body().output(|| output)));
            Some(Box::new(handle) as Box<dyn Any>)
        });
        turns(&mut event_loop, 1);
        assert_eq!(dropped.get(), 0);
        drop(first);
        assert_eq!(dropped.get(), MANY);
    });
}

/// When dropped, spawns a task that holds another value of this type.
struct Spawns(Subject, Rc<Cell<usize>>);

impl Drop for Spawns {
    fn drop(&mut self) {
        in_destructor(|| {
            // A style may keep leaked values until its thread ends. Then there is no host.
            if host::current().is_none() {
                return;
            }
            self.1.set(self.1.get() + 1);
            let again = Spawns(self.0, Rc::clone(&self.1));
            drop(spawn(self.0.task(body().hold(again))));
        });
    }
}

fn of_spawns_on_a_dropped_loop_are_cut(subject: Subject) {
    let stderr = without_an_overflow(|| {
        let dropped = Rc::default();
        let event_loop = new_loop();
        drop(event_loop.spawn(subject.task(body().hold(Spawns(subject, Rc::clone(&dropped))))));
        drop(event_loop);
        assert_eq!(dropped.get(), 17, "the first task and sixteen spawned by destructors");
    });
    for message in [
        "quadrivium: a destructor has spawned task 18 (spawned at ",
        "on a loop that is being dropped",
        "this one is leaked",
    ] {
        assert!(stderr.contains(message), "{message:?} is not in:\n{stderr}");
    }
}
