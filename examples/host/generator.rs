//! `host` as generators.

use std::io;

use quadrivium::{net::UnixStream, prelude::*, sync::oneshot};

use super::{DELAY, WORD, pair};

pub fn program() -> impl Task<Output = io::Result<Vec<u8>>> {
    generator(|mut co| async move {
        // 1. Spawn a task that sends a word after a delay.
        let (sender, receiver) = oneshot::channel();
        drop(spawn(send_after_delay(sender)));

        // 2. Spawn a task that echoes the bytes of a socket.
        let (near, far) = pair();
        let echo = spawn(echo(far));

        // 3. Wait for the word.
        let word = co.perform(receiver).await.expect("the word is sent");

        // 4. Send it through the socket, and read it back.
        co.perform(near.write_all(word)).await?;
        let mut received = vec![0; word.len()];
        co.perform(near.read_exact(&mut received)).await?;

        // 5. Cancel the echo.
        echo.cancel();
        Ok(received)
    })
}

fn send_after_delay(
    sender: oneshot::Sender<&'static [u8]>,
) -> impl Task<Output = ()> {
    generator(|mut co| async move {
        co.perform(sleep(DELAY)).await;
        sender.send(WORD).expect("the program waits for it");
    })
}

fn echo(stream: UnixStream) -> impl Task<Output = io::Result<()>> {
    generator(move |mut co| async move {
        let mut buffer = vec![0; WORD.len()];
        loop {
            co.perform(stream.read_exact(&mut buffer)).await?;
            co.perform(stream.write_all(&buffer)).await?;
        }
    })
}
