//! `echo` with async and await.

use std::{io, net::SocketAddr};

use quadrivium::{future::perform, net::TcpStream, prelude::*};

use super::{
    BUFFER,
    server::{Connection, Server},
};

pub fn serve(server: Server) -> impl Task<Output = ()> {
    future(async move {
        // 1. Accept a connection, until the server stops.
        while let Some(connection) = perform(server.next()).await {
            // 2. Serve it in a task of its own.
            server.spawn(connection, echo);
        }
    })
}

fn echo(connection: Connection) -> impl Task<Output = io::Result<()>> {
    future(async move {
        let mut buffer = vec![0; BUFFER];
        loop {
            // 3. Read the next bytes, until the end.
            let n = connection.read_or_stop(&mut buffer).await?;
            if n == 0 {
                return Ok(());
            }

            // 4. Write them back.
            connection.write_all(&buffer[..n]).await?;
        }
    })
}

pub fn client(
    to: SocketAddr,
    text: &'static [u8],
) -> impl Task<Output = io::Result<Vec<u8>>> {
    future(async move {
        // 5. Connect.
        let stream = TcpStream::connect(to).await?;

        // 6. Send a text.
        stream.write_all(text).await?;

        // 7. Receive as many bytes.
        let mut received = vec![0; text.len()];
        stream.read_exact(&mut received).await?;
        Ok(received)
    })
}
