//! A connection without faults: bytes come through, ends and errors are those of a socket. All of
//! it outside a simulation.

use std::io::{self, ErrorKind};

use quadrivium::{
    EventLoop,
    test::{
        Connection,
        connection::{connection, with_capacity},
    },
};

use crate::styles::{Said, Script, in_every_style, script};

/// What a script does with an end.
pub type Does = fn(Script, Connection, Said) -> Script;

/// Runs both ends of a connection, each in a task, in every style; returns what they said.
pub fn talk(make: fn() -> (Connection, Connection), a: Does, b: Does) -> Vec<String> {
    let all = std::cell::RefCell::new(Vec::new());
    in_every_style(|style| {
        let (said, ends) = (Said::default(), make());
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        drop(event_loop.spawn(style.task(a(script(), ends.0, said.clone()))));
        drop(event_loop.spawn(style.task(b(script(), ends.1, said.clone()))));
        event_loop.run().unwrap();
        all.borrow_mut().push(said.lines());
    });
    let mut all = all.into_inner();
    all.dedup();
    assert_eq!(all.len(), 1, "the same in every style");
    all.remove(0)
}

pub fn read(script: Script, end: &Connection, most: usize, said: &Said) -> Script {
    let (end, said) = (end.clone(), said.clone());
    script.then(move || end.read(most), move |read| said.say(text(read)))
}

pub fn read_exact(script: Script, end: &Connection, n: usize, said: &Said) -> Script {
    let (end, said) = (end.clone(), said.clone());
    script.then(move || end.read_exact(n), move |read| said.say(text(read)))
}

pub fn write(script: Script, end: &Connection, bytes: &'static str, said: &Said) -> Script {
    let (end, said) = (end.clone(), said.clone());
    let say = move |written: io::Result<usize>| said.say(format!("{:?}", kind(written)));
    script.then(move || end.write(bytes), say)
}

pub fn write_all(script: Script, end: &Connection, bytes: &'static str, said: &Said) -> Script {
    let (end, said) = (end.clone(), said.clone());
    let say = move |written: io::Result<()>| said.say(format!("{:?}", kind(written)));
    script.then(move || end.write_all(bytes), say)
}

fn kind<T>(result: io::Result<T>) -> Result<T, ErrorKind> {
    result.map_err(|error| error.kind())
}

fn text(read: io::Result<Vec<u8>>) -> String {
    format!("{:?}", kind(read).map(|bytes| String::from_utf8(bytes).unwrap()))
}

pub fn small() -> (Connection, Connection) {
    with_capacity(4)
}

#[test]
fn a_reader_waits_for_a_writer_and_a_writer_for_room() {
    let said = talk(
        small,
        |script, end, said| {
            let script = write(script, &end, "hello", &said);
            write_all(script, &end, "o world", &said)
        },
        |script, end, said| {
            let script = read(script, &end, 10, &said);
            read_exact(script, &end, 7, &said)
        },
    );
    assert_eq!(
        said,
        [
            "Ok(4)",        // All the room there is.
            "Ok(\"hell\")", // All there was.
            "Ok(())",       // The rest, in two goes.
            "Ok(\"o world\")",
        ]
    );
}

#[test]
fn after_the_end_is_written_the_rest_is_read_and_then_nothing() {
    let said = talk(
        connection,
        |script, end, said| {
            let script = write_all(script, &end, "bye", &said).run({
                let end = end.clone();
                move || end.close_write()
            });
            let script = write(script, &end, "more", &said);
            read(script, &end, 10, &said)
        },
        |script, end, said| {
            let script = read(script, &end, 2, &said);
            let script = read(script, &end, 2, &said);
            let script = read(script, &end, 2, &said);
            let script = read_exact(script, &end, 1, &said);
            write_all(script, &end, "still here", &said)
        },
    );
    assert_eq!(
        said,
        [
            "Ok(())",
            "Err(BrokenPipe)", // This end has closed its writing, and waits to read.
            "Ok(\"by\")",
            "Ok(\"e\")",
            "Ok(\"\")", // The end of the stream.
            "Err(UnexpectedEof)",
            "Ok(())",
            "Ok(\"still here\")", // The other direction is open.
        ]
    );
}

