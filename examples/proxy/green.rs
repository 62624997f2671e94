//! `proxy` as green threads.

use std::{io, rc::Rc};

use quadrivium::{green::perform, io::copy_both, prelude::*};

use super::{
    connect,
    server::{Connection, Server},
};

pub fn serve(server: Server, to: Rc<str>) -> impl Task<Output = ()> {
    green(move || {
        // 1. Accept a connection, until the server stops.
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
        // 3. Prepare to reset the client in the end, unless all goes well.
        client.reset_on_close(true);

        // 4. Connect to the upstream, and prepare to reset it, too.
        let stream = perform(connect(to))?;
        let upstream = client.add_stream(stream);
        upstream.reset_on_close(true);

        // 5. Copy in both directions at once.
        let copying = copy_both(client.clone(), upstream.clone());
        perform(copying)?;

        // 6. All went well: close both sockets without a reset.
        client.reset_on_close(false);
        upstream.reset_on_close(false);
        Ok(())
    })
}
