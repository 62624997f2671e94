//! A trace is flushed before the loop sleeps, and at the end of a run.

use std::{cell::RefCell, rc::Rc, time::Duration};

use quadrivium_core::{sleep, turn};
use quadrivium_event_loop::{
    EventLoop, Trace,
    trace::{Event, EventKind},
};

#[derive(Clone, Default)]
struct Kept(Rc<RefCell<Vec<String>>>);

impl Trace for Kept {
    fn record(&mut self, event: &Event) {
        if event.kind != EventKind::Resumed {
            self.0.borrow_mut().push(event.to_string());
        }
    }

    fn flush(&mut self) {
        self.0.borrow_mut().push("flush".to_owned());
    }
}

#[test]
fn a_trace_is_flushed_when_the_loop_sleeps_and_when_a_run_ends() {
    let kept = Kept::default();
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    event_loop.trace(kept.clone());
    drop(event_loop.spawn(turn()));
    event_loop.block_on(sleep(Duration::from_secs(1))).unwrap();
    assert_eq!(
        *kept.0.borrow(),
        [
            "0ns task 1 spawned",
            "0ns task 2 spawned",
            "0ns task 1 suspended for a turn",
            "0ns task 2 suspended until 1s",
            "0ns task 1 done",
            // No task is ready, so the clock jumps.
            "flush",
            "1s task 2 woken by its deadline",
            "1s task 2 done",
            // The run ends.
            "flush",
        ]
    );
}
