//! A connection without faults, outside a simulation: bytes arrive, and ends and errors are as on a
//! socket.

use std::io::{self, ErrorKind};

use quadrivium::{
    EventLoop,
    test::{
        Connection,
        connection::{connection, with_capacity},
    },
};

use crate::styles::{Notes, Script, in_every_style, script};

/// Adds the operations of one end to a script.
pub type EndScript = fn(Script, Connection, Notes) -> Script;

/// Runs both ends of a connection, each in a task, in every style. Returns the outcomes that they
/// noted.
pub fn talk(make: fn() -> (Connection, Connection), a: EndScript, b: EndScript) -> Vec<String> {
    let all = std::cell::RefCell::new(Vec::new());
    in_every_style(|style| {
        let (notes, ends) = (Notes::default(), make());
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        drop(event_loop.spawn(style.task(a(script(), ends.0, notes.clone()))));
        drop(event_loop.spawn(style.task(b(script(), ends.1, notes.clone()))));
        event_loop.run().unwrap();
        all.borrow_mut().push(notes.lines());
    });
    let mut all = all.into_inner();
    all.dedup();
    assert_eq!(all.len(), 1, "the same in every style");
    all.remove(0)
}

pub fn read(script: Script, end: &Connection, most: usize, notes: &Notes) -> Script {
    let (end, notes) = (end.clone(), notes.clone());
    script.then(move || end.read(most), move |read| notes.add(text(read)))
}

pub fn read_exact(script: Script, end: &Connection, n: usize, notes: &Notes) -> Script {
    let (end, notes) = (end.clone(), notes.clone());
    script.then(move || end.read_exact(n), move |read| notes.add(text(read)))
}

pub fn write(script: Script, end: &Connection, bytes: &'static str, notes: &Notes) -> Script {
    let (end, notes) = (end.clone(), notes.clone());
    let note = move |written: io::Result<usize>| notes.add(format!("{:?}", kind(written)));
    script.then(move || end.write(bytes), note)
}

pub fn write_all(script: Script, end: &Connection, bytes: &'static str, notes: &Notes) -> Script {
    let (end, notes) = (end.clone(), notes.clone());
    let note = move |written: io::Result<()>| notes.add(format!("{:?}", kind(written)));
    script.then(move || end.write_all(bytes), note)
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
    let notes = talk(
        small,
        |script, end, notes| {
            let script = write(script, &end, "hello", &notes);
            write_all(script, &end, "o world", &notes)
        },
        |script, end, notes| {
            let script = read(script, &end, 10, &notes);
            read_exact(script, &end, 7, &notes)
        },
    );
    assert_eq!(
        notes,
        [
            "Ok(4)",        // All that there is room for.
            "Ok(\"hell\")", // All that was there.
            "Ok(())",       // The rest, in two writes.
            "Ok(\"o world\")",
        ]
    );
}

#[test]
fn after_close_write_the_rest_is_read_and_then_the_end() {
    let notes = talk(
        connection,
        |script, end, notes| {
            let script = write_all(script, &end, "bye", &notes).run({
                let end = end.clone();
                move || end.close_write()
            });
            let script = write(script, &end, "more", &notes);
            read(script, &end, 10, &notes)
        },
        |script, end, notes| {
            let script = read(script, &end, 2, &notes);
            let script = read(script, &end, 2, &notes);
            let script = read(script, &end, 2, &notes);
            let script = read_exact(script, &end, 1, &notes);
            write_all(script, &end, "still here", &notes)
        },
    );
    assert_eq!(
        notes,
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
fn a_reset_breaks_both_directions_off_and_loses_no_byte_that_has_arrived() {
    let notes = talk(
        connection,
        |script, end, notes| {
            let script = write_all(script, &end, "there", &notes).run({
                let end = end.clone();
                move || end.reset()
            });
            let script = read(script, &end, 1, &notes);
            write(script, &end, "more", &notes)
        },
        |script, end, notes| {
            let script = read(script, &end, 10, &notes);
            let script = write_all(script, &end, "more", &notes);
            read(script, &end, 10, &notes)
        },
    );
    assert_eq!(
        notes,
        [
            "Ok(())",
            "Err(ConnectionReset)", // Each end fails once with the reset.
            "Err(BrokenPipe)",      // Then the connection is over.
            "Ok(\"there\")",
            "Err(ConnectionReset)",
            "Ok(\"\")",
        ]
    );
}

#[test]
fn a_reset_and_an_end_wake_waiting_tasks() {
    let waits: EndScript = |script, end, notes| read(script, &end, 1, &notes);
    let notes = talk(connection, waits, |script, end, _| script.turns(3).run(move || end.reset()));
    assert_eq!(notes, ["Err(ConnectionReset)"]);
    let notes =
        talk(connection, waits, |script, end, _| script.turns(3).run(move || end.close_write()));
    assert_eq!(notes, ["Ok(\"\")"]);
    let waits: EndScript = |script, end, notes| write_all(script, &end, "too much", &notes);
    let notes = talk(small, waits, |script, end, _| script.turns(3).run(move || end.reset()));
    assert_eq!(notes, ["Err(ConnectionReset)"]);
}

#[test]
fn an_end_that_is_dropped_has_ended() {
    let notes = talk(
        connection,
        |script, end, notes| {
            let script = write_all(script, &end, "bye", &notes);
            script.run(move || drop(end)).turns(5)
        },
        |script, end, notes| {
            let script = read(script.turns(3), &end, 10, &notes);
            let script = read(script, &end, 10, &notes);
            let script = write(script, &end, "anyone there?", &notes);
            write(script, &end, "hello?", &notes)
        },
    );
    // Only the answer to the first write tells this end that the other one is gone.
    assert_eq!(notes, ["Ok(())", "Ok(\"bye\")", "Ok(\"\")", "Ok(13)", "Err(BrokenPipe)"]);
}

#[test]
fn an_end_that_is_dropped_with_bytes_unread_is_reset() {
    let notes = talk(
        connection,
        |script, end, notes| {
            let script = write_all(script, &end, "read", &notes).turns(3);
            script.run(move || drop(end))
        },
        |script, end, notes| {
            let script = write_all(script, &end, "unread", &notes).turns(6);
            let script = read(script, &end, 10, &notes);
            read(script, &end, 10, &notes)
        },
    );
    assert_eq!(notes, ["Ok(())", "Ok(())", "Ok(\"read\")", "Err(ConnectionReset)"]);
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
fn a_future_awaits_an_operation_directly() {
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
