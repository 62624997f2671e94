//! `chat` as generators.

use std::{io, rc::Rc};

use quadrivium::{
    prelude::*, sync::channel::Receiver, task::Either, time::now,
};

use super::{
    BUFFER, Hall, HallGuest, LAST_WORD, LINGER, Lines, TOO_SLOW, gather,
    server::{Connection, Server, both::both, linger::Linger},
};

pub fn serve(server: Server, hall: Hall) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        // 1. Accept a connection, until the server stops.
        while let Some(connection) = co.perform(server.next()).await {
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
    generator(move |mut co| async move {
        // 3. Receive and deliver lines, until the guest leaves or is too slow.
        let (guest, lines, is_slow) = hall.enter();
        let hearing = hear(connection.clone(), guest);
        let telling = tell(connection.clone(), lines);
        let conversation = both(hearing, telling);
        match co.perform(race(conversation, is_slow.notified())).await {
            Either::Left(ended) => ended,
            Either::Right(()) => {
                // 4. Send a last line to a guest that is too slow.
                let last = connection.write_all(TOO_SLOW.as_bytes());
                co.perform(timeout(LAST_WORD, last)).await.unwrap_or(Ok(()))
            }
        }?;

        // 5. Close, once the guest has had time to read everything.
        connection.end_writing();
        let mut buffer = vec![0; BUFFER];
        let mut linger = Linger::new(now(), LINGER);
        while let Some(left) = linger.left(now()) {
            let more = connection.read(&mut buffer);
            linger.take_in(co.perform(timeout(left, more)).await);
        }
        Ok(())
    })
}

fn hear(
    connection: Connection,
    guest: HallGuest,
) -> impl Task<Output = io::Result<()>> {
    generator(move |mut co| async move {
        let mut lines = Lines::new();
        loop {
            // 6. Do what each whole line asks for; let others run after each.
            while let Some(line) = lines.next() {
                if guest.hear(line).is_break() {
                    return Ok(());
                }
                co.perform(turn()).await;
            }

            // 7. Read more bytes; a last line without an end is lost.
            let n = co.perform(connection.read(lines.as_mut())).await?;
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
    generator(move |mut co| async move {
        // 8. Write the lines that wait for the guest, until the guest left.
        while let Ok(line) = co.perform(lines.recv()).await {
            let all = gather(line, &lines);
            co.perform(connection.write_all(all.as_bytes())).await?;
        }
        Ok(())
    })
}
