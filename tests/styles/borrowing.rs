//! Parts of a task may borrow from its values, also when a part cancels the task.

use std::{cell::OnceCell, rc::Rc, time::Duration};

use quadrivium::{future::perform, generator::generator, green, prelude::*, task::BoxTask};
use quadrivium_conformance::Notes;

/// A value from which parts borrow.
struct Lent {
    text: String,
    notes: Notes,
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.notes.add("value dropped");
    }
}

/// Reads the value when it is dropped.
struct ReadsInDrop<'a>(&'a Lent, u64);

impl Drop for ReadsInDrop<'_> {
    fn drop(&mut self) {
        self.0.notes.add(format!("part {} reads {}", self.1, self.0.text));
    }
}

type Own = Rc<OnceCell<JoinHandle<()>>>;

/// A part that borrows. The second part cancels the whole task.
fn part<'a>(lent: &'a Lent, own: &'a Own, n: u64) -> impl Task<Output = ()> + use<'a> {
    future(async move {
        let reads = ReadsInDrop(lent, n);
        sleep(Duration::from_millis(n)).await;
        if n == 2 {
            own.get().expect("the task was spawned").cancel();
            lent.notes.add("cancelled");
        }
        sleep(Duration::from_secs(1)).await;
        drop(reads);
    })
}

fn as_generator(lent: Lent, own: Own) -> BoxTask<()> {
    Box::pin(generator(|mut co| async move {
        co.perform(join_all([1, 2, 3].map(|n| part(&lent, &own, n)))).await;
    }))
}

fn as_future(lent: Lent, own: Own) -> BoxTask<()> {
    Box::pin(future(async move {
        perform(join_all([1, 2, 3].map(|n| part(&lent, &own, n)))).await;
    }))
}

fn as_green(lent: Lent, own: Own) -> BoxTask<()> {
    Box::pin(green::green(move || {
        green::perform(join_all([1, 2, 3].map(|n| part(&lent, &own, n))));
    }))
}

#[test]
fn a_part_that_borrows_may_cancel_its_task() {
    for make in [as_generator, as_future, as_green] {
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        let (notes, own) = (Notes::default(), Own::default());
        let lent = Lent { text: "lent".into(), notes: notes.clone() };
        let handle = event_loop.spawn(make(lent, Rc::clone(&own)));
        own.set(handle).expect("it is set once");
        event_loop.run().unwrap();
        let reads = [1, 2, 3].map(|n| format!("part {n} reads lent"));
        assert_eq!(notes.lines()[0], "cancelled");
        assert_eq!(notes.lines()[1..4], reads);
        assert_eq!(notes.lines()[4], "value dropped");
        assert_eq!(event_loop.elapsed(), Duration::from_millis(2));
    }
}
