//! The faults of connections, one at a time.

use std::{collections::BTreeSet, time::Duration};

use quadrivium::{
    EventLoop,
    prelude::sleep,
    test::{Faults, Simulation, choose, connection},
};

use crate::{
    connections::{read, write, write_all},
    styles::{Notes, Style, in_every_style, script},
};

const SECOND: Duration = Duration::from_secs(1);

/// Runs `eight_bytes` once for each seed, and returns the different results.
fn by_seeds(style: Style, faults: Faults) -> BTreeSet<Vec<String>> {
    let mut seen = BTreeSet::new();
    Simulation::new().faults(faults).run(|event_loop| {
        seen.insert(eight_bytes(style, event_loop));
    });
    seen
}

/// One task writes eight bytes and closes, the other reads to the end. Returns the outcomes of
/// both.
fn eight_bytes(style: Style, event_loop: &mut EventLoop) -> Vec<String> {
    let notes = Notes::default();
    let (a, b) = connection();
    let closes = a.clone();
    let writes = script().then(move || a.write_all("12345678"), {
        let notes = notes.clone();
        move |written: std::io::Result<()>| {
            notes.add(format!("{:?}", written.map_err(|error| error.kind())))
        }
    });
    drop(event_loop.spawn(style.task(writes.run(move || closes.close_write()))));
    let reads = (0..9).fold(script().turns(1), |script, _| {
        let (b, notes) = (b.clone(), notes.clone());
        let note = move |read: std::io::Result<Vec<u8>>| {
            let read = read.map(|bytes| String::from_utf8(bytes).unwrap());
            notes.add(format!("{:?}", read.map_err(|error| error.kind())));
        };
        script.then(move || b.read(100), note)
    });
    event_loop.block_on(style.task(reads)).unwrap();
    notes.lines()
}

/// Returns all bytes that were read.
fn all_read(lines: &[String]) -> String {
    let read = lines.iter().filter_map(|line| line.strip_prefix("Ok(\"")?.strip_suffix("\")"));
    read.collect()
}

#[test]
fn without_faults_nothing_goes_wrong() {
    in_every_style(|style| {
        // Only the order differs: either task may note its result first.
        for lines in by_seeds(style, Faults::none()) {
            assert!(lines.contains(&"Ok(\"12345678\")".to_string()), "{lines:?}");
        }
    });
}

#[test]
fn a_split_read_is_shorter_and_nothing_is_lost() {
    in_every_style(|style| {
        let seen = by_seeds(style, Faults::none().splits(0.5));
        assert!(seen.iter().all(|lines| all_read(lines) == "12345678"), "{seen:?}");
        assert!(seen.len() > 10, "there are many ways to split");
    });
}

#[test]
fn a_slow_write_arrives_late_and_in_order() {
    in_every_style(|style| {
        let faults = Faults::none().slow_writes(0.5, SECOND).splits(0.5);
        let mut late = 0;
        Simulation::new().faults(faults).run(|event_loop| {
            assert_eq!(all_read(&eight_bytes(style, event_loop)), "12345678");
            late += u32::from(!event_loop.elapsed().is_zero());
        });
        assert!((1..100).contains(&late), "in some runs");
    });
}

#[test]
fn bytes_with_the_longest_delay_arrive() {
    in_every_style(|style| {
        let faults = Faults::none().slow_writes(1.0, Duration::MAX);
        Simulation::new().faults(faults).run(|event_loop| {
            assert_eq!(all_read(&eight_bytes(style, event_loop)), "12345678");
        });
    });
}

#[test]
fn each_end_fails_once_with_a_reset() {
    in_every_style(|style| {
        let is_reset = |line: &&String| *line == "Err(ConnectionReset)";
        let resets = |lines: &Vec<String>| lines.iter().filter(is_reset).count();
        for lines in by_seeds(style, Faults::none().resets(1.0)) {
            // When the reader is done, the writer may not have begun its write.
            assert!((1..=2).contains(&resets(&lines)), "{lines:?}");
            assert_eq!(lines.iter().filter(|line| *line == "Ok(\"\")").count(), 8, "{lines:?}");
        }
        let seen = by_seeds(style, Faults::none().resets(0.1));
        assert!(seen.iter().any(|lines| resets(lines) > 0), "{seen:?}");
        assert!(seen.iter().any(|lines| resets(lines) == 0), "{seen:?}");
    });
}