#[test]
fn a_reset_breaks_both_directions_off_and_loses_nothing_that_has_arrived() {
    let said = talk(
        connection,
        |script, end, said| {
            let script = write_all(script, &end, "there", &said).run({
                let end = end.clone();
                move || end.reset()
            });
            let script = read(script, &end, 1, &said);
            write(script, &end, "more", &said)
        },
        |script, end, said| {
            let script = read(script, &end, 10, &said);
            let script = write_all(script, &end, "more", &said);
            read(script, &end, 10, &said)
        },
    );
    assert_eq!(
        said,
        [
            "Ok(())",
            "Err(ConnectionReset)", // Each end is told once;
            "Err(BrokenPipe)",      // then it is over.
            "Ok(\"there\")",
            "Err(ConnectionReset)",
            "Ok(\"\")",
        ]
    );
}

#[test]
fn a_reset_and_an_end_wake_who_waits() {
    let waits: Does = |script, end, said| read(script, &end, 1, &said);
    let said = talk(connection, waits, |script, end, _| script.turns(3).run(move || end.reset()));
    assert_eq!(said, ["Err(ConnectionReset)"]);
    let said =
        talk(connection, waits, |script, end, _| script.turns(3).run(move || end.close_write()));
    assert_eq!(said, ["Ok(\"\")"]);
    let waits: Does = |script, end, said| write_all(script, &end, "too much", &said);
    let said = talk(small, waits, |script, end, _| script.turns(3).run(move || end.reset()));
    assert_eq!(said, ["Err(ConnectionReset)"]);
}

#[test]
fn an_end_that_is_dropped_has_ended() {
    let said = talk(
        connection,
        |script, end, said| {
            let script = write_all(script, &end, "bye", &said);
            script.run(move || drop(end)).turns(5)
        },
        |script, end, said| {
            let script = read(script.turns(3), &end, 10, &said);
            let script = read(script, &end, 10, &said);
            let script = write(script, &end, "anyone there?", &said);
            write(script, &end, "hello?", &said)
        },
    );
    // Only the answer to the first write says that nobody reads.
    assert_eq!(said, ["Ok(())", "Ok(\"bye\")", "Ok(\"\")", "Ok(13)", "Err(BrokenPipe)"]);
}

#[test]
fn an_end_that_is_dropped_with_bytes_unread_is_reset() {
    let said = talk(
        connection,
        |script, end, said| {
            let script = write_all(script, &end, "read", &said).turns(3);
            script.run(move || drop(end))
        },
        |script, end, said| {
            let script = write_all(script, &end, "unread", &said).turns(6);
            let script = read(script, &end, 10, &said);
            read(script, &end, 10, &said)
        },
    );
    assert_eq!(said, ["Ok(())", "Ok(())", "Ok(\"read\")", "Err(ConnectionReset)"]);
}

#[test]
fn a_task_that_is_cancelled_drops_its_end() {
    in_every_style(|style| {
        let (a, b) = connection();
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        let waits = event_loop.spawn(style.task(script().then(move || a.read(1), drop)));
        event_loop.turn().unwrap();
        waits.cancel();
        let read = event_loop.block_on(b.read(1)).unwrap();
        assert_eq!(read.unwrap(), b"", "the end of the stream");
    });
}

#[test]
fn a_read_that_is_cancelled_has_taken_nothing() {
    in_every_style(|style| {
        let (a, b) = connection();
        let reader = b.clone();
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        let waits = event_loop.spawn(style.task(script().then(move || reader.read(9), drop)));
        event_loop.turn().unwrap();
        // Woken, and cancelled before it can go on.
        assert_eq!(event_loop.block_on(a.write("kept")).unwrap().unwrap(), 4);
        waits.cancel();
        assert_eq!(event_loop.block_on(b.read(9)).unwrap().unwrap(), b"kept");
    });
}

#[test]
fn a_future_awaits_an_operation_as_it_is() {
    let (a, b) = connection();
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    let both = quadrivium::future::future(async move {
        a.write_all("abc").await?;
        assert_eq!(a.write("d").await?, 1);
        assert_eq!(b.read_exact(3).await?, b"abc");
        b.read(1).await
    });
    assert_eq!(event_loop.block_on(both).unwrap().unwrap(), b"d");
}
