//! A seed leaves the same trace every time, with every fault, and in every style.

use std::time::Duration;

use quadrivium::{
    EventLoop,
    prelude::sleep,
    spawn,
    test::{Connection, Faults, Order, Simulation, choose, connection},
};

use crate::{
    orders::everything,
    styles::{Notes, Style, in_every_style, script},
};

fn all_faults() -> Faults {
    Faults::mild().cancels(0.02).resets(0.05).half_closes(0.05)
}

/// Two tasks talk over a connection, while other tasks use everything else.
fn program(style: Style, event_loop: &mut EventLoop) -> Vec<String> {
    let notes = Notes::default();
    let (client, server) = connection();
    for (name, end) in [("client", client), ("server", server)] {
        drop(event_loop.spawn_named(
            name,
            style.task(script().run({
                let notes = notes.clone();
                move || talk(style, end, notes)
            })),
        ));
    }
    everything(style, event_loop);
    notes.lines()
}

/// One task writes, another reads what the other end writes.
fn talk(style: Style, end: Connection, notes: Notes) {
    let writer = end.clone();
    let pause = Duration::from_millis(100 * choose(10) as u64);
    let writes = script().perform(sleep(pause)).then(move || writer.write_all("to and fro"), {
        let notes = notes.clone();
        move |written: std::io::Result<()>| {
            notes.add(format!("{:?}", written.map_err(|error| error.kind())))
        }
    });
    let reads = script().then(
        move || end.read_exact(10),
        move |read| notes.add(format!("{:?}", read.map_err(|error| error.kind()))),
    );
    drop(spawn(style.task(writes)));
    drop(spawn(style.task(reads)));
}

#[test]
fn a_seed_leaves_the_same_trace_every_time() {
    in_every_style(|style| {
        for order in [Order::Any, Order::Fifo] {
            let simulation = Simulation::new().order(order).faults(all_faults());
            for seed in 0..50 {
                let [once, again] = [(); 2]
                    .map(|()| simulation.replay(seed, |event_loop| program(style, event_loop)));
                assert_eq!(once, again, "seed {seed}");
            }
        }
    });
}

#[test]
fn a_seed_leaves_the_same_trace_in_every_style() {
    let simulation = Simulation::new().faults(all_faults());
    let replay = |style, seed| simulation.replay(seed, |event_loop| program(style, event_loop));
    in_every_style(|style| {
        for seed in 0..100 {
            assert_eq!(replay(style, seed), replay(Style::Callback, seed), "seed {seed}");
        }
    });
}

#[test]
fn all_faults_come_up() {
    let simulation = Simulation::new().faults(all_faults());
    in_every_style(|style| {
        let runs = (0..100).map(|seed| simulation.replay(seed, |it| program(style, it)));
        let runs: Vec<_> = runs.collect();
        let trace = |what: &str| runs.iter().flat_map(|run| &run.trace).any(|it| it.contains(what));
        let notes = |what: &str| {
            let notes = runs.iter().flat_map(|run| run.result.as_ref().ok());
            notes.flatten().any(|it| it.contains(what))
        };
        for fault in ["woken for no reason", "delayed by", "cancelled"] {
            assert!(trace(fault), "{fault}");
        }
        for outcome in ["Ok(())", "ConnectionReset", "BrokenPipe", "UnexpectedEof", "Ok([116"] {
            assert!(notes(outcome), "{outcome}");
        }
    });
}

#[test]
fn seeds_mean_the_same_in_later_versions() {
    in_every_style(|style| {
        let trace = |event_loop: &mut EventLoop| {
            for _ in 0..3 {
                drop(event_loop.spawn(style.task(script().turns(1))));
            }
            event_loop.run()
        };
        let lines = Simulation::new().replay(17, trace).trace;
        let resumed = lines.iter().filter(|line| line.contains("resumed"));
        let order: Vec<_> = resumed.map(|line| line.as_bytes()["0ns task ".len()] - b'0').collect();
        // If this changes, every seed that a user has noted means something else.
        assert_eq!(order, [1, 1, 2, 3, 2, 3]);
    });
}

#[test]
fn the_choices_of_a_seed_replay_its_order() {
    in_every_style(|style| {
        for seed in 0..20 {
            let simulation = Simulation::new();
            let by_seed = simulation.replay(seed, |event_loop| everything(style, event_loop));
            let choices = &by_seed.choices;
            let again = simulation.replay_order(choices, |it| everything(style, it));
            assert_eq!((by_seed.trace, &by_seed.choices), (again.trace, &again.choices));
        }
    });
}

#[test]
fn every_order_is_replayed_once() {
    let program = |event_loop: &mut EventLoop| {
        let _a = event_loop.spawn(sleep(Duration::ZERO));
        let _b = event_loop.spawn(sleep(Duration::ZERO));
        event_loop.run().unwrap();
    };
    let simulation = Simulation::new();
    let replays: Vec<_> = simulation.replay_every_order(program).collect();
    assert_eq!(replays.len() as u64, simulation.every_order(program));
    for (i, replay) in replays.iter().enumerate() {
        assert_eq!(*replay, simulation.replay_order(&replay.choices, program));
        assert!(replays[..i].iter().all(|earlier| earlier.trace != replay.trace), "{replay:?}");
    }
}
