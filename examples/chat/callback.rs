//! `chat` as callbacks.

use std::{io, rc::Rc};

use quadrivium::{
    prelude::*, sync::channel::Receiver, task::Either, time::now,
};

use super::{
    BUFFER, ChatGuest, LINGER, Lines, Rooms, TOO_SLOW, WRITE_TIME, join_lines,
    server::{Connection, Server, linger::Linger},
};

pub fn serve(server: Server, rooms: Rooms) -> impl Task<Output = ()> {
    callback(move |cb| serve_next(cb, server, rooms))
}

fn serve_next(cb: &mut Callback<()>, server: Server, rooms: Rooms) {
    // 1. Accept a connection, until the server stops.
    cb.perform(server.next(), move |cb, connection| {
        let Some(connection) = connection else { return cb.done(()) };

        // 2. Serve it in a task of its own.
        let shared = rooms.clone();
        server.spawn(connection, |connection| converse(connection, shared));

        serve_next(cb, server, rooms)
    })
}

fn converse(
    connection: Connection,
    rooms: Rooms,
) -> impl Task<Output = io::Result<()>> {
    callback(move |cb| {
        // 3. Receive and deliver lines, until the guest leaves or is too slow.
        let (guest, lines, too_slow) = rooms.enter();
        let receiving = receive(connection.clone(), guest);
        let delivering = deliver(connection.clone(), lines);
        let conversation = try_join(receiving, delivering);
        let first = race(conversation, too_slow.notified());
        cb.perform(first, move |cb, first| match first {
            Either::Left(ended) => close(cb, connection, ended.map(drop)),
            Either::Right(()) => {
                // 4. Send a last line to a guest that is too slow.
                let last = connection.write_all_owned(TOO_SLOW);
                cb.perform(timeout(WRITE_TIME, last), move |cb, written| {
                    let ended = written.map_or(Ok(()), |(written, _)| written);
                    close(cb, connection, ended)
                })
            }
        })
    })
}

fn close(
    cb: &mut Callback<io::Result<()>>,
    connection: Connection,
    ended: io::Result<()>,
) {
    if let Err(error) = ended {
        return cb.done(Err(error));
    }

    // 5. Close, once the guest has had time to read everything.
    connection.end_writing();
    discard(cb, connection, Linger::new(now(), LINGER), vec![0; BUFFER])
}

fn discard(
    cb: &mut Callback<io::Result<()>>,
    connection: Connection,
    mut linger: Linger,
    buffer: Vec<u8>,
) {
    let Some(left) = linger.time_left(now()) else { return cb.done(Ok(())) };
    let more = connection.read_or_stop_owned(buffer);
    cb.perform(timeout(left, more), move |cb, read| {
        let Ok((n, buffer)) = read else { return cb.done(Ok(())) };
        linger.record(Ok(n));
        discard(cb, connection, linger, buffer)
    })
}

fn receive(
    connection: Connection,
    guest: ChatGuest,
) -> impl Task<Output = io::Result<()>> {
    callback(move |cb| receive_next(cb, connection, guest, Lines::new()))
}

fn receive_next(
    cb: &mut Callback<io::Result<()>>,
    connection: Connection,
    guest: ChatGuest,
    mut lines: Lines,
) {
    // 6. Do what each whole line asks for; let others run after each.
    if let Some(line) = lines.next() {
        if guest.handle(line).is_break() {
            return cb.done(Ok(()));
        }
        return cb.perform(turn(), move |cb, ()| {
            receive_next(cb, connection, guest, lines)
        });
    }

    // 7. Read more bytes; a last line without an end is lost.
    cb.perform(
        connection.read_or_stop_owned(lines),
        move |cb, (n, mut lines)| match n {
            Ok(0) => {
                guest.end_input(connection.is_stopping());
                cb.done(Ok(()))
            }
            Ok(n) => {
                lines.record_read(n);
                receive_next(cb, connection, guest, lines)
            }
            Err(error) => cb.done(Err(error)),
        },
    )
}

fn deliver(
    connection: Connection,
    lines: Receiver<Rc<str>>,
) -> impl Task<Output = io::Result<()>> {
    callback(move |cb| deliver_next(cb, connection, lines))
}

fn deliver_next(
    cb: &mut Callback<io::Result<()>>,
    connection: Connection,
    lines: Receiver<Rc<str>>,
) {
    // 8. Write the lines that wait for the guest, until the guest left.
    cb.perform(lines.recv(), move |cb, line| {
        let Ok(line) = line else { return cb.done(Ok(())) };
        let written = connection.write_all_owned(join_lines(line, &lines));
        cb.perform(written, move |cb, (written, _)| match written {
            Ok(()) => deliver_next(cb, connection, lines),
            Err(error) => cb.done(Err(error)),
        })
    })
}
