//! `echo` as generators.

use std::{io, net::SocketAddr};

use quadrivium::{net::TcpStream, prelude::*};

use super::{
    BUFFER,
    server::{Connection, Server},
};

pub fn serve(server: Server) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        // 1. Accept a connection, until the server stops.
        while let Some(connection) = co.perform(server.next()).await {
            // 2. Serve it in a task of its own.
            server.spawn(connection, echo);
        }
    })
}

fn echo(connection: Connection) -> impl Task<Output = io::Result<()>> {
    generator(move |mut co| async move {
        let mut buffer = vec![0; BUFFER];
        loop {
            // 3. Read the next bytes, until the end.
            let n = co.perform(connection.read_or_stop(&mut buffer)).await?;
            if n == 0 {
                return Ok(());
            }

            // 4. Write them back.
            co.perform(connection.write_all(&buffer[..n])).await?;
        }
    })
}

pub fn client(
    to: SocketAddr,
    text: &'static [u8],
) -> impl Task<Output = io::Result<Vec<u8>>> {
    generator(move |mut co| async move {
        // 5. Connect.
        let stream = co.perform(TcpStream::connect(to)).await?;

        // 6. Send a text.
        co.perform(stream.write_all(text)).await?;

        // 7. Receive as many bytes.
        let mut received = vec![0; text.len()];
        co.perform(stream.read_exact(&mut received)).await?;
        Ok(received)
    })
}
