//! `echo` as callbacks.

use std::{io, net::SocketAddr};

use quadrivium::{net::TcpStream, prelude::*};

use super::{
    BUFFER,
    server::{Connection, Server},
};

pub fn serve(server: Server) -> impl Task<Output = ()> {
    callback(move |cb| serve_next(cb, server))
}

fn serve_next(cb: &mut Callback<()>, server: Server) {
    // 1. Accept a connection, until the server stops.
    cb.perform(server.next(), move |cb, connection| {
        let Some(connection) = connection else { return cb.done(()) };

        // 2. Serve it in a task of its own.
        server.spawn(connection, echo);

        serve_next(cb, server)
    })
}

fn echo(connection: Connection) -> impl Task<Output = io::Result<()>> {
    callback(move |cb| echo_next(cb, connection, vec![0; BUFFER]))
}

fn echo_next(
    cb: &mut Callback<io::Result<()>>,
    connection: Connection,
    buffer: Vec<u8>,
) {
    // 3. Read the next bytes, until the end.
    cb.perform(
        connection.read_or_stop_owned(buffer),
        move |cb, (n, mut buffer)| {
            let n = match n {
                Ok(0) => return cb.done(Ok(())),
                Ok(n) => n,
                Err(error) => return cb.done(Err(error)),
            };
            buffer.truncate(n);

            // 4. Write them back.
            let written = connection.write_all_owned(buffer);
            cb.perform(
                written,
                move |cb, (written, mut buffer)| match written {
                    Ok(()) => {
                        buffer.resize(BUFFER, 0);
                        echo_next(cb, connection, buffer)
                    }
                    Err(error) => cb.done(Err(error)),
                },
            )
        },
    )
}

pub fn client(
    to: SocketAddr,
    text: &'static [u8],
) -> impl Task<Output = io::Result<Vec<u8>>> {
    callback(move |cb| {
        // 5. Connect.
        cb.perform(TcpStream::connect(to), move |cb, stream| {
            let stream = match stream {
                Ok(stream) => stream,
                Err(error) => return cb.done(Err(error)),
            };

            // 6. Send a text.
            let sent = stream.write_all_owned(text);
            cb.perform(sent, move |cb, (sent, _)| {
                if let Err(error) = sent {
                    return cb.done(Err(error));
                }

                // 7. Receive as many bytes.
                let reading = stream.read_exact_owned(vec![0; text.len()]);
                cb.perform(reading, |cb, (read, received)| {
                    cb.done(read.map(|()| received))
                })
            })
        })
    })
}
