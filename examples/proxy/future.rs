//! `proxy` with async and await.

use std::{io, rc::Rc};

use quadrivium::{future::perform, prelude::*};

use super::{
    BUFFER, connect,
    server::{Connection, Server, try_join::try_join},
};

pub fn serve(server: Server, to: Rc<str>) -> impl Task<Output = ()> {
    future(async move {
        // 1. Accept a connection, until the server stops.
        while let Some(connection) = perform(server.next()).await {
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
    future(async move {
        // 3. Prepare to reset the client in the end, unless all goes well.
        client.reset_on_close(true);

        // 4. Connect to the upstream, and prepare to reset it, too.
        let stream = perform(connect(to)).await?;
        let upstream = client.add_stream(stream);
        upstream.reset_on_close(true);

        // 5. Copy in both directions at once.
        let to_upstream = copy(client.clone(), upstream.clone());
        let to_client = copy(upstream.clone(), client.clone());
        perform(try_join(to_upstream, to_client)).await?;

        // 6. All went well: close both sockets without a reset.
        client.reset_on_close(false);
        upstream.reset_on_close(false);
        Ok(())
    })
}

fn copy(
    from: Connection,
    to: Connection,
) -> impl Task<Output = io::Result<()>> {
    future(async move {
        let mut buffer = vec![0; BUFFER];
        loop {
            // 7. Read the next bytes; pass an end of the stream on.
            let n = from.read(&mut buffer).await?;
            if n == 0 {
                to.end_writing();
                return Ok(());
            }

            // 8. Write the bytes to the other end.
            to.write_all(&buffer[..n]).await?;
        }
    })
}
