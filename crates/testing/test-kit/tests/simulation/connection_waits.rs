//! Tasks that wait at a connection: several at one end, cancelled when woken, or with no byte to
//! wait for.

use quadrivium::{
    EventLoop, Task,
    task::{Context, Step},
    test::{
        Connection,
        connection::{connection, with_capacity},
    },
};

use crate::{
    connections::{read, read_exact, small, talk, write, write_all},
    styles::{Notes, in_every_style, script},
};

#[test]
fn a_foreign_waker_that_panics_keeps_no_other_reader_from_its_bytes() {
    struct Panics;
    impl std::task::Wake for Panics {
        fn wake(self: std::sync::Arc<Self>) {
            panic!("in a waker");
        }
    }
    in_every_style(|style| {
        let (a, b) = connection();
        let waker = std::sync::Arc::new(Panics).into();
        let mut foreign = Box::pin(b.read(1));
        let step = foreign.as_mut().resume(&mut Context::new(&waker));
        assert!(matches!(step, Step::Suspended(_)));
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        let notes = Notes::default();
        drop(event_loop.spawn(style.task(read(script(), &b, 9, &notes))));
        event_loop.turn().unwrap();
        let writes = style.task(script().then(move || a.write("hello"), drop));
        assert!(event_loop.block_on(writes).unwrap_err().to_string().contains("in a waker"));
        event_loop.run().unwrap();
        assert_eq!(notes.lines(), ["Ok(\"hello\")"]);
    });
}

#[test]
fn when_a_woken_reader_or_writer_is_cancelled_the_next_one_goes_on() {
    in_every_style(|style| {
        let (a, b) = with_capacity(1);
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        let reads = |end: &Connection, notes: &Notes| style.task(read(script(), end, 1, notes));
        let writes =
            |end: &Connection, notes: &Notes| style.task(write(script(), end, "xy", notes));
        let (first, second) = (Notes::default(), Notes::default());
        let cancelled = event_loop.spawn(reads(&b, &first));
        drop(event_loop.spawn(reads(&b, &second)));
        event_loop.turn().unwrap();
        // Both readers are woken, and the first is gone before it can read.
        assert_eq!(event_loop.block_on(a.write("1")).unwrap().unwrap(), 1);
        cancelled.cancel();
        event_loop.run().unwrap();
        assert_eq!((first.lines(), second.lines()), (vec![], vec!["Ok(\"1\")".to_string()]));
        // The same with two writers.
        assert_eq!(event_loop.block_on(a.write("2")).unwrap().unwrap(), 1);
        let cancelled = event_loop.spawn(writes(&a, &first));
        drop(event_loop.spawn(writes(&a, &second)));
        event_loop.turn().unwrap();
        assert_eq!(event_loop.block_on(b.read(1)).unwrap().unwrap(), b"2");
        cancelled.cancel();
        event_loop.run().unwrap();
        assert_eq!((first.lines(), second.lines()[1].as_str()), (vec![], "Ok(1)"));
    });
}

#[test]
fn an_end_that_is_dropped_wakes_a_writer_that_waits() {
    let notes = talk(
        || with_capacity(1),
        |script, end, notes| write_all(script, &end, "xy", &notes),
        |script, end, _| script.turns(3).run(move || drop(end)),
    );
    // One byte was unread.
    assert_eq!(notes, ["Err(ConnectionReset)"]);
}

#[test]
fn an_operation_on_no_bytes_is_done_at_once() {
    let notes = talk(
        small,
        |script, end, notes| {
            let script = write(write_all(script, &end, "full", &notes), &end, "", &notes);
            let script = write_all(script, &end, "", &notes);
            let close = end.clone();
            let script = script.run(move || close.close_write());
            write(script, &end, "", &notes)
        },
        |script, end, notes| {
            let script = read_exact(read(script, &end, 0, &notes), &end, 0, &notes);
            read(script, &end, 9, &notes)
        },
    );
    // No operation waits, though there is no room, and the end of the stream does not matter
    // either.
    let written = ["Ok(())", "Ok(0)", "Ok(())", "Ok(0)"];
    assert_eq!(notes, [&written[..], &["Ok(\"\")", "Ok(\"\")", "Ok(\"full\")"]].concat());
}
