//! Trace files are read as their viewers read them: Perfetto's with the definitions of its own
//! project, which the crate `perfetto_protos` contains, and Chrome's with a parser of JSON.

mod chrome;
mod perfetto;

use std::{fs, path::PathBuf, time::Duration};

use quadrivium::{
    event_loop::trace::TraceFile,
    prelude::*,
    sync::{Notify, channel},
};
use tempfile::TempDir;

/// What both formats say, in the order of the file. Flows and tracks are called by what they
/// connect.
type Lines = Vec<String>;

/// What both formats call an entry of a track.
enum Entry<'a> {
    Begin { name: &'a str, details: Vec<(String, String)> },
    End,
    Instant { name: &'a str },
    FlowBegins(u64),
    FlowEnds(u64),
    Counter { name: &'a str, value: i64 },
}

/// Returns the line of an entry.
fn line(nanos: u64, track: &str, entry: Entry<'_>) -> String {
    // The numbers of a loop's flows begin at a multiple of this.
    let flow = |id: u64| id % (1 << 48);
    let text = match entry {
        Entry::Begin { name, details } => {
            // Sizes and lines depend on the compiler and on this file.
            let is_stable = |(name, _): &&(String, String)| name != "keeps" && name != "line";
            let details = details.iter().filter(is_stable);
            let details: String =
                details.map(|(name, value)| format!(", {name} {value}")).collect();
            format!("begins: {name}{details}")
        }
        Entry::End => "ends".to_owned(),
        Entry::Instant { name } => format!("at once: {name}"),
        Entry::FlowBegins(id) => format!("arrow {} begins", flow(id)),
        Entry::FlowEnds(id) => format!("arrow {} ends", flow(id)),
        Entry::Counter { name, value } => format!("{name}: {value}"),
    };
    format!("{nanos} {track} {text}")
}

/// Two tasks that wake each other, one of which ends while the other joins it.
fn program(event_loop: &mut EventLoop) {
    let ball = Notify::new().named("ball");
    let hit = ball.clone();
    event_loop
        .block_on(future(async move {
            let child = spawn_named(
                "pong",
                green(move || {
                    quadrivium::green::perform(ball.notified());
                    quadrivium::green::perform(sleep(Duration::from_micros(5)));
                }),
            );
            turn().await;
            hit.notify_one();
            child.await.unwrap();
        }))
        .unwrap();
}

/// What the file of the program must say.
const EXPECTED: &[&str] = &[
    // Tasks are lazy: the first one is ready, and does not run yet.
    "1 task 1 (future) begins: ready, spawned by code outside of tasks",
    "1 one ready queue: 1",
    "2 task 1 (future) ends",
    "2 task 1 (future) begins: running",
    "2 one ready queue: 0",
    // The arrow leads from the parent to the first slice of the child.
    "3 task 1 (future) at once: spawns task 2",
    "3 task 1 (future) arrow 1 begins",
    "3 task 2 \"pong\" (green) begins: ready, spawned by task 1",
    "3 task 2 \"pong\" (green) arrow 1 ends",
    "3 one ready queue: 1",
    // The parent lets other tasks run, so it stays ready.
    "4 task 1 (future) ends",
    "4 task 1 (future) begins: ready",
    "4 one ready queue: 2",
    "5 task 2 \"pong\" (green) ends",
    "5 task 2 \"pong\" (green) begins: running",
    "5 one ready queue: 1",
    // The child waits for the ball.
    "6 task 2 \"pong\" (green) ends",
    "6 task 2 \"pong\" (green) begins: notified, object notify \"ball\"",
    "7 task 1 (future) ends",
    "7 task 1 (future) begins: running",
    "7 one ready queue: 0",
    // The ball makes the child ready. The parent still runs.
    "8 task 1 (future) at once: wakes task 2",
    "8 task 1 (future) arrow 2 begins",
    "8 task 2 \"pong\" (green) ends",
    "8 task 2 \"pong\" (green) begins: ready, woken by task 1",
    "8 task 2 \"pong\" (green) arrow 2 ends",
    "8 one ready queue: 1",
    "9 task 1 (future) ends",
    "9 task 1 (future) begins: join, object task 2",
    "10 task 2 \"pong\" (green) ends",
    "10 task 2 \"pong\" (green) begins: running",
    "10 one ready queue: 0",
    "11 task 2 \"pong\" (green) ends",
    "11 task 2 \"pong\" (green) begins: sleep, until 5µs",
    // The clock jumps to the deadline.
    "5000 task 2 \"pong\" (green) ends",
    "5000 task 2 \"pong\" (green) begins: ready, woken by its deadline",
    "5000 one ready queue: 1",
    "5001 task 2 \"pong\" (green) ends",
    "5001 task 2 \"pong\" (green) begins: running",
    "5001 one ready queue: 0",
    // The end of the child wakes the parent. The last slice of the child is open until then.
    "5002 task 2 \"pong\" (green) at once: done",
    "5003 task 2 \"pong\" (green) at once: wakes task 1",
    "5003 task 2 \"pong\" (green) arrow 3 begins",
    "5003 task 1 (future) ends",
    "5003 task 1 (future) begins: ready, woken by task 2",
    "5003 task 1 (future) arrow 3 ends",
    "5003 one ready queue: 1",
    "5004 task 2 \"pong\" (green) ends",
    "5005 task 1 (future) ends",
    "5005 task 1 (future) begins: running",
    "5005 one ready queue: 0",
    "5006 task 1 (future) at once: done",
    "5007 task 1 (future) ends",
];

/// Returns the folder, and the path of the program's trace in it.
fn traced(name: &str) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(name);
    let file = TraceFile::create(&path).unwrap();
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    event_loop.trace(file.of_loop(&event_loop, "one"));
    program(&mut event_loop);
    (folder, path)
}

#[test]
fn a_file_for_perfetto_has_tracks_slices_arrows_and_a_counter() {
    let (_folder, path) = traced("run.pftrace");
    assert_eq!(perfetto::lines(&fs::read(path).unwrap()), EXPECTED);
}

#[test]
fn a_file_for_chrome_says_the_same() {
    let (_folder, path) = traced("run.json");
    assert_eq!(chrome::lines(&fs::read_to_string(path).unwrap()), EXPECTED);
}

/// A process that is killed leaves the events of all runs that have ended.
#[test]
fn a_file_that_was_not_ended_can_be_read() {
    for name in ["run.json", "run.pftrace"] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join(name);
        let file = TraceFile::create(&path).unwrap();
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        event_loop.trace(file.of_loop(&event_loop, "one"));
        program(&mut event_loop);
        let lines = match name {
            // The format allows an array without its end.
            "run.json" => chrome::lines(&(fs::read_to_string(&path).unwrap() + "]")),
            _ => perfetto::lines(&fs::read(&path).unwrap()),
        };
        // The slice of the last task ends with the loop.
        assert_eq!(lines, EXPECTED[..EXPECTED.len() - 1], "{name}");
    }
}

