//! Clusters that end through a task of their own. A cluster is one loop on each of several threads,
//! and a thread cannot wait for its own end.

use std::{num::NonZero, sync::Arc, thread};

use futures::channel::oneshot;
use quadrivium::{
    RunError,
    event_loop::{Cluster, RemoteHandle},
    future::future,
    sync::Notify,
};

use crate::{Body, Notes, Subject, body, catch_panic, sockets::real_loop};

laws! { ($) clusters:
    /// A task may drop the last reference to its own cluster, and continues. Then all loops end and
    /// drop their tasks.
    may_be_dropped_by_their_own_task;
    /// A destructor of a task may drop the last reference to the task's own cluster. Then all loops
    /// end and drop their tasks.
    may_be_dropped_by_their_own_destructor;
    /// A task that calls `finish` on its own cluster gets the error `RunError::Nested`. Then all
    /// loops end and drop their tasks.
    refuse_to_be_finished_by_their_own_task;
    /// An unread output of a task on a cluster may panic when its handle drops it. The panic is
    /// contained.
    an_unread_output_may_panic;
}

/// Lets the body on the cluster continue once it has the only reference to the cluster.
type GoOn = oneshot::Receiver<()>;

/// Makes a cluster of two loops. On each, a task waits forever. A third task gets the last
/// reference to the cluster and does something with it. Waits until all three are dropped.
fn end_cluster_by(
    subject: Subject,
    make: impl FnOnce(Arc<Cluster>, GoOn) -> Body + Send + 'static,
) -> RemoteHandle<()> {
    let two = NonZero::new(2).expect("two is not zero");
    let cluster = Arc::new(Cluster::new(two).expect("the OS lets us start threads"));
    let [(one, one_ends), (other, other_ends), (last, last_ends)] =
        [(); 3].map(|()| oneshot::channel::<()>());
    for held in [one, other] {
        let waits = move || subject.task(body().hold(held).perform(Notify::new().notified()));
        drop(cluster.spawn(waits));
    }
    let (go_on, may_go_on) = oneshot::channel();
    let own = Arc::clone(&cluster);
    let handle = cluster.spawn(move || subject.task(make(own, may_go_on).hold(last)));
    drop(cluster);
    go_on.send(()).expect("it is waited for");
    let all = async move { (one_ends.await, other_ends.await, last_ends.await) };
    let ended = real_loop().block_on(future(all)).expect("the loop of the test goes on");
    assert!(ended.0.is_err() && ended.1.is_err() && ended.2.is_err(), "all tasks must be dropped");
    handle
}

fn may_be_dropped_by_their_own_task(subject: Subject) {
    let notes = Notes::default();
    let own_notes = notes.clone();
    let handle = end_cluster_by(subject, move |cluster, may_go_on| {
        let body = body().perform(future(may_go_on)).run(move || drop(cluster));
        body.note(&own_notes, "went on")
    });
    real_loop().block_on(handle).expect("the loop of the test goes on").expect("it has gone on");
    assert_eq!(notes.lines(), ["went on"]);
}

fn may_be_dropped_by_their_own_destructor(subject: Subject) {
    let handle = end_cluster_by(subject, |cluster, may_go_on| {
        body().hold(cluster).perform(future(may_go_on))
    });
    real_loop().block_on(handle).expect("the loop of the test goes on").expect("it has ended");
}

fn refuse_to_be_finished_by_their_own_task(subject: Subject) {
    let notes = Notes::default();
    let own_notes = notes.clone();
    let handle = end_cluster_by(subject, move |cluster, may_go_on| {
        body().perform(future(may_go_on)).run(move || {
            let cluster = Arc::into_inner(cluster).expect("it is the last");
            own_notes.add(match cluster.finish() {
                Err(RunError::Nested) => "nested".to_string(),
                ended => format!("{ended:?}"),
            });
        })
    });
    real_loop().block_on(handle).expect("the loop of the test goes on").expect("it has gone on");
    assert_eq!(notes.lines(), ["nested"]);
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        if !thread::panicking() {
            panic!("on purpose");
        }
    }
}

fn an_unread_output_may_panic(subject: Subject) {
    let one = NonZero::new(1).expect("one is not zero");
    let cluster = Cluster::new(one).expect("the OS lets us start threads");
    let handle = cluster.spawn(move || subject.task(body().output(|| PanicsWhenDropped)));
    cluster.finish().expect("the task ends");
    assert!(handle.is_finished(), "the task must have ended");
    catch_panic(|| drop(handle)).expect("the panic is contained");
}
