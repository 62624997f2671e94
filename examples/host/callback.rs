//! `host` as callbacks.

use std::io;

use quadrivium::{net::UnixStream, prelude::*, sync::oneshot};

use super::{DELAY, WORD, pair};

pub fn program() -> impl Task<Output = io::Result<Vec<u8>>> {
    callback(|cb| {
        // 1. Spawn a task that sends a word after a delay.
        let (sender, receiver) = oneshot::channel();
        drop(spawn(send_after_delay(sender)));

        // 2. Spawn a task that echoes the bytes of a socket.
        let (near, far) = pair();
        let echo = spawn(echo(far));

        // 3. Wait for the word.
        cb.perform(receiver, |cb, word| {
            let word = word.expect("the word is sent");

            // 4. Send it through the socket, and read it back.
            cb.perform(near.write_all_owned(word), move |cb, (written, _)| {
                if let Err(error) = written {
                    return cb.done(Err(error));
                }
                let reading = near.read_exact_owned(vec![0; word.len()]);
                cb.perform(reading, move |cb, (read, received)| {
                    // 5. Cancel the echo.
                    echo.cancel();
                    cb.done(read.map(|()| received))
                })
            })
        })
    })
}

fn send_after_delay(
    sender: oneshot::Sender<&'static [u8]>,
) -> impl Task<Output = ()> {
    callback(|cb| {
        cb.perform(sleep(DELAY), |cb, ()| {
            sender.send(WORD).expect("the program waits for it");
            cb.done(())
        })
    })
}

fn echo(stream: UnixStream) -> impl Task<Output = io::Result<()>> {
    callback(|cb| echo_next(cb, stream, vec![0; WORD.len()]))
}

fn echo_next(
    cb: &mut Callback<io::Result<()>>,
    stream: UnixStream,
    buffer: Vec<u8>,
) {
    cb.perform(stream.read_exact_owned(buffer), |cb, (read, buffer)| {
        if let Err(error) = read {
            return cb.done(Err(error));
        }
        let writing = stream.write_all_owned(buffer);
        cb.perform(writing, |cb, (written, buffer)| match written {
            Ok(()) => echo_next(cb, stream, buffer),
            Err(error) => cb.done(Err(error)),
        })
    })
}
