//! A process that serves a contender: it reads orders from its standard input and writes answers to
//! its standard output.

use std::{
    hint::spin_loop,
    io::{BufRead, Write, stdin, stdout},
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crate::{
    Bench, Card, Contender, ContenderAnswer, ContenderOrder, Gate, Percentiles, Sample, Stopwatch,
    allocator::allocations_of, memory, random, resources, sleeper::Lateness,
};

/// How long the thread that wakes waits first, so that the loop has gone to sleep.
const QUIET: Duration = Duration::from_micros(30);

/// The main function of a program with contenders. `--list` prints a line of JSON with their cards.
/// `--serve NAME` serves one of them until the input ends.
#[must_use]
pub fn main(contenders: &[Contender]) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--list"] => println!("{}", list(contenders)),
        ["--serve", name] => match contenders.iter().find(|contender| contender.name == name) {
            Some(contender) => serve(contender),
            None => {
                eprintln!("no contender is called {name}");
                return ExitCode::FAILURE;
            }
        },
        _ => {
            eprintln!("use --list or --serve NAME: quadrivium-bench runs this program");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Returns the cards of the contenders, as a line of JSON.
///
/// # Panics
///
/// Never: a card has a JSON form.
#[must_use]
pub fn list(contenders: &[Contender]) -> String {
    let card = |contender: &Contender| Card {
        name: contender.name.to_owned(),
        version: contender.version.clone(),
        benches: contender.benches(),
    };
    let cards: Vec<_> = contenders.iter().map(card).collect();
    serde_json::to_string(&cards).expect("a card has a JSON form")
}

/// Carries out orders until the parent closes the input. A child does nothing else.
///
/// # Panics
///
/// Panics when the parent writes something that is not an order.
pub fn serve(contender: &Contender) {
    for line in stdin().lock().lines().map_while(Result::ok) {
        let order: ContenderOrder = serde_json::from_str(&line).expect("the parent writes orders");
        let answer = catch_unwind(AssertUnwindSafe(|| carry_out(contender, &order)))
            .unwrap_or_else(|_| Err("it panicked".to_owned()))
            .map_or_else(|cause| ContenderAnswer::Fails { cause }, ContenderAnswer::Measured);
        let line = serde_json::to_string(&answer).expect("an answer has a JSON form");
        if writeln!(stdout(), "{line}").is_err() {
            return;
        }
    }
}

fn carry_out(contender: &Contender, order: &ContenderOrder) -> Result<Sample, String> {
    let before = resources::processor_time();
    let (sample, allocations) = match order.counts_allocations {
        true => allocations_of(|| measure(contender, order)),
        false => (measure(contender, order), None),
    };
    let cpu = resources::processor_time() - before;
    Ok(Sample { cpu_ns: cpu.as_nanos() as u64, allocations, ..sample? })
}

fn measure(contender: &Contender, order: &ContenderOrder) -> Result<Sample, String> {
    let &ContenderOrder { bench, n, times, .. } = order;
    if contender.special_benches.contains(&bench) {
        return contender.special.expect("it has special benches")(order);
    }
    let cannot = || format!("{} cannot do this", contender.name);
    let operations = n as u64 * times;
    match bench {
        Bench::Turn => {
            let (stopwatch, counters) = Stopwatch::new(n, times);
            contender.turn.ok_or_else(cannot)?(counters);
            Ok(timed(stopwatch.elapsed(n, times)?, operations))
        }
        Bench::Latency => {
            let (stopwatch, counters) = Stopwatch::of_each_turn(n, times);
            contender.turn.ok_or_else(cannot)?(counters);
            let latency = Percentiles::of(&mut stopwatch.each_turn_ns());
            Ok(Sample { latency, ..timed(stopwatch.elapsed(n, times)?, operations) })
        }
        Bench::Spawn => Ok(timed(contender.spawn.ok_or_else(cannot)?(n, times), operations)),
        Bench::Nested => Ok(timed(contender.nested.ok_or_else(cannot)?(n, times), times)),
        Bench::RoundTrip => Ok(timed(contender.round_trip.ok_or_else(cannot)?(n, times), times)),
        Bench::Stream => Ok(timed(contender.stream.ok_or_else(cannot)?(n, times), times)),
        Bench::Uncontended(kind) => {
            Ok(timed(contender.uncontended.ok_or_else(cannot)?(kind, times), times))
        }
        Bench::Contended(kind) => {
            Ok(timed(contender.contended.ok_or_else(cannot)?(kind, times), times))
        }
        Bench::Timers => timers(n, contender.timers.ok_or_else(cannot)?),
        Bench::TimerCancel => {
            let cancel = contender.timer_cancel.ok_or_else(cannot)?;
            Ok(timed(cancel(&random::long_sleeps(n), times), operations))
        }
        Bench::Bare => Ok(timed(contender.bare.ok_or_else(cannot)?(times), times)),
        Bench::Timeout => Ok(timed(contender.timeout.ok_or_else(cannot)?(times), times)),
        Bench::Join(kind) => {
            Ok(timed(contender.join.ok_or_else(cannot)?(kind, n, times), operations))
        }
        Bench::Memory => {
            let suspend = contender.memory.ok_or_else(cannot)?;
            memory::added(n, || suspend(n))
        }
        Bench::Wake => Ok(woken(contender.wake.ok_or_else(cannot)?, |gate| wakes(gate, times))),
        Bench::WakeStorm => {
            Ok(woken(contender.wake.ok_or_else(cannot)?, |gate| storm(gate, times)))
        }
    }
}

fn timed(elapsed: Duration, operations: u64) -> Sample {
    Sample { elapsed_ns: elapsed.as_nanos() as u64, operations, ..Sample::default() }
}

fn timers(n: usize, sleep: fn(Vec<crate::Sleeper>)) -> Result<Sample, String> {
    let (lateness, sleepers) = Lateness::of_sleepers(n);
    let start = Instant::now();
    sleep(sleepers);
    let elapsed = start.elapsed();
    let (latency, early) = lateness.result()?;
    Ok(Sample { latency, early: Some(early), ..timed(elapsed, n as u64) })
}

/// Runs a loop in a thread of its own, and `drive` in this one.
fn woken(wake: fn(Arc<Gate>), drive: impl FnOnce(&Gate) -> Sample) -> Sample {
    let gate = Arc::new(Gate::default());
    let served = thread::spawn({
        let gate = gate.clone();
        move || wake(gate)
    });
    // The first answer shows that the loop runs.
    answered(&gate, gate.raise());
    thread::sleep(Duration::from_millis(1));
    let sample = drive(&gate);
    gate.close();
    served.join().expect("the loop ends when the gate closes");
    sample
}

/// Times each wake of a loop that has gone to sleep.
fn wakes(gate: &Gate, times: u64) -> Sample {
    let mut latency = Vec::new();
    for _ in 0..times {
        let quiet = Instant::now();
        while quiet.elapsed() < QUIET {
            spin_loop();
        }
        let start = Instant::now();
        answered(gate, gate.raise());
        latency.push(start.elapsed().as_nanos() as u64);
    }
    let elapsed = Duration::from_nanos(latency.iter().sum());
    Sample { latency: Percentiles::of(&mut latency), ..timed(elapsed, times) }
}

/// Wakes as fast as it can, and waits for the last answer only.
fn storm(gate: &Gate, times: u64) -> Sample {
    let (writes, sleeps) = (resources::writes(), resources::sleeps(gate.thread()));
    let start = Instant::now();
    let mut raised = 0;
    for _ in 0..times {
        raised = gate.raise();
    }
    answered(gate, raised);
    let elapsed = start.elapsed();
    let since = |before: Option<u64>, now: Option<u64>| Some(now? - before?);
    Sample {
        writes: since(writes, resources::writes()),
        sleeps: since(sleeps, resources::sleeps(gate.thread())),
        ..timed(elapsed, times)
    }
}

fn answered(gate: &Gate, raised: u64) {
    // After a while it yields: a machine with one core has no other way to run the loop.
    for spins in 0_u64.. {
        if gate.is_answered(raised) {
            return;
        }
        match spins % 100_000 {
            99_999 => thread::yield_now(),
            _ => spin_loop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Wake, Waker};

    use super::*;
    use crate::{JoinKind, OnceEvent, Sleeper, SyncKind, bump};

    /// Polls futures on the calling thread, which parks.
    fn block_on(future: impl Future<Output = ()>) {
        struct Unpark(thread::Thread);
        impl Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut future = std::pin::pin!(future);
        while future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            thread::park();
        }
    }

    fn contender() -> Contender {
        Contender {
            turn: Some(|mut counters| {
                while !counters.is_empty() {
                    counters.retain_mut(crate::Counter::turn);
                }
            }),
            timers: Some(|sleepers: Vec<Sleeper>| {
                for mut sleeper in sleepers {
                    let _ = sleeper.falls_asleep();
                    sleeper.wakes_up();
                }
            }),
            bare: Some(Duration::from_nanos),
            uncontended: Some(|_, times| {
                let _ = Box::new(bump(times));
                Duration::from_nanos(times)
            }),
            wake: Some(|gate| block_on(gate.serve())),
            ..Contender::new("test", "1")
        }
    }

    fn sample(bench: Bench, n: usize, times: u64) -> Result<Sample, String> {
        carry_out(&contender(), &ContenderOrder { bench, n, times, counts_allocations: false })
    }

    #[test]
    fn orders_and_answers_are_lines_of_json() {
        let order = ContenderOrder {
            bench: Bench::Uncontended(SyncKind::Oneshot),
            n: 1,
            times: 5,
            counts_allocations: true,
        };
        let line = serde_json::to_string(&order).unwrap();
        assert_eq!(
            line,
            r#"{"bench":{"uncontended":"oneshot"},"n":1,"times":5,"counts_allocations":true}"#
        );
        assert_eq!(serde_json::from_str::<ContenderOrder>(&line).unwrap(), order);
        assert!(!list(&[contender()]).contains('\n'));
    }

    #[test]
    fn each_order_is_carried_out() {
        assert_eq!(sample(Bench::Turn, 3, 7).unwrap().operations, 21);
        assert!(sample(Bench::Latency, 3, 7).unwrap().latency.is_some());
        assert_eq!(sample(Bench::Bare, 1, 7).unwrap().elapsed_ns, 7);
        let timers = sample(Bench::Timers, 10, 1).unwrap();
        assert_eq!(timers.early, Some(10));
        let wakes = sample(Bench::Wake, 1, 10).unwrap();
        assert!(wakes.latency.is_some());
        assert!(sample(Bench::WakeStorm, 1, 1_000).unwrap().writes.is_some());
    }

    #[test]
    fn a_contender_says_what_it_can_do() {
        let benches = contender().benches();
        assert!(benches.contains(&Bench::Latency) && benches.contains(&Bench::WakeStorm));
        let bench = Bench::Join(JoinKind::Race);
        assert!(!benches.contains(&bench));
        assert_eq!(sample(bench, 1, 1).unwrap_err(), "test cannot do this");
    }

    #[test]
    fn an_event_wakes_the_future_that_waits_for_it() {
        let event = OnceEvent::default();
        let mut future = event.wait();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(std::pin::Pin::new(&mut future).poll(&mut cx).is_pending());
        event.fire();
        assert_eq!(std::pin::Pin::new(&mut future).poll(&mut cx), Poll::Ready(()));
    }
}
