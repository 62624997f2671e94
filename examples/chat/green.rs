//! `chat` as green threads.

use std::{io, rc::Rc};

use quadrivium::{
    green::perform, prelude::*, sync::channel::Receiver, task::Either,
    time::now,
};

use super::{
    BUFFER, Hall, HallGuest, LAST_WORD, LINGER, Lines, TOO_SLOW, gather,
    server::{Connection, Server, both::both, linger::Linger},
};

pub fn serve(server: Server, hall: Hall) -> impl Task<Output = ()> {
    green(move || {
        // 1. Accept a connection, until the server stops.
        while let Some(connection) = perform(server.next()) {
            // 2. Serve it in a task of its own.
            let hall = hall.clone();
            server.spawn(connection, |connection| converse(connection, hall));
        }
    })
}

fn converse(
    connection: Connection,
    hall: Hall,
) -> impl Task<Output = io::Result<()>> {
    green(move || {
        // 3. Receive and deliver lines, until the guest leaves or is too slow.
        let (guest, lines, is_slow) = hall.enter();
        let hearing = hear(connection.clone(), guest);
        let telling = tell(connection.clone(), lines);
        let conversation = both(hearing, telling);
        match perform(race(conversation, is_slow.notified())) {
            Either::Left(ended) => ended,
            Either::Right(()) => {
                // 4. Send a last line to a guest that is too slow.
                let last = connection.write_all(TOO_SLOW.as_bytes());
                perform(timeout(LAST_WORD, last)).unwrap_or(Ok(()))
            }
        }?;

        // 5. Close, once the guest has had time to read everything.
        connection.end_writing();
        let mut buffer = vec![0; BUFFER];
        let mut linger = Linger::new(now(), LINGER);
        while let Some(left) = linger.left(now()) {
            let more = connection.read(&mut buffer);
            linger.take_in(perform(timeout(left, more)));
        }
        Ok(())
    })
}

fn hear(
    connection: Connection,
    guest: HallGuest,
) -> impl Task<Output = io::Result<()>> {
    green(move || {
        let mut lines = Lines::new();
        loop {
            // 6. Do what each whole line asks for; let others run after each.
            while let Some(line) = lines.next() {
                if guest.hear(line).is_break() {
                    return Ok(());
                }
                perform(turn());
            }

            // 7. Read more bytes; a last line without an end is lost.
            let n = perform(connection.read(lines.as_mut()))?;
            if n == 0 {
                guest.end(connection.is_stopping());
                return Ok(());
            }
            lines.read(n);
        }
    })
}

fn tell(
    connection: Connection,
    lines: Receiver<Rc<str>>,
) -> impl Task<Output = io::Result<()>> {
    green(move || {
        // 8. Write the lines that wait for the guest, until the guest left.
        while let Ok(line) = perform(lines.recv()) {
            let all = gather(line, &lines);
            perform(connection.write_all(all.as_bytes()))?;
        }
        Ok(())
    })
}
