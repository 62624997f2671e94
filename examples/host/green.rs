//! `host` as green threads.

use std::io;

use quadrivium::{green::perform, net::UnixStream, prelude::*, sync::oneshot};

use super::{DELAY, WORD, pair};

pub fn program() -> impl Task<Output = io::Result<Vec<u8>>> {
    green(|| {
        // 1. Spawn a task that sends a word after a delay.
        let (sender, receiver) = oneshot::channel();
        drop(spawn(send_after_delay(sender)));

        // 2. Spawn a task that echoes the bytes of a socket.
        let (near, far) = pair();
        let echo = spawn(echo(far));

        // 3. Wait for the word.
        let word = perform(receiver).expect("the word is sent");

        // 4. Send it through the socket, and read it back.
        perform(near.write_all(word))?;
        let mut received = vec![0; word.len()];
        perform(near.read_exact(&mut received))?;

        // 5. Cancel the echo.
        echo.cancel();
        Ok(received)
    })
}

fn send_after_delay(
    sender: oneshot::Sender<&'static [u8]>,
) -> impl Task<Output = ()> {
    green(|| {
        perform(sleep(DELAY));
        sender.send(WORD).expect("the program waits for it");
    })
}

fn echo(stream: UnixStream) -> impl Task<Output = io::Result<()>> {
    green(move || {
        let mut buffer = vec![0; WORD.len()];
        loop {
            perform(stream.read_exact(&mut buffer))?;
            perform(stream.write_all(&buffer))?;
        }
    })
}
