//! `echo` as green threads.

use std::{io, net::SocketAddr};

use quadrivium::{green::perform, net::TcpStream, prelude::*};

use super::{
    BUFFER,
    server::{Connection, Server},
};

pub fn serve(server: Server) -> impl Task<Output = ()> {
    green(move || {
        // 1. Accept a connection, until the server stops.
        while let Some(connection) = perform(server.next()) {
            // 2. Serve it in a task of its own.
            server.spawn(connection, echo);
        }
    })
}

fn echo(connection: Connection) -> impl Task<Output = io::Result<()>> {
    green(move || {
        let mut buffer = vec![0; BUFFER];
        loop {
            // 3. Read the next bytes, until the end.
            let n = perform(connection.read_or_stop(&mut buffer))?;
            if n == 0 {
                return Ok(());
            }

            // 4. Write them back.
            perform(connection.write_all(&buffer[..n]))?;
        }
    })
}

pub fn client(
    to: SocketAddr,
    text: &'static [u8],
) -> impl Task<Output = io::Result<Vec<u8>>> {
    green(move || {
        // 5. Connect.
        let stream = perform(TcpStream::connect(to))?;

        // 6. Send a text.
        perform(stream.write_all(text))?;

        // 7. Receive as many bytes.
        let mut received = vec![0; text.len()];
        perform(stream.read_exact(&mut received))?;
        Ok(received)
    })
}
