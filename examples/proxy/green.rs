//! `proxy` as green threads.

use std::{io, rc::Rc};

use quadrivium::{green::perform, prelude::*};

use super::{
    BUFFER, connect,
    server::{Connection, Server, both::both},
};

pub fn serve(server: Server, to: Rc<str>) -> impl Task<Output = ()> {
    green(move || {
        // 1. Accept a connection, until the stop.
        while let Some(connection) = perform(server.next()) {
            // 2. Serve it in a task of its own.
            let to = Rc::clone(&to);
            server.spawn(connection, |connection| relay(connection, to));
        }
    })
}

fn relay(
    client: Connection,
    to: Rc<str>,
) -> impl Task<Output = io::Result<()>> {
    green(move || {
        // 3. Unless all goes well, the client is reset in the end.
        client.reset_on_close(true);

        // 4. Connect to the upstream, which is reset likewise.
        let stream = perform(connect(to))?;
        let upstream = client.beside(stream);
        upstream.reset_on_close(true);

        // 5. Copy in both directions at once.
        let there = copy(client.clone(), upstream.clone());
        let back = copy(upstream.clone(), client.clone());
        perform(both(there, back))?;

        // 6. All went well.
        client.reset_on_close(false);
        upstream.reset_on_close(false);
        Ok(())
    })
}

fn copy(
    from: Connection,
    to: Connection,
) -> impl Task<Output = io::Result<()>> {
    green(move || {
        let mut buffer = vec![0; BUFFER];
        loop {
            // 7. Read what there is; pass the end on.
            let n = perform(from.read_on(&mut buffer))?;
            if n == 0 {
                to.end_writing();
                return Ok(());
            }

            // 8. Write it on.
            perform(to.write_all(&buffer[..n]))?;
        }
    })
}
