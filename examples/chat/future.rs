//! `chat` with async and await.

use std::{io, rc::Rc};

use quadrivium::{
    future::perform, prelude::*, sync::channel::Receiver, task::Either,
    time::now,
};

use super::{
    BUFFER, ChatGuest, LINGER, Lines, Rooms, TOO_SLOW, WRITE_TIME, join_lines,
    server::{Connection, Server, linger::Linger},
};

pub fn serve(server: Server, rooms: Rooms) -> impl Task<Output = ()> {
    future(async move {
        // 1. Accept a connection, until the server stops.
        while let Some(connection) = perform(server.next()).await {
            // 2. Serve it in a task of its own.
            let rooms = rooms.clone();
            server.spawn(connection, |connection| converse(connection, rooms));
        }
    })
}

fn converse(
    connection: Connection,
    rooms: Rooms,
) -> impl Task<Output = io::Result<()>> {
    future(async move {
        // 3. Receive and deliver lines, until the guest leaves or is too slow.
        let (guest, lines, too_slow) = rooms.enter();
        let receiving = receive(connection.clone(), guest);
        let delivering = deliver(connection.clone(), lines);
        let conversation = try_join(receiving, delivering);
        match race(conversation, too_slow.notified()).await {
            Either::Left(ended) => ended.map(drop),
            Either::Right(()) => {
                // 4. Send a last line to a guest that is too slow.
                let last = connection.write_all(TOO_SLOW.as_bytes());
                timeout(WRITE_TIME, last).await.unwrap_or(Ok(()))
            }
        }?;

        // 5. Close, once the guest has had time to read everything.
        connection.end_writing();
        let mut buffer = vec![0; BUFFER];
        let mut linger = Linger::new(now(), LINGER);
        while let Some(left) = linger.time_left(now()) {
            let more = connection.read_or_stop(&mut buffer);
            linger.record(timeout(left, more).await);
        }
        Ok(())
    })
}

fn receive(
    connection: Connection,
    guest: ChatGuest,
) -> impl Task<Output = io::Result<()>> {
    future(async move {
        let mut lines = Lines::new();
        loop {
            // 6. Do what each whole line asks for; let others run after each.
            while let Some(line) = lines.next() {
                if guest.handle(line).is_break() {
                    return Ok(());
                }
                turn().await;
            }

            // 7. Read more bytes; a last line without an end is lost.
            let n = connection.read_or_stop(lines.as_mut()).await?;
            if n == 0 {
                guest.end_input(connection.is_stopping());
                return Ok(());
            }
            lines.record_read(n);
        }
    })
}

fn deliver(
    connection: Connection,
    lines: Receiver<Rc<str>>,
) -> impl Task<Output = io::Result<()>> {
    future(async move {
        // 8. Write the lines that wait for the guest, until the guest left.
        while let Ok(line) = lines.recv().await {
            let all = join_lines(line, &lines);
            connection.write_all(all.as_bytes()).await?;
        }
        Ok(())
    })
}
