//! `proxy` as callbacks.

use std::{io, rc::Rc};

use quadrivium::prelude::*;

use super::{
    BUFFER, connect,
    server::{Connection, Server, try_join::try_join},
};

pub fn serve(server: Server, to: Rc<str>) -> impl Task<Output = ()> {
    callback(move |cb| serve_next(cb, server, to))
}

fn serve_next(cb: &mut Callback<()>, server: Server, to: Rc<str>) {
    // 1. Accept a connection, until the server stops.
    cb.perform(server.next(), move |cb, connection| {
        let Some(connection) = connection else { return cb.done(()) };

        // 2. Serve it in a task of its own.
        let upstream = Rc::clone(&to);
        server.spawn(connection, |connection| relay(connection, upstream));

        serve_next(cb, server, to)
    })
}

fn relay(
    client: Connection,
    to: Rc<str>,
) -> impl Task<Output = io::Result<()>> {
    callback(move |cb| {
        // 3. Prepare to reset the client in the end, unless all goes well.
        client.reset_on_close(true);

        // 4. Connect to the upstream, and prepare to reset it, too.
        cb.perform(connect(to), move |cb, connected| {
            let stream = match connected {
                Ok(stream) => stream,
                Err(error) => return cb.done(Err(error)),
            };
            let upstream = client.add_stream(stream);
            upstream.reset_on_close(true);

            // 5. Copy in both directions at once.
            let to_upstream = copy(client.clone(), upstream.clone());
            let to_client = copy(upstream.clone(), client.clone());
            cb.perform(try_join(to_upstream, to_client), move |cb, copied| {
                if copied.is_err() {
                    return cb.done(copied);
                }

                // 6. All went well: close both sockets without a reset.
                client.reset_on_close(false);
                upstream.reset_on_close(false);
                cb.done(Ok(()))
            })
        })
    })
}

fn copy(
    from: Connection,
    to: Connection,
) -> impl Task<Output = io::Result<()>> {
    callback(move |cb| copy_next(cb, from, to, vec![0; BUFFER]))
}

fn copy_next(
    cb: &mut Callback<io::Result<()>>,
    from: Connection,
    to: Connection,
    buffer: Vec<u8>,
) {
    // 7. Read the next bytes; pass an end of the stream on.
    cb.perform(from.read_owned(buffer), move |cb, (n, mut buffer)| {
        let n = match n {
            Ok(0) => {
                to.end_writing();
                return cb.done(Ok(()));
            }
            Ok(n) => n,
            Err(error) => return cb.done(Err(error)),
        };
        buffer.truncate(n);

        // 8. Write the bytes to the other end.
        let written = to.write_all_owned(buffer);
        cb.perform(written, move |cb, (written, mut buffer)| match written {
            Ok(()) => {
                buffer.resize(BUFFER, 0);
                copy_next(cb, from, to, buffer)
            }
            Err(error) => cb.done(Err(error)),
        })
    })
}