/// Each suspension has the line of this file, and the number of bytes that the task keeps.
#[test]
fn waits_have_their_lines() {
    let (_folder, path) = traced("run.pftrace");
    let waits = perfetto::waits(&fs::read(path).unwrap());
    let names: Vec<_> = waits.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["notified", "join", "sleep"]);
    for (name, details) in waits {
        let detail = |name: &str| details.iter().find(|detail| detail.0 == name).unwrap().1.clone();
        assert!(detail("line").starts_with(file!()), "{name}: {details:?}");
        assert!(detail("keeps").ends_with(" bytes"), "{name}: {details:?}");
    }
}

/// The loops of a file have tracks of their own.
#[test]
fn loops_of_several_threads_share_a_file() {
    for name in ["run.json", "run.pftrace"] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join(name);
        let file = TraceFile::create(&path).unwrap();
        std::thread::scope(|threads| {
            for number in 0..4 {
                let file = file.clone();
                threads.spawn(move || {
                    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
                    event_loop.trace(file.of_loop(&event_loop, &format!("loop of {number}")));
                    (0..100).for_each(|_| program(&mut event_loop));
                });
            }
        });
        drop(file);
        let lines = match name {
            "run.json" => chrome::lines(&fs::read_to_string(&path).unwrap()),
            _ => perfetto::lines(&fs::read(&path).unwrap()),
        };
        for number in 0..4 {
            let counter = format!(" loop of {number} ready queue: ");
            let counted = lines.iter().filter(|line| line.contains(&counter)).count();
            assert!(counted >= 600, "{name}: {counted} values of the counter of loop {number}");
        }
    }
}

/// A wake from one task to another is an arrow, also if the waking task ends.
#[test]
fn each_arrow_has_two_ends() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("run.pftrace");
    let file = TraceFile::create(&path).unwrap();
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    event_loop.trace(file.of_loop(&event_loop, "one"));
    let (sender, receiver) = channel::bounded(1);
    let sends = future(async move {
        for number in 0..50 {
            sender.send(number).await.unwrap();
        }
    });
    let receives =
        generator(move |mut co| async move { while co.perform(receiver.recv()).await.is_ok() {} });
    drop((event_loop.spawn(sends), event_loop.spawn(receives)));
    event_loop.run().unwrap();
    drop((event_loop, file));
    let lines = perfetto::lines(&fs::read(path).unwrap());
    let ends = |word: &str| lines.iter().filter(|line| line.ends_with(word)).count();
    assert!(ends(" begins") >= 50, "{lines:#?}");
    assert_eq!(
        ends(" begins"),
        lines.iter().filter(|line| line.contains(" arrow ") && line.ends_with(" ends")).count()
    );
}

#[test]
fn a_file_that_exists_is_not_replaced() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("package.json");
    fs::write(&path, "mine").unwrap();
    let error = TraceFile::create(&path).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    assert!(error.to_string().ends_with("remove it, or use another name"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
}

#[test]
fn an_unknown_ending_is_refused() {
    let error = TraceFile::create("run.txt").unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot write a trace to run.txt, because its name has no known ending: use a name that \
         ends in .pftrace, for Perfetto, or in .json, for Chrome"
    );
}
