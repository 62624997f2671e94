//! Every style that can be `Send`, and every pair of them, with every outcome of a task.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
};

use quadrivium::{
    callback::send::callback,
    event_loop::RemoteHandle,
    future,
    generator::send::generator,
    may,
    prelude::{JoinError, Task, future as future_task, sleep, turn},
};

use super::{MS, SECOND, two_workers};

type SendTask<T> = Pin<Box<dyn Task<Output = T> + Send>>;

#[derive(Clone, Copy, Debug)]
enum Style {
    Callback,
    Generator,
    Future,
}

use Style::{Callback, Future, Generator};

const ALL: [Style; 3] = [Callback, Generator, Future];

impl Style {
    /// Returns a task of this style that lets other tasks run once, performs `task`, and returns
    /// what `then` makes of its output.
    fn performs<P, T>(
        self,
        task: P,
        then: impl FnOnce(P::Output) -> T + Send + 'static,
    ) -> SendTask<T>
    where
        P: Task<Output: Send> + Send + 'static,
        T: Send + 'static,
    {
        match self {
            Callback => Box::pin(callback(|cb| {
                cb.perform(turn(), |cb, ()| cb.perform(task, |cb, it| cb.done(then(it))));
            })),
            Generator => Box::pin(generator(|mut co| async move {
                co.perform(turn()).await;
                then(co.perform(task).await)
            })),
            Future => Box::pin(future_task(async move {
                turn().await;
                then(future::perform(task).await)
            })),
        }
    }
}

/// Returns each pair of styles. The first performs the second.
fn pairs() -> impl Iterator<Item = (Style, Style)> {
    two_workers();
    ALL.into_iter().flat_map(|outer| ALL.map(|inner| (outer, inner)))
}

#[test]
fn a_value() {
    for (outer, inner) in pairs() {
        let task = outer.performs(inner.performs(sleep(MS), |()| 21), |half| 2 * half);
        assert_eq!(may::block_on(task).unwrap(), 42, "{outer:?} performs {inner:?}");
    }
}

#[test]
fn an_error() {
    for (outer, inner) in pairs() {
        let fails = inner.performs(turn(), |()| Err::<u32, _>(io::Error::other("as planned")));
        let task = outer.performs(fails, |result: io::Result<u32>| Ok::<_, io::Error>(result? + 1));
        let error = may::block_on(task).unwrap().unwrap_err();
        assert_eq!(error.to_string(), "as planned", "{outer:?} performs {inner:?}");
    }
}

/// Counts its drops.
#[derive(Clone, Default)]
struct Drops(Arc<AtomicU32>);

struct Bomb(Drops);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drops {
    fn bomb(&self) -> Bomb {
        Bomb(self.clone())
    }

    fn count(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

#[test]
fn a_panic() {
    for (outer, inner) in pairs() {
        let drops = Drops::default();
        let (one, other) = (drops.bomb(), drops.bomb());
        let panics = inner.performs(turn(), move |()| {
            let _one = one;
            panic!("as planned")
        });
        let task = outer.performs(panics, move |()| drop(other));
        let Err(JoinError::Panicked(payload)) = may::block_on(task) else {
            panic!("the task should have panicked")
        };
        assert_eq!(payload.message(), Some("as planned"), "{outer:?} performs {inner:?}");
        assert_eq!(drops.count(), 2, "{outer:?} performs {inner:?}");
    }
}

fn is_cancelled(handle: RemoteHandle<()>) -> bool {
    matches!(may::block_on(handle).unwrap(), Err(JoinError::Cancelled))
}

#[test]
fn a_cancel_from_outside() {
    for (outer, inner) in pairs() {
        let drops = Drops::default();
        let (one, other) = (drops.bomb(), drops.bomb());
        let (sender, started) = mpsc::channel();
        let sleeps = future_task(async move {
            sender.send(()).unwrap();
            sleep(3600 * SECOND).await;
        });
        let waits = inner.performs(sleeps, move |()| drop(one));
        let handle = may::spawn(outer.performs(waits, move |()| drop(other)));
        started.recv().unwrap();
        handle.cancel();
        assert!(is_cancelled(handle), "{outer:?} performs {inner:?}");
        assert_eq!(drops.count(), 2, "{outer:?} performs {inner:?}");
    }
}

#[test]
fn a_drop_before_the_start_drops_everything() {
    for (outer, inner) in pairs() {
        let drops = Drops::default();
        let (one, other) = (drops.bomb(), drops.bomb());
        let never = inner.performs(turn(), move |()| drop(one));
        drop(outer.performs(never, move |()| drop(other)));
        assert_eq!(drops.count(), 2, "{outer:?} performs {inner:?}");
    }
}

#[test]
fn a_value_passes_through_a_hundred_tasks() {
    for (outer, inner) in pairs() {
        let mut task: SendTask<u32> = inner.performs(sleep(MS), |()| 0);
        for level in 0..100 {
            let style = if level % 2 == 0 { outer } else { inner };
            task = style.performs(task, |depth| depth + 1);
        }
        assert_eq!(may::block_on(task).unwrap(), 100, "{outer:?} and {inner:?}");
    }
}
