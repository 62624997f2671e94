//! `chat` with async and await.

use std::{io, rc::Rc};

use quadrivium::{
    future::perform, prelude::*, sync::channel::Receiver, task::Either,
    time::now,
};

use super::{
    BUFFER, Hall, HallGuest, LAST_WORD, LINGER, Lines, TOO_SLOW, gather,
    server::{Connection, Server, both::both, linger::Linger},
};

pub fn serve(server: Server, hall: Hall) -> impl Task<Output = ()> {
    future(async move {
        // 1. Accept a connection, until the server stops.
        while let Some(connection) = perform(server.next()).await {
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
    future(async move {
        // 3. Hear and tell at once, as long as the guest is not too slow.
        let (guest, lines, is_slow) = hall.enter();
        let hearing = hear(connection.clone(), guest);
        let telling = tell(connection.clone(), lines);
        let conversation = both(hearing, telling);
        match race(conversation, is_slow.notified()).await {
            Either::Left(ended) => ended,
            Either::Right(()) => {
                // 4. Have a last word, if there is room for it.
                let last = connection.write_all(TOO_SLOW.as_bytes());
                timeout(LAST_WORD, last).await.unwrap_or(Ok(()))
            }
        }?;

        // 5. Close, once the guest has got it all.
        connection.end_writing();
        let mut buffer = vec![0; BUFFER];
        let mut linger = Linger::new(now(), LINGER);
        while let Some(left) = linger.left(now()) {
            let more = connection.read(&mut buffer);
            linger.take_in(timeout(left, more).await);
        }
        Ok(())
    })
}

fn hear(
    connection: Connection,
    guest: HallGuest,
) -> impl Task<Output = io::Result<()>> {
    future(async move {
        let mut lines = Lines::new();
        loop {
            // 6. Do what each line asks for that is there; let the others have
            //    their turn, too.
            while let Some(line) = lines.next() {
                if guest.hear(line).is_break() {
                    return Ok(());
                }
                turn().await;
            }

            // 7. Read what there is; what is no whole line in the end is lost.
            let n = connection.read(lines.as_mut()).await?;
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
    future(async move {
        // 8. Write what lines there are for the guest, until he has left.
        while let Ok(line) = lines.recv().await {
            let all = gather(line, &lines);
            connection.write_all(all.as_bytes()).await?;
        }
        Ok(())
    })
}
