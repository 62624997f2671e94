//! What a simulation does to connections, one fault at a time.

use std::{collections::BTreeSet, time::Duration};

use quadrivium::{
    EventLoop,
    test::{Faults, Simulation, connection},
};

use crate::styles::{Said, Style, in_every_style, script};

const SECOND: Duration = Duration::from_secs(1);

/// One writes eight bytes and closes, the other reads to the end. What each said, by seeds.
fn by_seeds(style: Style, faults: Faults) -> BTreeSet<Vec<String>> {
    let mut seen = BTreeSet::new();
    Simulation::new().faults(faults).run(|event_loop| {
        seen.insert(eight_bytes(style, event_loop));
    });
    seen
}

fn eight_bytes(style: Style, event_loop: &mut EventLoop) -> Vec<String> {
    let said = Said::default();
    let (a, b) = connection();
    let closes = a.clone();
    let writes = script().then(move || a.write_all("12345678"), {
        let said = said.clone();
        move |written: std::io::Result<()>| {
            said.say(format!("{:?}", written.map_err(|error| error.kind())))
        }
    });
    drop(event_loop.spawn(style.task(writes.run(move || closes.close_write()))));
    let reads = (0..9).fold(script().turns(1), |script, _| {
        let (b, said) = (b.clone(), said.clone());
        let say = move |read: std::io::Result<Vec<u8>>| {
            let read = read.map(|bytes| String::from_utf8(bytes).unwrap());
            said.say(format!("{:?}", read.map_err(|error| error.kind())));
        };
        script.then(move || b.read(100), say)
    });
    event_loop.block_on(style.task(reads)).unwrap();
    said.lines()
}

/// All that was read, in one.
fn read(lines: &[String]) -> String {
    let read = lines.iter().filter_map(|line| line.strip_prefix("Ok(\"")?.strip_suffix("\")"));
    read.collect()
}

#[test]
fn without_faults_nothing_goes_wrong() {
    in_every_style(|style| {
        // Only the order differs, which shows in who speaks first.
        for lines in by_seeds(style, Faults::none()) {
            assert!(lines.contains(&"Ok(\"12345678\")".to_string()), "{lines:?}");
        }
    });
}

#[test]
fn a_split_read_comes_to_less_and_nothing_is_lost() {
    in_every_style(|style| {
        let seen = by_seeds(style, Faults::none().splits(0.5));
        assert!(seen.iter().all(|lines| read(lines) == "12345678"), "{seen:?}");
        assert!(seen.len() > 10, "in many ways");
    });
}

#[test]
fn a_slow_write_arrives_late_and_in_order() {
    in_every_style(|style| {
        let faults = Faults::none().slow_writes(0.5, SECOND).splits(0.5);
        let mut late = 0;
        Simulation::new().faults(faults).run(|event_loop| {
            assert_eq!(read(&eight_bytes(style, event_loop)), "12345678");
            late += u32::from(!event_loop.elapsed().is_zero());
        });
        assert!((1..100).contains(&late), "now and then");
    });
}

#[test]
fn bytes_slower_than_the_clock_can_tell_arrive_all_the_same() {
    in_every_style(|style| {
        let faults = Faults::none().slow_writes(1.0, Duration::MAX);
        Simulation::new().faults(faults).run(|event_loop| {
            assert_eq!(read(&eight_bytes(style, event_loop)), "12345678");
        });
    });
}

#[test]
fn a_reset_comes_to_an_error_at_both_ends() {
    in_every_style(|style| {
        let seen = by_seeds(style, Faults::none().resets(1.0));
        let reset = |line: &String| line == "Err(ConnectionReset)";
        assert!(seen.iter().all(|lines| lines.iter().all(reset)), "{seen:?}");
        let seen = by_seeds(style, Faults::none().resets(0.1));
        assert!(seen.iter().any(|lines| lines.iter().any(reset)), "{seen:?}");
        assert!(seen.iter().any(|lines| !lines.iter().any(reset)), "{seen:?}");
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
        assert!(seen.iter().all(|lines| read(lines) == "12345678"), "{seen:?}");
    });
}
