//! Time jumps only when nothing else can happen. So a day of timers takes no real time.

use std::{cell::Cell, rc::Rc, time::Duration};

use quadrivium::{
    prelude::*,
    test::{Faults, Simulation},
    time::now,
};

use crate::styles::{Script, in_every_style, script};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_day_of_timers_fires_on_time() {
    in_every_style(|style| {
        let fired = Rc::new(Cell::new(0));
        Simulation::new().seeds(0..1).run(|event_loop| {
            // Every second, every minute, every hour.
            for (n, period) in [(86_400, SECOND), (1_440, SECOND * 60), (24, SECOND * 3600)] {
                let fired = Rc::clone(&fired);
                drop(event_loop.spawn(style.task(every(period, n, fired))));
            }
            event_loop.run().unwrap();
            assert_eq!(event_loop.elapsed(), SECOND * 86_400);
        });
        assert_eq!(fired.get(), 86_400 + 1_440 + 24);
    });
}

fn every(period: Duration, n: u32, fired: Rc<Cell<u32>>) -> Script {
    (0..n).fold(script(), |script, _| {
        let fired = Rc::clone(&fired);
        script.perform(sleep(period)).run(move || fired.set(fired.get() + 1))
    })
}

#[test]
fn time_jumps_only_when_nothing_is_ready() {
    in_every_style(|style| {
        Simulation::new().faults(Faults::none().spurious_wakes(0.5, SECOND)).run(|event_loop| {
            let start = event_loop.now();
            drop(event_loop.spawn(style.task(script().perform(sleep(SECOND)))));
            let busy = script().turns(50).run(move || assert_eq!(now(), start));
            event_loop.block_on(style.task(busy))
        });
    });
}
