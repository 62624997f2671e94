//! `proxy` as callbacks.

use std::{io, rc::Rc};

use quadrivium::{io::copy_both, prelude::*};

use super::{
    connect,
    server::{Connection, Server},
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
            let copying = copy_both(client.clone(), upstream.clone());
            cb.perform(copying, move |cb, copied| {
                if let Err(error) = copied {
                    return cb.done(Err(error));
                }

                // 6. All went well: close both sockets without a reset.
                client.reset_on_close(false);
                upstream.reset_on_close(false);
                cb.done(Ok(()))
            })
        })
    })
}
