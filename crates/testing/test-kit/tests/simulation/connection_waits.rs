//! Who waits at a connection: several at an end, cancelled when woken, no byte to wait for.

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
    styles::{Said, in_every_style, script},
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
        let said = Said::default();
        drop(event_loop.spawn(style.task(read(script(), &b, 9, &said))));
        event_loop.turn().unwrap();
        let writes = style.task(script().then(move || a.write("hello"), drop));
        assert!(event_loop.block_on(writes).unwrap_err().to_string().contains("in a waker"));
        event_loop.run().unwrap();
        assert_eq!(said.lines(), ["Ok(\"hello\")"]);
    });
}

#[test]
fn a_reader_and_a_writer_that_are_cancelled_when_woken_leave_it_to_the_next() {
    in_every_style(|style| {
        let (a, b) = with_capacity(1);
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        let reads = |end: &Connection, said: &Said| style.task(read(script(), end, 1, said));
        let writes = |end: &Connection, said: &Said| style.task(write(script(), end, "xy", said));
        let (first, second) = (Said::default(), Said::default());
        let cancelled = event_loop.spawn(reads(&b, &first));
        drop(event_loop.spawn(reads(&b, &second)));
        event_loop.turn().unwrap();
        // Both readers are woken, and the first is gone before it can read.
        assert_eq!(event_loop.block_on(a.write("1")).unwrap().unwrap(), 1);
        cancelled.cancel();
        event_loop.run().unwrap();
        assert_eq!((first.lines(), second.lines()), (vec![], vec!["Ok(\"1\")".to_string()]));
        // The same of two writers.
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
    let said = talk(
        || with_capacity(1),
        |script, end, said| write_all(script, &end, "xy", &said),
        |script, end, _| script.turns(3).run(move || drop(end)),
    );
    // One byte was unread.
    assert_eq!(said, ["Err(ConnectionReset)"]);
}

#[test]
fn nothing_is_read_and_written_at_once() {
    let said = talk(
        small,
        |script, end, said| {
            let script = write(write_all(script, &end, "full", &said), &end, "", &said);
            let script = write_all(script, &end, "", &said);
            let close = end.clone();
            let script = script.run(move || close.close_write());
            write(script, &end, "", &said)
        },
        |script, end, said| {
            let script = read_exact(read(script, &end, 0, &said), &end, 0, &said);
            read(script, &end, 9, &said)
        },
    );
    // Nothing waits, though there is no room, and nothing is asked: the end does not matter.
    let written = ["Ok(())", "Ok(0)", "Ok(())", "Ok(0)"];
    assert_eq!(said, [&written[..], &["Ok(\"\")", "Ok(\"\")", "Ok(\"full\")"]].concat());
}