#[test]
fn a_reset_loses_slow_bytes() {
    in_every_style(|style| {
        let faults = Faults::none().slow_writes(1.0, SECOND);
        Simulation::new().faults(faults).run(|event_loop| {
            let mut noted_if_reset_after = |pause| {
                let ((a, b), notes) = (connection(), Notes::default());
                let script = write_all(script(), &a, "late", &notes).perform(sleep(pause));
                let script = read(script.run(move || a.reset()), &b, 9, &notes);
                event_loop.block_on(style.task(read(script, &b, 9, &notes))).unwrap();
                notes.lines()
            };
            let (late, reset, end) = ("Ok(\"late\")", "Err(ConnectionReset)", "Ok(\"\")");
            assert_eq!(noted_if_reset_after(Duration::ZERO), ["Ok(())", reset, end]);
            assert_eq!(noted_if_reset_after(SECOND), ["Ok(())", late, reset], "it has arrived");
        });
    });
}

#[test]
fn a_reset_loses_an_end_of_the_stream_after_slow_bytes() {
    in_every_style(|style| {
        let faults = Faults::none().slow_writes(1.0, SECOND);
        Simulation::new().faults(faults).run(|event_loop| {
            let ((a, b), notes) = (connection(), Notes::default());
            let script = write_all(script(), &a, "late", &notes).run(move || {
                a.close_write();
                a.reset();
            });
            let script = read(read(script, &b, 9, &notes), &b, 9, &notes);
            event_loop.block_on(style.task(script)).unwrap();
            assert_eq!(notes.lines(), ["Ok(())", "Err(ConnectionReset)", "Ok(\"\")"]);
        });
    });
}

#[test]
fn writes_to_an_end_that_is_gone_succeed_until_its_reset_comes() {
    in_every_style(|style| {
        let faults = Faults::none().slow_writes(1.0, SECOND);
        let mut waited = 0;
        Simulation::new().faults(faults).run(|event_loop| {
            let ((a, b), notes) = (connection(), Notes::default());
            // The bytes are on their way when the other end is dropped, or are written after that.
            // Both cases end alike.
            let script = match choose(2) {
                0 => write(script().run(move || drop(b)), &a, "1", &notes),
                _ => write(script(), &a, "1", &notes).run(move || drop(b)),
            };
            let script = write(script, &a, "2", &notes).perform(sleep(SECOND));
            let script = read(write(script, &a, "3", &notes), &a, 9, &notes);
            event_loop.block_on(style.task(script)).unwrap();
            assert_eq!(notes.lines()[0], "Ok(1)");
            assert_eq!(notes.lines()[2..], ["Err(BrokenPipe)", "Ok(\"\")"]);
            waited += u32::from(notes.lines()[1] == "Ok(1)");
        });
        assert!(waited > 90, "the reset comes later, unless its delay is zero");
    });
}

#[test]
fn a_half_close_is_a_broken_pipe_here_and_the_end_of_the_stream_there() {
    in_every_style(|style| {
        for lines in by_seeds(style, Faults::none().half_closes(1.0)) {
            assert_eq!(lines.iter().filter(|line| *line == "Err(BrokenPipe)").count(), 1);
            assert_eq!(lines.iter().filter(|line| *line == "Ok(\"\")").count(), 9, "{lines:?}");
        }
    });
}

#[test]
fn mild_faults_lose_nothing() {
    in_every_style(|style| {
        let seen = by_seeds(style, Faults::mild());
        assert!(seen.iter().all(|lines| all_read(lines) == "12345678"), "{seen:?}");
    });
}
