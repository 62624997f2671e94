//! Observers for all threads. They stay until the process ends, so this test is a process of its
//! own.

use std::{
    num::NonZeroUsize,
    rc::Rc,
    sync::atomic::{AtomicU32, Ordering::SeqCst},
};

use quadrivium_core::{
    host::{self, Observer},
    inspect::{RunningTask, Style},
    turn,
};
use quadrivium_event_loop::{Cluster, EventLoop};

static MADE: AtomicU32 = AtomicU32::new(0);
static RESUMED: AtomicU32 = AtomicU32::new(0);
static SUSPENDED: AtomicU32 = AtomicU32::new(0);
static ENDED: AtomicU32 = AtomicU32::new(0);

struct Counts;

impl Observer for Counts {
    fn resumed(&self, _: RunningTask, _: Style) {
        assert!(host::label().is_some());
        RESUMED.fetch_add(1, SeqCst);
    }

    fn suspended(&self, _: RunningTask) {
        SUSPENDED.fetch_add(1, SeqCst);
    }

    fn ended(&self, _: RunningTask) {
        ENDED.fetch_add(1, SeqCst);
    }
}

fn make() -> Rc<dyn Observer> {
    MADE.fetch_add(1, SeqCst);
    // An observer may use a loop of its own.
    EventLoop::new().unwrap().turn().unwrap_err();
    Rc::new(Counts)
}

fn counts() -> [u32; 4] {
    [&MADE, &RESUMED, &SUSPENDED, &ENDED].map(|count| count.load(SeqCst))
}

#[test]
fn each_thread_with_a_host_gets_an_observer_once() {
    let mut event_loop = EventLoop::new().unwrap();
    event_loop.block_on(turn()).unwrap();
    host::observe_all_threads(make);
    assert_eq!(counts(), [0, 0, 0, 0], "nothing runs until a host is entered");
    event_loop.block_on(turn()).unwrap();
    event_loop.block_on(turn()).unwrap();
    assert_eq!(counts(), [1, 4, 4, 2]);
    let cluster = Cluster::new(NonZeroUsize::new(2).unwrap()).unwrap();
    let handles: Vec<_> = (0..4).map(|_| cluster.spawn(turn)).collect();
    for handle in handles {
        event_loop.block_on(handle).unwrap().unwrap();
    }
    drop(cluster);
    let [made, resumed, suspended, ended] = counts();
    assert_eq!(made, 3);
    assert_eq!(resumed, suspended);
    // Two tasks before, four on the cluster, and the four that have waited for them. The cluster
    // has tasks of its own.
    assert!(ended >= 10, "{ended}");
}
